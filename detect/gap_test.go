package detect

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A day's wave of 1000 to 2000 with noise of 20, minutes.
func noisyWave(r *rand.Rand, i int) float64 {
	return 1500 - 500*math.Cos(2*math.Pi*float64(i%1440)/1440) + 20*r.NormFloat64()
}

// After hours without samples a series stands elsewhere on its day's wave: that
// is no anomaly. Standing where it never is at this hour still is one.
func TestBridgeOverAGap(t *testing.T) {
	for _, c := range []struct {
		name  string
		after func(v float64) float64
		opens bool
	}{
		{"on the wave", func(v float64) float64 { return v }, false},
		{"at nothing", func(float64) float64 { return 0 }, true},
	} {
		s, r := series(t, Config{}, Meta{}), rand.New(rand.NewPCG(5, 6))
		for i := range 6 * 1440 {
			s.Step(int64(i)*minute, noisyWave(r, i))
		}
		opened := false
		for i := 6*1440 + 300; i < 6*1440+360; i++ {
			res := s.Step(int64(i)*minute, c.after(noisyWave(r, i)))
			opened = opened || res.Transition == TransitionOpened
		}
		if opened != c.opens {
			t.Errorf("%s after a gap of five hours: opened %v, want %v\n%s", c.name, opened, c.opens, s.Explain())
		}
	}
}
