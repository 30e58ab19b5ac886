package canary

import (
	"fmt"
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/canary/stat"
	"github.com/bellwether-ts/bellwether/canary/words"
)

// The native judge. Every metric is assessed alone (samples, margin, channels,
// two p-values: "worse" and "equivalent"); then Holm's correction decides over
// all of them which are worse. A metric FAILs if a channel is worse, PASSes if its
// level is equivalent, and is INCONCLUSIVE otherwise; a difference of level shown
// to be smaller than the margin is a PASS even where it is certainly not zero.

// assessment is a metric on its way to a verdict. Numbers named in the verdict
// are in the metric's unit for counts, scaled by 2^-s.exp until finish for levels.
type assessment struct {
	m      Metric
	policy Policy
	plan   plan
	s      sides
	v      MetricVerdict

	exposureGiven bool

	margin      float64
	marginGiven bool
	marginHow   string  // How a default margin was found.
	se, df      float64 // Standard error of the effect and its degrees of freedom (0: normal), for the forecast.
	logFail     float64 // Sequential log p-value of "worse"; NaN when not tested.
	logPass     float64 // Sequential log p-value of "not equivalent".
	adjusted    float64 // logFail after Holm.
	guard       string  // Why a small p-value must not FAIL.
	guardUntil  float64 // Growth of the window at which the guard is expected to fall.
	tally       string  // The events of a count, for a reason whose interval cannot say it.
	unlike      string  // Why the instances of one version make a difference over time no proof.

	// Beside the first channel, whose p-value is logFail (channels.go).
	first       channel
	others      []channel
	folded      float64 // The metric's one log p-value.
	dist        *distributions
	unusable    string     // Why its histograms cannot be read at all.
	instances   *instances // nil without shards.
	logShape    float64    // Sequential log p-value of "the histogram's shape has moved"; -Inf without one.
	shapeGrowth float64    // Growth of the window after which it should be small.
}

// Judge judges a canary by the native judge. It never panics and never PASSes
// what it has no data for; a policy out of range is NO_DATA with the reason.
func Judge(req Request) Verdict {
	policy, err := req.Policy.filled()
	v := Verdict{Judge: "native", Policy: policy, Warnings: slices.Clone(req.Warnings)}
	if err != nil {
		v.Verdict = NoData
		v.Reasons = []string{err.Error()}
		return v
	}
	d, found := newDigester(), bands{}
	v.Gates = judgeGates(req.Gates)
	as := make([]*assessment, len(req.Metrics))
	logp := make([]float64, len(req.Metrics))
	for i, m := range req.Metrics {
		as[i] = assessWith(m, policy, req.Policy.Exposure != 0, found)
		logp[i] = as[i].folded
		as[i].v.Digest = d.metric(&req.Metrics[i])
	}
	tested := 0
	for _, p := range logp {
		if !math.IsNaN(p) {
			tested++
		}
	}
	for i, adj := range stat.HolmLog(logp) {
		as[i].adjusted = adj
		as[i].decide(tested)
		v.Metrics = append(v.Metrics, as[i].v)
		if w := as[i].s.warning; w != "" {
			v.Warnings = append(v.Warnings, fmt.Sprintf("metric %s: %s", as[i].v.Name, w))
		}
	}
	v.Digest = d.whole("native", policy, &req, v.Metrics)
	v.conclude()
	return v
}

// filled fills in defaults and checks ranges.
func (p Policy) filled() (Policy, error) {
	def := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	def(&p.FalseFail, DefaultFalseFail)
	def(&p.FalsePass, DefaultFalsePass)
	def(&p.Exposure, 0.5)
	if p.Looks > 0 && p.Look == 0 {
		p.Look = p.Looks
	}
	return p, p.check()
}

// assess runs the channels on one metric.
func assess(m Metric, policy Policy, exposureGiven bool) *assessment {
	return assessWith(m, policy, exposureGiven, nil)
}

