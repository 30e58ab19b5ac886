package slo

// An objective is a promise about a ratio: over a window of time, at least
// Target of the events (or of the time slices) are good. What is left over,
// 1 - Target, is the error budget.

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Method says what the ratio counts (OpenSLO v1 budgetingMethod).
type Method uint8

// The three budgeting methods of OpenSLO v1.
const (
	Occurrences     Method = iota // Good events over all events.
	Timeslices                    // Good slices over all slices; a slice is good or bad as a whole.
	RatioTimeslices               // The mean over slices of each slice's good ratio.
)

// String returns the OpenSLO name of the method.
func (m Method) String() string {
	switch m {
	case Occurrences:
		return "Occurrences"
	case Timeslices:
		return "Timeslices"
	case RatioTimeslices:
		return "RatioTimeslices"
	}
	return fmt.Sprintf("Method(%d)", uint8(m))
}

// GapPolicy says what time without samples means for the budget.
type GapPolicy uint8

// The gap policies. The default is unknown: the budget becomes an interval.
const (
	GapUnknown GapPolicy = iota // Unseen time may have been good or bad: the budget is an interval, silence is NO_DATA.
	GapBad                      // Unseen time is downtime: all of it is charged to the budget.
	GapIgnore                   // Unseen time is taken to be like the rest: it changes nothing and raises nothing.
)

// String returns the word used in configuration: unknown, bad or ignore.
func (g GapPolicy) String() string {
	switch g {
	case GapUnknown:
		return "unknown"
	case GapBad:
		return "bad"
	case GapIgnore:
		return "ignore"
	}
	return fmt.Sprintf("GapPolicy(%d)", uint8(g))
}

// ParseGapPolicy reads unknown, bad or ignore.
func ParseGapPolicy(s string) (GapPolicy, error) {
	for _, g := range []GapPolicy{GapUnknown, GapBad, GapIgnore} {
		if s == g.String() {
			return g, nil
		}
	}
	return GapUnknown, fmt.Errorf("cannot read gap policy %q: want unknown, bad or ignore", s)
}

// Shape says how samples become good and total events.
type Shape uint8

// The shapes of an indicator.
const (
	ShapeGoodTotal Shape = iota // Two sets of counters: good and total.
	ShapeBadTotal               // Two sets of counters: bad and total.
	ShapeRaw                    // A series that is itself a ratio in [0,1]; every sample is one event.
	ShapeThreshold              // A series compared with a value; every sample, or every histogram observation, is one event.
)

// String names the shape as the traces do.
func (s Shape) String() string {
	switch s {
	case ShapeGoodTotal:
		return "good/total"
	case ShapeBadTotal:
		return "bad/total"
	case ShapeRaw:
		return "raw ratio"
	case ShapeThreshold:
		return "threshold"
	}
	return fmt.Sprintf("Shape(%d)", uint8(s))
}

// Op compares an observation with a threshold; the observation is good when it
// holds.
type Op uint8

// The operators of OpenSLO.
const (
	OpNone Op = iota
	OpLTE     // Good when value <= threshold.
	OpLT      // Good when value < threshold.
	OpGTE     // Good when value >= threshold.
	OpGT      // Good when value > threshold.
)

// String returns the OpenSLO word: lte, lt, gte or gt; empty for OpNone.
func (o Op) String() string {
	if o > OpGT {
		return ""
	}
	return [...]string{"", "lte", "lt", "gte", "gt"}[o]
}

// Holds reports whether v op threshold; false for NaN and for OpNone.
func (o Op) Holds(v, threshold float64) bool {
	switch o {
	case OpLTE:
		return v <= threshold
	case OpLT:
		return v < threshold
	case OpGTE:
		return v >= threshold
	case OpGT:
		return v > threshold
	}
	return false
}

// Query is one metric of an indicator. Text is what the file said. Selector is
// the series selector inside it (as metric.ParseMatchers reads it): the caller
// feeds the evaluator the raw samples of the series it matches. Selector is
// empty if the query was not given or is an expression around more than a
// selector; the caller then evaluates Text itself and feeds the results.
type Query struct {
	Text     string
	Selector string
}

