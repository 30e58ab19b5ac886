package canary

import (
	"math"

	"github.com/bellwether-ts/bellwether/canary/stat"
)

// The plan of looks decides how strict one look must be so that all looks
// together keep the stated error.
//
// Nothing said (Looks = 0): the caller may judge a growing window as often as it
// likes and for as long as it likes. The band is strict early, in the manner of
// Wang & Tsiatis (Biometrics 1987), up to PlannedSamples (an hour of samples
// unless stated), and widens slowly after:
//
//	|Z| >= c * t^-0.3    for t = n/planned <= 1
//	|Z| >= c * t^0.12    beyond
//
// On a cold start, where early variances are poor, it is O'Brien & Fleming's
// t^-0.5 instead. Under Brownian motion the chance of ever leaving either band is
// at most 11.2 (1-Phi(c)), half of that one-sided, watched without a pause and
// for ever (stat.PowerBand.Factor, checked in plan_test.go). Reading that the other way round gives each look a p-value that
// holds whenever the looking stops.
//
// Look k of K stated: the exact constant band of K looks.

// plan is the strictness at one look.
type plan struct {
	share float64 // Information gathered, n/planned; above 1 past the plan.
	looks int     // Stated number of looks; 0 for any number.
	cold  bool    // The variance comes from the window alone.
	bands bands   // Bands found before; may be nil.
}

// bands remembers the bands of stated looks, which take a search each and are
// the same for every metric of a request.
type bands map[bandAsked]float64

type bandAsked struct {
	logAlpha float64
	looks    int
	twoSided bool
}

func (b bands) of(logAlpha float64, looks int, twoSided bool) float64 {
	asked := bandAsked{logAlpha, looks, twoSided}
	if s, ok := b[asked]; ok {
		return s
	}
	s := stat.LooksBand(logAlpha, looks, twoSided)
	if b != nil {
		b[asked] = s
	}
	return s
}

// lateExponent is how fast the band widens past the planned window.
const lateExponent = 0.12

// earlyExponent is how fast it narrows before, with a history.
const earlyExponent = 0.3

// newPlan reads the policy for a window of n samples, step seconds apart.
func newPlan(p Policy, n int, stepSeconds float64) plan {
	planned := float64(p.PlannedSamples)
	if p.Looks > 0 {
		share := float64(p.Look) / float64(p.Looks)
		if planned > 0 {
			share = min(1, float64(n)/planned)
		}
		return plan{share: share, looks: p.Looks}
	}
	if planned <= 0 {
		planned = max(1, math.Round(defaultPlanSeconds/stepSeconds))
	}
	return plan{share: float64(n) / planned}
}

// defaultPlanSeconds is the length of the window a canary is planned for when
// the policy does not say.
const defaultPlanSeconds = 3600

// scale turns a normal score at this look into the score the band is constant in.
func (p plan) scale() float64 {
	if p.share > 1 {
		return math.Pow(p.share, -lateExponent)
	}
	if p.looks > 0 || p.cold {
		return math.Sqrt(p.share)
	}
	return math.Pow(p.share, earlyExponent)
}

// logP is the sequential log p-value of a normal score z, positive meaning
// against the hypothesis.
func (p plan) logP(z float64, twoSided bool) float64 {
	if !(z > 0) {
		return 0
	}
	s := z * p.scale()
	if p.looks > 0 {
		return stat.LooksP(s, p.looks, twoSided)
	}
	return min(0, anyTimeFactor(twoSided)+stat.LogNormalTail(s))
}

// score is the inverse of logP: the normal score this look needs at a level.
func (p plan) score(logAlpha float64, twoSided bool) float64 {
	var s float64
	if p.looks > 0 {
		s = p.bands.of(logAlpha, p.looks, twoSided)
	} else {
		s = max(0, stat.NormalFromLogTail(logAlpha-anyTimeFactor(twoSided)))
	}
	return s / p.scale()
}

func anyTimeFactor(twoSided bool) float64 {
	if twoSided {
		return math.Log(11.2)
	}
	return math.Log(5.6)
}

// at is the plan as it will stand when the window has grown by a factor.
func (p plan) at(growth float64) plan {
	p.share *= growth
	if p.looks > 0 {
		p.share = min(1, p.share)
	}
	return p
}
