package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A bet on bursts: events come by fives. Read after every burst the plain bet
// wins far too often; divided by the factor that history shows it does not, and
// it still wins against a canary that is worse.
func TestGuardedBetOnBursts(t *testing.T) {
	const games, alpha, burst = 600, 0.05, 5.0
	play := func(ratio float64, seed uint64, guarded bool) (won int) {
		rng := rand.New(rand.NewPCG(seed, 1))
		for range games {
			var hx, hy []float64
			for range 200 {
				hx, hy = append(hx, burst*poisson(rng, 0.6)), append(hy, burst*poisson(rng, 0.6))
			}
			d := 1.0
			if guarded {
				ratio, df := CountDispersion(hx, hy, 5)
				d = DispersionFactor(ratio, df, 0.01)
			}
			s1, s0 := 0.0, 0.0
			for range 80 {
				s1 += burst * poisson(rng, 0.6*ratio)
				s0 += burst * poisson(rng, 0.6)
				if LogShareE(s1/d, s0/d, 0.5, Greater) >= -math.Log(alpha) {
					won++
					break
				}
			}
		}
		return won
	}
	plain, guarded, worse := play(1, 1, false), play(1, 1, true), play(3, 2, true)
	t.Logf("of %d: plain bet won %d, guarded %d, guarded against three times the rate %d", games, plain, guarded, worse)
	if float64(plain)/games < 2*alpha {
		t.Errorf("bursts do not mislead the plain bet (%d of %d), so the guard is not tested", plain, games)
	}
	if float64(guarded)/games > alpha+0.01 {
		t.Errorf("the guarded bet won %d of %d fair games at %v", guarded, games, alpha)
	}
	if float64(worse)/games < 0.9 {
		t.Errorf("the guarded bet won %d of %d against three times the rate", worse, games)
	}
}

func poisson(rng *rand.Rand, mean float64) float64 {
	n := -1.0
	for at := 0.0; at < mean; n++ {
		at += rng.ExpFloat64()
	}
	return max(0, n)
}

func TestDispersionFactor(t *testing.T) {
	f := func(ratio, df, want float64) {
		t.Helper()
		if got := DispersionFactor(ratio, df, 0.01); math.Abs(got-want) > 1e-3*want {
			t.Errorf("ratio %v on %v df: factor %v, want %v", ratio, df, got, want)
		}
	}
	f(1.2, 20, 1)  // Chance.
	f(5, 3, 1)     // Too little to say.
	f(0.2, 100, 1) // Never below 1.
	f(5, 100, 5*100/99.334)
	f(math.NaN(), 100, 1)
}

// Robbins' capital is fair read after every step, and its radius is where the
// capital reaches 1/alpha.
func TestRobbins(t *testing.T) {
	const games, alpha = 2000, 0.05
	tau2 := RobbinsTau2(60, alpha)
	for _, alt := range sidesOfTest {
		rng := rand.New(rand.NewPCG(7, uint64(alt)))
		won, worse := 0, 0
		for range games {
			s, drift, out, seen := 0.0, 0.0, false, false
			for v := 1.0; v <= 300; v++ {
				z := rng.NormFloat64()
				s += z
				if alt == Less {
					drift += z - 0.7
				} else {
					drift += z + 0.7
				}
				out = out || LogRobbinsE(s, v, tau2, alt) >= -math.Log(alpha)
				seen = seen || v <= 60 && LogRobbinsE(drift, v, tau2, alt) >= -math.Log(alpha)
			}
			if out {
				won++
			}
			if seen {
				worse++
			}
		}
		t.Logf("side %d: won %.4f of fair games, %.3f of those 0.7 sd off within 60 steps", alt, float64(won)/games, float64(worse)/games)
		if rate := float64(won) / games; rate > alpha+0.01 || rate == 0 {
			t.Errorf("side %d: won %.4f of fair games at %v", alt, rate, alpha)
		}
		if float64(worse)/games < 0.95 {
			t.Errorf("side %d: saw a shift of 0.7 sd in %.3f", alt, float64(worse)/games)
		}
	}
	for _, v := range []float64{0, 1, 60, 1e6} {
		near(t, "capital at the radius", LogRobbinsE(RobbinsRadius(v, tau2, 0.01), v, tau2, TwoSided), -math.Log(0.01), 1e-12)
	}
	for _, tau := range []float64{tau2 / 2, tau2 * 2} {
		if RobbinsRadius(60, tau, alpha) < RobbinsRadius(60, tau2, alpha) {
			t.Errorf("tau2 %v has a smaller radius than the chosen %v", tau, tau2)
		}
	}
}

// EWC by its definition.
func TestEWCByDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, c := range [][2]int{{2, 1}, {10, 4}, {60, 15}, {500, 24}} {
		n, b := c[0], c[1]
		x := autoregressive(rng, n, 0.6)
		sum := 0.0
		for j := 1; j <= b; j++ {
			l := 0.0
			for i, v := range x {
				l += math.Sqrt(2/float64(n)) * v * math.Cos(math.Pi*float64(j)*(float64(i)+0.5)/float64(n))
			}
			sum += l * l
		}
		near(t, "EWC", EWC(x, b), sum/float64(b), 1e-9)
	}
	if !math.IsNaN(EWC([]float64{1}, 4)) || !math.IsNaN(EWC([]float64{1, 2}, 0)) {
		t.Error("EWC of too little is a number")
	}
}
