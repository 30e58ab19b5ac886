package slo

// How many observations of a histogram were at or below a threshold.
//
// A classic histogram knows exactly, if a bucket ends at the threshold, and
// otherwise not at all: then the objective has no data, and the status names
// the boundaries it saw. A native histogram knows up to the one bucket that
// straddles the threshold, whose width is a factor 2^(2^-schema); inside it the
// observations are taken as spread evenly in the logarithm (Prometheus's
// interpolation for exponential buckets), and the straddling observations are
// counted apart, so that the error is at most their share.

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"

	"github.com/bellwether-ts/bellwether/metric"
)

// maxBounds limits the boundaries remembered for the message.
const maxBounds = 32

// bounds are the classic boundaries seen so far, ascending.
type bounds []float64

func (b *bounds) saw(le float64) {
	i, found := slices.BinarySearch(*b, le)
	if !found && len(*b) < maxBounds {
		*b = slices.Insert(*b, i, le)
	}
}

// histReading is what is kept of a native histogram series' last sample.
type histReading struct {
	t        int64
	count    float64
	below    float64 // Estimated observations at or below the threshold.
	straddle float64 // Observations in the bucket around the threshold.
}

// histIncrease is what a native histogram sample adds.
type histIncrease struct {
	below, count, straddle float64
	known, reset           bool
}

// below returns the estimated number of observations at or below threshold, and
// how many of all lie in the bucket that straddles it.
func below(h *histogram.FloatHistogram, threshold float64) (under, straddle float64) {
	for it := h.AllBucketIterator(); it.Next(); {
		b := it.At()
		switch {
		case b.Count <= 0 || b.Lower >= threshold:
		case b.Upper <= threshold:
			under += b.Count
		default:
			straddle += b.Count
			under += b.Count * share(b.Lower, b.Upper, threshold)
		}
	}
	return under, straddle
}

// share returns the part of a bucket (lower, upper] that lies at or below x,
// spread evenly in the logarithm if the bucket is on one side of zero, and in
// the value otherwise; half if the bucket has no finite width.
func share(lower, upper, x float64) float64 {
	var p float64
	switch {
	case math.IsInf(lower, 0) || math.IsInf(upper, 0):
		return 0.5
	case lower > 0:
		p = math.Log(x/lower) / math.Log(upper/lower)
	case upper < 0:
		p = 1 - math.Log(x/upper)/math.Log(lower/upper)
	default:
		p = (x - lower) / (upper - lower)
	}
	if math.IsNaN(p) {
		return 0.5
	}
	return min(1, max(0, p))
}

// histograms holds the last reading of every native histogram series.
type histograms struct {
	last map[uint64]histReading
}

func (c *histograms) observe(series uint64, t int64, h *histogram.FloatHistogram, threshold float64, room int) (histIncrease, outcome) {
	if h == nil || metric.IsStale(h.Sum) {
		return histIncrease{}, stale
	}
	if h.Validate() != nil {
		return histIncrease{}, notANumber
	}
	prev, ok := c.last[series]
	if !ok && room <= 0 {
		return histIncrease{}, noRoom
	}
	if ok && t <= prev.t {
		return histIncrease{}, outOfOrder
	}
	if c.last == nil {
		c.last = make(map[uint64]histReading)
	}
	now := histReading{t: t, count: h.Count}
	now.below, now.straddle = below(h, threshold)
	c.last[series] = now
	if h.CounterResetHint == histogram.GaugeType { // Each sample is a set of its own.
		return histIncrease{below: now.below, count: now.count, straddle: now.straddle}, accepted
	}
	if !ok {
		return histIncrease{}, accepted
	}
	if now.count < prev.count || h.CounterResetHint == histogram.CounterReset {
		return histIncrease{below: now.below, count: now.count, straddle: now.straddle, reset: true}, accepted
	}
	count := now.count - prev.count
	return histIncrease{
		below:    min(count, max(0, now.below-prev.below)),
		count:    count,
		straddle: min(count, max(0, now.straddle-prev.straddle)),
		known:    true,
	}, accepted
}
