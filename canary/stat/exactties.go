package stat

import "slices"

// The exact null distribution with ties, by the shift algorithm of Streitberg
// and Roehmel (Statistical Software Newsletter 1986): the rank sum of x is a
// draw of m of the pooled mid-ranks without replacement, and the draws with each
// sum are counted by taking the mid-ranks one after the other. Doubled, they are
// whole numbers. Only additions: even the far tail keeps its digits. R and scipy
// fall back to the normal as soon as there is a tie.

// doubledRanks are the doubled mid-ranks of sorted values.
func doubledRanks(sorted []float64) []int {
	out := make([]int, len(sorted))
	for i := 0; i < len(sorted); {
		j := i + 1
		for j < len(sorted) && sorted[j] == sorted[i] {
			j++
		}
		for k := i; k < j; k++ {
			out[k] = i + 1 + j
		}
		i = j
	}
	return out
}

// tiedTails are the tails at drawn, the sum of m of the ascending scores, which
// it overwrites; false if too much work.
func tiedTails(scores []int, m, drawn int) (tailPair, bool) {
	flipped := false
	if n := len(scores) - m; n < m { // Follow the smaller side.
		all := 0
		for _, s := range scores {
			all += s
		}
		m, drawn, flipped = n, all-drawn, true
	}
	// From the nearer end: count up from the least sum, or with the scores
	// turned around from the greatest.
	last := len(scores) - 1
	sum := 0
	for _, s := range scores {
		sum += s
	}
	if drawn*len(scores) > m*sum {
		top := scores[last]
		for i := range scores {
			scores[i] = top - scores[i]
		}
		slices.Reverse(scores)
		drawn, flipped = m*top-drawn, !flipped
	}
	drawn = shrink(scores, m, drawn)
	t, ok := drawTails(scores, m, drawn)
	if flipped {
		t = t.swap()
	}
	return t, ok
}

// shrink subtracts the least score from all and divides them by what they have
// in common, so that the table is short; it returns the sum of m drawn likewise.
func shrink(scores []int, m, drawn int) int {
	least, divisor := scores[0], 0
	for i := range scores {
		scores[i] -= least
		for a, b := divisor, scores[i]; ; a, b = b, a%b {
			if b == 0 {
				divisor = a
				break
			}
		}
	}
	drawn -= m * least
	if divisor == 0 {
		return 0 // All scores are equal.
	}
	for i := range scores {
		scores[i] /= divisor
	}
	return drawn / divisor
}

// drawTails are the tails at the sum target of m scores drawn from the ascending
// scores. table[j][e] counts the draws of j scores whose sum is e above the
// least possible, that of the first j: so the table is as wide as the target is
// above the least sum, and far tails are short.
func drawTails(scores []int, m, target int) (tailPair, bool) {
	total := len(scores)
	least := make([]int, m+1) // Least sum of j scores.
	for j := range m {
		least[j+1] = least[j] + scores[j]
	}
	width := target - least[m] + 1
	ways := choose(total, m)
	if float64(total)*float64(m)*float64(width) > exactWork || ways.log > 1390 {
		return tailPair{}, false
	}
	one := 1.0
	if ways.n == 0 { // Counts past 1e300: hold them in small units.
		one, ways.unit = 0x1p-1000, 1000
	}
	table := make([]float64, (m+1)*width)
	row := func(j int) []float64 { return table[j*width : (j+1)*width] }
	row(0)[0] = one
	most := make([]int, m+1) // Largest sum of j of the scores so far.
	for k, s := range scores {
		left := total - k - 1
		for j := min(m, k+1); j >= 1; j-- {
			most[j] = most[j-1] + s
			if j < m-left {
				continue // Too few are left to draw m.
			}
			// What is drawn later is no smaller: it must still fit.
			hi := min(width-1, target-(m-j)*s-least[j], most[j]-least[j])
			if by := s - scores[j-1]; hi >= by {
				to, from := row(j)[by:hi+1], row(j - 1)[:hi-by+1]
				for e, w := range from {
					to[e] += w
				}
			}
		}
	}
	return nearTails(row(m), ways), true
}
