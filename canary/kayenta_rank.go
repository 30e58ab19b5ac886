package canary

import (
	"errors"
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/canary/stat"
)

// Kayenta's Mann-Whitney interval: the shift at which the corrected normal
// score takes a given quantile, searched with R's zeroin to an absolute
// tolerance of 1e-4. Products are rounded before they are added (the float64
// conversions), as Java does and some processors would not. The score is a step function, so where the search stops
// inside a step is decided by the search itself; agreeing with Kayenta means
// walking the same points, not finding a better root.

// kayentaInterval is the interval and estimate of the shift experiment - control.
type kayentaInterval struct{ low, high, estimate float64 }

var errAllTied = errors.New("all observations are tied")

// shiftScore is the score of the shift mu, less a quantile.
func shiftScore(mu, quantile float64, x, y []float64) (float64, error) {
	m, n := float64(len(x)), float64(len(y))
	type obs struct {
		v    float64
		from int
	}
	pooled := make([]obs, 0, len(x)+len(y))
	add := func(v float64, from int) {
		if math.IsNaN(v) { // Kayenta ranks NaN as the largest.
			v = math.Inf(1)
		}
		pooled = append(pooled, obs{v, from})
	}
	for _, v := range x {
		add(v-mu, 0)
	}
	for _, v := range y {
		add(v, 1)
	}
	slices.SortFunc(pooled, func(a, b obs) int { return compareTotal(a.v, b.v) })
	sum, ties := 0.0, 0.0
	for i := 0; i < len(pooled); {
		j := i + 1
		for j < len(pooled) && compareTotal(pooled[i].v, pooled[j].v) == 0 {
			j++
		}
		for _, o := range pooled[i:j] {
			if o.from == 0 {
				sum += float64(i+1+j) / 2
			}
		}
		t := float64(j - i)
		ties += t*t*t - t
		i = j
	}
	d := sum - m*(m+1)/2 - m*n/2
	correction := 0.0
	switch {
	case d > 0:
		correction = 0.5
	case d < 0:
		correction = -0.5
	}
	sigma := math.Sqrt((m * n / 12) * ((m + n + 1) - ties/((m+n)*(m+n-1))))
	if sigma == 0 {
		return 0, errAllTied
	}
	return (d-correction)/sigma - quantile, nil
}

// compareTotal orders doubles as Java does: -0 before 0.
func compareTotal(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case math.Signbit(a) == math.Signbit(b):
		return 0
	case math.Signbit(a):
		return -1
	}
	return 1
}

// kayentaShift computes the interval of x - y at a confidence level.
func kayentaShift(x, y []float64, confidence float64) (kayentaInterval, error) {
	lo := slices.Min(x) - slices.Max(y)
	hi := slices.Max(x) - slices.Min(y)
	z := stat.NormalFromLogTail(math.Log((1 - confidence) / 2))
	var firstErr error
	root := func(q float64, guarded bool) float64 {
		score := func(mu float64) float64 {
			s, err := shiftScore(mu, q, x, y)
			if err != nil && firstErr == nil {
				firstErr = err
			}
			return s
		}
		fl, fh := score(lo), score(hi)
		switch {
		case firstErr != nil:
			return math.NaN()
		case guarded && fl <= 0:
			return lo
		case guarded && fh >= 0:
			return hi
		}
		return zeroin(lo, hi, fl, fh, score)
	}
	r := kayentaInterval{low: root(z, true), high: root(-z, true)}
	r.estimate = root(0, false)
	return r, firstErr
}

// zeroin is Brent's root finder with the stopping rule of R's uniroot at
// tol = 1e-4 and up to 1001 steps (Brent, Algorithms for Minimization without
// Derivatives, 1973, chapter 4).
func zeroin(a, b, fa, fb float64, f func(float64) float64) float64 {
	const tol, epsilon = 1e-4, 0x1p-52
	zero := func(v float64) bool { return math.Abs(v) <= math.SmallestNonzeroFloat64 }
	if zero(fa) {
		return a
	}
	if zero(fb) {
		return b
	}
	// b is the best guess, c the other end of the bracket, a the guess before.
	c, fc := a, fa
	for range 1001 {
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
