package stat

import "math"

// Brent's root finder, step for step as R's uniroot takes it (R's zeroin2;
// Brent, Algorithms for Minimization without Derivatives, 1973, chapter 4).

// zeroinSteps is uniroot's maxiter of 1000 and the step before the first check.
const zeroinSteps = 1001

// zeroin finds a root of f between a and b, where f takes fa and fb, to the
// absolute tolerance tol with R's stopping rule.
func zeroin(a, b, fa, fb, tol float64, f func(float64) float64) float64 {
	const epsilon = 0x1p-52
	zero := func(v float64) bool { return math.Abs(v) <= math.SmallestNonzeroFloat64 }
	if zero(fa) {
		return a
	}
	if zero(fb) {
		return b
	}
	// b is the best guess, c the other end of the bracket, a the guess before.
	c, fc := a, fa
	for range zeroinSteps {
		prev := b - a
		if math.Abs(fc) < math.Abs(fb) {
			a, b, c = b, c, b
			fa, fb, fc = fb, fc, fb
		}
		least := float64(2*epsilon*math.Abs(b)) + tol/2
		step := (c - b) / 2
		if math.Abs(step) <= least || zero(fb) {
			return b
		}
		if math.Abs(prev) >= least && math.Abs(fa) > math.Abs(fb) {
			if p, q := interpolate(a, b, c, fa, fb, fc); p < float64(0.75*(c-b)*q)-math.Abs(least*q)/2 && p < math.Abs(prev*q/2) {
				step = p / q
			}
		}
		if math.Abs(step) < least {
			if step > 0 {
				step = least
			} else {
				step = -least
			}
		}
		a, fa = b, fb
		b += step
		fb = f(b)
		if fb > 0 && fc > 0 || fb < 0 && fc < 0 {
			c, fc = a, fa
		}
	}
	return b
}

// interpolate proposes a step p/q: the secant through two points, or inverse
// quadratic interpolation through three.
func interpolate(a, b, c, fa, fb, fc float64) (p, q float64) {
	cb := c - b
	if a == c {
		t := fb / fa
		p, q = cb*t, 1-t
	} else {
		q = fa / fc
		t1, t2 := fb/fc, fb/fa
		p = t2 * (float64(cb*q*(q-t1)) - float64((b-a)*(t1-1)))
		q = (q - 1) * (t1 - 1) * (t2 - 1)
	}
	if p > 0 {
		return p, -q
	}
	return -p, q
}
