package canary

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/canary/stat"
	"github.com/bellwether-ts/bellwether/canary/words"
	"github.com/bellwether-ts/bellwether/metric"
)

// How much do instances differ that run the same version? A host may simply be
// slower; one pair of series cannot tell that from a slower version, the
// instances of the baseline can. If c of b instances of the baseline were drawn
// to play the canary, the mean difference would vary from group to group by
// s^2 (1/c + 1/b'), s^2 being the variance between instances: the variance over
// all groups of that size in closed form, so none has to be drawn. Student's t
// on that variance, pooled over both sides, is a second test the first channel
// must pass before it FAILs: different over time, and more different than
// instances are.
//
// A handful of instances cannot bound that variance: on two degrees of freedom a
// canary would have to be thirty times as far out as they are apart. So where they
// agree to within a quarter of the metric's margin, they are taken to differ by
// half of it, worth steadyWeight degrees of freedom: what matters is a change by
// the margin, and instances that differ by far more agree so well by chance only
// rarely (the tests and bench/canary say how rarely).
//
// Differences between hosts do not change from look to look, so their p-value is
// no sequential one; it is doubled for what the noise in them changes.
//
// It is not needed where the history is of the same instances, whose
// differences are then known and taken off.

// instances are the means of a metric by instance over the window, each against
// the mean of the baseline's instances at the same instants, scaled like sides.
type instances struct {
	base, canary []float64
	spread0      []float64 // Log mean absolute deviation of the baseline's instances.
	spread1      []float64
	names        []string  // Of the canary's instances in canary.
	index        []int     // Of those instances among all of the canary's.
	center       []float64 // Mean of the baseline's instances by instant; NaN without any.
	silent       int       // Instances of the canary that cannot be read.
	logP         float64
	t, df        float64
	dir          Direction
	canaryN      int // Instances of the canary in all.
}

// minInstanceSamples is the number of samples below which an instance is left out.
const minInstanceSamples = MinPairs

// readInstances reads the shards; nil where they say nothing.
func readInstances(a *assessment) *instances {
	sh := a.m.Shards
	if sh == nil || len(sh.Baseline) == 0 || len(sh.Canary) == 0 {
		return nil
	}
	in := &instances{dir: a.m.Direction, logP: math.NaN(), canaryN: len(sh.Canary)}
	in.center = make([]float64, a.s.length)
	for t := range in.center {
		sum, k := 0.0, 0.0
		for _, v := range sh.Baseline {
			if t < len(v) && metric.IsFinite(v[t]) {
				sum, k = sum+math.Ldexp(v[t], -a.s.exp), k+1
			}
		}
		in.center[t] = sum / k // NaN where no instance reports.
	}
	for _, v := range sh.Baseline {
		if m, s, ok := in.against(v, a.s.exp); ok {
			in.base, in.spread0 = append(in.base, m), append(in.spread0, s)
		}
	}
	for i, v := range sh.Canary {
		m, s, ok := in.against(v, a.s.exp)
		if !ok {
			in.silent++
			continue
		}
		in.canary, in.spread1 = append(in.canary, m), append(in.spread1, s)
		name := fmt.Sprintf("number %d", i+1)
		if i < len(sh.CanaryNames) && sh.CanaryNames[i] != "" {
			name = sh.CanaryNames[i]
		}
		in.names, in.index = append(in.names, name), append(in.index, i)
	}
	if len(in.base) == 0 || len(in.canary) == 0 {
		return nil
	}
	return in
}

// minInstanceDF is the degrees of freedom from which instances say how much they
// differ.
const minInstanceDF = 2

// tell reports whether the instances are enough to say how much they differ.
func (in *instances) tell() bool {
	return in != nil && len(in.base) >= 2 && len(in.base)+len(in.canary)-2 >= minInstanceDF
}

