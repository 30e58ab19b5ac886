package slo

// The way of a sample: is it of a kind the indicator takes, is it usable, what
// does it add, which time does it cover, and into which rings or slice it goes.
// Samples come in any order across series; within a series they must ascend.

import "github.com/prometheus/prometheus/model/histogram"

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

// tooFar refuses a sample more than the objective's window (and a day) ahead of
// the clock: one bad timestamp must not empty the rings. Evaluate moves the
// clock, so a long silence does not lock the objective up.
func (e *Evaluator) tooFar(t int64) bool {
	if e.begun && t > e.clock+e.o.Window.Length+day || t > maxInstant || t < -maxInstant {
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
