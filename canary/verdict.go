package canary

// Outcome is a verdict in one word.
type Outcome string

// The outcomes. Only Pass says that the canary is equivalent.
const (
	Pass         Outcome = "PASS"         // Every effect is shown to be smaller than its MinEffect.
	Fail         Outcome = "FAIL"         // A metric got worse, beyond the accepted chance of error.
	Inconclusive Outcome = "INCONCLUSIVE" // The data cannot decide yet.
	NoData       Outcome = "NO_DATA"      // There is nothing to judge, or it cannot be read.
)

// MetricVerdict is the verdict on one metric. Numbers that do not exist are NaN.
type MetricVerdict struct {
	Name     string
	Critical bool
	Verdict  Outcome
	Effect   float64    // Canary minus baseline, in the metric's unit.
	Interval [2]float64 // Holds Effect with confidence 1-2*FalsePass over all looks; an end may be infinite.
	P        float64    // Of no change, by direction, in [0,1]; for this metric and this look alone.
	LogP     float64    // Natural log of P, finite where P underflows.
	Channel  string     // The channel that decided: "location", "spread", "tail", "count", "constant", "missing", "missingness", "shards".
	Channels []Evidence // Every channel tested, the deciding one first; nil for named judges.
	N        [2]int     // Finite samples of baseline and canary.
	NEff     float64    // Independent samples the window is worth; see Trace for how it was found.
	Reason   string     // One sentence for people.

	// MinEffect is the margin used, and MinutesNeeded the further minutes after
	// which an INCONCLUSIVE is expected to resolve; 0 when not inconclusive,
	// +Inf when more time will not help.
	MinEffect     float64
	MinutesNeeded float64

	Phi         float64 // Autocorrelation per sample, in (-1,1); NaN when unknown.
	EValue      float64 // Of "worse", >= 0; NaN where the channel has none.
	Detectable  float64 // Smallest effect in the metric's unit that the plan's last look would see; NaN when unknown.
	Calibration string  // Where the variance comes from: "history", "model", "window", "unpaired", "constant"; empty when nowhere.
	Digest      string  // Hash of the samples and settings judged, 16 hex digits.

	Trace MetricTrace
}

// Evidence is what one channel found on one metric.
type Evidence struct {
	Channel  string
	Verdict  Outcome    // Of this channel alone.
	Effect   float64    // What the channel measures: a difference, a ratio, a share; NaN when unknown.
	Interval [2]float64 // Of Effect; ends may be infinite or NaN.
	LogP     float64    // Natural log of the p-value of "worse" over all looks; NaN when not tested.
	Reason   string     // One sentence.
}

// GateVerdict is the verdict on one gate.
type GateVerdict struct {
	Gate
	Verdict Outcome // Fail when it burns at Limit or more, NoData when nobody knows, Pass otherwise.
	Reason  string
}

// Verdict is the verdict on a canary.
type Verdict struct {
	Judge    string  // "native" or the name of a named judge.
	Verdict  Outcome // The worst that was shown; see Judge.
	Reasons  []string
	Metrics  []MetricVerdict // In the order of the request.
	Warnings []string        // What made the judgement weaker than it could be.

	Limiting      string  // The metric that holds the verdict back; empty when none.
	MinutesNeeded float64 // Further minutes for an INCONCLUSIVE; +Inf when time will not help.

	Gates  []GateVerdict // In the order of the request.
	Digest string        // Hash of the whole request, 16 hex digits: the same digest, the same verdict.
	Policy Policy        // As used, defaults filled in.
}

// Score is the verdict for readers that want a number in [0,100]: the share of
// the metrics that PASS, 0 when the canary FAILs or has no data.
func (v Verdict) Score() float64 {
	if v.Verdict == Fail || v.Verdict == NoData || len(v.Metrics) == 0 {
		return 0
	}
	passed := 0
	for _, m := range v.Metrics {
		if m.Verdict == Pass {
			passed++
		}
	}
	return 100 * float64(passed) / float64(len(v.Metrics))
}

// ExitCode is the process exit code a pipeline acts on: 0 PASS, 10
// INCONCLUSIVE, 20 FAIL, 30 NO_DATA.
func (v Verdict) ExitCode() int {
	switch v.Verdict {
	case Pass:
		return 0
	case Inconclusive:
		return 10
	case Fail:
		return 20
	}
	return 30
}
