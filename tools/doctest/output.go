package doctest

import "strings"

// matches compares an expected output with the real one. A line "..." in want
// stands for any number of lines, "..." inside a line for any text; space at
// the end of lines and of the whole is ignored.
func matches(want, got string) bool {
	return matchLines(split(want), split(got))
}

func split(s string) []string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\r")
	}
	return lines
}

// matchLines walks want line by line and keeps the set of places in got that it
// can have reached, so that a "..." may stand anywhere and more than once.
func matchLines(want, got []string) bool {
	// reach[j]: what was read of want can match the first j lines of got.
	reach := make([]bool, len(got)+1)
	reach[0] = true
	for _, w := range want {
		next := make([]bool, len(got)+1)
		if w == "..." {
			seen := false
			for j := range reach {
				seen = seen || reach[j]
				next[j] = seen
			}
		} else {
			for j := range got {
				next[j+1] = reach[j] && matchLine(w, got[j])
			}
		}
		reach = next
	}
	return reach[len(got)]
}

// matchLine matches one line, where "..." stands for any text.
func matchLine(want, got string) bool {
	parts := strings.Split(want, "...")
	if len(parts) == 1 {
		return want == got
	}
	rest, ok := strings.CutPrefix(got, parts[0])
	if !ok {
		return false
	}
	last := parts[len(parts)-1]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, last)
}