// against is an instance's mean difference from the center and its log mean
// absolute deviation; false with too few samples.
func (in *instances) against(v []float64, exp int) (mean, spread float64, ok bool) {
	d := in.differences(v, exp)
	if len(d) < minInstanceSamples {
		return 0, 0, false
	}
	own := make([]float64, 0, len(v))
	for _, x := range v {
		if metric.IsFinite(x) {
			own = append(own, math.Ldexp(x, -exp))
		}
	}
	mean = plainMean(d)
	return mean, math.Log(meanDeviation(own)), !math.IsNaN(mean) && !math.IsInf(mean, 0)
}

// differences are an instance's readable samples less the center.
func (in *instances) differences(v []float64, exp int) []float64 {
	d := make([]float64, 0, len(in.center))
	for t := range in.center {
		if t < len(v) && metric.IsFinite(v[t]) && !math.IsNaN(in.center[t]) {
			d = append(d, math.Ldexp(v[t], -exp)-in.center[t])
		}
	}
	return d
}

// steadyWeight is the degrees of freedom half the margin is worth as a guess of
// how much instances differ.
const steadyWeight = 4

// steady is the variance between instances, estimated as s2 on df degrees of
// freedom, in the light of the margin.
func steady(s2, df, margin float64) (float64, float64) {
	guess := margin * margin / 4
	agree := guess / 4
	if df < 3 { // So few agree by chance twice as often.
		agree /= 2
	}
	if df < minInstanceDF || !(s2 <= agree) {
		return s2, df
	}
	return (steadyWeight*guess + df*s2) / (steadyWeight + df), steadyWeight + df
}

// groupT is Student's t of the difference of two groups' means with the variance
// pooled, and its degrees of freedom; (NaN, 0) with fewer than three values in
// all or where nothing differs.
func groupT(y, x []float64, margin float64) (t, df float64) {
	df = float64(len(x) + len(y) - 2)
	if df < 1 {
		return math.NaN(), 0
	}
	diff := plainMean(x) - plainMean(y)
	ss := stat.Variance(x)*float64(len(x)-1) + stat.Variance(y)*float64(len(y)-1)
	s2, df := steady(ss/df, df, margin)
	se := math.Sqrt(s2 * (1/float64(len(x)) + 1/float64(len(y))))
	if !(se > 0) && diff == 0 {
		return math.NaN(), 0
	}
	return diff / se, df
}

// holdLevel raises the first channel's p-value to that of the test between
// instances.
func (in *instances) holdLevel(a *assessment) {
	in.t, in.df = groupT(in.base, in.canary, math.Ldexp(a.margin, -a.s.exp))
	if in.df > 0 && !math.IsNaN(in.t) {
		in.logP = min(0, plainP(stat.NormalFromStudent(in.t, in.df), in.dir)+math.Ln2)
	}
	if in.df == 0 && len(in.base)+len(in.canary) == 2 && !a.s.sameInstances {
		a.s.warn("with one instance a side, a slower host cannot be told from a slower version")
	}
	if math.IsNaN(in.logP) || a.s.sameInstances || math.IsNaN(a.logFail) {
		return
	}
	a.step("instances", "the canary's %s lie %.3g standard errors from the baseline's %s, measured by how much those differ among themselves (%.0f degrees of freedom): p = %s",
		words.Count(len(in.canary), "instance"), in.t, words.Count(len(in.base), "instance"), in.df, words.P(in.logP))
	if in.logP > a.logFail {
		a.logFail = in.logP
		a.guardUntil = math.Inf(1) // More time does not make instances alike.
		a.unlike = fmt.Sprintf("instances of one version differ as much among themselves (p = %s)", words.P(in.logP))
	}
}

// holdSpread does the same for the spread channel.
func (in *instances) holdSpread(c *channel) {
	if t, df := groupT(in.spread0, in.spread1, math.Log(spreadMargin)); df > 0 && !math.IsNaN(t) {
		c.logFail = max(c.logFail, min(0, stat.LogNormalTail(stat.NormalFromStudent(t, df))+math.Ln2))
	}
}
