package main

import (
	"strings"
	"testing"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
	"github.com/bellwether-ts/bellwether/detect"
)

// A detector that knows the maximum of the whole series, as the Numenta
// benchmark hands it over, must be caught; ours must pass.
func TestLookAheadIsCaught(t *testing.T) {
	s := corpus.Series{Name: "toy", StepMS: 60_000}
	for i := range 4000 {
		s.T, s.V = append(s.T, int64(i)*60_000), append(s.V, float64(i*i%37))
	}
	runs := 0
	cheat := detector{name: "cheat", new: func() func(int64, float64) (float64, float64) {
		runs++
		top := float64(36 * runs) // What another run over other values would have known.
		return func(_ int64, v float64) (float64, float64) { return v / top, 0 }
	}}
	if _, _, err := cheat.score([]corpus.Series{s}); err == nil || !strings.Contains(err.Error(), "not causal") {
		t.Errorf("looking ahead gives %v, want an error", err)
	}
	for _, p := range []detect.Profile{detect.ProfileDefault, detect.ProfileSkyline} {
		if _, _, err := bellwether(p).score([]corpus.Series{s}); err != nil {
			t.Error(err)
		}
	}
	for _, d := range []detector{random, clock, record, difference, windowedGaussian} {
		if _, _, err := d.score([]corpus.Series{s}); err != nil {
			t.Error(err)
		}
	}
}
