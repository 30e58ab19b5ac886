package kayenta

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/canary/stat"
	"github.com/bellwether-ts/bellwether/canary/words"
	"github.com/bellwether-ts/bellwether/metric"
)

// Finding the cause: each judge is asked again with one thing changed.

// comparison is one metric before both judges.
type comparison struct {
	opt     Options
	set     settings
	pair    Pair
	metric  canary.Metric
	policy  canary.Policy
	metrics int // Metrics the native judge corrected for.
	label   string
	verdict canary.MetricVerdict
}

// alone is the native verdict on the metric by itself.
func (c *comparison) alone(m canary.Metric, p canary.Policy) canary.MetricVerdict {
	v := canary.Judge(canary.Request{Metrics: []canary.Metric{m}, Policy: p})
	if len(v.Metrics) == 0 {
		return canary.MetricVerdict{Name: m.Name, Verdict: canary.NoData}
	}
	return v.Metrics[0]
}

// relabel is Kayenta's label under other settings, options or samples.
func (c *comparison) relabel(set settings, opt Options, control, experiment []float64) string {
	l, err := set.classify(c.pair.Name, set.clean(control), set.clean(experiment), opt)
	if err != nil {
		return kError
	}
	return l.label
}

func failed(label string) bool { return label == kHigh || label == kLow }

// causes explains a difference; at least one is returned.
func (c *comparison) causes() []Cause {
	var out []Cause
	add := func(name CauseName, format string, args ...any) {
		out = append(out, Cause{name, fmt.Sprintf(format, args...)})
	}
	c.cleaning(add)
	switch {
	case c.label == kError:
		add(CauseError, "Kayenta's test could not be computed, so the metric drops out of its score")
	case failed(c.label):
		c.falseAlarm(add)
	case c.label == kPass && c.verdict.Verdict == canary.Fail:
		c.missed(add)
	case c.label == kPass:
		c.unshown(add)
	}
	if len(out) == 0 && c.verdict.Verdict != canary.NoData && min(c.verdict.N[0], c.verdict.N[1]) < canary.MinPairs {
		add(CauseFewSamples, "%d baseline and %d canary samples", c.verdict.N[0], c.verdict.N[1])
	}
	if len(out) == 0 {
		add(CauseStatistic, "Kayenta compares ranks, the native judge means: effect %s, p = %s", words.Number(c.verdict.Effect), words.P(c.verdict.LogP))
	}
	return out
}

type adder func(name CauseName, format string, args ...any)

// cleaning names what Kayenta did to the samples before its test, if the label
// depends on it.
func (c *comparison) cleaning(add adder) {
	control, experiment := c.pair.Values.Control, c.pair.Values.Experiment
	gaps := 0
	for _, side := range []Samples{control, experiment} {
		for _, v := range side {
			if math.IsNaN(v) {
				gaps++
			}
		}
	}
	silent := len(metric.Finite(control)) == 0 || len(metric.Finite(experiment)) == 0
	if c.set.replaceNaN && silent && c.label == kPass {
		add(CauseSilence, "a side has not a single sample, and nanStrategy replace makes that a Pass")
		return
	}
	if c.set.replaceNaN && gaps > 0 {
		kept := c.set
		kept.replaceNaN = false
		if l := c.relabel(kept, c.opt, control, experiment); l != c.label {
			add(CauseZeros, "%d missing samples were read as 0; without that Kayenta says %s", gaps, l)
		}
	}
	if c.set.removeOutliers {
		kept := c.set
		kept.removeOutliers = false
		if l := c.relabel(kept, c.opt, control, experiment); l != c.label {
			dropped := len(c.set.clean(control)) + len(c.set.clean(experiment))
			add(CauseOutliers, "%d samples were removed as outliers; with them Kayenta says %s", len(kept.clean(control))+len(kept.clean(experiment))-dropped, l)
		}
	}
}

