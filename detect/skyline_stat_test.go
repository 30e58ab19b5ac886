package detect

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// D > .5 by its definition: the distributions are compared at every value.
func TestKolmogorovSmirnovMatchesItsDefinition(t *testing.T) {
	share := func(s []float64, x float64) float64 {
		n := 0
		for _, v := range s {
			if v <= x {
				n++
			}
		}
		return float64(n) / float64(len(s))
	}
	fired := 0
	rapid.Check(t, func(t *rapid.T) {
		grain := rapid.SampledFrom([]float64{1, 10, 1e6}).Draw(t, "grain")
		value := rapid.Map(rapid.Float64Range(0, 1), func(x float64) float64 { return math.Floor(x * grain) })
		a := rapid.SliceOfN(value, 20, 60).Draw(t, "reference")
		b := rapid.SliceOfN(value, 20, 60).Draw(t, "probe")
		by := rapid.SampledFrom([]float64{0, .3, .5, -.5, 2}).Draw(t, "shift")
		for i := range b {
			b[i] += math.Floor(by * grain)
		}
		d := 0.0
		for _, x := range slices.Concat(a, b) {
			d = max(d, math.Abs(share(a, x)-share(b, x)))
		}
		slices.Sort(a)
		slices.Sort(b)
		got := ksApart(a, b)
		if got {
			fired++
		}
		if got != (d > .5) {
			t.Fatalf("D > .5 is %v, D = %v", got, d)
		}
	})
	if fired == 0 {
		t.Error("never fired")
	}
}

// The p-value of Etsy's test cannot decide: where D > .5 and both samples hold
// at least 20, Q((e + .12 + .11/e) D) <= Q(1.658) < .0083, e = sqrt(n m/(n+m))
// (Stephens 1970; Q of Kolmogorov's distribution).
func TestKolmogorovSmirnovNeedsNoP(t *testing.T) {
	e := math.Sqrt(ksMin * ksMin / (2. * ksMin))
	x := (e + .12 + .11/e) * .5
	q := 0.0
	for i, sign := 1., 1.; i < 20; i, sign = i+1, -sign {
		q += 2 * sign * math.Exp(-2*i*i*x*x)
	}
	if !(q < .0083) {
		t.Errorf("p = %v at the least D and the smallest samples", q)
	}
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
		if stationary(w) {
			walk++
		}
		if stationary(z) {
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

// skylineOf is a window of the given values, a minute apart.
func skylineOf(v []float64) *skyline {
	k := newSkyline(SkylineConfig{FullDuration: 31 * 24 * time.Hour}.withDefaults())
	for i, x := range v {
		k.push(int64(i)*minute, x)
	}
	k.tail = tailMean(v)
	return k
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
		k := skylineOf(v)
		if got := k.stddevFromMovingAverage(v[len(v)-1]); got != (dist > 3*std) {
			t.Fatalf("fired %v at distance %v, three deviations are %v", got, dist, 3*std)
		}
		if got := k.exactMovingAverage(); got != (dist > 3*std) {
			t.Fatalf("as pandas does it, fired %v at distance %v, three deviations are %v", got, dist, 3*std)
		}
	})
}

// Grubbs (1969), table 1, one-sided, significance .025 (alpha/2 of .05 split
// over both sides is what the formula takes): n=10: 2.290, n=20: 2.709, n=100: 3.383.
func TestGrubbsCriticalValues(t *testing.T) {
	for n, want := range map[int]float64{10: 2.290, 20: 2.709, 100: 3.384} {
		near(t, "critical value", grubbsScore(n), want, .002)
	}
	for n := 3; n < 3000; n++ {
		if b, s := grubbsBounds(n), grubbsScore(n); !(b.lo <= s && s <= b.hi) {
			t.Fatalf("score of %d points is %v, bounds %v", n, s, b)
		}
	}
}

// Sums in numpy's order, from numpy 1.24: sum([.1]*n) and sum(1/i for i in 1..n).
func TestPairwiseSumsAsNumpy(t *testing.T) {
	for _, tt := range []struct {
		n             int
		tenths, harms float64
	}{
		{3, 0.30000000000000004, 1.8333333333333333},
		{7, 0.7, 2.5928571428571425},
		{8, 0.8, 2.7178571428571425},
		{60, 5.999999999999998, 4.679870412951737},
		{61, 6.099999999999998, 4.696263855574688},
		{127, 12.7, 5.425334592589172},
		{128, 12.800000000000002, 5.433147092589173},
		{129, 12.899999999999999, 5.440899030573669},
		{361, 36.099999999999994, 6.467478025339451},
		{1440, 144.0, 7.849961239506046},
		{1441, 144.1, 7.850655202032069},
		{8641, 864.1000000000001, 9.641547123300052},
	} {
		if got := pairwise(tt.n, func(int) float64 { return .1 }); got != tt.tenths {
			t.Errorf("%d tenths are %v, numpy says %v", tt.n, got, tt.tenths)
		}
		if got := pairwise(tt.n, func(i int) float64 { return 1 / float64(i+1) }); got != tt.harms {
			t.Errorf("harmonic sum %d is %v, numpy says %v", tt.n, got, tt.harms)
		}
	}
}
