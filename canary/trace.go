package canary

import (
	"fmt"
	"math"
	"strings"

	"github.com/bellwether-ts/bellwether/canary/words"
)

// A verdict explains itself: what was decided, why, why not something else, and
// what would change it. Text is the one rendering of that for people; the
// golden files of the tests hold the same bytes.

// MetricTrace records how one metric was judged, in the order it happened.
type MetricTrace struct {
	Steps []TraceStep
}

// TraceStep is one decision: what was looked at, what came out.
type TraceStep struct {
	Name   string // Short: "samples", "variance", "fail test", "spread test", "instances", "pass test", "guard", "cannot pass".
	Detail string // A sentence with its figures.
}

// Text renders the verdict with its trace for people: the same text is the
// CLI's output and the "why" panel.
func (v Verdict) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s by judge %s\n", v.Verdict, v.Judge)
	for _, r := range v.Reasons {
		fmt.Fprintf(&b, "  %s\n", r)
	}
	if v.Verdict == Inconclusive {
		fmt.Fprintf(&b, "  limiting metric: %s, %s\n", v.Limiting, v.wait())
	}
	for _, g := range v.Gates {
		fmt.Fprintf(&b, "  gate %s: %s\n", g.Verdict, g.Reason)
	}
	for _, w := range v.Warnings {
		fmt.Fprintf(&b, "  warning: %s\n", w)
	}
	if v.Digest != "" {
		fmt.Fprintf(&b, "  digest %s\n", v.Digest)
	}
	for _, m := range v.Metrics {
		fmt.Fprintf(&b, "\n%s: %s", m.Name, m.Verdict)
		if m.Critical {
			b.WriteString(" (critical)")
		}
		fmt.Fprintf(&b, "\n  %s\n", m.Reason)
		if !math.IsNaN(m.Effect) {
			fmt.Fprintf(&b, "  channel %s, effect %s, interval %s to %s, p %s, n %d against %d, worth %s independent samples\n",
				m.Channel, words.Number(m.Effect), words.Number(m.Interval[0]), words.Number(m.Interval[1]), words.P(m.LogP), m.N[1], m.N[0], words.Number(m.NEff))
		}
		for _, s := range m.Trace.Steps {
			fmt.Fprintf(&b, "  - %s: %s\n", s.Name, s.Detail)
		}
	}
	return b.String()
}

func (v Verdict) wait() string {
	switch {
	case math.IsInf(v.MinutesNeeded, 1):
		return "which more of the same data will not decide"
	case v.MinutesNeeded > 0:
		return "about " + words.Minutes(v.MinutesNeeded) + " more needed"
	}
	return "which needs complete samples"
}

// step adds a line to the metric's trace.
func (a *assessment) step(name, format string, args ...any) {
	a.v.Trace.Steps = append(a.v.Trace.Steps, TraceStep{Name: name, Detail: fmt.Sprintf(format, args...)})
}