// assessWith does so with the bands found for other metrics.
func assessWith(m Metric, policy Policy, exposureGiven bool, found bands) *assessment {
	if !(m.StepSeconds > 0) || math.IsInf(m.StepSeconds, 0) {
		m.StepSeconds = 60
	}
	if m.Direction != Increase && m.Direction != Decrease {
		m.Direction = Either
	}
	if !(m.MinEffect >= 0) || math.IsInf(m.MinEffect, 0) {
		m.MinEffect = 0
	}
	a := &assessment{m: m, policy: policy, exposureGiven: exposureGiven, marginGiven: m.MinEffect > 0}
	a.v = MetricVerdict{Name: m.Name, Critical: m.Critical, Effect: math.NaN(), Interval: [2]float64{math.NaN(), math.NaN()}, P: math.NaN(), LogP: math.NaN(),
		NEff: math.NaN(), Phi: math.NaN(), EValue: math.NaN(), Detectable: math.NaN()}
	if m.Exposure > 0 && m.Exposure < 1 {
		a.policy.Exposure, a.exposureGiven = m.Exposure, true
	}
	a.first = newChannel("", 1)
	a.histograms()
	a.s = gather(&a.m)
	if a.dist != nil && a.dist.unread > 0 {
		a.s.blockers = append(a.s.blockers, fmt.Sprintf("%s cannot be read (wrong number of buckets, or negative counts)", words.Count(a.dist.unread, "histogram")))
	}
	a.v.N = [2]int{len(a.s.y), len(a.s.x)}
	a.plan = newPlan(policy, a.s.length, m.StepSeconds)
	a.plan.bands = found
	a.logFail, a.logPass, a.logShape = math.NaN(), 0, math.Inf(-1)
	for _, note := range m.Notes {
		a.step("samples", "%s", note)
	}
	have := min(len(a.s.x), len(a.s.y))
	switch {
	case have == 0 || m.Err != "" || a.unusable != "":
		a.v.Channel = chMissing
	case m.Kind == Count && wholeCounts(&a.m):
		judgeEvents(a)
	case have < MinPairs:
		a.v.Channel = chMissing
	default:
		if m.Kind == Count {
			a.step("samples", "the counts are not whole numbers: judged as a level")
		}
		judgeLevel(a)
	}
	if have > 0 && m.Err == "" {
		judgeMissingness(a)
	}
	a.fold()
	a.v.MinEffect = a.margin
	return a
}

// histograms reads the metric's histograms, whose means stand for levels where
// the request brings none.
func (a *assessment) histograms() {
	if a.m.Distribution == nil {
		return
	}
	dist, err := readDistribution(a.m.Distribution)
	if err != nil {
		if a.unusable = err.Error(); len(a.m.Baseline)+len(a.m.Canary) > 0 && a.m.Kind != Histogram {
			a.unusable = ""
		}
		return
	}
	a.dist = dist
	dist.fillLevels(&a.m)
}

// judgeLevel fills in an assessment from the location channel.
func judgeLevel(a *assessment) {
	a.instances = readInstances(a)
	a.s.instancesKnown = a.instances.tell()
	l := locate(&a.s)
	a.v.Channel = chLocation
	a.v.NEff, a.v.Phi, a.v.Calibration = l.neff, l.phi, l.source
	a.se, a.df = l.se, l.df
	a.margin = math.Ldexp(a.m.MinEffect, -a.s.exp)
	if !a.marginGiven {
		a.margin = defaultMargin * a.s.effectUnit()
		a.marginHow = fmt.Sprintf("%.1f standard deviations of the quieter side", defaultMargin)
	}
	n := len(a.s.d)
	if a.s.d == nil {
		n = min(len(a.s.x), len(a.s.y))
	}
	a.step("samples", "%d canary and %d baseline samples, %d instants compared", len(a.s.x), len(a.s.y), n)
	a.step("variance", "%s", l.detail)
	cold := l.source == "window" || l.source == "unpaired"
	a.plan.cold = cold
	switch {
	case l.source == "constant":
		a.v.Channel = chConstant
		if n > 0 && a.s.d != nil && !flat(a.s.x, a.s.x) {
			a.s.warn("both sides move exactly alike: check that their queries select different instances")
		}
		a.judgeConstant(l, n)
	case !(l.se > 0) || !(l.df > 0) || cold && n < coldMinimum:
		a.v.Effect = l.effect
		a.guard = fmt.Sprintf("%d samples without a history cannot tell how dependent they are", n)
	default:
		a.testLevel(&l, cold)
	}
	judgeSpread(a, &l)
	a.unscale()
	if a.instances != nil {
		a.instances.holdLevel(a)
		judgeShards(a, a.instances)
	}
	if a.dist != nil {
		judgeTail(a)
	}
}

