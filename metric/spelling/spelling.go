// Package spelling finds the known word that was probably meant, for errors that
// end in "did you mean". It refuses to correct: what to do with the guess is the
// caller's, and a word far from all is nobody's.
package spelling

import "strings"

// longest is the number of bytes compared; words in settings are shorter, and
// input may be anything.
const longest = 64

// Nearest returns the known word with the least edit distance to word, case
// ignored, the first of equals; "" if none is near: more than about a third of the
// letters (at least one edit) would have to change. A known word that begins
// with at least three letters of word counts as one edit away.
func Nearest(word string, known []string) string {
	w := strings.ToLower(word)
	best, least := "", max(1, (len(w)+1)/3)+1
	for _, k := range known {
		low := strings.ToLower(k)
		d := distance(w, low)
		if len(w) >= 3 && strings.HasPrefix(low, w) {
			d = min(d, 1)
		}
		if d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is Levenshtein's: the least number of bytes inserted, deleted and
// replaced that turns a into b.
func distance(a, b string) int {
	a, b = a[:min(len(a), longest)], b[:min(len(b), longest)]
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
