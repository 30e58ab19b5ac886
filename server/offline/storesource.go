package offline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// forever is a retention that deletes nothing: reading the past may not cost it.
const forever = 100 * 365 * 24 * time.Hour

// sliceMS is how much of a store is read at once, in milliseconds: two hours,
// a block of the store's head. Memory holds one slice.
const sliceMS = 2 * 3600 * 1000

// StoreSource replays a range of a store. Next and Labels are those of Source.
type StoreSource struct {
	store    *tsdb.Store
	matchers []*labels.Matcher
	at, to   int64 // Next instant to read and the last one, Unix milliseconds.
	refs     map[string]uint64
	labels   []labels.Labels // By reference - 1.
	batch    metric.Batch
}

// NewStoreSource replays the series of the store that match (none: all) in
// [from, to], Unix milliseconds.
func NewStoreSource(store *tsdb.Store, matchers []*labels.Matcher, from, to int64) *StoreSource {
	return &StoreSource{store: store, matchers: matchers, at: from, to: to, refs: map[string]uint64{}}
}

// Next implements Source.
func (s *StoreSource) Next(ctx context.Context) (*metric.Batch, error) {
	for s.at <= s.to {
		end := min(s.at+sliceMS-1, s.to)
		s.batch.Reset()
		for series, err := range s.store.Select(ctx, s.matchers, s.at, end) {
			if err != nil {
				return nil, err
			}
			if err := s.add(series); err != nil {
				return nil, err
			}
		}
		s.at = end + 1
		if s.batch.Len() > 0 {
			sortBatch(&s.batch)
			return &s.batch, nil
		}
	}
	return nil, io.EOF
}

// add puts one series into the batch. References are given by labels, in order
// of appearance: the store's own are only known for active series.
func (s *StoreSource) add(series tsdb.Series) error {
	key := string(series.Labels.Bytes(nil))
	ref, ok := s.refs[key]
	if !ok {
		if len(s.labels) >= maxSeries {
			return fmt.Errorf("cannot replay more than %d series; narrow the selection", maxSeries)
		}
		s.labels = append(s.labels, series.Labels.Copy())
		ref = uint64(len(s.labels))
		s.refs[key] = ref
	}
	for _, p := range series.Samples {
		s.batch.Append(ref, p.T, p.V, nil)
	}
	for _, p := range series.Histograms {
		s.batch.Append(ref, p.T, 0, p.H)
	}
	return nil
}

// Labels implements Source.
func (s *StoreSource) Labels(ref uint64) labels.Labels { return s.labels[ref-1] }

// OpenStoreSource replays a store directory: a snapshot of it, so that it stays
// as it is, even while a server uses it. The returned function closes it.
// A nil end of span means the store's own.
func OpenStoreSource(dir string, matchers []*labels.Matcher, span Span) (Source, func() error, error) {
	dir, err := findStore(dir)
	if err != nil {
		return nil, nil, err
	}
	snapshot, err := snapshotStore(dir)
	if err != nil {
		return nil, nil, err
	}
	store, err := tsdb.Open(tsdb.Options{Dir: snapshot, Retention: forever})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(snapshot))
	}
	closeStore := func() error { return errors.Join(store.Close(), os.RemoveAll(snapshot)) }
	stats := store.Stats()
	from, to := valueOr(span.From, stats.MinT), valueOr(span.To, stats.MaxT)
	return NewStoreSource(store, matchers, from, to), closeStore, nil
}

// findStore returns the directory of the store itself: dir, or the tsdb folder
// in it where dir is the storage path of a service. Opening would create what
// is not there, so it is looked for first.
func findStore(dir string) (string, error) {
	for _, d := range []string{filepath.Join(dir, "tsdb"), dir} {
		if info, err := os.Stat(filepath.Join(d, "wal")); err == nil && info.IsDir() {
			return d, nil
		}
	}
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("cannot open store %s: %w", dir, errors.Unwrap(err))
	}
	return "", fmt.Errorf("cannot open store %s: it holds no write-ahead log (wal); name the data directory of a Prometheus or the storage path of a bellwether", dir)
}
