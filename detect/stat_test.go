package detect

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s = %v, want %v +- %v", what, got, want, tol)
	}
}

// The critical values of Kolmogorov's distribution are in every table, e.g.
// Smirnov (1948): Q(1.2238) = .10, Q(1.3581) = .05, Q(1.6276) = .01.
func TestKolmogorovTable(t *testing.T) {
	for x, p := range map[float64]float64{1.2238: .10, 1.3581: .05, 1.6276: .01, 1.9495: .001} {
		near(t, "kolmogorov", kolmogorov(x), p, 5e-6+p*2e-4)
	}
	near(t, "kolmogorov(0)", kolmogorov(0), 1, 0)
}

// D by hand: the empirical distributions of {1,2,3,4} and {3,4,5,6} are
// furthest apart, by 1/2, between 2 and 3.
func TestKolmogorovSmirnovByHand(t *testing.T) {
	d, _ := ksTwoSample([]float64{4, 1, 3, 2}, []float64{6, 3, 5, 4})
	near(t, "D", d, .5, 1e-15)
	d, p := ksTwoSample([]float64{1, 2, 3}, []float64{1, 2, 3})
	near(t, "D of equals", d, 0, 0)
	near(t, "p of equals", p, 1, 0)
}

// MacKinnon (2010), "Critical values for cointegration tests", table 2,
// constant, N = 1, asymptotic: -3.43035, -2.86154, -2.56677. The 1994
// polynomial is an approximation of the same distribution.
func TestMacKinnonCriticalValues(t *testing.T) {
	for tau, p := range map[float64]float64{-3.43035: .01, -2.86154: .05, -2.56677: .10} {
		near(t, "mackinnon", mackinnon(tau), p, .002)
	}
}

// The level of a test is the share of rejections under its null hypothesis.
func TestAugmentedDickeyFullerLevelAndPower(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	walk, noise := 0, 0
	const n = 200
	for range n {
		w, z := make([]float64, 100), make([]float64, 100)
		for i := range w {
			z[i] = r.NormFloat64()
			w[i] = z[i]
			if i > 0 {
				w[i] += w[i-1]
			}
		}
		if adfP(w, adfLag) < .05 {
			walk++
		}
		if adfP(z, adfLag) < .05 {
			noise++
		}
	}
	if walk > n/8 {
		t.Errorf("rejected %d of %d random walks at .05", walk, n)
	}
	if noise < n*9/10 {
		t.Errorf("rejected only %d of %d white noises", noise, n)
	}
}

// The weighted mean and deviation of pandas' ewm(com=50) by its definition:
// weights (50/51)^age, variance sum w (x-m)^2 / (sum w - sum w^2 / sum w).
func TestMovingAverageMatchesDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Float64Range(-1e3, 1e3), 2, 200).Draw(t, "v")
		var sw, sw2, m, ss float64
		w := make([]float64, len(v))
		for i := range v {
			w[i] = math.Pow(50./51., float64(len(v)-1-i))
			sw, sw2, m = sw+w[i], sw2+w[i]*w[i], m+w[i]*v[i]
		}
		m /= sw
		for i, x := range v {
			ss += w[i] * (x - m) * (x - m)
		}
		std := math.Sqrt(ss / (sw - sw2/sw))
		dist := math.Abs(v[len(v)-1] - m)
		if math.Abs(dist-3*std) < 1e-9*(1+dist) {
			return // On the edge rounding decides.
		}
		k := &skyline{v: v}
		if got := k.stddevFromMovingAverage(); got != (dist > 3*std) {
			t.Fatalf("fired %v at distance %v, three deviations are %v", got, dist, 3*std)
		}
	})
}

// Grubbs (1969), table 1, one-sided, significance .025 (alpha/2 of .05 split
// over both sides is what the formula takes): n=10: 2.290, n=20: 2.709, n=100: 3.383.
func TestGrubbsCriticalValues(t *testing.T) {
	for n, want := range map[int]float64{10: 2.290, 20: 2.709, 100: 3.384} {
		// A sample with two opposite groups has mean 0 and population sigma 1;
		// t3 is then the statistic itself.
		lo, hi := 1.0, 5.0
		for range 60 {
			mid := (lo + hi) / 2
			k := &skyline{v: make([]float64, n), tail: mid}
			if k.grubbs(0, math.Sqrt(float64(n)/float64(n-1))) {
				hi = mid
			} else {
				lo = mid
			}
		}
		near(t, "critical value", lo, want, .002)
	}
}

