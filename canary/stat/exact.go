package stat

import "math"

// The exact null distribution of U. Without ties it is counted by the
// recursion of Mann and Whitney (1947); with ties by the shift algorithm of
// Streitberg and Roehmel (1986) on doubled mid-ranks, which are integers. Both
// only ever add positive numbers, so even the far tail keeps its digits.

// MWDistribution returns P(U = u) for u = 0..mn without ties, by
//
//	p(u; m,n) = m/(m+n) p(u-n; m-1,n) + n/(m+n) p(u; m,n-1)
//
// (Mann & Whitney 1947, equation 3, as probabilities). Cost grows with (mn)^2.
func MWDistribution(m, n int) []float64 {
	if m < 0 || n < 0 {
		return nil
	}
	rows := make([][]float64, m+1) // rows[i] is the distribution for (i, j), j growing.
	for i := range rows {
		rows[i] = make([]float64, i*n+1)
		rows[i][0] = 1 // (i, 0): U is 0.
	}
	for j := 1; j <= n; j++ {
		for i := 1; i <= m; i++ {
			wx, wy := float64(i)/float64(i+j), float64(j)/float64(i+j)
			row, left := rows[i], rows[i-1]
			for u := i * j; u >= 0; u-- {
				p := wy * row[u]
				if u >= j {
					p += wx * left[u-j]
				}
				row[u] = p
			}
		}
	}
	return rows[m]
}

// mwExactP is the exact p-value of u given the pooled mid-ranks. Two-sided, it
// doubles the smaller tail.
func mwExactP(ranks []float64, m int, u, tie float64, alt Alternative) float64 {
	var lower, upper float64
	if tie == 0 {
		lower, upper = tails(MWDistribution(m, len(ranks)-m), int(u))
	} else {
		dist, low := rankSumDistribution(ranks, m)
		sum2 := int(2*u) + m*(m+1) // The doubled rank sum of x.
		lower, upper = tails(dist, sum2-low)
	}
	switch alt {
	case Less:
		return lower
	case Greater:
		return upper
	}
	return min(1, 2*min(lower, upper))
}

// tails returns P(K <= k) and P(K >= k), each summed from its small end.
func tails(p []float64, k int) (lower, upper float64) {
	for i := 0; i <= k && i < len(p); i++ {
		lower += p[i]
	}
	for i := len(p) - 1; i >= k && i >= 0; i-- {
		upper += p[i]
	}
	return min(1, lower), min(1, upper)
}

// rankSumDistribution returns the distribution of the sum of m of the doubled
// mid-ranks drawn without replacement; index 0 stands for the sum low. It
// works in probabilities: after k of N scores, p[j] carries the chance that j
// of them are drawn, so nothing overflows.
func rankSumDistribution(ranks []float64, m int) (dist []float64, low int) {
	total := len(ranks)
	scores := make([]int, total)
	least := math.MaxInt
	for i, r := range ranks {
		scores[i] = int(math.Round(2 * r))
		least = min(least, scores[i])
	}
	// Shifting every score by the least keeps the table short.
	span := 0
	for i := range scores {
		scores[i] -= least
		span += scores[i]
	}
	p := make([][]float64, m+1)
	for j := range p {
		p[j] = make([]float64, span+1)
	}
	p[0][0] = 1
	top := 0 // Largest sum reached so far.
	for k, s := range scores {
		left := float64(total - k)
		for j := min(m, k+1); j >= 0; j-- {
			// Sampling without replacement: with j drawn, the next is drawn
			// with chance (m-j)/left.
			stay := (left - float64(m-j)) / left
			row := p[j]
			for v := top; v >= 0; v-- {
				row[v] *= stay
			}
			if j > 0 {
				take := float64(m-j+1) / left
				for v, q := range p[j-1][:top+1] {
					if q != 0 {
						row[v+s] += q * take
					}
				}
			}
		}
		top += s
	}
	return p[m], least * m
}