// Indicator is the service level indicator of an objective: which series, and
// how they become events.
type Indicator struct {
	Name      string
	Shape     Shape
	Counter   bool    // The good, bad and total series are cumulative counters; false: each sample is an amount to add.
	Good      Query   // Set for ShapeGoodTotal.
	Bad       Query   // Set for ShapeBadTotal.
	Total     Query   // Set for ShapeGoodTotal and ShapeBadTotal.
	Value     Query   // Set for ShapeRaw and ShapeThreshold.
	RawBad    bool    // ShapeRaw: the series is a failure ratio, not a success ratio.
	Op        Op      // ShapeThreshold: when an observation is good.
	Threshold float64 // ShapeThreshold: in the unit of the series.
}

// Objective is one promise and how it is watched. Durations are milliseconds.
type Objective struct {
	Name        string // Unique in a file: the SLO's name, with "/2" and so on from its second objective.
	DisplayName string
	Service     string
	Description string
	Labels      map[string]string
	Target      float64 // In (0,1): 0.999 is 99.9 %.
	Method      Method
	SliceTarget float64 // Timeslices: the good ratio in (0,1] at which a slice is good.
	SliceWindow int64   // Timeslices and RatioTimeslices: the length of a slice.
	Window      Window
	Indicator   Indicator
	Gap         GapPolicy
	Evidence    float64  // The a of the evidence test in (0,1]; 1 switches it off.
	Rules       []Rule   // Burn-rate rules, most urgent first.
	Notes       []string // What was decided on reading, in sentences: refused rules, unwrapped queries, ignored parts.
	Line        int      // Where the SLO begins in its file; 0 if it was not read from one.
}

// DefaultEvidence is the a of the evidence test where an objective names none:
// the bound that removes nearly every false page at low traffic and delays no
// true one at 300 requests an hour and more (see bench/slo/REPORT.md).
const DefaultEvidence = 1e-3

// DefaultWindow is the rolling window where an objective names none: 30 days.
const DefaultWindow = 30 * 24 * time.Hour

// Budget returns 1 - Target, the share of events that may be bad.
func (o *Objective) Budget() float64 { return 1 - o.Target }

// Validate returns every reason why the objective cannot be watched, joined.
func (o *Objective) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if strings.TrimSpace(o.Name) == "" {
		bad("cannot watch an objective without a name: set metadata.name")
	}
	if !(o.Target > 0 && o.Target < 1) {
		bad("cannot watch objective %q: target %v is not between 0 and 1; 99.9 %% is written target: 0.999 (a target of 1 leaves no budget to burn)", o.Name, o.Target)
	}
	if o.Window.Length <= 0 {
		bad("cannot watch objective %q: its time window has no length; set duration, for example 30d", o.Name)
	}
	if !(o.Evidence > 0 && o.Evidence <= 1) {
		bad("cannot watch objective %q: evidence %v is not in (0,1]; leave it out for %v", o.Name, o.Evidence, DefaultEvidence)
	}
	if o.Method != Occurrences {
		if o.SliceWindow <= 0 || o.SliceWindow >= o.Window.Length {
			bad("cannot watch objective %q: timeSliceWindow must be longer than 0 and shorter than the time window", o.Name)
		}
		if o.Method == Timeslices && !(o.SliceTarget > 0 && o.SliceTarget <= 1) {
			bad("cannot watch objective %q: timeSliceTarget %v is not in (0,1]", o.Name, o.SliceTarget)
		}
	}
	if o.Indicator.Shape == ShapeThreshold && (o.Indicator.Op == OpNone || math.IsNaN(o.Indicator.Threshold) || math.IsInf(o.Indicator.Threshold, 0)) {
		bad("cannot watch objective %q: a thresholdMetric needs op (lte, lt, gte, gt) and a finite value", o.Name)
	}
	for _, r := range o.Rules {
		if err := r.Check(o.Target, o.Window.Length); err != nil {
			bad("cannot watch objective %q: %w", o.Name, err)
		}
	}
	return errors.Join(errs...)
}
