package canary

// What is asked: the samples of both sides per metric, and the policy that
// says which errors the asker can live with.

// Direction says which way a metric gets worse.
type Direction string

// The directions. Either is the default.
const (
	Increase Direction = "increase" // A higher value is worse: latency, errors.
	Decrease Direction = "decrease" // A lower value is worse: success ratio, throughput.
	Either   Direction = "either"   // Any change is unwanted.
)

// Kind says what a sample is, which decides the test and the default margin.
type Kind string

// The kinds. Gauge is the default.
const (
	Gauge   Kind = "gauge"   // A level: CPU, memory, queue length.
	Count   Kind = "count"   // Events per step, non-negative whole numbers.
	Ratio   Kind = "ratio"   // A share in [0,1], such as an error ratio.
	Latency Kind = "latency" // A duration or another positive scale, judged as a level.

	// Histograms of observations, in Metric.Distribution; Baseline and Canary may
	// hold a level read off them, such as the mean, or be empty.
	Histogram Kind = "histogram"
)

// History holds both sides' samples from before the deploy, when they ran the
// same version, on the same step and aligned with each other (sample i of both
// sides is the same instant). It calibrates the variance of the difference.
type History struct {
	Baseline []float64 // NaN where there is no sample.
	Canary   []float64 // NaN where there is no sample; same length as Baseline.

	// SameInstances says that both lists come from the very instances compared
	// now. What they differed by before the deploy is then theirs and not the
	// version's, and is taken off the effect (difference in differences).
	SameInstances bool
}

// Metric is one comparison. Baseline[i] and Canary[i] are the same instant when
// the lengths agree; otherwise the sides are compared unpaired.
type Metric struct {
	Name        string
	Baseline    []float64 // In time order; NaN where there is no sample.
	Canary      []float64 // In time order; NaN where there is no sample.
	StepSeconds float64   // Seconds between samples; 60 when 0.
	Direction   Direction // Either when empty.
	Kind        Kind      // Gauge when empty.

	// MinEffect is the smallest change that matters, in the metric's unit, > 0
	// (for Count: events per sample). 0 takes a default, which the verdict
	// states: 0.4 standard deviations of the quieter side, over history if
	// given; for Count half the common rate, at least 0.1 events a minute.
	MinEffect float64

	Critical bool     // Named first; without data it makes the whole canary NO_DATA.
	History  *History // nil when unknown.

	// Shards optionally splits the sides by instance, one series per instance on
	// the instants of Baseline and Canary: for the native judge's shard channel
	// and the shard judges. nil lets the latter take every sample as a shard.
	Shards *Shards

	// Distribution holds the histograms of Kind Histogram; nil for others.
	Distribution *Distribution

	// Exposure is the canary's share of the traffic that this metric's counts
	// come from, in (0,1), where it was measured; 0 takes Policy.Exposure.
	Exposure float64

	// What the reader of the samples knows of them. Err says why they could not
	// be read: the metric is NO_DATA for that reason. Each of Doubts is a reason
	// for which they must not PASS, whatever they show. Notes say how they were
	// read, for the trace.
	Err    string
	Doubts []string
	Notes  []string
}

// Shards holds one series per instance of each side.
type Shards struct {
	Baseline      [][]float64
	Canary        [][]float64
	BaselineNames []string // Instances, for reasons; nil or as long as Baseline.
	CanaryNames   []string // As long as Canary, or nil.
}

// Distribution holds a histogram per instant and side, all on the same buckets.
// A nil entry is an instant without data.
type Distribution struct {
	Bounds   []float64   // Upper bounds, increasing, at least one; a last bucket without bound follows.
	Baseline [][]float64 // Observations per bucket, len(Bounds)+1 each, >= 0, not cumulative.
	Canary   [][]float64

	// Before the deploy, both sides on the same version; nil when unknown.
	HistoryBaseline [][]float64
	HistoryCanary   [][]float64
}

// The errors a policy accepts that states none.
const (
	DefaultFalseFail = 0.01
	DefaultFalsePass = 0.05
)

// Policy states the errors the asker accepts and the plan of looks. The zero
// value is the default policy.
type Policy struct {
	FalseFail float64 // Chance that a canary equal to its baseline FAILs, over all metrics and looks; 0.01 when 0.
	FalsePass float64 // Chance that a metric changed by MinEffect or more PASSes; 0.05 when 0.

	// The plan of looks. With Looks = 0 the window may be judged as often and
	// for as long as one likes while it grows, and errors still hold; strictness
	// follows its length against PlannedSamples (an hour of samples when 0).
	// With Looks > 0 this is look Look of Looks, 1-based (the last when 0),
	// equally spaced, and PlannedSamples, if given, says how far it has come.
	Look           int
	Looks          int
	PlannedSamples int

	Exposure float64 // Canary's share of the traffic that counts come from, in (0,1); when 0, 0.5 unless a history shows another.

	Named NamedOptions // Settings of the named judges.
}

// Request is a whole canary.
type Request struct {
	Metrics []Metric
	Policy  Policy
	Gates   []Gate

	Warnings []string // What made the samples weaker than they could be; told in Verdict.Warnings.
}

// Gate is an objective that must not burn while the canary runs.
type Gate struct {
	Objective string
	Burn      float64 // Burn rate now, >= 0, 1 spends exactly the budget; NaN when nobody knows.
	Limit     float64 // Burn rate that fails the canary; > 0.
	Detail    string  // Window and counts the burn rate comes from, for the reason. Optional.
}
