package change

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func cutsOf(changes []ChangePoint) []int {
	var out []int
	for _, c := range changes {
		out = append(out, c.Index)
	}
	return out
}

// shaped returns n samples of noise around f.
func shaped(seed uint64, n int, f func(i int) float64) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	x := make([]float64, n)
	for i := range x {
		x[i] = f(i) + r.NormFloat64()
	}
	return x
}

func TestSegmentForms(t *testing.T) {
	const n = 300
	f := func(name string, shape func(i int) float64, off int, want ...int) {
		t.Helper()
		for seed := range uint64(6) {
			got := cutsOf(Segment(shaped(seed, n, shape)))
			if len(got) != len(want) {
				t.Errorf("%s, seed %d: cut at %v, want %v", name, seed, got, want)
				continue
			}
			for i := range got {
				if d := got[i] - want[i]; d < -off || d > off {
					t.Errorf("%s, seed %d: cut at %v, want %v within %d", name, seed, got, want, off)
				}
			}
		}
	}
	at := func(i, from int) float64 { return float64(max(0, i-from)) }
	level := func(i int, cut int, to float64) float64 {
		if i >= cut {
			return to
		}
		return 0
	}
	f("noise", func(i int) float64 { return 0 }, 0)
	f("a line", func(i int) float64 { return 0.2 * float64(i) }, 0)
	f("a step", func(i int) float64 { return level(i, 100, 4) }, 4, 100)
	f("two steps", func(i int) float64 { return level(i, 100, 5) - level(i, 200, 8) }, 3, 100, 200)
	f("a bend", func(i int) float64 { return 0.2 * at(i, 150) }, 15, 150)
	f("a step of a line", func(i int) float64 { return 0.1*float64(i) + level(i, 180, 15) }, 3, 180)
	f("a season", func(i int) float64 { return 5 * math.Sin(2*math.Pi*float64(i)/20) }, 0)
	f("a step of a season", func(i int) float64 { return 5*math.Sin(2*math.Pi*float64(i)/12) + level(i, 150, 8) }, 6, 150)
	f("a spike", func(i int) float64 { return level(i, 70, 1e6) - level(i, 71, 1e6) }, 0)
	f("a spike and a step", func(i int) float64 { return level(i, 70, 1e6) - level(i, 71, 1e6) + level(i, 200, 4) }, 4, 200)
}

// Of noise, about one series in twenty has a change, whatever its length.
func TestSegmentOnNoise(t *testing.T) {
	t.Parallel()
	for _, n := range []int{30, 60, 100, 300} {
		found := 0
		reps := min(200, 20000/n)
		for seed := range reps {
			if len(Segment(shaped(uint64(seed)+100, n, func(int) float64 { return 0 }))) > 0 {
				found++
			}
		}
		t.Logf("n %d: %.3f of series have a change", n, float64(found)/float64(reps))
		if float64(found) > 0.12*float64(reps) {
			t.Errorf("n %d: %d of %d series of noise have a change", n, found, reps)
		}
	}
}

// Offset, unit and sign do not move the cuts, and samples that are no numbers
// are as if they were not there.
func TestSegmentInvariance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := grid(t)
		want := Segment(w)
		for name, f := range map[string]func(float64) float64{
			"offset": func(x float64) float64 { return x + 1e12 },
			"sign":   func(x float64) float64 { return -x },
			"large":  func(x float64) float64 { return x * 0x1p1000 },
			"small":  func(x float64) float64 { return x * 0x1p-1000 },
		} {
			got := Segment(mapped(w, f))
			if !slices.Equal(cutsOf(got), cutsOf(want)) {
				t.Fatalf("%s: cut at %v, want %v", name, cutsOf(got), cutsOf(want))
			}
		}
		holed := []float64{math.NaN()}
		for _, x := range w {
			holed = append(holed, x, math.Inf(1))
		}
		got := Segment(holed)
		for i := range got {
			if got[i].Skipped != len(w)+1 {
				t.Fatalf("skipped %d, want %d", got[i].Skipped, len(w)+1)
			}
			got[i].Index = (got[i].Index - 1) / 2
		}
		if !slices.Equal(cutsOf(got), cutsOf(want)) {
			t.Fatalf("with holes: cut at %v, want %v", cutsOf(got), cutsOf(want))
		}
	})
}

