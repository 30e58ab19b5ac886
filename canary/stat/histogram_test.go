package stat

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var testBounds = []float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1}

// bin counts observations on bounds.
func bin(bounds, values []float64) []float64 {
	c := make([]float64, len(bounds)+1)
	for _, v := range values {
		i := 0
		for i < len(bounds) && v > bounds[i] {
			i++
		}
		c[i]++
	}
	return c
}

func drawDurations(t *rapid.T, name string) []float64 {
	n := rapid.IntRange(1, 60).Draw(t, name+" n")
	v := make([]float64, n)
	for i := range v {
		v[i] = rapid.Float64Range(0, 1).Draw(t, name)
	}
	return v
}

// What a histogram can say of a distance holds for the observations behind it.
func TestHistogramDistancesBoundThoseOfTheObservations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawDurations(t, "x"), drawDurations(t, "y")
		hx, hy := bin(testBounds, x), bin(testBounds, y)
		d, _ := KS(x, y)
		if k := KSHistogram(hx, hy, TwoSided); k.D > d+1e-12 {
			t.Fatalf("binned distance %v above the distance %v", k.D, d)
		}
		w := Wasserstein(x, y)
		h := WassersteinHistogram(testBounds, hx, hy, 0)
		if math.Abs(h.Area-w) > h.Resolution+1e-12 || h.Beyond != 0 {
			t.Fatalf("area %v +- %v, beyond %v, of observations %v apart", h.Area, h.Resolution, h.Beyond, w)
		}
	})
}

func TestWassersteinHistogram(t *testing.T) {
	f := func(x, y []float64, want HistogramDistance) {
		t.Helper()
		if d := cmp.Diff(want, WassersteinHistogram([]float64{1, 2, 4}, x, y, 0)); d != "" {
			t.Error(d)
		}
	}
	// All in bucket (0,1], all in (1,2]: means 0.5 and 1.5.
	f([]float64{5, 0, 0, 0}, []float64{0, 3, 0, 0}, HistogramDistance{Area: 1, Resolution: 2})
	// A bucket wide apart: means 0.5 and 3.
	f([]float64{5, 0, 0, 0}, []float64{0, 0, 3, 0}, HistogramDistance{Area: 2.5, Resolution: 3})
	f([]float64{5, 0, 0, 0}, []float64{5, 0, 0, 0}, HistogramDistance{Resolution: 1})
	f([]float64{1, 0, 0, 0}, []float64{0, 0, 0, 1}, HistogramDistance{Area: 3.5, Resolution: 1, Beyond: 1})
}

func TestCommonBuckets(t *testing.T) {
	b, x, y := CommonBuckets([]float64{1, 2, 4}, []float64{1, 2, 3, 4}, []float64{0.5, 1, 4, 8}, []float64{10, 20, 30, 40, 50})
	if d := cmp.Diff([][]float64{{1, 4}, {1, 5, 4}, {30, 30, 90}}, [][]float64{b, x, y}); d != "" {
		t.Error(d)
	}
	b, x, y = CommonBuckets([]float64{1}, []float64{1, 2}, []float64{2}, []float64{3, 4})
	if d := cmp.Diff([][]float64{nil, {3}, {7}}, [][]float64{b, x, y}); d != "" {
		t.Error(d)
	}
	if _, x, _ := CommonBuckets([]float64{1, 1}, []float64{1, 2, 3}, nil, []float64{3}); x != nil {
		t.Error("bounds that do not increase are taken")
	}
}

// Massart's band covers the truth at every bucket at once, at least as often as
// it says and not always.
func TestDKWBandHoldsItsLevel(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	const runs, n, alpha = 2000, 150, 0.1
	bounds := make([]float64, 40)
	for i := range bounds {
		bounds[i] = float64(i+1) / 41
	}
	missed, shown := 0, 0
	for range runs {
		x, y := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i], y[i] = rng.Float64(), rng.Float64()
		}
		hx, hy := bin(bounds, x), bin(bounds, y)
		low, high := DKWBand(hx, alpha)
		for i, b := range bounds {
			if low[i] > b || high[i] < b {
				missed++
				break
			}
		}
		low, high = DKWDifference(hx, hy, alpha)
		for i := range low {
			if low[i] > 0 || high[i] < 0 {
				shown++
				break
			}
		}
	}
	t.Logf("band missed in %.3f of runs, difference shown in %.3f, level %v", float64(missed)/runs, float64(shown)/runs, alpha)
	if rate := float64(missed) / runs; rate > alpha+0.02 || rate < alpha/3 {
		t.Errorf("band missed in %.3f of runs, level %v", rate, alpha)
	}
	if float64(shown)/runs > alpha {
		t.Errorf("a difference shown in %d of %d runs without one", shown, runs)
	}
}

