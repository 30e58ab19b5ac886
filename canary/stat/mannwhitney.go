package stat

import (
	"math"
	"slices"
)

// Mann-Whitney's U: how often a value of x exceeds one of y, ties counting
// half. Its null distribution is exact with and without ties (see exact.go),
// or normal with the tie and continuity terms.

// Alternative is the direction a test looks in.
type Alternative int

// The alternatives: x is different from, less than, or greater than y.
const (
	TwoSided Alternative = iota
	Less
	Greater
)

// Method chooses the null distribution of a rank test.
type Method int

// The methods. Auto is Exact up to ExactLimit values a side.
const (
	Auto Method = iota
	Exact
	Asymptotic
	AsymptoticNoContinuity
)

// ExactLimit is the number of values a side up to which Auto is exact, ties or
// not. R and scipy fall back to the normal as soon as there is a tie.
const ExactLimit = 50

// MWResult is the outcome of a Mann-Whitney test.
type MWResult struct {
	U      float64 // Pairs with x > y, plus half of those with x = y; in [0, mn].
	Z      float64 // Normal score with tie term and, if asked, continuity correction.
	P      float64 // In [0,1].
	LogP   float64 // Natural log of P, finite where P underflows.
	Method Method  // The one used, never Auto: Asymptotic where Exact would cost more than a few tenths of a second.
}

// MannWhitney tests whether x and y come from one distribution. Infinite values
// rank where they stand. P is 1 if all values are equal (nothing tells them
// apart) and everything is NaN if a side is empty or holds a NaN.
//
// Asymptotic: z = (U - mn/2 - c) / sqrt(mn/12 * ((N+1) - T/(N(N-1)))), T the
// tie term, c the continuity correction of 0.5 towards zero (Hollander & Wolfe,
// Nonparametric Statistical Methods, section 4.1).
func MannWhitney(x, y []float64, alt Alternative, method Method) MWResult {
	m, n := len(x), len(y)
	if m == 0 || n == 0 || hasNaN(x, y) {
		nan := math.NaN()
		return MWResult{U: nan, Z: nan, P: nan, LogP: nan}
	}
	if method == Auto {
		method = Asymptotic
		if m <= ExactLimit && n <= ExactLimit {
			method = Exact
		}
	}
	xs, ys := sortedPair(x, y)
	twice, tie := rankSum(xs, ys)
	r := MWResult{U: float64(twice-m*(m+1)) / 2, Method: method}
	if method == Exact {
		t, ok := mwTails(m, n, twice, tie, xs, ys)
		if ok {
			r.Z = mwScore(r.U, m, n, tie, alt, Exact)
			r.P, r.LogP = t.under(alt)
			return r
		}
		r.Method = Asymptotic
	}
	r.Z = mwScore(r.U, m, n, tie, alt, r.Method)
	r.LogP = logTwoTail(r.Z, alt)
	r.P = math.Exp(r.LogP)
	return r
}

// mwTails are the exact tails of a doubled rank sum; false if too much work.
func mwTails(m, n, twice int, tie float64, xs, ys []float64) (tailPair, bool) {
	if tie == 0 {
		return untiedTails(m, n, (twice-m*(m+1))/2)
	}
	pooled := append(append(make([]float64, 0, m+n), xs...), ys...)
	slices.Sort(pooled)
	return tiedTails(doubledRanks(pooled), m, twice)
}

// sortedPair returns sorted copies in one allocation.
func sortedPair(x, y []float64) (xs, ys []float64) {
	buf := make([]float64, len(x)+len(y))
	xs, ys = buf[:len(x):len(x)], buf[len(x):]
	copy(xs, x)
	copy(ys, y)
	slices.Sort(xs)
	slices.Sort(ys)
	return xs, ys
}

// mwScore is the normal score of u; 0 when all values are equal.
func mwScore(u float64, m, n int, tie float64, alt Alternative, method Method) float64 {
	fm, fn := float64(m), float64(n)
	total := fm + fn
	d := u - fm*fn/2
	if method != AsymptoticNoContinuity {
		switch {
		case alt == Less:
			d += 0.5
		case alt == Greater:
			d -= 0.5
		case d > 0:
			d -= 0.5
		case d < 0:
			d += 0.5
		}
	}
	v := fm * fn / 12 * ((total + 1) - tie/(total*(total-1)))
	if !(v > 0) {
		return 0
	}
	return d / math.Sqrt(v)
}

// logTwoTail is the log p-value of a normal score under an alternative.
func logTwoTail(z float64, alt Alternative) float64 {
	switch alt {
	case Less:
		return LogNormalTail(-z)
	case Greater:
		return LogNormalTail(z)
	}
	return min(0, math.Ln2+LogNormalTail(math.Abs(z)))
}
