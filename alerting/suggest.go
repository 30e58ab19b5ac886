package alerting

// This file is did-you-mean: what to say about a name nobody knows.

import "strings"

// suggest names the nearest of the known names, or lists some of them.
func suggest(name string, known []string) string {
	best, bestAt := len(name)/2+1, -1
	for i, k := range known {
		if d := editDistance(name, k); d < best {
			best, bestAt = d, i
		}
	}
	switch {
	case bestAt >= 0:
		return "did you mean " + known[bestAt] + "?"
	case len(known) == 0:
		return "there are none"
	case len(known) > 20:
		return "known are " + strings.Join(known[:20], ", ") + ", ..."
	}
	return "known are " + strings.Join(known, ", ")
}

// editDistance is the Levenshtein distance in bytes, two rows at a time. Names
// longer than 64 bytes are not compared.
func editDistance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	var rows [2][65]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := range len(a) {
		prev, cur := &rows[i%2], &rows[(i+1)%2]
		cur[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			cur[j+1] = min(prev[j]+cost, prev[j+1]+1, cur[j]+1)
		}
	}
	return rows[len(a)%2][len(b)]
}
