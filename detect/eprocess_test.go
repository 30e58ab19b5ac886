package detect

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Where each p-value is uniform given the past, the process reaches x once in x
// samples on average at most (the average run length of an e-detector).
func TestEProcessRunLength(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	const bar, runs = 100.0, 2_000
	total := 0
	for range runs {
		var e eprocess
		for e.value() < bar {
			e.observe(-math.Log10(1 - r.Float64()))
			total++
		}
	}
	if mean := float64(total) / runs; mean < bar {
		t.Errorf("reaches %v after %v samples on average, want at least %v", bar, mean, bar)
	}
}

func TestEProcessGrowsWhileADepartureLasts(t *testing.T) {
	var e eprocess
	for range 50 {
		e.observe(0)
	}
	if e.value() != 1 {
		t.Errorf("usual samples leave %v, want 1", e.value())
	}
	before := 1.0
	for range 10 {
		e.observe(2)
		if now := e.value(); now <= before {
			t.Fatalf("value %v after %v: does not grow", now, before)
		} else {
			before = now
		}
	}
	near(t, "ten samples of p = .01", math.Log10(before), 10*math.Log10(EValue(.01)), .02)
	for range 100_000 {
		e.observe(1e9)
	}
	if v := e.value(); math.IsInf(v, 0) || math.IsNaN(v) {
		t.Errorf("value %v is not a number", v)
	}
}
