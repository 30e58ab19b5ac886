package stat

import (
	"math"
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
	Method Method  // The one used, never Auto.
}

// MannWhitney tests whether x and y come from one distribution. Values must not
// be NaN. If a side is empty, a value is NaN, or all values are equal, P is 1
// (nothing tells them apart), or NaN for empty or NaN input.
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
	pooled := append(append(make([]float64, 0, m+n), x...), y...)
	ranks, tie := MidRanks(pooled)
	sum := 0.0
	for _, r := range ranks[:m] {
		sum += r
	}
	u := sum - float64(m)*float64(m+1)/2
	if method == Auto {
		method = Asymptotic
		if m <= ExactLimit && n <= ExactLimit {
			method = Exact
		}
	}
	r := MWResult{U: u, Method: method}
	r.Z = mwScore(u, m, n, tie, alt, method)
	if method == Exact {
		r.P = mwExactP(ranks, m, u, tie, alt)
		r.LogP = math.Log(r.P)
		return r
	}
	r.LogP = logTwoTail(r.Z, alt)
	r.P = math.Exp(r.LogP)
	return r
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
