package slo

// Time slices: the budget counts minutes instead of requests. Events are
// gathered per slice; when a slice is over, and one slice more has passed for
// latecomers (at most five minutes), it is judged and becomes one unit in the
// rings, at the instant of its end.
//
// Decided where OpenSLO v1 leaves it open: a slice in which samples came but no
// event is good (nobody was hurt); a slice without samples is a gap, and the gap
// policy speaks; the first, partial slice counts like any other.

import "slices"

// sliceUnit is what one slice weighs in the rings, so that RatioTimeslices keeps
// six digits of a slice's ratio in whole numbers.
const sliceUnit = 1e6

// maxOpenSlices bounds the slices gathered at once; grace keeps it near 2.
const maxOpenSlices = 64

// openSlice gathers one slice: the instants (index*window, (index+1)*window].
type openSlice struct {
	index        int64
	event, total float64
}

// slicer turns events into judged slices.
type slicer struct {
	window int64
	grace  int64
	open   []openSlice // Ascending by index.
	closed int64       // Every slice with an index <= closed is judged; only if begun.
	begun  bool
}

func newSlicer(window int64) *slicer {
	return &slicer{window: window, grace: min(window, 5*60_000)}
}

// add gathers events at t; false if the slice is already judged.
func (s *slicer) add(t int64, event, total float64) bool {
	index := floorDiv(t-1, s.window)
	if !s.begun {
		s.begun, s.closed = true, index-1
	}
	if index <= s.closed {
		return false
	}
	i, found := slices.BinarySearchFunc(s.open, index, func(o openSlice, k int64) int { return int(max(-1, min(1, o.index-k))) })
	if !found {
		s.open = slices.Insert(s.open, i, openSlice{index: index})
	}
	s.open[i].event += event
	s.open[i].total += total
	return true
}

// judge closes every slice that is over by more than the grace at the instant
// clock, oldest first, and hands each to emit with the instant of its end.
func (s *slicer) judge(clock int64, emit func(end int64, event, total float64)) {
	n := 0
	for _, o := range s.open {
		end := (o.index + 1) * s.window
		if end+s.grace >= clock && len(s.open)-n <= maxOpenSlices {
			break
		}
		emit(end, o.event, o.total)
		s.closed = o.index
		n++
	}
	s.open = slices.Delete(s.open, 0, n)
}