func TestDKWEpsilon(t *testing.T) {
	near(t, "n = 100 at 95 %", DKWEpsilon(100, 0.05), 0.1358102, 1e-6) // sqrt(log(40)/200)
	for _, bad := range [][2]float64{{0, 0.05}, {-1, 0.05}, {math.NaN(), 0.05}, {10, 0}, {10, 1}, {10, math.NaN()}} {
		if e := DKWEpsilon(bad[0], bad[1]); e != 1 {
			t.Errorf("DKWEpsilon(%v) = %v", bad, e)
		}
	}
}

// The exact tail test keeps its level although the threshold is taken from the
// data, and the mid-p comes nearer to it.
func TestExceedsHoldsItsLevel(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	const runs, alpha = 3000, 0.05
	full, mid, power := 0, 0, 0
	for range runs {
		x, y, slow := make([]float64, 300), make([]float64, 500), make([]float64, 300)
		for i := range x {
			x[i] = rng.ExpFloat64() / 10
			slow[i] = x[i]
			if rng.Float64() < 0.04 {
				slow[i] += 1
			}
		}
		for i := range y {
			y[i] = rng.ExpFloat64() / 10
		}
		e := Exceeds(bin(testBounds, x), bin(testBounds, y), 0.97, Greater, 1)
		if e.LogP <= math.Log(alpha) {
			full++
		}
		if e.LogMid <= math.Log(alpha) {
			mid++
		}
		if Exceeds(bin(testBounds, slow), bin(testBounds, y), 0.97, Greater, 1).LogP <= math.Log(alpha) {
			power++
		}
	}
	t.Logf("exact rejects %.3f, mid-p %.3f at %v; 4 %% of slow requests are seen in %.3f", float64(full)/runs, float64(mid)/runs, alpha, float64(power)/runs)
	if rate := float64(full) / runs; rate > alpha+0.01 {
		t.Errorf("rejects %.3f of nulls at %v", rate, alpha)
	}
	if mid < full || float64(mid)/runs > alpha+0.015 {
		t.Errorf("mid-p rejects %d, the full p %d", mid, full)
	}
	if float64(power)/runs < 0.8 {
		t.Errorf("sees 4 %% slow requests in %.3f of runs", float64(power)/runs)
	}
}

func TestExceedsChoosesTheNearerEnd(t *testing.T) {
	f := func(q float64, bucket int, x, y float64) {
		t.Helper()
		e := Exceeds([]float64{80, 10, 6, 4}, []float64{90, 6, 3, 1}, q, Greater, 1)
		if e.Bucket != bucket || math.Abs(e.X-x) > 1e-12 || math.Abs(e.Y-y) > 1e-12 {
			t.Errorf("q %v: %+v, want bucket %d, shares %v and %v", q, e, bucket, x, y)
		}
	}
	f(0.5, 0, 0.20, 0.10)
	f(0.9, 1, 0.10, 0.04) // 0.85 and 0.93 are the ends around it.
	f(0.86, 0, 0.20, 0.10)
	f(0.999, 2, 0.04, 0.01) // Something must be left above.
	// Doubling what an observation is worth costs evidence.
	a := ExceedsBucket([]float64{80, 20}, []float64{95, 5}, 0, Greater, 1)
	b := ExceedsBucket([]float64{80, 20}, []float64{95, 5}, 0, Greater, 2)
	if !(a.LogP < b.LogP && b.LogP < 0) {
		t.Errorf("log p %v, with dispersion 2 %v", a.LogP, b.LogP)
	}
}

// The interval holds the quantile of the observations' own distribution.
func TestHistogramQuantile(t *testing.T) {
	est, low, high := HistogramQuantile([]float64{1, 2, 4}, []float64{0, 50, 50, 0}, 0.75, 0.05, 0)
	if est != 3 || low != 2 || high != 4 {
		t.Errorf("quantile %v, interval %v to %v; want 3 in 2 to 4", est, low, high)
	}
	if est, low, high := HistogramQuantile([]float64{1}, []float64{3, 7}, 0.99, 0.05, 0); est != 1 || !math.IsInf(high, 1) || low != 1 {
		t.Errorf("in the last bucket: %v, %v to %v", est, low, high)
	}
	rng := rand.New(rand.NewPCG(2, 3))
	missed := 0
	const runs = 1000
	for range runs {
		v := make([]float64, 200)
		for i := range v {
			v[i] = rng.Float64()
		}
		_, low, high := HistogramQuantile(testBounds, bin(testBounds, v), 0.25, 0.1, 0)
		if low > 0.25 || high < 0.25 {
			missed++
		}
	}
	if missed > runs/10+30 {
		t.Errorf("interval missed the quantile in %d of %d runs at 0.1", missed, runs)
	}
}
