package correlate

// Values from elsewhere: papers, packages' documentation, and sums that can be
// done by hand.

import (
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func TestDTWOracle(t *testing.T) {
	f := func(x, y []float64, r int, want float64) {
		t.Helper()
		d, _ := dtw(x, y, r, math.Inf(1), nil, make([]float64, 2*r+2))
		near(t, "DTW", math.Sqrt(d), want, 1e-12)
	}
	// dtaidistance, README and documentation, "DTW Distance Measure": 1.4142135623730951.
	f([]float64{0, 0, 1, 2, 1, 0, 1, 0, 0}, []float64{0, 1, 2, 0, 0, 0, 0, 0, 0}, 8, math.Sqrt2)
	// The same pair without warping: the differences are 0,-1,-1,2,1,0,1,0,0.
	f([]float64{0, 0, 1, 2, 1, 0, 1, 0, 0}, []float64{0, 1, 2, 0, 0, 0, 0, 0, 0}, 0, math.Sqrt(8))
	// By hand: a spike one point later is free once the band allows one point.
	f([]float64{0, 1, 0, 0}, []float64{0, 0, 1, 0}, 1, 0)
	f([]float64{0, 1, 0, 0}, []float64{0, 0, 1, 0}, 0, math.Sqrt2)
	f([]float64{1, 2, 3}, []float64{2, 2, 2}, 2, math.Sqrt2)
}

func TestMannWhitneyOracle(t *testing.T) {
	// By hand: of the 9 pairs the window exceeds in 8 and ties in 1, U = 8.5,
	// effect 2*8.5/9-1. Variance 9/12*(7-6/30) with one tie of two.
	effect, p := mannWhitney([]float64{1, 2, 3}, []float64{3, 4, 5}, 0)
	near(t, "effect", effect, 2*8.5/9-1, 1e-12)
	near(t, "p", p, math.Erfc(4/math.Sqrt(9./12*(7-6./30))/math.Sqrt2), 1e-12)
	_, p = mannWhitney([]float64{1, 1, 1}, []float64{1, 1}, 0)
	near(t, "p of equal samples", p, 1, 0)
}

func TestFlooredScaleOracle(t *testing.T) {
	f := func(v []float64, median, scale float64) {
		t.Helper()
		m, s := flooredScale(v)
		near(t, "median", m, median, 1e-12)
		near(t, "scale", s, scale, 1e-12)
	}
	f([]float64{1, 2, 3, 4, 5}, 3, 2/1.349) // The quartile range decides.
	f([]float64{0, 0, 0, 0, 10}, 0, 2)      // Half the deviation: sqrt(16)/2.
	f([]float64{100, 100, 100}, 100, 5)     // Five percent of the level.
	f([]float64{0, 0}, 0, 1e-9)             // Never nothing.
}

func TestFalseDiscoveryOracle(t *testing.T) {
	// Benjamini and Hochberg 1995, section 3.2: 15 p-values, of which the method
	// at 5 % rejects the first four.
	p := []float64{.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719, .6528, .7590, 1}
	q := falseDiscovery(p, len(p))
	for i := range q {
		if (q[i] <= 0.05) != (i < 4) {
			t.Errorf("q[%d] = %v; the paper rejects exactly four", i, q[i])
		}
	}
	near(t, "q of the fourth", q[3], .0095*15/4, 1e-12)
	// Knowing only the head of the family can only raise q.
	for i, v := range falseDiscovery(p[:4], len(p)) {
		if v < q[i]-1e-12 {
			t.Errorf("partial q[%d] = %v under %v", i, v, q[i])
		}
	}
}

func TestTailRecoversExponential(t *testing.T) {
	// Similarities whose u is exponential with mean 0.3: the fit must find the
	// mean excess and extrapolate by the closed form.
	next := seeded(7)
	s := make([]float64, 200_000)
	for i := range s {
		s[i] = 1 - math.Pow((next()+1)/2, 0.3)
	}
	tl := fitTail(s)
	near(t, "beta", tl.beta, 0.3, 0.02)
	near(t, "log10 p(1-1e-2)", math.Log10(tl.p(0.99)), math.Log10(math.Pow(0.01, 1/0.3)), 0.5)
	near(t, "p(at(p))", tl.p(tl.at(1e-4)), 1e-4, 1e-9)
}

func TestSimilarityIsPearsonWithoutBand(t *testing.T) {
	// 1 - |x-y|^2/(2n) of z-normalised windows is Pearson's r. By hand: the
	// sums of products about the means are Sxy = 13, Sxx = 10, Syy = 22.8.
	x, y := []float64{1, 2, 4, 3, 5}, []float64{2, 1, 4, 5, 7}
	normalise(x)
	normalise(y)
	d, _ := dtw(x, y, 0, math.Inf(1), nil, make([]float64, 2))
	near(t, "similarity", similarity(d, 5), 13/math.Sqrt(10*22.8), 1e-12)
}
