package tsdb

import (
	"context"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
)

// Prometheus v0.315 is between two appender interfaces. Both shapes here are
// the same Tx, so limits, counts and tap hold for all of Prometheus's own
// writers. Exemplars are not stored: no analysis reads them.

// Appender returns a transaction for Prometheus code of the first interface.
func (s *Store) Appender(ctx context.Context) storage.Appender { return appenderV1{s.Begin(ctx)} }

// AppenderV2 returns a transaction for Prometheus code of the second interface.
func (s *Store) AppenderV2(ctx context.Context) storage.AppenderV2 { return appenderV2{s.Begin(ctx)} }

type appenderV2 struct{ tx *Tx }

func (a appenderV2) Append(ref storage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, o storage.AOptions) (storage.SeriesRef, error) {
	o.Exemplars = nil
	got, err := a.tx.add(uint64(ref), ls, st, t, v, h, fh, o)
	return storage.SeriesRef(got), err
}

func (a appenderV2) Commit() error {
	_, err := a.tx.Commit()
	return err
}

func (a appenderV2) Rollback() error { return a.tx.Rollback() }

type appenderV1 struct{ tx *Tx }

func (a appenderV1) Append(ref storage.SeriesRef, ls labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	got, err := a.tx.Add(uint64(ref), ls, t, v, nil, nil)
	return storage.SeriesRef(got), err
}

func (a appenderV1) AppendHistogram(ref storage.SeriesRef, ls labels.Labels, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	got, err := a.tx.Add(uint64(ref), ls, t, 0, h, fh)
	return storage.SeriesRef(got), err
}

func (a appenderV1) UpdateMetadata(ref storage.SeriesRef, ls labels.Labels, m metadata.Metadata) (storage.SeriesRef, error) {
	a.tx.s.meta.set(ls.Get(labels.MetricName), m)
	return ref, nil
}

func (a appenderV1) AppendExemplar(ref storage.SeriesRef, _ labels.Labels, _ exemplar.Exemplar) (storage.SeriesRef, error) {
	return ref, nil
}

// The start of a counter is not stored as a zero sample: an analysis that
// needs it sees the reset.

func (a appenderV1) AppendSTZeroSample(ref storage.SeriesRef, _ labels.Labels, _, _ int64) (storage.SeriesRef, error) {
	return ref, nil
}

func (a appenderV1) AppendHistogramSTZeroSample(ref storage.SeriesRef, _ labels.Labels, _, _ int64, _ *histogram.Histogram, _ *histogram.FloatHistogram) (storage.SeriesRef, error) {
	return ref, nil
}

func (a appenderV1) SetOptions(*storage.AppendOptions) {}

func (a appenderV1) Commit() error {
	_, err := a.tx.Commit()
	return err
}

func (a appenderV1) Rollback() error { return a.tx.Rollback() }