// falseAlarm explains a High or Low that the native judge does not fail.
func (c *comparison) falseAlarm(add adder) {
	control, experiment := c.set.clean(c.pair.Values.Control), c.set.clean(c.pair.Values.Experiment)
	if len(control) > 0 && len(experiment) > 0 && constant(control) && constant(experiment) {
		add(CauseJitter, "both sides are constant and %s apart; Kayenta adds random noise before it tests", words.Number(math.Abs(experiment[0]-control[0])))
	}
	if c.verdict.Verdict == canary.Pass {
		add(CauseMargin, "the change is shown to be smaller than the margin %s", words.Number(c.verdict.MinEffect))
	}
	if share, phi := worth(control, experiment); share < 1 {
		opt := c.opt
		opt.Confidence = widened(opt.Confidence, 1/share)
		if l := c.relabel(c.set, opt, control, experiment); l != c.label {
			n := float64(len(control) + len(experiment))
			add(CauseDependence, "autocorrelation %.2f makes %.0f samples worth about %.0f; with its interval widened for that Kayenta says %s", phi, n, n*share, l)
		}
	}
	c.unit(add)
	if c.verdict.Verdict == canary.Pass {
		return
	}
	switch once := c.once(); {
	case c.metrics > 1 && c.alone(c.metric, c.policy).Verdict == canary.Fail:
		add(CauseMultiplicity, "by itself the native judge would FAIL it; p = %s is not small enough among %s", words.P(c.verdict.LogP), words.Count(c.metrics, "metric"))
	case once.Verdict == canary.Fail:
		add(CauseLooks, "by itself and looked at only once it would FAIL; p = %s leaves too little for repeated looks", words.P(c.verdict.LogP))
	}
	opt := c.opt
	opt.Confidence = 1 - c.policyFail()/float64(max(1, c.metrics))
	if opt.Confidence > c.opt.Confidence {
		if l := c.relabel(c.set, opt, control, experiment); l != c.label {
			add(CauseErrorRate, "Kayenta risks %.1f %% a metric; at the %.2g %% that keeps the whole canary at %.2g %% it says %s",
				100*(1-c.opt.Confidence), 100*(1-opt.Confidence), 100*c.policyFail(), l)
		}
	}
	if min(c.verdict.N[0], c.verdict.N[1]) < canary.MinPairs {
		add(CauseFewSamples, "%d baseline and %d canary samples are too few for the native judge", c.verdict.N[0], c.verdict.N[1])
	}
}

func (c *comparison) policyFail() float64 { return cmp.Or(c.policy.FalseFail, canary.DefaultFalseFail) }

// once is the native verdict on the metric by itself at a single planned look.
func (c *comparison) once() canary.MetricVerdict {
	p := c.policy
	p.Look, p.Looks, p.PlannedSamples = 1, 1, 0
	return c.alone(c.metric, p)
}

// missed explains a Pass that the native judge fails.
func (c *comparison) missed(add adder) {
	c.blunted(add)
	if ch := c.verdict.Channel; ch != "location" && ch != "constant" && ch != "count" {
		add(CauseChannel, "the native judge sees it in the channel %s, which Kayenta does not look at", ch)
	}
	if len(c.metric.Baseline) == len(c.metric.Canary) {
		m := c.metric
		m.Canary = append(slices.Clone(m.Canary), math.NaN()) // Sides of different length cannot be paired.
		if v := c.alone(m, c.policy); v.Verdict != canary.Fail && c.alone(c.metric, c.policy).Verdict == canary.Fail {
			add(CausePairing, "the sides move together; compared instant by instant the change shows, compared as two heaps the native judge says %s too", v.Verdict)
		}
	}
}