// What describe finds by dynamic programming is the best there is.
func TestDescribeAgainstEverySplit(t *testing.T) {
	c, _ := SegmentConfig{MinLength: 3}.defaults()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		y := standardised(step(r, 14, 7, 3))
		for _, line := range []bool{false, true} {
			s := squaresOf(y, line)
			best := c.cost(s, s.left(0, len(y)), len(y), 0)
			var try func(from int, cuts int, rss float64)
			try = func(from, cuts int, rss float64) {
				for at := from + 3; at <= len(y)-3; at++ {
					best = min(best, c.cost(s, rss+s.left(from, at)+s.left(at, len(y)), len(y), cuts+1))
					try(at, cuts+1, rss+s.left(from, at))
				}
			}
			try(0, 0, 0)
			if got := c.describeBy(s, len(y), 3).cost; math.Abs(got-best) > 1e-9 {
				t.Fatalf("line %v: cost %g, the best of all is %g", line, got, best)
			}
		}
	})
}

func TestSegmentConfigErrors(t *testing.T) {
	_, err := SegmentConfig{MinLength: -1, Independent: -1, Resolution: math.NaN(), ChangeCost: -1}.Segment(nil)
	if err == nil {
		t.Fatal("no error")
	}
	for _, field := range []string{"MinLength", "Independent", "Resolution", "ChangeCost"} {
		if !strings.Contains(err.Error(), "cannot use "+field) {
			t.Errorf("error %q does not name %s", err, field)
		}
	}
}

// Any valid configuration works on any series.
func TestSegmentConfigs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := SegmentConfig{
			MinLength:   rapid.SampledFrom([]int{0, 1, 3, 40, 1000, math.MaxInt}).Draw(t, "length"),
			Independent: rapid.SampledFrom([]int{0, 1, 7, math.MaxInt}).Draw(t, "independent"),
			Resolution:  rapid.SampledFrom([]float64{0, 1e-6, 1}).Draw(t, "resolution"),
			ChangeCost:  rapid.SampledFrom([]float64{0, 1e-300, 1000}).Draw(t, "cost"),
		}
		w := grid(t)
		if rapid.Bool().Draw(t, "long") {
			w = slices.Repeat(w, 3000/len(w))
		}
		found, err := c.Segment(w)
		if err != nil {
			t.Fatal(err)
		}
		for i, cp := range found {
			if !finite(cp.P) || cp.P < 0 || cp.P > 0.5 || cp.Index <= 0 || cp.Index >= len(w) || (i > 0 && cp.Index <= found[i-1].Index) {
				t.Fatalf("%+v of %v", cp, cutsOf(found))
			}
		}
	})
}

func TestSegmentPlainSeries(t *testing.T) {
	for name, x := range map[string][]float64{
		"nothing": nil, "one": {1}, "two": {1, 2}, "constant": slices.Repeat([]float64{7}, 50),
		"no number": slices.Repeat([]float64{math.NaN()}, 50), "a spike in nothing": append(make([]float64, 50), 1e300),
	} {
		if got := Segment(x); len(got) != 0 {
			t.Errorf("%s: cut at %v", name, cutsOf(got))
		}
	}
	x := append(slices.Repeat([]float64{-math.MaxFloat64}, 50), slices.Repeat([]float64{math.MaxFloat64}, 50)...)
	got := Segment(x)
	if len(got) != 1 || got[0].Index != 50 || got[0].Confidence < 0.999 {
		t.Errorf("a step across all floats: %+v", got)
	}
}

// A long series is averaged to 1000 points and its changes are still found to
// the sample.
func TestSegmentLongSeries(t *testing.T) {
	n := 200_000
	if testing.Short() {
		n = 20_000
	}
	r := rand.New(rand.NewPCG(1, 1))
	x := step(r, n, n/3, 3)
	began := time.Now()
	got := Segment(x)
	t.Logf("%d samples in %v", n, time.Since(began))
	if len(got) != 1 || got[0].Index < n/3-5 || got[0].Index > n/3+5 {
		t.Errorf("cut at %v, want %d", cutsOf(got), n/3)
	}
}

func BenchmarkSegment(b *testing.B) {
	for _, n := range []int{100, 1000, 100_000} {
		b.Run(strconv.Itoa(n)+" samples", func(b *testing.B) {
			x := step(rand.New(rand.NewPCG(1, 1)), n, n/2, 3)
			b.ReportAllocs()
			for b.Loop() {
				Segment(x)
			}
		})
	}
}
