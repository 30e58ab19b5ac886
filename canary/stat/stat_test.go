package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawSide draws samples with or without ties.
func drawSide(t *rapid.T, name string, most int) []float64 {
	n := rapid.IntRange(1, most).Draw(t, name+" n")
	out := make([]float64, n)
	tied := rapid.Bool().Draw(t, "tied")
	for i := range out {
		if tied {
			out[i] = float64(rapid.IntRange(-3, 3).Draw(t, name))
		} else {
			out[i] = rapid.Float64Range(-1e6, 1e6).Draw(t, name)
		}
	}
	return out
}

// Exact order statistics of the differences against sorting all of them.
func TestHodgesLehmannAgainstSorting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawSide(t, "x", 25), drawSide(t, "y", 25)
		var all []float64
		for _, a := range x {
			for _, b := range y {
				all = append(all, a-b)
			}
		}
		slices.Sort(all)
		slices.Sort(x)
		slices.Sort(y)
		k := rapid.IntRange(1, len(all)).Draw(t, "k")
		if got := kthDifference(x, y, k); got != all[k-1] {
			t.Fatalf("difference %d of %d is %v, want %v", k, len(all), got, all[k-1])
		}
	})
}

// The standard errors keep the level: on null series the t test at 5 % rejects
// about that often.
func TestHARMeanHoldsItsLevel(t *testing.T) {
	for _, c := range []struct {
		phi   float64
		n     int
		limit float64
	}{{0, 60, 0.065}, {0.5, 60, 0.075}, {0.8, 240, 0.08}} {
		rng := rand.New(rand.NewPCG(1, 2))
		rejected, runs := 0, 1000
		for range runs {
			x := autoregressive(rng, c.n, c.phi)
			h := HARMean(x, 0)
			if 2*math.Exp(LogStudentTail(math.Abs(h.Mean/h.SE), h.DF)) < 0.05 {
				rejected++
			}
		}
		rate := float64(rejected) / float64(runs)
		t.Logf("phi %v, n %d: rejects %.3f", c.phi, c.n, rate)
		if rate > c.limit || rate < 0.005 {
			t.Errorf("phi %v, n %d: rejects %.3f of null series at 0.05", c.phi, c.n, rate)
		}
	}
}

func TestPlaceboHoldsItsLevel(t *testing.T) {
	for _, phi := range []float64{0, 0.5, 0.9} {
		rng := rand.New(rand.NewPCG(3, 4))
		rejected, runs := 0, 600
		for range runs {
			x := autoregressive(rng, 1500, phi)
			p := PlaceboVariance(x[:1440], 60)
			if d := Mean(x[1440:]) - p.Mean; 2*math.Exp(LogStudentTail(math.Abs(d/p.SE), p.DF)) < 0.05 {
				rejected++
			}
		}
		rate := float64(rejected) / float64(runs)
		t.Logf("phi %v: rejects %.3f", phi, rate)
		if rate > 0.07 || rate < 0.02 {
			t.Errorf("phi %v: rejects %.3f of null windows at 0.05", phi, rate)
		}
	}
}

func autoregressive(rng *rand.Rand, n int, phi float64) []float64 {
	x, at := make([]float64, n), rng.NormFloat64()
	for i := range x {
		at = phi*at + math.Sqrt(1-phi*phi)*rng.NormFloat64()
		x[i] = at
	}
	return x
}

func TestDBSCAN(t *testing.T) {
	f := func(x []float64, eps float64, minPts int, want ...int) {
		t.Helper()
		if d := cmp.Diff(want, DBSCAN(x, eps, minPts)); d != "" {
			t.Errorf("DBSCAN(%v, %v, %d): %s", x, eps, minPts, d)
		}
	}
	f([]float64{1, 2, 3, 10, 11, 12, 50}, 1, 2, 0, 0, 0, 1, 1, 1, Noise)
	f([]float64{12, 1, 50, 11, 2, 10, 3}, 1, 2, 1, 0, Noise, 1, 0, 1, 0)
	f([]float64{1, 2, 3, 4.5}, 1.5, 3, 0, 0, 0, 0) // 4.5 is a border point.
	f([]float64{5, 5, 5}, 0, 3, 0, 0, 0)
	f([]float64{1, 5}, 1, 2, Noise, Noise)
	f([]float64{1}, -1, 1, Noise)
	f([]float64{3}, 1, 1, 0)
}

