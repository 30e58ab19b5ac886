package tsdb

import "github.com/prometheus/prometheus/model/labels"

// Kind is what a series measures.
type Kind uint8

// The kinds of series.
const (
	KindUnknown   Kind = iota
	KindGauge          // Goes up and down; look at the value.
	KindCounter        // Only grows, resets to 0; look at the increase. A classic histogram's parts and a summary's count and sum are counters.
	KindHistogram      // A native histogram; look at the increase of its buckets.
)

// String returns the lower-case name.
func (k Kind) String() string {
	switch k {
	case KindGauge:
		return "gauge"
	case KindCounter:
		return "counter"
	case KindHistogram:
		return "histogram"
	}
	return "unknown"
}

// SeriesMeta is what is known of a series besides its points.
type SeriesMeta struct {
	Labels labels.Labels
	Kind   Kind
	// Guessed is true when the sender gave no metadata and Kind was guessed
	// from the metric name.
	Guessed    bool
	Unit, Help string // Empty if the sender gave none.
}
