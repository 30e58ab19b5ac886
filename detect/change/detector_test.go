package change

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// step returns n samples of noise with a step of d standard deviations at at.
func step(r *rand.Rand, n, at int, d float64) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = r.NormFloat64()
		if i >= at {
			w[i] += d
		}
	}
	return w
}

// go-change finds +2 sigma 200 times of 200 and -2 sigma never; ours finds both.
func TestBothDirections(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	ours, old := Detector{MinConfidence: 0.9999}, Detector{MinConfidence: 0.9999, Compatible: true}
	for _, c := range []struct {
		d         float64
		ours, old int
	}{{2, 200, 200}, {-2, 200, 0}, {-5, 200, 0}} {
		var gotOurs, gotOld int
		for range 200 {
			w := step(r, 240, 120, c.d)
			if cp := ours.Check(w); cp != nil && cp.Difference*c.d > 0 && cp.Index >= 110 && cp.Index <= 130 {
				gotOurs++
			}
			if old.Check(w) != nil {
				gotOld++
			}
		}
		if gotOurs != c.ours || gotOld != c.old {
			t.Errorf("step of %g: found by ours %d, want %d; by the compatible mode %d, want %d", c.d, gotOurs, c.ours, gotOld, c.old)
		}
	}
}

// grid draws samples with few bits, so that an offset can be added exactly.
func grid(t *rapid.T) []float64 {
	raw := rapid.SliceOfN(rapid.IntRange(-2000, 2000), 4, 120).Draw(t, "window")
	w := make([]float64, len(raw))
	at := rapid.IntRange(0, len(w)).Draw(t, "at")
	rise := rapid.IntRange(-8000, 8000).Draw(t, "rise")
	for i, v := range raw {
		w[i] = float64(v) / 1024
		if i >= at {
			w[i] += float64(rise) / 1024
		}
	}
	return w
}

func mapped(w []float64, f func(float64) float64) []float64 {
	out := make([]float64, len(w))
	for i, x := range w {
		out[i] = f(x)
	}
	return out
}

// An offset of 1e12, a change of the sign and a power of two as the unit change
// nothing but what they must, to the last bit.
func TestInvariance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := grid(t)
		d := Detector{MinSampleSize: rapid.IntRange(2, 10).Draw(t, "min"), MinConfidence: rapid.Float64Range(0, 0.99).Draw(t, "confidence")}
		base := d.Check(w)
		for name, c := range map[string]struct {
			f    func(float64) float64
			diff float64 // What Difference is multiplied by.
		}{
			"offset 1e12":   {func(x float64) float64 { return x + 1e12 }, 1},
			"offset -1e12":  {func(x float64) float64 { return x - 1e12 }, 1},
			"sign":          {func(x float64) float64 { return -x }, -1},
			"unit 2^40":     {func(x float64) float64 { return x * 0x1p40 }, 0x1p40},
			"unit 2^-40":    {func(x float64) float64 { return x * 0x1p-40 }, 0x1p-40},
			"unit 2^1000":   {func(x float64) float64 { return x * 0x1p1000 }, 0x1p1000},
			"unit 2^-1000":  {func(x float64) float64 { return x * 0x1p-1000 }, 0x1p-1000},
			"both of large": {func(x float64) float64 { return -x*0x1p900 + 0x1p920 }, -0x1p900},
		} {
			got := d.Check(mapped(w, c.f))
			if (got == nil) != (base == nil) {
				t.Fatalf("%s: change %v, want %v", name, got, base)
			}
			if got == nil {
				continue
			}
			if got.Index != base.Index || got.P != base.P || got.Effect != base.Effect || got.Difference != base.Difference*c.diff {
				t.Fatalf("%s: %+v, want as %+v", name, *got, *base)
			}
		}
	})
}

