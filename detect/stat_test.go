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
