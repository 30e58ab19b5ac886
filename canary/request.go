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
)

// History holds both sides' samples from before the deploy, when they ran the
// same version, on the same step and aligned with each other (sample i of both
// sides is the same instant). It calibrates the variance of the difference.
type History struct {
	Baseline []float64 // NaN where there is no sample.
	Canary   []float64 // NaN where there is no sample; same length as Baseline.
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
	// (for Count: events per step). 0 takes the default of DefaultMinEffect,
	// which the verdict states.
	MinEffect float64

	Critical bool     // Judged for FAIL before the rest and named first.
	History  *History // nil when unknown.

	// Shards optionally splits the sides by instance, for the shard judges:
	// one series per instance. nil lets them take every sample as a shard.
	Shards *Shards
}

// Shards holds one series per instance of each side.
type Shards struct {
	Baseline [][]float64
	Canary   [][]float64
}

// Policy states the errors the asker accepts and the plan of looks. The zero
// value is the default policy.
type Policy struct {
	FalseFail float64 // Chance that a canary equal to its baseline FAILs, over all metrics and looks; 0.01 when 0.
	FalsePass float64 // Chance that a metric changed by MinEffect or more PASSes; 0.05 when 0.

	// Looks is how many times this canary is judged in all and Look which of
	// them this is, 1-based: windows grow, and each look spends its share of
	// the error. 0 and 0 mean one single look. PlannedSamples is the length of
	// the window at the last look; 0 takes Look/Looks as the share of
	// information gathered so far.
	Look           int
	Looks          int
	PlannedSamples int

	Exposure float64 // Canary's share of the traffic of counts, in (0,1); 0.5 when 0.

	Named NamedOptions // Settings of the named judges.
}

// Request is a whole canary.
type Request struct {
	Metrics []Metric
	Policy  Policy
}
