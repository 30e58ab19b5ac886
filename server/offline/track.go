package offline

import (
	"slices"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// gapsKept is how many distances between samples the step is estimated from.
const gapsKept = 32

// linearTicks is how many missing samples in a row are told one by one; after
// that the distance doubles, so that a year of silence costs a handful of
// steps.
const linearTicks = 256

// track is a series under detection: its detector and the little that the
// reports need beside it.
type track struct {
	series  *Series
	det     *detect.Series
	samples int64
	lastT   int64
	last    detect.Result
	gaps    [gapsKept]int64 // The last distances between samples, a ring.
	nGaps   int
	step    int64           // Median of gaps, milliseconds; 0 while unknown.
	found   *detect.Anomaly // Open anomaly of a user's detector.
	opened  detect.Trace    // Of the step that opened or last escalated the anomaly.
	plot    *strip          // What the text output draws; nil in the other outputs.
}

// judge hands one sample to the detector.
func (tr *track) judge(t int64, v float64) detect.Result {
	tr.count(t)
	tr.last = tr.det.Step(t, v)
	return tr.last
}

// count notes that there is a sample at t.
func (tr *track) count(t int64) {
	if tr.samples > 0 {
		tr.gaps[tr.nGaps%gapsKept] = t - tr.lastT
		tr.nGaps++
		if tr.nGaps == 4 || tr.nGaps%gapsKept == 0 {
			tr.step = tr.medianGap()
		}
	}
	tr.samples++
	tr.lastT = t
}

func (tr *track) medianGap() int64 {
	n := min(tr.nGaps, gapsKept)
	if n == 0 {
		return 0
	}
	gaps := tr.gaps
	slices.Sort(gaps[:n])
	return gaps[n/2]
}

// silence ticks the detector at the instants, from the second missing one on,
// at which a sample was due before t, until it has noticed.
func (tr *track) silence(t int64, report func(detect.Result) error) error {
	if tr.step <= 0 || tr.last.Verdict == detect.VerdictNoData {
		return nil
	}
	stride := tr.step
	for n, due := 1, tr.lastT+2*tr.step; due < t; n, due = n+1, due+stride {
		if n > linearTicks {
			stride *= 2
		}
		r := tr.det.Tick(due)
		tr.last = r
		if r.Transition != detect.TransitionNone {
			if err := report(r); err != nil {
				return err
			}
		}
		if r.Verdict == detect.VerdictNoData {
			return nil
		}
	}
	return nil
}

// hear takes a transition that a room of the pipeline found, keeping the trace
// of the step that opened or escalated the anomaly, and reports whether the
// anomaly has closed.
func (tr *track) hear(f pipeline.Finding) (closed bool) {
	switch f.Transition {
	case detect.TransitionOpened, detect.TransitionEscalated:
		tr.opened, tr.found = f.Anomaly.Trace, &f.Anomaly
		return false
	}
	tr.found = nil
	return true
}

// tell reports an anomaly with the trace of the step that told it, unless it was
// over before the part that is reported.
func (d *detection) tell(tr *track, a detect.Anomaly) error {
	if a.End < d.from {
		return nil
	}
	a.Trace = tr.opened
	return d.sink.anomaly(tr, a)
}
