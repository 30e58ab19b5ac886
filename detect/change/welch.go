package change

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// welch returns Welch's t for the means of two stretches and its degrees of
// freedom (Welch 1947, "The generalization of Student's problem when several
// different population variances are involved", Biometrika 34). t is positive
// if the mean rises, infinite if it moves and neither side varies, and 0 if it
// does not move at all.
func welch(before, after Stats) (t, df float64) {
	d := after.mean - before.mean
	a, b := before.variance/float64(before.n), after.variance/float64(after.n)
	if d == 0 {
		return 0, 1
	}
	if a+b == 0 {
		return math.Inf(int(math.Copysign(1, d))), 1
	}
	// Shares, not the variances themselves, so that no square can overflow.
	sa, sb := a/(a+b), b/(a+b)
	den := 0.0
	if before.n > 1 {
		den += sa * sa / float64(before.n-1)
	}
	if after.n > 1 {
		den += sb * sb / float64(after.n-1)
	}
	return d / math.Sqrt(a+b), 1 / den
}

// pooled returns |t| of Student's test of the sides of a split of n samples.
func pooled(best split, n int) float64 {
	if best.inside <= 0 {
		return math.Inf(1)
	}
	return math.Sqrt(best.scatter / best.inside * float64(n-2))
}

// studentTwoSided returns P(|T| >= |t|) for Student's t with df degrees of
// freedom: the regularized incomplete beta function I_x(df/2, 1/2) at
// x = df/(df+t^2) (Abramowitz and Stegun 26.7.1).
func studentTwoSided(t, df float64) float64 {
	switch {
	case math.IsNaN(t) || !(df > 0):
		return 1
	case math.IsInf(t*t, 0):
		return 0
	}
	return mathext.RegIncBeta(df/2, 0.5, df/(df+t*t))
}
