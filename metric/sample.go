package metric

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
)

// staleBits is Prometheus's stale marker: the one NaN that says "this series
// has ended" (prometheus/prometheus model/value).
const staleBits uint64 = 0x7ff0000000000002

// Sample is one observation of a series.
type Sample struct {
	T int64   // Unix milliseconds.
	V float64 // May be NaN; see IsStale.
}

// StaleNaN returns the stale marker as a float64.
func StaleNaN() float64 { return math.Float64frombits(staleBits) }

// IsStale reports whether v is the stale marker. No other NaN is.
func IsStale(v float64) bool { return math.Float64bits(v) == staleBits }

// IsFinite reports whether v is an ordinary number: neither NaN nor infinite.
func IsFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Batch is what the store hands to the analyses after a commit: one entry per
// sample, as parallel slices, so a shard walks them without allocating.
// len(Refs) == len(T) == len(V) == len(H). A batch holds only committed
// samples, in append order; the receiver owns the slices.
type Batch struct {
	Refs []uint64                    // The store's series reference; starts at 1, never reused.
	T    []int64                     // Unix milliseconds.
	V    []float64                   // The float value; NaN where H is set.
	H    []*histogram.FloatHistogram // nil for a float sample. Never modified after commit.
}

// Len returns the number of samples in the batch.
func (b *Batch) Len() int { return len(b.Refs) }

// Append adds one sample to the batch. h is nil for a float sample.
func (b *Batch) Append(ref uint64, t int64, v float64, h *histogram.FloatHistogram) {
	b.Refs = append(b.Refs, ref)
	b.T = append(b.T, t)
	b.V = append(b.V, v)
	b.H = append(b.H, h)
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	clear(b.H)
	b.Refs, b.T, b.V, b.H = b.Refs[:0], b.T[:0], b.V[:0], b.H[:0]
}
