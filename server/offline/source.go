package offline

import (
	"cmp"
	"context"
	"io"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
)

// Source gives past samples to Replay, whichever file, store or server they
// come from.
type Source interface {
	// Next returns the next samples, ascending in time within and across
	// calls. The batch is the caller's until the next call. It returns io.EOF
	// at the end.
	Next(ctx context.Context) (*metric.Batch, error)
	// Labels returns the labels of a reference that Next has given.
	Labels(ref uint64) labels.Labels
}

// batchSize is how many samples a Source hands over at once, about.
const batchSize = 4096

// NewFrameSource replays what Load read. References are Series.ID + 1.
func NewFrameSource(f *Frame) Source {
	s := &frameSource{frame: f}
	for id, samples := range f.Samples {
		s.next.push(cursor{t: samples[0].T, id: id})
	}
	return s
}

// frameSource merges the series of a frame by time. Series of one instant come
// in their order of appearance.
type frameSource struct {
	frame *Frame
	next  cursors
	batch metric.Batch
}

// cursor is the place in one series: sample i of series id, at t.
type cursor struct {
	t     int64
	id, i int
}

// Next implements Source.
func (s *frameSource) Next(ctx context.Context) (*metric.Batch, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if len(s.next) == 0 {
		return nil, io.EOF
	}
	s.batch.Reset()
	for len(s.next) > 0 && s.batch.Len() < batchSize {
		c := s.next[0]
		samples := s.frame.Samples[c.id]
		s.batch.Append(uint64(c.id)+1, c.t, samples[c.i].V, nil)
		if c.i++; c.i < len(samples) {
			c.t = samples[c.i].T
			s.next.replaceFirst(c)
		} else {
			s.next.pop()
		}
	}
	return &s.batch, nil
}

// Labels implements Source.
func (s *frameSource) Labels(ref uint64) labels.Labels { return s.frame.Series[ref-1].Labels }

// cursors is a binary heap by (t, id).
type cursors []cursor

func (a cursor) before(b cursor) bool { return a.t < b.t || a.t == b.t && a.id < b.id }

func (h *cursors) push(c cursor) {
	*h = append(*h, c)
	for i := len(*h) - 1; i > 0; {
		up := (i - 1) / 2
		if !(*h)[i].before((*h)[up]) {
			return
		}
		(*h)[i], (*h)[up] = (*h)[up], (*h)[i]
		i = up
	}
}

func (h *cursors) pop() {
	last := len(*h) - 1
	(*h)[0] = (*h)[last]
	*h = (*h)[:last]
	h.sink()
}

func (h *cursors) replaceFirst(c cursor) {
	(*h)[0] = c
	h.sink()
}

// sink moves the first cursor down to its place.
func (h cursors) sink() {
	for i := 0; ; {
		least := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(h) && h[child].before(h[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}

// sortBatch puts the samples of a batch in order of time, then of reference.
func sortBatch(b *metric.Batch) {
	order := make([]int, b.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int {
		if b.T[x] != b.T[y] {
			return cmp.Compare(b.T[x], b.T[y])
		}
		return cmp.Compare(b.Refs[x], b.Refs[y])
	})
	var sorted metric.Batch
	for _, i := range order {
		sorted.Append(b.Refs[i], b.T[i], b.V[i], b.H[i])
	}
	*b = sorted
}
