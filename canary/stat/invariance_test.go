package stat

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// What must not matter: the unit, the zero, which side is called x. And what
// must: more of a difference is never less evidence.

// drawUnit is a power of two between 1e-12 and 1e12, so that scaling is exact.
func drawUnit(t *rapid.T) float64 {
	return math.Ldexp(1, rapid.IntRange(-40, 40).Draw(t, "log2 unit"))
}

func mapped(x []float64, f func(float64) float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = f(v)
	}
	return out
}

// same allows the rounding of a few operations.
func same(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b))
}

func TestScaleDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y, u := drawSide(t, "x", 30), drawSide(t, "y", 30), drawUnit(t)
		scale := func(v float64) float64 { return v * u }
		sx, sy := mapped(x, scale), mapped(y, scale)
		for _, m := range []Method{Exact, Asymptotic} {
			if a, b := MannWhitney(x, y, TwoSided, m), MannWhitney(sx, sy, TwoSided, m); a != b {
				t.Fatalf("unit %v: %+v against %+v", u, a, b)
			}
			a, b := HodgesLehmann(x, y, 0.95, m), HodgesLehmann(sx, sy, 0.95, m)
			if b.Low != a.Low*u || b.High != a.High*u || b.Estimate != a.Estimate*u {
				t.Fatalf("unit %v: %+v against %+v", u, a, b)
			}
		}
		if a, b := BrunnerMunzel(x, y), BrunnerMunzel(sx, sy); !same(a.P, b.P) || !same(a.Effect, b.Effect) {
			t.Fatalf("unit %v: %+v against %+v", u, a, b)
		}
		if a, b := HARMean(x, 0), HARMean(sx, 0); !same(a.SE*u, b.SE) || !same(a.Phi, b.Phi) || !same(a.DF, b.DF) {
			t.Fatalf("unit %v: %+v against %+v", u, a, b)
		}
		da, pa := KS(x, y)
		db, pb := KS(sx, sy)
		if da != db || pa != pb || !same(Wasserstein(x, y)*u, Wasserstein(sx, sy)) || !same(MAD(x)*u, MAD(sx)) {
			t.Fatalf("unit %v: distances differ", u)
		}
	})
}

// Shifts by whole numbers of whole numbers are exact.
func TestShiftDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) []float64 {
			x := make([]float64, rapid.IntRange(1, 30).Draw(t, name+" n"))
			for i := range x {
				x[i] = float64(rapid.IntRange(-1000, 1000).Draw(t, name))
			}
			return x
		}
		x, y, by := draw("x"), draw("y"), float64(rapid.IntRange(-1<<20, 1<<20).Draw(t, "shift"))
		shift := func(v float64) float64 { return v + by }
		sx, sy := mapped(x, shift), mapped(y, shift)
		for _, m := range []Method{Exact, Asymptotic} {
			if a, b := MannWhitney(x, y, Less, m), MannWhitney(sx, sy, Less, m); a != b {
				t.Fatalf("shift %v: %+v against %+v", by, a, b)
			}
			if a, b := HodgesLehmann(x, y, 0.9, m), HodgesLehmann(sx, sy, 0.9, m); a != b {
				t.Fatalf("shift %v: %+v against %+v", by, a, b)
			}
			// Of one side alone, the estimate and its interval move by as much.
			if a, b := HodgesLehmann(x, y, 0.9, m), HodgesLehmann(sx, y, 0.9, m); b.Low != a.Low+by || b.High != a.High+by || b.Estimate != a.Estimate+by {
				t.Fatalf("shift of x by %v: %+v against %+v", by, a, b)
			}
		}
		a, errA := SearchShift(x, y, 0.9, SearchRules{})
		b, errB := SearchShift(sx, sy, 0.9, SearchRules{})
		if a != b || errA != errB {
			t.Fatalf("shift %v: search %+v (%v) against %+v (%v)", by, a, errA, b, errB)
		}
	})
}

func TestSidesMirror(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawSide(t, "x", 30), drawSide(t, "y", 30)
		for _, m := range []Method{Exact, Asymptotic, AsymptoticNoContinuity} {
			a, b := MannWhitney(x, y, TwoSided, m), MannWhitney(y, x, TwoSided, m)
			if !same(a.P, b.P) || !same(a.LogP, b.LogP) || a.Z != -b.Z || a.U+b.U != float64(len(x)*len(y)) {
				t.Fatalf("%+v, sides swapped %+v", a, b)
			}
			l, g := MannWhitney(x, y, Less, m), MannWhitney(y, x, Greater, m)
			if !same(l.P, g.P) {
				t.Fatalf("P(less) %v, sides swapped P(greater) %v", l.P, g.P)
			}
			h, k := HodgesLehmann(x, y, 0.9, m), HodgesLehmann(y, x, 0.9, m)
			if h.Low != -k.High || h.High != -k.Low || !same(h.Estimate, -k.Estimate) {
				t.Fatalf("%+v, sides swapped %+v", h, k)
			}
			if !(h.Low <= h.Estimate && h.Estimate <= h.High) {
				t.Fatalf("estimate outside its interval: %+v", h)
			}
		}
		bm, mb := BrunnerMunzel(x, y), BrunnerMunzel(y, x)
		if !same(bm.P, mb.P) || math.Abs(bm.Effect+mb.Effect-1) > 1e-12 && !math.IsNaN(bm.Effect) {
			t.Fatalf("%+v, sides swapped %+v", bm, mb)
		}
		if len(x) == len(y) {
			bm, mb = BrunnerMunzelHAR(x, y), BrunnerMunzelHAR(y, x)
			if !same(bm.P, mb.P) {
				t.Fatalf("paired %+v, sides swapped %+v", bm, mb)
			}
		}
	})
}

