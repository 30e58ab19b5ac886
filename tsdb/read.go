package tsdb

import (
	"context"
	"fmt"
	"iter"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// everything matches every series of the store: all of them have a name.
var everything = labels.MustNewMatcher(labels.MatchNotEqual, labels.MetricName, "")

// Select yields every series that matches ms (none: all) with its points in
// [from, to] (Unix milliseconds), sorted by labels. A series without a point
// there is left out. Memory holds one series at a time. An error is yielded
// last, with an empty Series.
func (s *Store) Select(ctx context.Context, ms []*labels.Matcher, from, to int64) iter.Seq2[Series, error] {
	return func(yield func(Series, error) bool) {
		fail := func(err error) { yield(Series{}, fmt.Errorf("cannot read series %v: %w", ms, err)) }
		q, err := s.db.Querier(from, to)
		if err != nil {
			fail(err)
			return
		}
		defer q.Close()
		app := s.db.AppenderV2(ctx) // Only to look references up.
		defer app.Rollback()
		refs, _ := app.(storage.GetRef)
		set := q.Select(ctx, true, &storage.SelectHints{Start: from, End: to}, orEverything(ms)...)
		var it chunkenc.Iterator
		for set.Next() {
			var one Series
			one, it, err = readSeries(set.At(), it)
			if err != nil {
				fail(err)
				return
			}
			if len(one.Samples)+len(one.Histograms) == 0 {
				continue
			}
			if refs != nil {
				ref, _ := refs.GetRef(one.Labels, one.Labels.Hash())
				one.Ref = uint64(ref)
			}
			if !yield(one, nil) {
				return
			}
			if ctx.Err() != nil {
				fail(ctx.Err())
				return
			}
		}
		if set.Err() != nil {
			fail(set.Err())
		}
	}
}

func orEverything(ms []*labels.Matcher) []*labels.Matcher {
	if len(ms) == 0 {
		return []*labels.Matcher{everything}
	}
	return ms
}

// readSeries decodes every point of a series.
func readSeries(in storage.Series, it chunkenc.Iterator) (Series, chunkenc.Iterator, error) {
	out := Series{Labels: in.Labels()}
	it = in.Iterator(it)
	for {
		switch it.Next() {
		case chunkenc.ValNone:
			return out, it, it.Err()
		case chunkenc.ValFloat:
			t, v := it.At()
			out.Samples = append(out.Samples, metric.Sample{T: t, V: v})
		default:
			t, h := it.AtFloatHistogram(nil)
			out.Histograms = append(out.Histograms, HistogramSample{T: t, H: h})
		}
	}
}

// LabelNames returns the sorted label names of the series that match ms (none:
// all) and have data around [from, to], Unix milliseconds; limit 0 means all.
func (s *Store) LabelNames(ctx context.Context, ms []*labels.Matcher, from, to int64, limit int) ([]string, error) {
	q, err := s.db.Querier(from, to)
	if err != nil {
		return nil, fmt.Errorf("cannot list label names: %w", err)
	}
	defer q.Close()
	names, _, err := q.LabelNames(ctx, &storage.LabelHints{Limit: limit}, ms...)
	if err != nil {
		return nil, fmt.Errorf("cannot list label names: %w", err)
	}
	return cut(names, limit), nil
}

// LabelValues returns the sorted values of one label of the series that match
// ms (none: all) and have data around [from, to]; limit 0 means all.
func (s *Store) LabelValues(ctx context.Context, name string, ms []*labels.Matcher, from, to int64, limit int) ([]string, error) {
	q, err := s.db.Querier(from, to)
	if err != nil {
		return nil, fmt.Errorf("cannot list values of label %s: %w", name, err)
	}
	defer q.Close()
	values, _, err := q.LabelValues(ctx, name, &storage.LabelHints{Limit: limit}, ms...)
	if err != nil {
		return nil, fmt.Errorf("cannot list values of label %s: %w", name, err)
	}
	return cut(values, limit), nil
}

// Series returns the labels of the series that match any of the selectors
// (none: all) and have data around [from, to], sorted; limit 0 means all.
func (s *Store) Series(ctx context.Context, selectors [][]*labels.Matcher, from, to int64, limit int) ([]labels.Labels, error) {
	q, err := s.db.Querier(from, to)
	if err != nil {
		return nil, fmt.Errorf("cannot list series: %w", err)
	}
	defer q.Close()
	if len(selectors) == 0 {
		selectors = [][]*labels.Matcher{nil}
	}
	hints := &storage.SelectHints{Start: from, End: to, Func: "series", Limit: limit} // "series" skips the chunks.
	sets := make([]storage.SeriesSet, 0, len(selectors))
	for _, ms := range selectors {
		sets = append(sets, q.Select(ctx, true, hints, orEverything(ms)...))
	}
	set := storage.NewMergeSeriesSet(sets, limit, storage.ChainedSeriesMerge)
	var out []labels.Labels
	for set.Next() && (limit <= 0 || len(out) < limit) {
		out = append(out, set.At().Labels())
		if ctx.Err() != nil {
			return nil, fmt.Errorf("cannot list series: %w", ctx.Err())
		}
	}
	if set.Err() != nil {
		return nil, fmt.Errorf("cannot list series: %w", set.Err())
	}
	return out, nil
}

func cut(in []string, limit int) []string {
	if limit > 0 && len(in) > limit {
		return in[:limit]
	}
	return in
}