// testLevel tests the effect against no change and against the margin.
func (a *assessment) testLevel(l *located, cold bool) {
	t := l.effect / l.se
	z := stat.NormalFromStudent(t, l.df)
	a.v.Effect = l.effect
	a.v.LogP = plainP(z, a.m.Direction)
	a.logFail = a.plan.logP(directed(z, a.m.Direction), a.m.Direction == Either)
	if cold && l.surely < coldIndependent {
		a.guardUntil = coldIndependent / l.surely
		a.guard = fmt.Sprintf("its samples depend on each other so much that they are worth only %s independent ones for sure, and there is no history to measure that on", words.Number(l.surely))
	}
	if l.placeboMax > 0 && math.Abs(l.effect) <= l.placeboMax {
		a.guard = fmt.Sprintf("a window without a deploy once differed by %s", words.Number(math.Ldexp(l.placeboMax, a.s.exp)))
	}
	var up, down float64
	if a.m.Direction != Decrease {
		up = stat.NormalFromStudent((a.margin-l.effect)/l.se, l.df)
	}
	if a.m.Direction != Increase {
		down = stat.NormalFromStudent((l.effect+a.margin)/l.se, l.df)
	}
	a.logPass = a.equivalence(up, down)
	half := l.se * stat.StudentFromNormal(a.plan.score(math.Log(a.policy.FalsePass), false), l.df)
	a.v.Interval = [2]float64{l.effect - half, l.effect + half}
	a.step("fail test", "effect %.4g standard errors, %.3g as a normal score; p = %s over all looks, window %.0f %% of the plan",
		t, z, words.P(a.logFail), 100*a.plan.share)
}

// defaultMargin is the margin of a level metric that states none, in standard
// deviations of the quieter side.
const defaultMargin = 0.4

// judgeConstant handles sides that differ by the same amount at every instant.
// If the sides were alike, the sign of the difference would be a coin's.
func (a *assessment) judgeConstant(l located, n int) {
	a.v.Effect = l.effect
	a.v.Interval = [2]float64{l.effect, l.effect}
	a.se = 0
	bad := directed(l.effect, a.m.Direction)
	a.logFail = 0
	a.v.LogP = 0
	if bad > 0 {
		a.v.LogP = -float64(n) * math.Ln2
		if a.m.Direction == Either {
			a.v.LogP += math.Ln2
		}
		a.logFail = a.v.LogP
	}
	if n >= 2*MinPairs && (bad <= 0 || bad < a.margin) {
		a.logPass = math.Inf(-1)
	}
	if len(a.s.hd) > 0 && !a.s.sameInstances {
		if stood := stat.Mean(a.s.hd); math.Abs(stood) > 0 && math.Abs(l.effect) <= 3*math.Abs(stood) {
			a.guard = fmt.Sprintf("instances that stood in for it before the deploy differed by %s", words.Number(math.Ldexp(stood, a.s.exp)))
		}
	}
	a.step("fail test", "the difference is %s at every one of %d instants; p = %s", words.Number(math.Ldexp(l.effect, a.s.exp)), n, words.P(a.logFail))
}

// unscale puts the verdict's numbers back into the metric's unit.
func (a *assessment) unscale() {
	up := func(v float64) float64 { return math.Ldexp(v, a.s.exp) }
	a.v.Effect = up(a.v.Effect)
	a.v.Interval[0], a.v.Interval[1] = up(a.v.Interval[0]), up(a.v.Interval[1])
	a.margin, a.se = up(a.margin), up(a.se)
	if a.marginGiven {
		a.margin = a.m.MinEffect
	}
}

// equivalence is the sequential log p-value of "the effect reaches the margin"
// from the normal scores of the distance to its upper and lower end. Only the
// ends that are worse count.
func (a *assessment) equivalence(up, down float64) float64 {
	p := math.Inf(-1)
	if a.m.Direction != Decrease {
		p = max(p, a.plan.logP(up, false))
	}
	if a.m.Direction != Increase {
		p = max(p, a.plan.logP(down, false))
	}
	return p
}

// directed turns an effect or score so that positive is worse.
func directed(v float64, d Direction) float64 {
	switch d {
	case Increase:
		return v
	case Decrease:
		return -v
	}
	return math.Abs(v)
}

// plainP is the log p-value of a normal score at a single look.
func plainP(z float64, d Direction) float64 {
	if d == Either {
		return min(0, math.Ln2+stat.LogNormalTail(math.Abs(z)))
	}
	return stat.LogNormalTail(directed(z, d))
}

func alternative(d Direction) stat.Alternative {
	switch d {
	case Increase:
		return stat.Greater
	case Decrease:
		return stat.Less
	}
	return stat.TwoSided
}
