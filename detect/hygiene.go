package detect

import (
	"math"

	"github.com/bellwether-ts/bellwether/metric"
)

// hygiene comes before every member and casts no vote. It decides whether a
// raw sample can be judged, and turns a counter into a rate.
//
// A counter is divided into rates between successive samples. A drop is a
// restart; what was counted between the sample before it and the restart is
// unknown, so that interval has no rate, and no rate is ever negative. A series of unknown kind is read as a gauge until counterProof
// samples have risen or restarted near zero and never done anything else; it
// is then read as a counter from there on, until it falls like a gauge.
type hygiene struct {
	Last     int64   // Instant of the last raw sample, Unix milliseconds.
	Prev     float64 // Last raw value.
	Step     float64 // Estimated distance between samples, milliseconds.
	Raw      uint32  // Raw samples with an advancing time.
	Refused  uint32  // Samples whose time did not advance.
	Unusable uint32  // NaN, infinite or beyond maxValue.
	Resets   uint32  // Counter restarts.
	Rises    uint32  // Samples that rose while the kind was unknown.
	Kind     uint8   // A MetricKind; once proven it is kept here.
	Started  bool
	Fell     bool // Has fallen like a gauge: never a counter.
}

const (
	// maxValue is the largest magnitude judged: squares and products of what
	// is below stay finite.
	maxValue     = 1e30
	counterProof = 120
	// resetShare is the share of the previous value below which a drop is a
	// restart and not an unordered sample.
	resetShare = .5
)

// intake is what hygiene made of a raw sample.
type intake uint8

const (
	intakeValue    intake = iota // A value to judge.
	intakeNone                   // Nothing to judge: the first sample of a counter, or of a restart.
	intakeRefused                // The time did not advance.
	intakeUnusable               // Not a number that can be judged.
	intakeStale                  // The stale marker: the series has ended for now.
	intakeRestart                // The reading changed between gauge and counter: begin anew.
)

// accept returns the value to judge at t, or why there is none. gap is the
// time since the last sample.
func (h *hygiene) accept(t int64, v float64) (x float64, gap int64, in intake) {
	if h.Started && t <= h.Last {
		h.Refused++
		return 0, 0, intakeRefused
	}
	if metric.IsStale(v) {
		return 0, 0, intakeStale
	}
	if !metric.IsFinite(v) || math.Abs(v) > maxValue {
		h.Unusable++
		return 0, 0, intakeUnusable
	}
	first := !h.Started
	prev, last := h.Prev, h.Last
	h.Prev, h.Last, h.Started = v, t, true
	h.Raw++
	if first {
		if MetricKind(h.Kind) == MetricCounter {
			return 0, 0, intakeNone
		}
		return v, 0, intakeValue
	}
	gap = t - last
	h.pace(float64(gap))
	if h.classify(prev, v) {
		return 0, gap, intakeRestart
	}
	if MetricKind(h.Kind) != MetricCounter {
		return v, gap, intakeValue
	}
	rise := v - prev
	if rise < 0 {
		h.Resets++
		return 0, gap, intakeNone
	}
	return rise / (float64(gap) / 1000), gap, intakeValue
}

// pace moves the step estimate towards the median gap: up and down by equal
// shares, so that half of the gaps are on either side.
func (h *hygiene) pace(gap float64) {
	switch {
	case h.Step == 0:
		h.Step = gap
	case gap > h.Step:
		h.Step = min(gap, h.Step*1.05)
	case gap < h.Step:
		h.Step = max(gap, h.Step/1.05)
	}
}

// classify decides whether a series of unknown kind is a counter, and takes
// the decision back when it falls like a gauge. It returns true when the
// reading changed.
func (h *hygiene) classify(prev, v float64) bool {
	if MetricKind(h.Kind) == MetricGauge || h.Fell {
		return false
	}
	likeGauge := v < 0 || (v < prev && v > resetShare*prev)
	if MetricKind(h.Kind) == MetricUnknown {
		if likeGauge || (v < prev && h.Rises < 10) {
			h.Fell = true
			return false
		}
		if v > prev {
			h.Rises++
		}
		if h.Raw < counterProof || h.Rises < h.Raw/2 {
			return false
		}
		h.Kind = uint8(MetricCounter)
		return true
	}
	if !likeGauge || h.Rises == 0 { // Rises is 0 where the kind was given.
		return false
	}
	h.Kind, h.Fell = uint8(MetricUnknown), true
	return true
}
