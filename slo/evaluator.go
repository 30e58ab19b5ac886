package slo

// The state of one objective: the last reading of each series, three rings of
// sums, and how each rule stands. Samples come in one by one in any order across
// series; within a series they must ascend.

import (
	"github.com/prometheus/prometheus/model/histogram"
)

const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// Options tunes an Evaluator. The zero value is ready to use.
type Options struct {
	MaxSeries int   // Series per objective and role; default 10,000.
	Stale     int64 // Milliseconds without a sample after which time counts as a gap; default 5 minutes.
}

func (o Options) withDefaults() Options {
	if o.MaxSeries <= 0 {
		o.MaxSeries = 10_000
	}
	if o.Stale <= 0 {
		o.Stale = 5 * minute
	}
	return o
}

// Evaluator is the state of one objective. It is fed raw samples and asked for
// a Status; it is not safe for concurrent use.
type Evaluator struct {
	o    Objective
	opts Options

	event counters // The good or the bad series, or the bucket at the threshold.
	total counters
	hist  histograms
	les   bounds

	rings  []*ring // Finest first.
	slices *slicer // nil for Occurrences.

	first, last int64 // First and newest accepted sample.
	coveredTo   int64 // Up to here time was seen, or a gap was noted.
	clock       int64 // The newest instant told by a sample or by Evaluate.
	begun       bool
	eventSeen   bool // A series of the event role has had a sample.
	valueSeen   bool // A threshold objective has had a plain sample or a native histogram.

	straddle, observed float64 // Native histogram observations around the threshold, and all.
	counts             Counts
	verdict            Verdict
	severity           Severity
	since              int64
	judged             bool
	rules              []ruleMemory // Parallel to o.Rules.
}

// ruleMemory is what a rule remembers between evaluations.
type ruleMemory struct {
	since   int64 // Since when its condition has held without a break; 0 if it does not.
	firing  bool
	firedAt int64
}

// NewEvaluator returns the empty state of an objective, or every reason why it
// cannot be watched.
func NewEvaluator(o Objective, opts Options) (*Evaluator, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	e := &Evaluator{o: o, opts: opts.withDefaults(), rules: make([]ruleMemory, len(o.Rules))}
	e.rings = ringsFor(o.Window)
	if o.Method != Occurrences {
		e.slices = newSlicer(o.SliceWindow)
	}
	return e, nil
}

// ringsFor returns the rings of a window: 10 s slots for 6 h, 1 min slots for
// 3 d, and at most some 8,900 slots of 5 min or more for the whole window, as
// far as each is needed.
func ringsFor(w Window) []*ring {
	span := w.Length
	if !w.Rolling { // The longest a calendar period gets: a 31-day month, a clock change.
		span += span/30 + 2*hour
	}
	rings := []*ring{newRing(10*second, min(span, 6*hour))}
	if span > 6*hour {
		rings = append(rings, newRing(minute, min(span, 3*day)))
	}
	if span > 3*day {
		step := 5 * minute
		if slots := span / step; slots > 8928 {
			step *= (slots + 8927) / 8928
		}
		rings = append(rings, newRing(step, span))
	}
	return rings
}

// Objective returns the objective the evaluator watches. It must not be modified.
func (e *Evaluator) Objective() *Objective { return &e.o }

// ObserveGood takes a raw sample of a good series. series identifies it within
// the objective (the store's reference), t is Unix milliseconds.
func (e *Evaluator) ObserveGood(series uint64, t int64, v float64) {
	if e.o.Indicator.Shape != ShapeGoodTotal {
		e.counts.Misfit++
		return
	}
	e.observeCounter(&e.event, series, t, v)
}

// ObserveBad takes a raw sample of a bad series.
func (e *Evaluator) ObserveBad(series uint64, t int64, v float64) {
	if e.o.Indicator.Shape != ShapeBadTotal {
		e.counts.Misfit++
		return
	}
	e.observeCounter(&e.event, series, t, v)
}

// ObserveTotal takes a raw sample of a total series. A series that is both good
// and total is handed in twice, once for each.
func (e *Evaluator) ObserveTotal(series uint64, t int64, v float64) {
	if s := e.o.Indicator.Shape; s != ShapeGoodTotal && s != ShapeBadTotal {
		e.counts.Misfit++
		return
	}
	e.observeCounter(&e.total, series, t, v)
}

// observeCounter is the way of a sample of a ratio metric.
func (e *Evaluator) observeCounter(set *counters, series uint64, t int64, v float64) {
	if e.tooFar(t) {
		return
	}
	take := set.observe
	if !e.o.Indicator.Counter {
		take = set.amount
	}
	inc, out := take(series, t, v, e.opts.MaxSeries-len(set.last))
	if !e.count(out, inc.reset) {
		return
	}
	if set == &e.event {
		e.eventSeen = true
		e.add(t, inc.delta, 0)
		return
	}
	e.sawTime(t, inc.known && e.slices == nil)
	e.add(t, 0, inc.delta)
}

