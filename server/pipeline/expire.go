package pipeline

import (
	"slices"
	"time"

	"github.com/bellwether-ts/bellwether/detect"
)

// A series that ended is told once and then let go, so that a year of pods does
// not fill the list of what is silent. Its state is kept for kin for a while
// (inherit.go); if a sample comes, it is watched again.
//
//	end marked (stale marker)  -> nothing is told; let go after endedTTL
//	silent without a mark      -> "no-data" is told; closed and let go after silentTTL
//
// The store lets a series go by itself some hours after its last sample; the
// times here hold where it does not.
const (
	endedTTL  = time.Hour
	silentTTL = 6 * time.Hour
)

// Why a series is not watched any more, in the words of the coverage report.
const (
	skipEnded  = "ended: its end was marked over an hour ago"
	skipSilent = "ended: silent for over six hours"
)

// expiry names why a series is to be let go now; empty if it is not.
func (w *Watch) expiry(s *watched, now int64) string {
	if !s.tend.born || len(s.views) == 0 {
		return ""
	}
	silent := now - max(s.tend.seen, w.tend.armed)
	d := s.views[0].det
	switch {
	case d.Ended() && silent > endedTTL.Milliseconds():
		return skipEnded
	case d.Verdict() == detect.VerdictNoData && silent > silentTTL.Milliseconds():
		return skipSilent
	}
	return ""
}

// expire lets go of every series that has ended.
func (w *Watch) expire(now int64) {
	var ended []uint64
	for ref, s := range w.series {
		if s.skip == "" && w.expiry(s, now) != "" {
			ended = append(ended, ref)
		}
	}
	slices.Sort(ended) // What is told of them is told in one order.
	for _, ref := range ended {
		s := w.series[ref]
		reason := w.expiry(s, now)
		w.letGo(ref, s, now)
		s.tend.expired, s.views, s.last = true, nil, nil
		w.leaveOut(s, reason)
	}
	w.expireKin(now)
}

// revive watches a series again that had ended, when a sample comes.
func (w *Watch) revive(ref uint64, s *watched) *watched {
	delete(w.series, ref)
	w.skipped[s.skip]--
	w.Add(ref, s.labels, s.tend.kind)
	return w.series[ref]
}

// Resume tells every series at now (Unix milliseconds) that nobody listened for
// a while until now: silence is counted from here on.
func (w *Watch) Resume(now int64) {
	w.tend.armed = now
	for _, s := range w.series {
		for i := range s.views {
			s.views[i].det.Resume(now)
		}
	}
}

// resume tells every shard.
func (p *Pipeline) resume(now int64) {
	for i, l := range p.watchLanes {
		l.view(func() { p.watches[i].Resume(now) })
	}
}
