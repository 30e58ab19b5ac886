package slo

// A counter only says how much has happened since its process began. What
// happened between two samples is their difference, or, if the counter fell,
// the new value, since it began again from 0 (Prometheus's rule for resets).
// There is no extrapolation: the sum over a window is what was really counted,
// and equals the sum over the raw samples. A series' first sample brings
// nothing, since how long its count took is not known.

import (
	"math"

	"github.com/bellwether-ts/bellwether/metric"
)

// reading is the last accepted sample of a counter.
type reading struct {
	t int64
	v float64
}

// counters holds the last reading of every series of one role.
type counters struct {
	last map[uint64]reading
}

// outcome says what became of a sample.
type outcome uint8

const (
	accepted outcome = iota
	stale            // A stale marker: the series ended; not an error and not a value.
	outOfOrder
	tooFar
	notANumber
	noRoom
)

// increase is what a sample of a counter adds.
type increase struct {
	delta float64
	known bool // There was an earlier reading and no reset: the count between is complete.
	reset bool
}

// observe takes one sample of a cumulative counter. room is how many new series
// there is place for.
func (c *counters) observe(series uint64, t int64, v float64, room int) (increase, outcome) {
	if metric.IsStale(v) {
		return increase{}, stale
	}
	if !metric.IsFinite(v) || v < 0 {
		return increase{}, notANumber
	}
	prev, ok := c.last[series]
	if !ok {
		if room <= 0 {
			return increase{}, noRoom
		}
		if c.last == nil {
			c.last = make(map[uint64]reading)
		}
		c.last[series] = reading{t, v}
		return increase{}, accepted
	}
	if t <= prev.t {
		return increase{}, outOfOrder
	}
	c.last[series] = reading{t, v}
	if v < prev.v {
		return increase{delta: v, reset: true}, accepted
	}
	return increase{delta: v - prev.v, known: true}, accepted
}

// amount takes one sample of a series that is not cumulative: its value is the
// amount to add.
func (c *counters) amount(series uint64, t int64, v float64, room int) (increase, outcome) {
	_, out := c.observe(series, t, math.Abs(v), room) // Keeps order and room the same way.
	if out == accepted && v < 0 {
		out = notANumber
	}
	return increase{delta: v}, out
}
