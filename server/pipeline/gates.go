package pipeline

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/metric/spelling"
	"github.com/bellwether-ts/bellwether/slo"
)

// Gates: objectives that must not burn while a canary runs, however healthy it
// looks beside its baseline. A gate reads what the objective's evaluator says,
// over the long window of the objective's shortest rule: the one that pages.

// defaultGate is the burn rate that fails a canary if none is named: 2 % of a
// 30-day budget within an hour (The Site Reliability Workbook, chapter 5).
const defaultGate = 14.4

// maxGates bounds what every look reads.
const maxGates = 50

// gateSilence is how old an objective's state may be to speak for a window.
const gateSilence = 2 * time.Minute

// GateReading is what a gate read at a look.
type GateReading struct {
	Objective string   `json:"objective"`
	Burn      *float64 `json:"burn,omitempty"` // nil: nobody knew.
	Limit     float64  `json:"limit"`
	Detail    string   `json:"detail,omitempty"`
}

// completeGates checks that every gate names an objective we watch.
func (p *Pipeline) completeGates(gates []RunGate) ([]RunGate, error) {
	if len(gates) == 0 {
		return nil, nil
	}
	if len(gates) > maxGates {
		return nil, fmt.Errorf("cannot use %d gates in one run: at most %d", len(gates), maxGates)
	}
	var known []string
	for _, s := range p.Objectives() {
		known = append(known, s.Objective.Name)
	}
	out := make([]RunGate, len(gates))
	seen := map[string]bool{}
	var errs []error
	for i, g := range gates {
		orDefault(&g.BurnRate, defaultGate)
		out[i] = g
		switch {
		case !(g.BurnRate > 0) || math.IsInf(g.BurnRate, 0):
			errs = append(errs, fmt.Errorf("cannot use burn_rate %v of gate %q: it is a rate above 0; 1 spends exactly the budget, 14.4 a month's in two days", g.BurnRate, g.Objective))
		case seen[g.Objective]:
			errs = append(errs, fmt.Errorf("cannot use gate %q twice: keep the stricter one", g.Objective))
		case !slices.Contains(known, g.Objective):
			errs = append(errs, fmt.Errorf("cannot use gate %q: there is no such objective; %s", g.Objective, nearest(g.Objective, known)))
		}
		seen[g.Objective] = true
	}
	return out, errors.Join(errs...)
}

func nearest(word string, known []string) string {
	if best := spelling.Nearest(word, known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	if len(known) == 0 {
		return "no objectives are configured"
	}
	return "known are " + strings.Join(known[:min(len(known), 20)], ", ")
}

// readGates reads the gates for a window that ends at end (Unix milliseconds).
// A burn rate nobody knows is NaN: the objective has no samples, was never
// evaluated, or its state is of another time than the window's end.
func (p *Pipeline) readGates(gates []RunGate, end int64) []canary.Gate {
	if len(gates) == 0 {
		return nil
	}
	states := map[string]slo.Status{}
	for _, s := range p.Objectives() {
		states[s.Objective.Name] = s
	}
	out := make([]canary.Gate, len(gates))
	for i, g := range gates {
		out[i] = canary.Gate{Objective: g.Objective, Limit: g.BurnRate}
		s, ok := states[g.Objective]
		if !ok {
			out[i].Burn, out[i].Detail = math.NaN(), "the objective is no longer configured"
			continue
		}
		out[i].Burn, out[i].Detail = burnOf(s, end)
	}
	return out
}

// burnOf is the burn rate over the long window of the shortest rule.
func burnOf(s slo.Status, end int64) (rate float64, detail string) {
	switch {
	case s.Now == 0:
		return math.NaN(), "the objective was not evaluated yet"
	case s.FirstSample == 0:
		return math.NaN(), "the objective has no samples"
	case s.Quiet != "":
		return math.NaN(), s.Quiet
	case len(s.Rules) == 0:
		return math.NaN(), "the objective has no burn rate rule"
	case max(s.Now-end, end-s.Now) > gateSilence.Milliseconds():
		return math.NaN(), fmt.Sprintf("the objective's state is of %s, the window ends at %s; a gate can only be read while it happens", clock(s.Now), clock(end))
	}
	b := s.Rules[0].Long
	for _, r := range s.Rules[1:] {
		if r.Long.Length < b.Length {
			b = r.Long
		}
	}
	return b.Rate, fmt.Sprintf("%s bad of %s over %s", number(b.Bad), number(b.Total), slo.FormatDuration(b.Length))
}

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

// readingsOf and gatesOf pass readings to and from what a run remembers: JSON
// has no NaN.
func readingsOf(gates []canary.Gate) []GateReading {
	var out []GateReading
	for _, g := range gates {
		r := GateReading{Objective: g.Objective, Limit: g.Limit, Detail: g.Detail}
		if !math.IsNaN(g.Burn) {
			burn := g.Burn
			r.Burn = &burn
		}
		out = append(out, r)
	}
	return out
}

func gatesOf(readings []GateReading) []canary.Gate {
	var out []canary.Gate
	for _, r := range readings {
		g := canary.Gate{Objective: r.Objective, Burn: math.NaN(), Limit: r.Limit, Detail: r.Detail}
		if r.Burn != nil {
			g.Burn = *r.Burn
		}
		out = append(out, g)
	}
	return out
}