// Samples that are no numbers are as if they were not there, apart from the
// index.
func TestSkipsWhatIsNoNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := grid(t)
		d := Detector{MinSampleSize: 2}
		want := d.Check(w)
		var holed []float64
		for i, x := range w {
			for range rapid.IntRange(0, 2).Draw(t, "holes") {
				holed = append(holed, []float64{math.NaN(), math.Inf(1), math.Inf(-1)}[i%3])
			}
			holed = append(holed, x)
		}
		got := d.Check(holed)
		if (got == nil) != (want == nil) {
			t.Fatalf("change %v, want %v", got, want)
		}
		if got == nil {
			return
		}
		if got.Skipped != len(holed)-len(w) || holed[got.Index] != w[want.Index] {
			t.Fatalf("index %d, skipped %d: want the sample that was at %d and %d", got.Index, got.Skipped, want.Index, len(holed)-len(w))
		}
		got.Index, got.Position, got.Skipped = want.Index, want.Position, 0
		if diff := cmp.Diff(*want, *got, cmp.AllowUnexported(Stats{})); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestVerdictsOfPlainWindows(t *testing.T) {
	repeat := func(n int, x float64) []float64 { return slices.Repeat([]float64{x}, n) }
	d := Detector{MinConfidence: 0.999}
	f := func(name string, w []float64, want int) {
		t.Helper()
		got := -1
		if cp := d.Check(w); cp != nil {
			got = cp.Index
			if math.IsNaN(cp.Confidence + cp.Difference + cp.Effect + cp.Before.Mean() + cp.After.Var()) {
				t.Errorf("%s: NaN in %+v", name, *cp)
			}
		}
		if got != want {
			t.Errorf("%s: change at %d, want %d", name, got, want)
		}
	}
	f("nothing", nil, -1)
	f("two points", []float64{1, 2}, -1)
	f("all NaN", repeat(100, math.NaN()), -1)
	f("constant", repeat(100, 3), -1)
	f("a clean step", append(repeat(50, 1), repeat(50, 2)...), 50)
	f("a clean step at 1e12", append(repeat(50, 1e12), repeat(50, 1e12+1)...), 50)
	f("a step across all floats", append(repeat(50, -math.MaxFloat64), repeat(50, math.MaxFloat64)...), 50)
	f("a step of a denormal", append(repeat(50, 0), repeat(50, 5e-324)...), 50)
	f("one spike", append(append(repeat(50, 1), 1e9), repeat(49, 1)...), -1)
	f("too short for two sides", append(repeat(29, 1), repeat(30, 2)...), -1)
}

// A change that is sure but small passes only below the gate.
func TestEffectGate(t *testing.T) {
	w := step(rand.New(rand.NewPCG(3, 3)), 4000, 2000, 0.3)
	cp := (&Detector{MinConfidence: 0.999}).Check(w)
	if cp == nil || cp.Effect < 0.2 || cp.Effect > 0.4 {
		t.Fatalf("change %v, want one with an effect near 0.3", cp)
	}
	if cp := (&Detector{MinConfidence: 0.999, MinEffect: 0.5}).Check(w); cp != nil {
		t.Errorf("change %+v passed a gate of 0.5", *cp)
	}
}

// A change of the variance alone is no change of the mean.
func TestVarianceAloneIsNoChange(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	const reps = 4000
	d := Detector{MinConfidence: 0.99}
	found := 0
	for range reps {
		w := step(r, 240, 0, 0)
		for i := 180; i < 240; i++ {
			w[i] *= 5
		}
		if _, ok := d.check(w); ok {
			found++
		}
	}
	if found > 3*reps/100 {
		t.Errorf("%d of %d windows, want about %d", found, reps, reps/100)
	}
}

func FuzzDetector(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 0xff, 0xf0, 0, 0, 0, 0, 0}, 2, 0.5)
	f.Add(slices.Repeat([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xef, 0x7f, 1, 0, 0, 0, 0, 0, 0, 0}, 9), 3, 0.99)
	f.Fuzz(func(t *testing.T, raw []byte, m int, confidence float64) {
		w := floats(raw)
		s := NewStreamConfig(StreamConfig{
			Detector:   Detector{MinSampleSize: m % 40, MinConfidence: confidence, MinEffect: float64(m % 3)},
			WindowSize: m % 100, BlockSize: m % 7,
		})
		for _, x := range w {
			sound(t, s.Push(x), len(s.Window()))
		}
		for _, compatible := range []bool{false, true} {
			d := Detector{MinSampleSize: m % 40, MinConfidence: confidence, Compatible: compatible}
			sound(t, d.Check(w), len(w))
		}
		if i, _ := Instant(w); i < 0 || i > len(w) {
			t.Fatalf("instant %d of %d samples", i, len(w))
		}
		for _, cp := range Segment(w) {
			sound(t, &cp, len(w))
		}
	})
}

// sound fails if a change is not one.
func sound(t *testing.T, cp *ChangePoint, n int) {
	t.Helper()
	if cp == nil {
		return
	}
	if cp.Index <= 0 || cp.Index >= n || cp.Before.Len() < 1 || cp.After.Len() < 1 {
		t.Fatalf("change at %d of %d samples: %+v", cp.Index, n, *cp)
	}
	for _, x := range []float64{cp.Difference, cp.Confidence, cp.P, cp.Effect, cp.Before.Mean(), cp.Before.Var(), cp.After.Mean(), cp.After.Var(), cp.After.Stddev()} {
		if !finite(x) {
			t.Fatalf("a number of %+v is none", *cp)
		}
	}
	if cp.P < 0 || cp.P > 1 || cp.Before.Var() < 0 || cp.After.Var() < 0 || cp.Effect < 0 {
		t.Fatalf("out of range: %+v", *cp)
	}
}

// floats reads raw as little-endian float64s; what is left over gives small
// integers.
func floats(raw []byte) []float64 {
	var w []float64
	for len(raw) >= 8 {
		bits := uint64(0)
		for i, b := range raw[:8] {
			bits |= uint64(b) << (8 * i)
		}
		w, raw = append(w, math.Float64frombits(bits)), raw[8:]
	}
	for _, b := range raw {
		w = append(w, float64(b))
	}
	return w
}
