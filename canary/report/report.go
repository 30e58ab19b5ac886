package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/canary"
)

// Report is what every form is written from.
type Report struct {
	Verdict canary.Verdict
	Request canary.Request // The samples judged; without its metrics there are no plots, and the page says so.
	Meta    Meta
}

// Meta is what a verdict does not know about itself. Everything is optional.
type Meta struct {
	Name    string      // What was deployed, such as the service.
	Run     string      // Id of the run.
	State   string      // "running", "done" or "canceled"; empty when there is no run.
	From    int64       // Start of the window in Unix milliseconds; 0 when unknown.
	To      int64       // End of the window in Unix milliseconds; 0 when unknown.
	Queries [][2]string // PromQL of baseline and canary, in the order of the metrics.
	Looks   []Stretch   // Oldest first.
	Link    string      // URL of the page, for the forms that link to it.
	Replay  string      // Command that judges the same samples again.
	Notes   []string    // What the reader must know first: what is missing, what the verdict is told as.

	UndecidedFails bool // An INCONCLUSIVE is told as FAIL: a failure in JUnit XML instead of a skipped case.
}

// Stretch is a row of looks of a run that said the same.
type Stretch struct {
	First, Last int   // Numbers of the looks, from 1.
	From, To    int64 // Unix milliseconds.
	Verdict     canary.Outcome
	Limiting    string // Metric that held it back; may be empty.
}

// line is one metric of the report with what was judged.
type line struct {
	index  int // In the order of the request.
	v      *canary.MetricVerdict
	m      *canary.Metric // nil when the samples are gone.
	query  [2]string
	change float64 // Effect in margins, towards worse; NaN when unknown.
}

// lines lists the metrics, worst first.
func (r *Report) lines() []line {
	out := make([]line, 0, len(r.Verdict.Metrics))
	for i := range r.Verdict.Metrics {
		l := line{index: i, v: &r.Verdict.Metrics[i]}
		if i < len(r.Request.Metrics) && r.Request.Metrics[i].Name == l.v.Name {
			l.m = &r.Request.Metrics[i]
		}
		if i < len(r.Meta.Queries) {
			l.query = r.Meta.Queries[i]
		}
		l.change = math.Abs(l.v.Effect) / l.v.MinEffect
		if !(l.v.MinEffect > 0) {
			l.change = math.NaN()
		}
		out = append(out, l)
	}
	first := func(yes bool) int {
		if yes {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b line) int {
		return cmp.Or(
			cmp.Compare(rank(a.v.Verdict), rank(b.v.Verdict)),
			cmp.Compare(first(a.v.Critical), first(b.v.Critical)),
			cmp.Compare(first(a.v.Name == r.Verdict.Limiting), first(b.v.Name == r.Verdict.Limiting)),
			cmp.Compare(b.change, a.change), // NaN is smallest, so last.
		)
	})
	return out
}

// rank orders outcomes, worst first.
func rank(o canary.Outcome) int {
	switch o {
	case canary.Fail:
		return 0
	case canary.NoData:
		return 1
	case canary.Inconclusive:
		return 2
	}
	return 3
}

// tally counts the metrics of each outcome.
func (r *Report) tally() map[canary.Outcome]int {
	n := map[canary.Outcome]int{}
	for _, m := range r.Verdict.Metrics {
		n[m.Verdict]++
	}
	return n
}
