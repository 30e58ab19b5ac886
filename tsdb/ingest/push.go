package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
)

// PushSeries is one series of a push batch, in no particular protocol.
type PushSeries struct {
	// Labels must be sorted by name, as labels.New and labels.Builder make them.
	Labels     labels.Labels
	Samples    []metric.Sample // Ascending in time.
	Histograms []PushHistogram // Ascending in time.
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
	Type       string // An OpenMetrics type: counter, gauge, histogram, summary...
	Unit, Help string
}

// PushResult says what became of a batch; Accepted + Refused.Total() is its
// size.
type PushResult struct {
	Accepted int // Stored, late and duplicate samples.
	Refused  tsdb.Refusals
}

// ErrOverloaded is returned when too much is in flight. Nothing was stored; the
// sender should wait a moment and send the same again.
var ErrOverloaded = errors.New("cannot take the batch: too many requests in flight; send it again in a moment")

// ErrTooLarge is returned for a batch beyond MaxBatchSamples. Nothing was
// stored; the sender should split it.
var ErrTooLarge = errors.New("cannot take the batch: it has too many samples; send smaller batches")

// Push stores one batch. Refused samples are in the result and sending them
// again does not help; after an error nothing was stored and it may.
func (s *Sink) Push(ctx context.Context, batch []PushSeries) (PushResult, error) {
	if !s.enter() {
		return PushResult{}, ErrOverloaded
	}
	defer s.leave()
	size := 0
	for i := range batch {
		size += len(batch[i].Samples) + len(batch[i].Histograms)
	}
	if size > s.opts.MaxBatchSamples {
		s.books.update(func(a *Accounting) { a.BadRequests++ })
		return PushResult{}, fmt.Errorf("%w (%d, the limit is %d)", ErrTooLarge, size, s.opts.MaxBatchSamples)
	}
	in := s.begin(ctx)
	for i := range batch {
		in.push(&batch[i])
	}
	if in.err == nil {
		in.err = ctx.Err() // The sender has gone and will not know what was stored.
	}
	r, err := in.commit()
	return PushResult{Accepted: r.Accepted(), Refused: r.Refused}, err
}

// push adds one series.
func (in *intake) push(one *PushSeries) {
	if one.Meta != (PushMeta{}) {
		in.tx.SetMeta(one.Labels.Get(labels.MetricName), one.Meta.Type, one.Meta.Unit, one.Meta.Help)
	}
	var ref uint64
	learn := func(got uint64, err error) {
		if err == nil {
			ref = got
		}
	}
	for _, p := range one.Samples {
		learn(in.add(ref, one.Labels, p.T, p.V, nil, nil))
	}
	for _, p := range one.Histograms {
		if (p.Int == nil) == (p.Float == nil) {
			in.refuseHistogram(one.Labels, p.T, errors.New("exactly one of an integer and a float histogram is wanted"))
			continue
		}
		learn(in.add(ref, one.Labels, p.T, 0, p.Int, p.Float))
	}
}
