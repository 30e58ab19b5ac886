package pipeline

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/correlate"
)

// Rings keeps the live windows that shape search reads. A native histogram
// takes part by its mean observation. It has one owner.
type Rings struct {
	Index *correlate.Index
	last  map[uint64]histogramAt
	known map[uint64]bool
}

type histogramAt struct {
	h *histogram.FloatHistogram
	t int64
}

// NewRings returns empty rings, or every fault of the configuration.
func NewRings(cfg correlate.IndexConfig) (*Rings, error) {
	idx, err := correlate.NewIndex(cfg)
	if err != nil {
		return nil, err
	}
	return &Rings{Index: idx, last: map[uint64]histogramAt{}, known: map[uint64]bool{}}, nil
}

// Known reports whether a series has been added.
func (r *Rings) Known(ref uint64) bool { return r.known[ref] }

// Add starts a ring. What the index refuses it counts itself.
func (r *Rings) Add(ref uint64, ls labels.Labels, kind Kind) {
	r.known[ref] = true
	if isVerdict(ls) {
		return // A verdict's shape explains nothing, and there is one per run.
	}
	k := correlate.Gauge
	if kind == KindCounter {
		k = correlate.Counter
	}
	_ = r.Index.Add(ref, ls, k)
}

// Observe places one sample.
func (r *Rings) Observe(ref uint64, t int64, v float64, h *histogram.FloatHistogram) {
	if h == nil {
		r.Index.Append(ref, t, v)
		return
	}
	before := r.last[ref]
	r.last[ref] = histogramAt{h, t}
	if _, mean, ok := increase(before.h, before.t, h, t); ok {
		r.Index.Append(ref, t, mean)
	}
}

// Remove forgets a series.
func (r *Rings) Remove(ref uint64) {
	delete(r.last, ref)
	delete(r.known, ref)
	r.Index.Remove(ref)
}