// blunted names what keeps Kayenta's interval from failing the metric.
func (c *comparison) blunted(add adder) {
	control, experiment := c.set.clean(c.pair.Values.Control), c.set.clean(c.pair.Values.Experiment)
	if len(control) == 0 || len(experiment) == 0 {
		return
	}
	bare := c.opt
	bare.Tolerance = math.SmallestNonzeroFloat64
	if l := c.relabel(c.set, bare, control, experiment); failed(l) {
		if ci, err := shiftOf(experiment, control, c.opt.Confidence); err == nil {
			add(CauseTolerance, "the interval %s to %s excludes 0, but must clear %v times the estimate %s; without that Kayenta says %s",
				words.Number(ci.low), words.Number(ci.high), c.opt.Tolerance, words.Number(ci.estimate), l)
		}
	}
	free := c.set
	free.allowedIncrease, free.allowedDecrease = math.Inf(-1), math.Inf(1)
	if l := c.relabel(free, c.opt, control, experiment); failed(l) {
		add(CauseEffectSize, "the ratio of means %s is within what effectSize allows; without that Kayenta says %s", words.Number(meanRatio(control, experiment)), l)
	}
	c.unit(add)
}

// unit names the unit as a cause if other units give another label.
func (c *comparison) unit(add adder) {
	control, experiment := c.set.clean(c.pair.Values.Control), c.set.clean(c.pair.Values.Experiment)
	both := append(slices.Clone(control), experiment...)
	if len(both) < 2 {
		return
	}
	sd := math.Sqrt(stat.Variance(both))
	if !(sd > 0) || math.IsInf(sd, 0) {
		return
	}
	_, exp := math.Frexp(sd)
	scaled := func(v []float64) []float64 {
		out := make([]float64, len(v))
		for i := range v {
			out[i] = math.Ldexp(v[i], 10-exp)
		}
		return out
	}
	if l := c.relabel(c.set, c.opt, scaled(control), scaled(experiment)); l != c.label {
		add(CauseUnit, "Kayenta searches its interval to 0.0001 in the metric's unit, and these samples spread by %s only; in a unit 2^%d smaller it says %s", words.Number(sd), 10-exp, l)
	}
}

// unshown explains a Pass that the native judge does not decide.
func (c *comparison) unshown(add adder) {
	if len(metric.Finite(c.pair.Values.Control)) == 0 || len(metric.Finite(c.pair.Values.Experiment)) == 0 {
		return // Named by cleaning.
	}
	if c.verdict.Verdict != canary.Inconclusive {
		return
	}
	c.blunted(add)
	if min(c.verdict.N[0], c.verdict.N[1]) < canary.MinPairs {
		add(CauseFewSamples, "%d baseline and %d canary samples show nothing either way", c.verdict.N[0], c.verdict.N[1])
		return
	}
	add(CauseEquivalence, "Pass there means that no difference was shown; the interval %s to %s does not show one smaller than the margin %s either",
		words.Number(c.verdict.Interval[0]), words.Number(c.verdict.Interval[1]), words.Number(c.verdict.MinEffect))
}

// worth is the share of the samples that independent ones would make up, from
// the lag-1 autocorrelation of each side about its mean: (1-phi)/(1+phi) for a
// first-order autoregression, in (0,1]; and that autocorrelation.
func worth(sides ...[]float64) (share, phi float64) {
	lagged, square := 0.0, 0.0
	for _, v := range sides {
		mean := stat.Mean(v)
		for i := range v {
			square += (v[i] - mean) * (v[i] - mean)
			if i > 0 {
				lagged += (v[i] - mean) * (v[i-1] - mean)
			}
		}
	}
	if !(square > 0) || !(lagged > 0) {
		return 1, 0
	}
	phi = min(lagged/square, 0.99)
	return (1 - phi) / (1 + phi), phi
}

// widened is the level whose normal quantile is sqrt(factor) times that of c.
func widened(c, factor float64) float64 {
	z := stat.NormalFromLogTail(math.Log((1-c)/2)) * math.Sqrt(factor)
	return min(math.Erf(z/math.Sqrt2), 1-1e-15)
}
