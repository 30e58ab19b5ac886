package change

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestInstant(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, d := range []float64{-20, -5, 5, 20} {
		for at := 20; at < 60; at++ {
			if i, ok := Instant(step(r, 60, at, d)); !ok || i < at-1 || i > at+1 {
				t.Errorf("step of %g at %d: %d, %v", d, at, i, ok)
			}
		}
	}
	w := step(r, 60, 40, 6)
	for _, i := range []int{3, 4, 20, 39, 41, 59} {
		w[i] = []float64{math.NaN(), math.Inf(1), math.Inf(-1)}[i%3]
	}
	if i, ok := Instant(w); !ok || i != 40 {
		t.Errorf("with holes: %d, %v; want 40", i, ok)
	}
	// The formula without its table, which is of two tests: modest at most
	// lengths, never bold by much.
	for _, n := range []int{8, 20, 60, 240} {
		const reps = 4000
		found := 0
		for range reps {
			if _, ok := Instant(step(r, n, 0, 0)); ok {
				found++
			}
		}
		if rate := float64(found) / reps; rate > 0.07 || rate < 0.01 {
			t.Errorf("%.4f of windows of %d samples of noise have an instant, want about 0.05", rate, n)
		}
	}
	for name, w := range map[string][]float64{"nothing": nil, "three": {1, 2, 3}, "constant": {1, 1, 1, 1, 1}, "holes": {math.NaN(), math.NaN()}} {
		if i, ok := Instant(w); ok {
			t.Errorf("%s: instant %d", name, i)
		}
	}
	if i, ok := Instant([]float64{0, 0, 0, 0, math.MaxFloat64, math.MaxFloat64}); !ok || i != 4 {
		t.Errorf("a step to the largest float: %d, %v; want 4", i, ok)
	}
}