// DBSCAN on a line against the definition over all pairs.
func TestDBSCANCoresAgainstPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "n")
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(rapid.IntRange(0, 40).Draw(t, "x"))
		}
		eps, minPts := float64(rapid.IntRange(0, 4).Draw(t, "eps")), rapid.IntRange(1, 5).Draw(t, "min")
		got := DBSCAN(x, eps, minPts)
		core := func(i int) bool {
			k := 0
			for _, v := range x {
				if math.Abs(v-x[i]) <= eps {
					k++
				}
			}
			return k >= minPts
		}
		for i := range x {
			reach := false
			for j := range x {
				near := math.Abs(x[i]-x[j]) <= eps
				if near && core(i) && core(j) && got[i] != got[j] {
					t.Fatalf("cores %v and %v are neighbours in clusters %d and %d", x[i], x[j], got[i], got[j])
				}
				reach = reach || near && core(j)
			}
			if reach != (got[i] != Noise) {
				t.Fatalf("point %v is in cluster %d, reachable %v", x[i], got[i], reach)
			}
		}
	})
}

func TestHDBSCAN(t *testing.T) {
	f := func(x []float64, size int, want ...int) {
		t.Helper()
		if d := cmp.Diff(want, HDBSCAN(x, size)); d != "" {
			t.Errorf("HDBSCAN(%v, %d): %s", x, size, d)
		}
	}
	f([]float64{1, 1.1, 1.2, 1.05, 9, 9.1, 9.2, 9.15}, 3, 0, 0, 0, 0, 1, 1, 1, 1)
	f([]float64{1, 1.1, 1.2, 1.3}, 3, 0, 0, 0, 0)
	f([]float64{5, 5, 5, 5}, 2, 0, 0, 0, 0)
	f([]float64{1}, 2, Noise)
}

// Equivalence: the textbook case of a 90 % interval inside the margin.
func TestTOST(t *testing.T) {
	f := func(est, se, df, low, high float64, within bool) {
		t.Helper()
		if got := TOST(est, se, df, low, high) <= math.Log(0.05); got != within {
			t.Errorf("TOST(%v, %v, %v, %v, %v) equivalent: %v, want %v", est, se, df, low, high, got, within)
		}
	}
	// t_{0.95,20} = 1.7247 (any t table).
	f(0, 1, 20, -1.73, 1.73, true)
	f(0, 1, 20, -1.72, 1.72, false)
	f(0.5, 1, 20, -3, 2.3, true)
	f(0.5, 1, 20, -3, 2.2, false)
	f(0.5, 1, 20, math.Inf(-1), 2.3, true)
	f(0.5, 0, 20, -1, 1, true)
	f(1, 0, 20, -1, 1, false)
	f(math.NaN(), 1, 20, -1, 1, false)
}

func TestEBH(t *testing.T) {
	if d := cmp.Diff([]bool{true, true, false, false, false}, EBH([]float64{100, 50, 1, 2, math.NaN()}, 0.05)); d != "" {
		t.Error(d)
	}
}

// Zero events still bound the excess rate: with none in 60 samples a side, an
// excess of 3/60 (the rule of three) is just about excluded at 5 %.
func TestRateDifference(t *testing.T) {
	if z := RateDifferenceScore(0, 60, 0, 60, 1, 0.05); math.Abs(z+math.Sqrt(3)) > 1e-9 {
		t.Errorf("score %v, want -sqrt(3)", z)
	}
	if z := RateDifferenceScore(30, 60, 30, 60, 1, 0); z != 0 {
		t.Errorf("equal counts score %v", z)
	}
	lo, hi := RateDifferenceInterval(40, 60, 20, 60, 1, 1.96, 1)
	if !(lo > 0 && lo < 1.0/3 && hi > 1.0/3 && hi < 1) {
		t.Errorf("interval %v..%v of a difference of 1/3", lo, hi)
	}
}

func TestCountDispersion(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	var x, y, lumpy []float64
	for range 4000 {
		// A common rate that swings is no over-dispersion; events by fives are.
		rate := 1 + 3*rng.Float64()
		x, y, lumpy = append(x, poisson(rng, rate)), append(y, poisson(rng, rate)), append(lumpy, 5*poisson(rng, rate/5))
	}
	steady, _ := CountDispersion(x, y, 4)
	burst, df := CountDispersion(lumpy, y, 4)
	if steady < 0.85 || steady > 1.15 || burst < 2 || df < 900 {
		t.Errorf("dispersion %v steady, %v in bursts on %v df", steady, burst, df)
	}
}
