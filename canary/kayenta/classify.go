package kayenta

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/bellwether-ts/bellwether/canary/stat"
)

// From two lists of samples to one of Kayenta's labels: clean, short cuts,
// test, label, in the order its judge takes them.

// The labels of a metric in Kayenta's result.
const (
	kPass             = "Pass"
	kHigh             = "High"
	kLow              = "Low"
	kNodata           = "Nodata"
	kNodataFailMetric = "NodataFailMetric"
	kError            = "Error"
)

// label is a classified metric.
type label struct {
	label    string
	reason   string // Empty for none, which leaves the field out.
	ratio    float64
	critical bool
}

// judgeMetric classifies one pair.
func judgeMetric(cfg Config, pair Pair, opt Options) (MetricResult, error) {
	at := slices.IndexFunc(cfg.Metrics, func(m Metric) bool { return m.Name == pair.Name })
	if at < 0 {
		return MetricResult{}, fmt.Errorf("cannot judge metric %q: canaryConfig.metrics has none of that name", pair.Name)
	}
	m := cfg.Metrics[at]
	set, err := m.settings()
	if err != nil {
		return MetricResult{}, err
	}
	control, experiment := set.clean(pair.Values.Control), set.clean(pair.Values.Experiment)
	res := MetricResult{
		Name: pair.Name, ID: pair.ID, Tags: pair.Tags, Groups: m.Groups, Muted: set.muted,
		ExperimentMetadata: stats(experiment),
		ControlMetadata:    stats(control),
	}
	if res.Groups == nil {
		res.Groups = []string{}
	}
	l, err := set.classify(pair.Name, control, experiment, opt)
	if err != nil { // Rule: the error is kept from the score, even of a critical metric.
		res.Classification = kError
		res.ClassificationReason = "Metric Classification Failed"
		return res, nil
	}
	res.Classification, res.ClassificationReason, res.Critical = l.label, l.reason, l.critical
	res.ResultMetadata = &ratio{Ratio: javaDouble(l.ratio)}
	return res, nil
}

// classify labels cleaned samples.
func (s settings) classify(name string, control, experiment []float64, opt Options) (label, error) {
	if opt.Classifier == MeanInequality {
		return s.classifyMeans(name, control, experiment), nil
	}
	if len(control) == 0 || len(experiment) == 0 {
		return s.silent(name), nil
	}
	if slices.Equal(sortedCopy(control), sortedCopy(experiment)) {
		return label{label: kPass, reason: "The Canary and Baseline data are identical", ratio: 1}, nil
	}
	cc, ec := constant(control), constant(experiment)
	if cc && ec && control[0] == experiment[0] {
		return label{label: kPass, ratio: 1}, nil
	}
	if cc && ec {
		rng := rand.New(rand.NewPCG(1, 1))
		experiment, control = jitter(experiment, rng), jitter(control, rng)
	}
	return s.compare(name, control, experiment, opt)
}

// silent labels a metric of which a side has no samples.
func (s settings) silent(name string) label {
	if s.replaceNaN { // Rule: silence passes.
		return label{label: kPass, ratio: 1}
	}
	l := label{label: kNodata, reason: "Missing data for " + name, ratio: 1, critical: s.critical}
	if s.mustHaveData && !s.critical {
		l.label, l.critical = kNodataFailMetric, false
	}
	return l
}

// compare runs the test and applies tolerance, effect size and criticality.
func (s settings) compare(name string, control, experiment []float64, opt Options) (label, error) {
	ci, err := shiftOf(experiment, control, opt.Confidence)
	if err != nil {
		return label{}, err
	}
	ratio := meanRatio(control, experiment)
	effect := ratio
	if s.cles {
		effect = cles(control, experiment)
	}
	bound := opt.Tolerance * math.Abs(ci.estimate) // Rule: it grows with the estimate.
	beyond := func(ok bool) bool { return math.IsNaN(effect) || ok }
	l := label{label: kPass, ratio: ratio}
	switch {
	case s.increase && ci.low > bound && beyond(effect >= s.allowedIncrease):
		l.label = kHigh
		l.critical = s.critical && beyond(effect >= s.criticalIncrease)
	case s.decrease && ci.high < -bound && beyond(effect <= s.allowedDecrease):
		l.label = kLow
		l.critical = s.critical && beyond(effect <= s.criticalDecrease)
	default:
		return l, nil
	}
	l.reason = name + " was classified as " + l.label
	if l.critical {
		l.reason = "The metric " + name + " was classified as " + l.label + " (Critical)"
	}
	return l, nil
}

// jitter adds Gaussian noise with standard deviation 1e-5 of the value to a
// constant side.
func jitter(values []float64, rng *rand.Rand) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = v + float64(rng.NormFloat64()*(values[0]*1e-5))
	}
	return out
}

// meanRatio is the experiment's mean over the control's; NaN if either is 0.
func meanRatio(control, experiment []float64) float64 {
	c, e := stat.Mean(control), stat.Mean(experiment)
	if c == 0 || e == 0 {
		return math.NaN()
	}
	return e / c
}

// cles is the share of pairs in which the experiment is higher, ties counting
// half (Vargha & Delaney 2000).
func cles(control, experiment []float64) float64 {
	m, n := float64(len(experiment)), float64(len(control))
	ranks, _ := stat.MidRanks(append(slices.Clone(experiment), control...))
	r1 := 0.0
	for _, r := range ranks[:len(experiment)] {
		r1 += r
	}
	return (2*r1 - m*(m+1)) / (2 * n * m)
}

func constant(v []float64) bool {
	for _, x := range v[1:] {
		if x != v[0] {
			return false
		}
	}
	return true
}

func sortedCopy(v []float64) []float64 {
	s := slices.Clone(v)
	slices.Sort(s)
	return s
}

// percentileR7 is the p-th percentile (0..100) of a sorted, non-empty slice by
// linear interpolation (Hyndman & Fan type 7).
func percentileR7(sorted []float64, p float64) float64 {
	n := len(sorted)
	if n == 1 {
		return sorted[0]
	}
	pos := 1 + float64(float64(n-1)*(p/100))
	floor := math.Floor(pos)
	if pos >= float64(n) {
		return sorted[n-1]
	}
	lower, upper := sorted[int(floor)-1], sorted[int(floor)]
	return lower + float64((pos-floor)*(upper-lower))
}
