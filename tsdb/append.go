package tsdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/metric"
)

const (
	// The head only takes in-order samples up to an hour behind its newest one,
	// so history of many series goes in by slices of time, all series together.
	bulkSlice int64 = 30 * 60 * 1000
	// Samples per commit; from 100 to 2000 are equally good.
	bulkCommit = 2000
)

// cursor walks the points of one series, floats and histograms merged by time.
type cursor struct {
	series *Series
	ref    uint64
	f, h   int // Next float and histogram.
}

// next returns the instant of the next point; false at the end.
func (c *cursor) next() (t int64, isHistogram, ok bool) {
	haveF, haveH := c.f < len(c.series.Samples), c.h < len(c.series.Histograms)
	switch {
	case haveF && (!haveH || c.series.Samples[c.f].T <= c.series.Histograms[c.h].T):
		return c.series.Samples[c.f].T, false, true
	case haveH:
		return c.series.Histograms[c.h].T, true, true
	}
	return 0, false, false
}

// Append stores the points of many series, oldest first across all series, so
// hours or weeks of history may be given at once. Points of a series should
// ascend in time; where they do not, they are sorted. Refused samples are in
// the result; the error is for a store that cannot write, and then the result
// counts what was committed before.
func (s *Store) Append(ctx context.Context, series []Series) (AppendResult, error) {
	cursors := make([]cursor, len(series))
	for i := range series {
		one := ascending(series[i])
		cursors[i] = cursor{series: &one}
	}
	var total AppendResult
	tx := s.Begin(ctx)
	n := 0
	for {
		slice, ok := nextSlice(cursors)
		if !ok {
			break
		}
		for i := range cursors {
			c := &cursors[i]
			for t, isHistogram, ok := c.next(); ok && t < slice; t, isHistogram, ok = c.next() {
				if err := c.add(tx, t, isHistogram); err != nil {
					return total, errors.Join(err, tx.Rollback())
				}
				if n++; n%bulkCommit != 0 {
					continue
				}
				if err := commitInto(&total, tx); err != nil {
					return total, err
				}
				if ctx.Err() != nil {
					return total, fmt.Errorf("cannot append the rest: %w", ctx.Err())
				}
				tx = s.Begin(ctx)
			}
		}
	}
	return total, commitInto(&total, tx)
}

func commitInto(total *AppendResult, tx *Tx) error {
	r, err := tx.Commit()
	total.New += r.New
	total.Late += r.Late
	total.Duplicate += r.Duplicate
	total.Tapped += r.Tapped
	total.Refused.Merge(r.Refused)
	return err
}

// add appends the next point and moves on; only an error of the store itself
// is returned.
func (c *cursor) add(tx *Tx, t int64, isHistogram bool) error {
	var ref uint64
	var err error
	if isHistogram {
		ref, err = tx.Add(c.ref, c.series.Labels, t, 0, nil, c.series.Histograms[c.h].H)
		c.h++
	} else {
		ref, err = tx.Add(c.ref, c.series.Labels, t, c.series.Samples[c.f].V, nil, nil)
		c.f++
	}
	var refused *RefusedError
	if errors.As(err, &refused) {
		return nil
	}
	if err == nil {
		c.ref = ref
	}
	return err
}

// nextSlice returns the end of the slice of time that holds the oldest point
// left; false if none is.
func nextSlice(cursors []cursor) (int64, bool) {
	oldest := int64(math.MaxInt64)
	found := false
	for i := range cursors {
		if t, _, ok := cursors[i].next(); ok {
			oldest, found = min(oldest, t), true
		}
	}
	if oldest > math.MaxInt64-bulkSlice {
		return math.MaxInt64, found
	}
	return oldest + bulkSlice, found
}

// ascending returns one with its points sorted by time, copying only if they
// were not, and without nil histograms.
func ascending(one Series) Series {
	byT := func(a, b metric.Sample) int { return cmp.Compare(a.T, b.T) }
	if !slices.IsSortedFunc(one.Samples, byT) {
		one.Samples = slices.Clone(one.Samples)
		slices.SortStableFunc(one.Samples, byT)
	}
	hByT := func(a, b HistogramSample) int { return cmp.Compare(a.T, b.T) }
	absent := func(h HistogramSample) bool { return h.H == nil }
	if slices.ContainsFunc(one.Histograms, absent) || !slices.IsSortedFunc(one.Histograms, hByT) {
		one.Histograms = slices.DeleteFunc(slices.Clone(one.Histograms), absent)
		slices.SortStableFunc(one.Histograms, hByT)
	}
	return one
}