// ObserveValue takes a sample of a raw ratio or threshold series: one event. A
// raw ratio outside [0,1] is not used.
func (e *Evaluator) ObserveValue(series uint64, t int64, v float64) {
	shape := e.o.Indicator.Shape
	if shape != ShapeRaw && shape != ShapeThreshold {
		e.counts.Misfit++
		return
	}
	if e.tooFar(t) {
		return
	}
	signed := v
	if shape == ShapeThreshold && v < 0 {
		v = -v // A gauge may be negative; the order and the room are kept all the same.
	}
	_, out := e.total.observe(series, t, v, e.opts.MaxSeries-len(e.total.last))
	if out == accepted && shape == ShapeRaw && v > 1 {
		out = notANumber
	}
	if !e.count(out, false) {
		return
	}
	e.valueSeen = true
	e.sawTime(t, false)
	switch {
	case shape == ShapeRaw && e.o.Indicator.RawBad:
		e.add(t, v, 1)
	case shape == ShapeRaw:
		e.add(t, 1-v, 1)
	case e.o.Indicator.Op.Holds(signed, e.o.Indicator.Threshold) == e.eventIsGood():
		e.add(t, 1, 1)
	default:
		e.add(t, 0, 1)
	}
}

// ObserveBucket takes a sample of a classic histogram bucket of a threshold
// objective; le is the bucket's upper bound (+Inf for the last). Only the bucket
// at the threshold and the +Inf bucket are used; hand in all of a family, so
// that a threshold between boundaries can be explained.
func (e *Evaluator) ObserveBucket(series uint64, le float64, t int64, v float64) {
	if e.o.Indicator.Shape != ShapeThreshold {
		e.counts.Misfit++
		return
	}
	set := &e.total
	if le == e.o.Indicator.Threshold {
		set = &e.event
	} else if le < maxFloat {
		e.les.saw(le)
		return
	}
	if e.tooFar(t) {
		return
	}
	inc, out := set.observe(series, t, v, e.opts.MaxSeries-len(set.last))
	if !e.count(out, inc.reset) {
		return
	}
	if set == &e.event {
		e.eventSeen = true
		e.add(t, inc.delta, 0)
		return
	}
	e.sawTime(t, inc.known && e.slices == nil)
	e.add(t, 0, inc.delta)
}

// ObserveHistogram takes a native histogram sample of a threshold objective. The
// histogram is not kept.
func (e *Evaluator) ObserveHistogram(series uint64, t int64, h *histogram.FloatHistogram) {
	if e.o.Indicator.Shape != ShapeThreshold {
		e.counts.Misfit++
		return
	}
	if e.tooFar(t) {
		return
	}
	inc, out := e.hist.observe(series, t, h, e.o.Indicator.Threshold, e.opts.MaxSeries-len(e.hist.last))
	if !e.count(out, inc.reset) {
		return
	}
	e.valueSeen = true
	e.straddle += inc.straddle
	e.observed += inc.count
	e.sawTime(t, inc.known && e.slices == nil)
	e.add(t, inc.below, inc.count)
}

// maxFloat is below +Inf only: the last bucket of a classic histogram.
const maxFloat = 1.7976931348623157e308

// eventIsGood reports whether the event column holds good events: what lies at
// or below a threshold is good for lte and lt.
func (e *Evaluator) eventIsGood() bool {
	in := &e.o.Indicator
	return in.Shape == ShapeGoodTotal || in.Shape == ShapeThreshold && (in.Op == OpLTE || in.Op == OpLT)
}

// tooFar refuses a sample a day ahead of the clock: one bad timestamp must not
// empty the rings. Evaluate moves the clock, so a long silence does not lock the
// objective up.
func (e *Evaluator) tooFar(t int64) bool {
	if e.begun && t > e.clock+day || t > maxInstant || t < -maxInstant {
		e.counts.TooFar++
		return true
	}
	return false
}

// maxInstant bounds instants to some 35,000 years around 1970, so that no sum of
// instants overflows.
const maxInstant = int64(1) << 50

// count books the outcome of a sample and reports whether it is used.
func (e *Evaluator) count(out outcome, reset bool) bool {
	switch out {
	case accepted:
		e.counts.Accepted++
		if reset {
			e.counts.Resets++
		}
		return true
	case outOfOrder:
		e.counts.OutOfOrder++
	case notANumber:
		e.counts.NotANumber++
	case noRoom:
		e.counts.NoRoom++
	}
	return false
}

// sawTime notes that a total sample came at t. The time since the last one was
// seen if it is short, or if the counter went on counting meanwhile: then the
// events of the silence are all in its increase.
func (e *Evaluator) sawTime(t int64, complete bool) {
	if !e.begun {
		e.begun = true
		e.first, e.last, e.coveredTo = t, t, t
		e.clock = max(e.clock, t)
		return
	}
	e.clock = max(e.clock, t)
	e.last = max(e.last, t)
	e.first = min(e.first, t)
	if t <= e.coveredTo {
		return
	}
	if complete || t-e.coveredTo <= e.opts.Stale {
		for _, r := range e.rings {
			r.cover(e.coveredTo, t)
		}
	}
	e.coveredTo = t
}

// add books events at t, in the rings or in the open slice.
func (e *Evaluator) add(t int64, event, total float64) {
	if e.slices != nil {
		if !e.slices.add(t, event, total) {
			e.counts.TooOld++
		}
		e.slices.judge(e.clock, e.emitSlice)
		return
	}
	for i, r := range e.rings {
		if !r.add(t, event, total) && i == len(e.rings)-1 {
			e.counts.TooOld++
		}
	}
}

// emitSlice books a judged slice; its event column holds badness, whatever the
// shape.
func (e *Evaluator) emitSlice(end int64, event, total float64) {
	good := 1.0
	if total > 0 {
		good = min(1, max(0, event/total))
		if !e.eventIsGood() {
			good = 1 - good
		}
	}
	bad := 1 - good
	if e.o.Method == Timeslices {
		bad = 0
		if good < e.o.SliceTarget {
			bad = 1
		}
	}
	for _, r := range e.rings {
		r.add(end, bad*sliceUnit, sliceUnit)
	}
}