// Raising any value of x never makes it look less like a rise.
func TestEvidenceIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawSide(t, "x", 25), drawSide(t, "y", 25)
		up := mapped(x, func(v float64) float64 { return v })
		i := rapid.IntRange(0, len(x)-1).Draw(t, "which")
		up[i] += math.Abs(x[i]) + float64(rapid.IntRange(1, 100).Draw(t, "by"))
		a, b := MannWhitney(x, y, Greater, Exact), MannWhitney(up, y, Greater, Exact)
		if b.U < a.U {
			t.Fatalf("U falls from %v to %v", a.U, b.U)
		}
		if ha, hb := HodgesLehmann(x, y, 0.9, Exact), HodgesLehmann(up, y, 0.9, Exact); hb.Estimate < ha.Estimate {
			t.Fatalf("estimate falls from %v to %v", ha.Estimate, hb.Estimate)
		}
	})
}

func TestTailsAreMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.Float64Range(-40, 1e6).Draw(t, "z")
		dz := rapid.Float64Range(1e-6, 10).Draw(t, "dz")
		df := rapid.Float64Range(0.5, 1e8).Draw(t, "df")
		looks := rapid.IntRange(1, 1440).Draw(t, "looks")
		two := rapid.Bool().Draw(t, "two-sided")
		const slack = 1e-12
		falls := func(what string, f func(float64) float64) {
			a, b := f(z), f(z+dz)
			if math.IsNaN(a) || math.IsNaN(b) || a > 0 || b > a+slack*math.Abs(a) {
				t.Fatalf("%s: log p %v at %v, %v at %v", what, a, z, b, z+dz)
			}
		}
		falls("normal", LogNormalTail)
		falls("Student", func(v float64) float64 { return LogStudentTail(v, df) })
		falls("band", func(v float64) float64 { return BandP(v, two) })
		falls("looks", func(v float64) float64 { return LooksP(v, looks, two) })
		n := float64(rapid.IntRange(1, 2000).Draw(t, "n"))
		p := rapid.Float64Range(0.001, 0.999).Draw(t, "p")
		k := float64(rapid.IntRange(0, int(n)).Draw(t, "k"))
		if a, b := LogBinomialTail(k, n, p), LogBinomialTail(k+1, n, p); math.IsNaN(a) || b > a+slack*math.Abs(a) {
			t.Fatalf("binomial: %v at %v of %v, then %v", a, k, n, b)
		}
		ny := float64(rapid.IntRange(1, 2000).Draw(t, "ny"))
		ky := float64(rapid.IntRange(0, int(ny)).Draw(t, "ky"))
		if k < n && ky > 0 {
			a, am := FisherP(k, n, ky, ny, Greater)
			b, bm := FisherP(k+1, n, ky-1, ny, Greater)
			if b > a+1e-9 || bm > am+1e-9 || am > a+1e-9 {
				t.Fatalf("Fisher: %v (mid %v), then %v (mid %v)", a, am, b, bm)
			}
		}
	})
}

func TestMoreLooksAreStricter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, two := rapid.Float64Range(0.5, 8).Draw(t, "s"), rapid.Bool().Draw(t, "two-sided")
		looks := rapid.IntRange(1, 1439).Draw(t, "looks")
		a, b := LooksP(s, looks, two), LooksP(s, looks+1, two)
		if b < a-2e-6 || b > BandP(s, two) {
			t.Fatalf("s %v: log p %v at %d looks, %v at one more, %v without pause", s, a, looks, b, BandP(s, two))
		}
	})
}

func TestClustersDoNotDependOnOrderOrUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, u := drawSide(t, "x", 40), drawUnit(t)
		order := rapid.Permutation(indices(len(x))).Draw(t, "order")
		shuffled := make([]float64, len(x))
		for i, j := range order {
			shuffled[i] = x[j] * u
		}
		for name, f := range map[string]func([]float64, float64) []int{
			"DBSCAN":  func(x []float64, u float64) []int { return DBSCAN(x, 2*u, 3) },
			"HDBSCAN": func(x []float64, u float64) []int { return HDBSCAN(x, 3) },
		} {
			a, b := f(x, 1), f(shuffled, u)
			for i, j := range order {
				for k, l := range order {
					// Equal values may be told apart only by their order.
					if (a[j] == a[l]) != (b[i] == b[k]) && x[j] != x[l] && !repeated(x, j) && !repeated(x, l) {
						t.Fatalf("%s: %v and %v together %v, shuffled %v", name, x[j], x[l], a[j] == a[l], b[i] == b[k])
					}
				}
			}
		}
	})
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func repeated(x []float64, i int) bool {
	for j, v := range x {
		if j != i && v == x[i] {
			return true
		}
	}
	return false
}