func TestDeviationMatchesSorting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Float64Range(-100, 100), 1, 60).Draw(t, "v")
		k := &skyline{sorted: slices.Sorted(slices.Values(v))}
		m := k.median()
		d := make([]float64, len(v))
		for i, x := range v {
			d[i] = math.Abs(x - m)
		}
		slices.Sort(d)
		want := (d[(len(d)-1)/2] + d[len(d)/2]) / 2
		if got := k.deviation(m); math.Abs(got-want) > 1e-12 {
			t.Fatalf("deviation %v, want %v", got, want)
		}
	})
}

func TestBaselineMedianMatchesSorting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Float32Range(-100, 100), 1, 200).Draw(t, "v")
		var b baseline
		for i, x := range v {
			b.push(x)
			w := slices.Clone(v[max(0, i+1-baseLen) : i+1])
			slices.Sort(w)
			if m, _ := b.median(); m != float64(w[len(w)/2]) {
				t.Fatalf("after %d: median %v, want %v", i, m, w[len(w)/2])
			}
		}
	})
}

// The tail's quantile against the exact one: the error is at most one bin, a
// quarter octave.
func TestTailQuantile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func() float64{
		"exponential": r.ExpFloat64,
		"normal":      func() float64 { return math.Abs(r.NormFloat64()) },
		"uniform":     r.Float64,
		"tiny":        func() float64 { return 1e-30 * r.ExpFloat64() },
		"huge":        func() float64 { return 1e25 * r.ExpFloat64() },
	} {
		var h tail
		all := make([]float64, 0, 15_000)
		for range cap(all) {
			x := draw()
			h.add(x)
			all = append(all, x)
		}
		slices.Sort(all)
		for _, p := range []float64{.1, .01, tailProb} {
			want := all[int(float64(len(all))*(1-p))]
			if got := h.exceeded(p); got < want/1.2 || got > want*1.2 {
				t.Errorf("%s: value exceeded with %v is %v, want about %v", name, p, got, want)
			}
		}
	}
}

// A tail must follow a range that moves up by many octaves without losing
// count.
func TestTailShiftKeepsCount(t *testing.T) {
	var h tail
	for e := -300; e <= 300; e += 20 {
		h.add(math.Pow(10, float64(e)))
	}
	sum := uint32(0)
	for _, c := range h.Count {
		sum += uint32(c)
	}
	if sum != h.N || h.N != 31 {
		t.Errorf("counted %d of %d entered, want 31", sum, h.N)
	}
}

// The guard: an incident of three per cent of the samples must leave the
// quantile where it was; without the guard it would multiply it.
func TestGuardKeepsIncidentsOut(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	var h tail
	n := uint32(0)
	step := func(x float64) { n++; h.ratio(x, n) }
	for range 5000 {
		step(math.Abs(r.NormFloat64()))
	}
	before := h.Q
	for range 150 {
		step(50 + r.Float64())
	}
	if h.Q > 1.1*before {
		t.Errorf("quantile %v before the incident, %v after", before, h.Q)
	}
	for range 3000 {
		step(50 + r.Float64())
	}
	if h.Q < 2*before {
		t.Errorf("quantile %v after 3000 samples at the new level; the guard must let a new normal in", h.Q)
	}
}

// p(1) is the share of exceedances once history outweighs the prior.
func TestCalibrationLearnsTheShare(t *testing.T) {
	var c calibrate
	for i := range uint32(200_000) {
		x := .5
		if i%200 == 0 {
			x = 1.01
		}
		c.count(x, i+1)
	}
	near(t, "p(1)", c.atOne(), 1./200, 2e-3)
	near(t, "evidence at reach", c.evidence(c.reach(4, calTail), calTail), 4, 1e-9)
}
