package stat

import (
	"cmp"
	"slices"
)

// Mid-ranks: equal values share the mean of the ranks they span. Every rank
// test here starts from them.

// MidRanks returns the mid-rank of every value (1-based, in the order given)
// and the tie term, the sum of t^3 - t over groups of t equal values. x must
// hold no NaN.
func MidRanks(x []float64) (ranks []float64, tie float64) {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	ranks = make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i + 1
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		mid := float64(i+1+j) / 2
		for _, k := range order[i:j] {
			ranks[k] = mid
		}
		t := float64(j - i)
		tie += t*t*t - t
		i = j
	}
	return ranks, tie
}

// rankSum is twice the mid-rank sum of x among both sides, which are sorted, and
// the tie term.
func rankSum(xs, ys []float64) (twice int, tie float64) {
	for i, j := 0, 0; i < len(xs); {
		v := xs[i]
		for j < len(ys) && ys[j] < v {
			v0, j0 := ys[j], j
			for j < len(ys) && ys[j] == v0 {
				j++
			}
			tie += tieOf(j - j0)
		}
		i0, j0 := i, j
		for i < len(xs) && xs[i] == v {
			i++
		}
		for j < len(ys) && ys[j] == v {
			j++
		}
		twice += (i - i0) * (i0 + j0 + 1 + i + j)
		tie += tieOf(i - i0 + j - j0)
		if i == len(xs) {
			tie += tieTerm(ys[j:])
		}
	}
	return twice, tie
}

// tieOf is t^3 - t.
func tieOf(t int) float64 {
	f := float64(t)
	return f*f*f - f
}

// hasNaN reports whether any value is NaN.
func hasNaN(xs ...[]float64) bool {
	for _, x := range xs {
		for _, v := range x {
			if v != v {
				return true
			}
		}
	}
	return false
}
