package canary

import (
	"math"

	"github.com/bellwether-ts/bellwether/canary/stat"
	"github.com/bellwether-ts/bellwether/canary/words"
)

// The shape of a histogram: the largest gap between the two distribution
// functions, as a test that they differ and as the proof that they hardly do.

// shapeMargin is the share of observations that may at most have moved across
// any bound for a histogram to PASS.
const shapeMargin = 0.1

// shape is the largest gap between the two distribution functions on the worse
// side, positive where the canary's observations are larger, the sequential log
// p-value of it, and how many observations a side it rests on. Like the tail's
// it compares instant by instant, so that a share of the traffic that changes
// over time cannot feign a change.
func (o *distributions) shape(a *assessment, dispersion float64, warm bool) (gap, logP, n float64) {
	var at *events
	for b := range o.bounds {
		e := (&tailTest{bound: b}).eventsOf(&o.x, &o.y)
		n = e.worth / dispersion
		if d := (e.t1 - e.expected) / e.worth; directed(d, a.m.Direction) > directed(gap, a.m.Direction) {
			gap, at = d, e
		}
	}
	two := a.m.Direction == Either
	logP = a.plan.logP(stat.NormalFromLogTail(min(0, -2*n*gap*gap)), two)
	if !warm && at != nil && logP < 0 {
		logP = max(logP, at.excessP(a, alternative(a.m.Direction)))
	}
	return gap, logP, n
}

// shapePass notes how sure it is that no bound has shapeMargin or more of the
// observations moved across it, and how much longer it takes to be sure.
func (a *assessment) shapePass(gap, n float64) {
	a.logShape, a.shapeGrowth = 0, math.Inf(1)
	left := shapeMargin - math.Abs(gap)
	if left <= 0 {
		return
	}
	z := stat.NormalFromLogTail(min(0, -2*n*left*left))
	a.logShape = a.plan.logP(z, false)
	if want := a.plan.score(math.Log(a.policy.FalsePass), false); z > 0 {
		a.shapeGrowth = max(1, want*want/(z*z))
	}
	a.step("shape test", "at most %.2g %% of the observations lie elsewhere; p = %s that it is %g %% or more", 100*math.Abs(gap), words.P(a.logShape), 100*shapeMargin)
}
