package pipeline

import (
	"time"

	"github.com/prometheus/prometheus/model/histogram"
)

// A native histogram is watched by its rate and its mean.

// increase returns observations per second and the mean observation between
// two samples of a native histogram. ok is false for the first sample and
// across a counter reset. Without observations the mean is a missing value.
func increase(before *histogram.FloatHistogram, beforeT int64, h *histogram.FloatHistogram, t int64) (rate, mean float64, ok bool) {
	if before == nil || t <= beforeT || h.Count < before.Count {
		return 0, 0, false
	}
	n := h.Count - before.Count
	rate = n / (float64(t-beforeT) / float64(time.Second/time.Millisecond))
	return rate, (h.Sum - before.Sum) / n, true
}
