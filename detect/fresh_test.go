package detect

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A fresh series cannot show a small chance: n samples bound the evidence by
// log10(20 n), whatever happens. A little later the same jump is told.
func TestFreshSeriesClaimsLittle(t *testing.T) {
	run := func(jump int) (opened bool, worst float64) {
		s, err := New(Config{}, Meta{})
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range 400 {
			v := math.Round(1000*(0.013+0.0005*rng.NormFloat64())) / 1000
			if i >= jump {
				v += 5
			}
			r := s.Step(int64(i)*60_000, v)
			if i < freshSamples-1 {
				worst = max(worst, r.Score)
			}
			opened = opened || r.Transition == TransitionOpened && i >= jump
		}
		return opened, worst
	}
	if opened, _ := run(300); !opened {
		t.Error("a jump of thousands of times the noise at sample 300 was not told")
	}
	_, worst := run(100)
	if limit := math.Log10(20 * freshSamples); worst > limit {
		t.Errorf("evidence %.2f from fewer than %d samples, at most %.2f can be shown", worst, freshSamples, limit)
	}
}

// Quiet series raise nothing while their members fill.
func TestFreshSeriesAreQuiet(t *testing.T) {
	for seed := range uint64(40) {
		s, err := New(Config{}, Meta{})
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(seed, 7))
		for i := range freshSamples {
			v := math.Round(1000*(0.1+0.01*rng.NormFloat64())) / 1000
			if r := s.Step(int64(i)*60_000, v); r.Transition == TransitionOpened {
				t.Errorf("seed %d: opened at sample %d with score %.1f", seed, i, r.Score)
			}
		}
	}
}
