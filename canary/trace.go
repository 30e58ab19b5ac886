package canary

// MetricTrace records how one metric was judged, in the order it happened.
type MetricTrace struct {
	Steps []TraceStep
}

// TraceStep is one decision: what was looked at, what came out.
type TraceStep struct {
	Name   string // Short: "samples", "variance", "spending", "fail test", "pass test".
	Detail string // A sentence with its figures.
}

// Text renders the verdict with its trace for people: the same text is the
// CLI's output and the "why" panel.
func (v Verdict) Text() string { return "" }

// Markdown renders the verdict as a Markdown section for a pull request or ticket.
func (v Verdict) Markdown() string { return "" }
