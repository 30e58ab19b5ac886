package strict

import (
	"strconv"
	"strings"
)

// What was meant, from what was written.

// Suggest names the known word nearest to what was written, if one is near.
func Suggest(got string, known []string) string {
	best, name := len(got)/2+2, ""
	for _, k := range known {
		if d := editDistance(strings.ToLower(got), k); d < best {
			best, name = d, k
		}
	}
	if name == "" {
		return "; known fields are " + strings.Join(known, ", ")
	}
	return "; did you mean \"" + name + "\"?"
}

// editDistance is Levenshtein's, over bytes; text past 64 bytes is cut.
func editDistance(a, b string) int {
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// Clip quotes and shortens text quoted in an error.
func Clip(s string) string {
	if len(s) > 40 {
		s = s[:40] + "..."
	}
	return strconv.Quote(s)
}
