package offline

import (
	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// The form of classic histograms in files: the room of the service, fed row by
// row. A histogram is a series of the results, named "distribution of NAME"; its
// samples are the batches that were judged. In the csv output, which has a line
// for each sample of the input, it has none.

// formDetection is the part of a detection that watches distributions.
type formDetection struct {
	d      *detection
	room   *pipeline.Distributions
	notes  *notes
	tracks map[string]*track
	order  []*track
	last   int64 // When the room was last told the time.
	any    bool  // There is a bucket.
	err    error // Of the sink, met inside a callback.
}

// formTickMS is how often the room is told the time, of the data.
const formTickMS = 15_000

func newFormDetection(d *detection, o DetectOptions) (*formDetection, error) {
	f := &formDetection{d: d, notes: newNotes(o.Notes), tracks: map[string]*track{}}
	var err error
	f.room, err = pipeline.NewDistributions(pipeline.DistributionOptions{Detect: d.cfg, Emit: f.found})
	return f, err
}

// row hands one row to the room.
func (f *formDetection) row(row *Row) error {
	if f.any && row.T >= f.last+formTickMS {
		f.last = row.T
		f.room.Tick(row.T)
	}
	for i := range row.Cells {
		c := &row.Cells[i]
		ref := uint64(c.Series.ID)
		if !f.room.Known(ref) {
			f.room.Add(ref, c.Series.Labels, pipeline.KindByName(c.Series.Labels))
			f.any = f.any || f.room.Watches(ref)
		}
		if !c.Late {
			f.room.Observe(ref, row.T, c.V, nil)
		}
	}
	return f.err
}

// track returns the series of the results of one histogram.
func (f *formDetection) track(name string) *track {
	tr := f.tracks[name]
	if tr == nil {
		tr = &track{series: &Series{ID: 1<<41 + len(f.order), Name: name}}
		f.tracks[name] = tr
		f.order = append(f.order, tr)
	}
	return tr
}

// found reports an anomaly that has closed, and keeps the trace of the step
// that opened or escalated one.
func (f *formDetection) found(x pipeline.Finding) {
	tr := f.track(x.Name())
	if tr.hear(x) {
		f.report(tr, x.Anomaly)
	}
}

func (f *formDetection) report(tr *track, a detect.Anomaly) {
	if f.err == nil {
		f.err = f.d.tell(tr, a)
	}
}

// finish judges what is complete, reports what is still open, says what could
// not be judged, and returns the histograms.
func (f *formDetection) finish() ([]*track, error) {
	if !f.any {
		return nil, nil
	}
	f.room.Tick(f.d.maxT + 1)
	for _, s := range f.room.List() {
		tr := f.track(s.Name)
		tr.samples, tr.last.Verdict = int64(s.Batches), s.Verdict
		if tr.found != nil {
			tr.found.End = f.d.maxT
			f.report(tr, *tr.found)
		}
	}
	l := f.room.Losses()
	if n := l.Late + l.Incomplete + l.Overflow; n > 0 {
		f.notes.say("classic histograms: %d buckets came after their instant was judged, %d instants never had all their buckets, %d were let go because too many waited; write the samples in order of time", l.Late, l.Incomplete, l.Overflow)
	}
	return f.order, f.err
}
