package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Constants of O'Brien & Fleming's test, C_B(K, 0.05) of Jennison & Turnbull,
// Group Sequential Methods (2000), table 2.3: reject at look k when
// |Z_k| >= C_B sqrt(K/k), that is |S| >= C_B.
func TestOBrienFlemingConstants(t *testing.T) {
	for looks, want := range map[int]float64{1: 1.960, 2: 1.977, 3: 2.004, 4: 2.024, 5: 2.040, 10: 2.087, 20: 2.126} {
		if got := LooksBand(math.Log(0.05), looks, true); math.Abs(got-want) > 6e-4 {
			t.Errorf("%d looks: band %.4f, want %.3f", looks, got, want)
		}
	}
}

// Pocock's constants, table 2.1 of the same: |Z_k| >= C_P at every look.
func TestPocockConstants(t *testing.T) {
	for looks, want := range map[int]float64{2: 2.178, 5: 2.413, 10: 2.555} {
		info, band := make([]float64, looks), make([]float64, looks)
		for k := range info {
			info[k] = float64(k+1) / float64(looks)
			band[k] = want * math.Sqrt(info[k])
		}
		sum := 0.0
		for _, p := range ExitProbability(info, band, true) {
			sum += p
		}
		if math.Abs(sum-0.05) > 1.5e-4 {
			t.Errorf("%d looks: leaves with %.5f, want 0.05", looks, sum)
		}
	}
}

func TestSpendingSpendsItsLevel(t *testing.T) {
	info := []float64{0.2, 0.35, 0.7, 1}
	band := SpendingBands(0.02, info, true)
	spent := 0.0
	for k, p := range ExitProbability(info, band, true) {
		spent += p
		if want := SpentOBF(0.02, info[k]); math.Abs(spent-want) > 1e-9 {
			t.Errorf("spent %.3g up to look %d, want %.3g", spent, k+1, want)
		}
	}
	if math.Abs(spent-0.02) > 1e-9 {
		t.Errorf("spent %v in all", spent)
	}
}

func TestBandsInvert(t *testing.T) {
	for _, two := range []bool{true, false} {
		for _, logp := range []float64{-1, -5, -40, -600} {
			if got := BandP(BandFromP(logp, two), two); math.Abs(got-logp) > 1e-6*math.Abs(logp) {
				t.Errorf("two-sided %v: %v comes back as %v", two, logp, got)
			}
		}
	}
	// More looks are stricter, and continuous monitoring is the limit.
	last := -50.0
	for _, looks := range []int{1, 2, 5, 20, 60, 61} {
		p := LooksP(3, looks, true)
		if p < last {
			t.Errorf("%d looks: p falls from %v to %v", looks, last, p)
		}
		last = p
	}
}

// The running maximum of the bet exceeds 1/alpha in at most alpha of fair
// games, whatever the common rate does and whichever side is asked about.
func TestBetIsFair(t *testing.T) {
	const games, alpha = 800, 0.05
	for _, rho := range []float64{0.5, 0.1} {
		for _, alt := range []Alternative{TwoSided, Greater, Less} {
			rng := rand.New(rand.NewPCG(11, uint64(alt)))
			won := 0
			for range games {
				var s1, s0 float64
				for range 150 {
					if rng.Float64() < rho {
						s1++
					} else {
						s0++
					}
					if LogShareE(s1, s0, rho, alt) >= -math.Log(alpha) {
						won++
						break
					}
				}
			}
			if limit := alpha + 3*math.Sqrt(alpha*(1-alpha)/games); float64(won)/games > limit {
				t.Errorf("rho %v, side %v: won %d of %d fair games at alpha %v", rho, alt, won, games, alpha)
			}
			if won == 0 {
				t.Errorf("rho %v, side %v: never won, so the test shows nothing", rho, alt)
			}
		}
	}
}

func TestBetGrowsWithTheCanarysShare(t *testing.T) {
	for total := 1.0; total < 200; total += 7 {
		last := math.Inf(-1)
		for s1 := 0.0; s1 <= total; s1++ {
			e := LogShareE(s1, total-s1, 0.5, Greater)
			if e < last-1e-9 {
				t.Fatalf("%v of %v events: the bet falls from %v to %v", s1, total, last, e)
			}
			last = e
		}
	}
}

// A band that is constant on S up to t = 1 is one with a closed form, and past
// the plan a wider band adds something.
func TestPowerBand(t *testing.T) {
	constant := PowerBand{Early: 0.5, Late: 0.12}
	for _, two := range []bool{false, true} {
		for _, c := range []float64{2.2, 4.5} {
			want := math.Exp(BandP(c, two))
			if got := constant.exitUntil(c, 1, two); math.Abs(got-want) > 0.02*want {
				t.Errorf("band %v, two-sided %v: leaves with %.4g, want %.4g", c, two, got, want)
			}
		}
	}
	b := PowerBand{Early: 0.3, Late: 0.12}
	upToPlan, ever := b.exitUntil(3.3, 1, false), b.Exit(3.3, false)
	if !(ever > 1.5*upToPlan && ever < 4*upToPlan) {
		t.Errorf("leaves with %.4g up to the plan, %.4g ever", upToPlan, ever)
	}
	if !math.IsNaN(b.Exit(-1, true)) || !math.IsNaN(PowerBand{}.Exit(3, true)) {
		t.Error("a band out of range is answered")
	}
	t.Logf("factor at 3.3 up to the plan %.2f, ever %.2f", upToPlan/NormalTail(3.3), ever/NormalTail(3.3))
}
