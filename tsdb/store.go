package tsdb

import (
	"context"
	"errors"
	"iter"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

var errNotBuilt = errors.New("not built yet")

// Store is the embedded time-series database. It is safe for concurrent use.
type Store struct{}

// Open opens or creates the store.
func Open(Options) (*Store, error) { return nil, errNotBuilt }

// Close stops background work and releases the directory.
func (s *Store) Close() error { return errNotBuilt }

// SetTap sets the function that receives what is new after each commit: for
// every series ascending in time, across commits too. Stale markers are passed
// on as values. The batch belongs to the receiver. tap is called from the
// committing goroutine, one call at a time, so it must not block; a panic in
// it is recovered and counted. nil removes the tap.
func (s *Store) SetTap(tap func(*metric.Batch)) {}

// OnSeriesDeleted sets the function that is told which references are gone
// from the head, so that state kept by reference can be freed.
func (s *Store) OnSeriesDeleted(f func(refs []uint64)) {}

// Ref returns the reference of an active series.
func (s *Store) Ref(ls labels.Labels) (uint64, bool) { return 0, false }

// Labels returns the labels of an active series.
func (s *Store) Labels(ref uint64) (labels.Labels, bool) { return labels.EmptyLabels(), false }

// SeriesMeta returns what is known of an active series.
func (s *Store) SeriesMeta(ref uint64) (SeriesMeta, bool) { return SeriesMeta{}, false }

// Select yields every series that matches ms with its points in [from, to]
// (Unix milliseconds), sorted by labels. It stops at the first error.
func (s *Store) Select(ctx context.Context, ms []*labels.Matcher, from, to int64) iter.Seq2[Series, error] {
	return func(yield func(Series, error) bool) { yield(Series{}, errNotBuilt) }
}

// Query evaluates a PromQL expression at one instant (Unix milliseconds).
func (s *Store) Query(ctx context.Context, expr string, at int64) (*Result, error) {
	return nil, errNotBuilt
}

// QueryRange evaluates a PromQL expression at from, from+step, ... up to to
// (Unix milliseconds, both included).
func (s *Store) QueryRange(ctx context.Context, expr string, from, to, step int64) (*Result, error) {
	return nil, errNotBuilt
}

// LabelNames returns the sorted label names of the series that match ms and
// have samples in [from, to]; limit 0 means all.
func (s *Store) LabelNames(ctx context.Context, ms []*labels.Matcher, from, to int64, limit int) ([]string, error) {
	return nil, errNotBuilt
}

// LabelValues returns the sorted values of one label likewise.
func (s *Store) LabelValues(ctx context.Context, name string, ms []*labels.Matcher, from, to int64, limit int) ([]string, error) {
	return nil, errNotBuilt
}

// Series returns the labels of the series that match any of the selectors and
// have samples in [from, to], sorted; limit 0 means all.
func (s *Store) Series(ctx context.Context, selectors [][]*labels.Matcher, from, to int64, limit int) ([]labels.Labels, error) {
	return nil, errNotBuilt
}

// Append stores the points of many series in one go. Refused samples are in
// the result; the error is for a store that cannot write.
func (s *Store) Append(ctx context.Context, series []Series) (AppendResult, error) {
	return AppendResult{}, errNotBuilt
}

// Appender returns a transaction for Prometheus code of the first interface.
func (s *Store) Appender(ctx context.Context) storage.Appender { return nil }

// AppenderV2 returns a transaction for Prometheus code of the second interface.
func (s *Store) AppenderV2(ctx context.Context) storage.AppenderV2 { return nil }

// Stats returns counts since Open and sizes now.
func (s *Store) Stats() Stats { return Stats{} }

// Stats is a picture of a Store. Samples: New + Late + Duplicate + refused =
// every sample given to an appender whose commit succeeded; Failed are those
// of failed commits and rollbacks.
type Stats struct {
	Series      int   // Active series.
	MinT, MaxT  int64 // Of all data, Unix milliseconds; 0 when empty.
	New         uint64
	Late        uint64
	Duplicate   uint64
	Refused     map[Reason]uint64
	RolledBack  uint64 // Samples given up by the sender or lost to a failed commit.
	Tapped      uint64 // Samples handed to the tap: New, or less while no tap was set.
	TapPanics   uint64
	Blocks      int
	BytesOnDisk int64 // Blocks, WAL and head chunks.
}
