package ingest

import (
	"errors"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
)

var errNotBuilt = errors.New("not built yet")

// PushSeries is one series of a push batch.
type PushSeries struct {
	Labels     labels.Labels
	Samples    []metric.Sample
	Histograms []PushHistogram
	Meta       PushMeta
}

// PushHistogram is one native histogram: exactly one of Int and Float is set.
type PushHistogram struct {
	T     int64 // Unix milliseconds.
	Int   *histogram.Histogram
	Float *histogram.FloatHistogram
}

// PushMeta describes a metric. The zero value says nothing.
type PushMeta struct {
	Kind       tsdb.Kind
	Unit, Help string
}

// PushResult says what became of a batch.
type PushResult struct {
	Accepted int // Stored, late and duplicate samples.
	Refused  tsdb.Refusals
}

// ErrOverloaded is returned when too much is in flight; the sender should wait
// a moment and send the same batch again.
var ErrOverloaded = errors.New("cannot take the batch: too many requests in flight; send it again in a moment")
