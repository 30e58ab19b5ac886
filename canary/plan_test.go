package canary

import (
	"math"
	"testing"

	"github.com/bellwether-ts/bellwether/canary/stat"
)

// The bound the plan rests on: a Brownian motion leaves the band with at most
// the probability logP claims, however often it is watched and for however
// long. Checked by the exact recursion on a fine grid up to 60 times the plan.
func TestAnyTimeBandHolds(t *testing.T) {
	for _, kind := range []struct{ two, cold bool }{{false, false}, {false, true}, {true, false}} {
		two := kind.two
		for _, c := range []float64{2.3, 3.3, 4.5} {
			var info, band []float64
			last := 0.0
			for share := 0.02; share < 60; share *= 1.06 {
				if share > 1 && last < 1 {
					share = 1
				}
				p := plan{share: share, cold: kind.cold}
				info = append(info, share)
				band = append(band, c/p.scale()*math.Sqrt(share)) // Z back to S.
				last = share
			}
			sum := 0.0
			for _, p := range stat.ExitProbability(info, band, two) {
				sum += p
			}
			claim := math.Exp(plan{share: 1}.logP(c, two))
			t.Logf("band %v two-sided, cold %v: leaves with %.4g, claimed %.4g", c, kind, sum, claim)
			if sum > claim {
				t.Errorf("band %v, two-sided %v: leaves with probability %.4g, claimed at most %.4g", c, two, sum, claim)
			}
			if sum < 0.3*claim {
				t.Errorf("band %v, two-sided %v: claims %.4g for %.4g, needlessly strict", c, two, claim, sum)
			}
		}
	}
}
