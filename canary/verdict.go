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
	Channel  string     // The test that decided: "location", "count", "constant", "missing", ...
	N        [2]int     // Finite samples of baseline and canary.
	NEff     float64    // Independent samples the window is worth; see Trace for how it was found.
	Reason   string     // One sentence for people.

	// MinEffect is the margin used, and MinutesNeeded the further minutes after
	// which an INCONCLUSIVE is expected to resolve; 0 when not inconclusive,
	// +Inf when more time will not help.
	MinEffect     float64
	MinutesNeeded float64

	Trace MetricTrace
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

	Policy Policy // As used, defaults filled in.
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
