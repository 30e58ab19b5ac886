package ingest

import (
	"context"
	"errors"
	"iter"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
)

// A slice of time is read in one go and stored some thousand samples at a
// commit. A series remembers the newest instant taken, so slices may overlap;
// what a failed commit loses is forgotten, so it is taken again.

// readSlice takes what is new in [from, to] of every selector.
func (s *Source) readSlice(ctx context.Context, from, to int64) error {
	r := sliceReader{s: s, in: s.sink.begin(ctx)}
	for _, ms := range s.opts.Selectors {
		if err := s.fetch.fetch(ctx, ms, from, to, r.series); err != nil {
			return errors.Join(err, r.flush(nil))
		}
	}
	if err := r.flush(nil); err != nil {
		return err
	}
	s.setStatus(func(st *SourceStatus) {
		st.Samples += uint64(r.samples)
		if s.names == nil {
			st.SkippedSeries = r.skipped
		}
	})
	return nil
}

// sliceReader appends the series of one slice, some thousand samples a commit.
type sliceReader struct {
	s       *Source
	in      *intake
	moved   []movedSeries // Since the last commit.
	added   int           // Likewise.
	samples int
	skipped int
}

// movedSeries lets a failed commit be forgotten.
type movedSeries struct {
	series *takenSeries
	was    int64
}

const (
	sourceCommit  = 2000 // Samples per commit.
	stepsMeasured = 500  // Series whose step is measured.
)

func (r *sliceReader) series(ls labels.Labels, points iter.Seq[point]) error {
	one := r.s.take(ls)
	if one == nil {
		r.skipped++
		return nil
	}
	r.moved = append(r.moved, movedSeries{one, one.last})
	var times []int64
	measure := len(r.s.steps) < stepsMeasured
	for p := range points {
		if measure {
			times = append(times, p.t)
		}
		if p.t <= one.last {
			continue
		}
		// Refusals are in the books; an error of the store shows at the commit.
		if ref, err := r.in.add(one.ref, ls, p.t, p.v, p.h, p.fh); err == nil {
			one.ref = ref
		}
		one.last = p.t
		r.samples++
		if r.added++; r.added >= sourceCommit {
			if err := r.flush(&movedSeries{one, p.t}); err != nil {
				return err
			}
		}
	}
	if step := metric.MedianStep(times); step > 0 {
		r.s.steps = append(r.s.steps, step)
	}
	return nil
}

// flush commits; what failed is as if it had not been read. next, if not nil,
// is the series that goes on.
func (r *sliceReader) flush(next *movedSeries) error {
	_, err := r.in.commit()
	if err != nil {
		for _, m := range r.moved {
			m.series.last = min(m.series.last, m.was)
		}
	}
	r.moved, r.added = r.moved[:0], 0
	if next != nil {
		r.moved = append(r.moved, *next)
		r.in = r.s.sink.begin(context.Background())
	}
	return err
}
