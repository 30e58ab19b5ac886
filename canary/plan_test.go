package canary

import (
	"math"
	"testing"

	"github.com/bellwether-ts/bellwether/canary/stat"
)

// The bound the plan rests on: a Brownian motion leaves the band with at most
// the probability logP claims, watched without a pause and for ever; and the
// claim is not needlessly strict.
func TestAnyTimeBandHolds(t *testing.T) {
	for _, early := range []float64{earlyExponent, 0.5} {
		for _, two := range []bool{false, true} {
			claimed := math.Exp(anyTimeFactor(two))
			need := stat.PowerBand{Early: early, Late: lateExponent}.Factor(two)
			t.Logf("early exponent %v, two-sided %v: needs %.3f, claims %.3f", early, two, need, claimed)
			if need > claimed || need < 0.8*claimed {
				t.Errorf("early exponent %v, two-sided %v: claims %.3f, the recursion says %.3f", early, two, claimed, need)
			}
		}
	}
}
