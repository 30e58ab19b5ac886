package detect

import (
	"fmt"
	"strings"
	"time"
)

// Trace says why a step was judged the way it was. String is its one text
// renderer: the same text is the golden file of the tests, the output of the
// command line and the "why" panel of the page.
type Trace struct {
	T          int64      `json:"t"` // Unix milliseconds of the step.
	Profile    Profile    `json:"profile"`
	Verdict    Verdict    `json:"verdict"`
	Transition Transition `json:"transition"`
	Kind       Kind       `json:"kind"`
	Direction  Direction  `json:"direction"`
	Since      int64      `json:"since"`  // When the open anomaly opened; 0 if none is open.
	Change     int64      `json:"change"` // Estimated instant of the change; 0 if none is open.
	Observed   float64    `json:"observed"`
	Expected   float64    `json:"expected"`
	Lower      float64    `json:"lower"`
	Upper      float64    `json:"upper"`
	Effect     float64    `json:"effect"`  // (observed - expected) in units of the .998 quantile of the usual distance.
	Score      float64    `json:"score"`   // -log10 p of the consensus.
	Bar        float64    `json:"bar"`     // The score at which an anomaly opens.
	EValue     float64    `json:"e_value"` // Running bet that something is wrong, >= 1: grows while a departure lasts. 0 where there is none (skyline).
	Members    []Member   `json:"members"`
	Baseline   int64      `json:"baseline_ms"`       // Span of history the baselines rest on, in milliseconds.
	Samples    uint64     `json:"samples"`           // Samples judged so far.
	Summary    string     `json:"summary,omitempty"` // Of a histogram: which quantile moved from what to what.
	Notes      []string   `json:"notes"`             // Warnings and what would change the verdict.
	StateHash  uint64     `json:"state_hash"`        // FNV-1a of the checkpoint after this step.
}

// String renders the trace for people, one fact a line.
func (t Trace) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s", stamp(t.T), t.Verdict)
	if t.Transition != TransitionNone {
		fmt.Fprintf(&b, " (%s)", t.Transition)
	}
	if t.Kind != KindNone {
		fmt.Fprintf(&b, ": %s", t.Kind)
		if t.Direction != DirectionNone {
			fmt.Fprintf(&b, " %s", t.Direction)
		}
	}
	if t.Summary != "" {
		fmt.Fprintf(&b, "\n%s", t.Summary)
	}
	fmt.Fprintf(&b, "\nobserved %.6g, expected %.6g, band %.6g to %.6g", t.Observed, t.Expected, t.Lower, t.Upper)
	if t.Effect != 0 {
		fmt.Fprintf(&b, ", %.3g times the usual reach", t.Effect)
	}
	fmt.Fprintf(&b, "\nscore %.2f, opens at %.2f", t.Score, t.Bar)
	if t.EValue > 1 {
		fmt.Fprintf(&b, ", e-value %.3g", t.EValue)
	}
	b.WriteString("\n")
	if t.Since != 0 {
		fmt.Fprintf(&b, "since %s, change at %s\n", stamp(t.Since), stamp(t.Change))
	}
	for _, m := range t.Members {
		switch {
		case m.Share < .005:
		case t.Profile == ProfileSkyline:
			fmt.Fprintf(&b, "  %s\n", m.Name)
		default:
			fmt.Fprintf(&b, "  %-10s p=%.2g share %.0f%%\n", m.Name, m.P, 100*m.Share)
		}
	}
	fmt.Fprintf(&b, "baseline %s, %d samples, state %016x\n", time.Duration(t.Baseline)*time.Millisecond, t.Samples, t.StateHash)
	for _, n := range t.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	return b.String()
}
