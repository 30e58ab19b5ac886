package correlate

// A candidate is a labelled window that takes part in a search or a ranking.

import (
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
)

// Kind says how the values of a series are to be read.
type Kind uint8

// The kinds of series.
const (
	Gauge   Kind = iota // Values are compared as they come. Rates are gauges.
	Counter             // Values only grow; the ring keeps increases per second, and a fall is a reset.
)

// String returns "gauge" or "counter".
func (k Kind) String() string {
	if k == Counter {
		return "counter"
	}
	return "gauge"
}

// Candidate is one series with its points. A search compares the part of
// Window that lies in the searched interval; earlier points serve as baseline.
type Candidate struct {
	Ref    uint64        // The store's reference; 0 for a series from a file.
	Labels labels.Labels // Identity, together with Ref.
	Window metric.Window // Values as gauges (rates for counters); missing points are NaN.
}

// Name returns the series in Prometheus notation.
func (c Candidate) Name() string { return metric.FormatSeries(c.Labels) }
