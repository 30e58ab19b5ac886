package offline

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/bellwether-ts/bellwether/detect"
)

// csvOpen is the bar at which an anomaly opens in the csv output, in false
// alarms per 1000 series-days: one per series-day, low on purpose, so that a
// reader can raise it by score or alarm afterwards.
const csvOpen = 1000

// detectSink is one output form of Detect.
type detectSink interface {
	// sample reports one sample of the input and what detection said about
	// it. judged is false for a late sample, which detection has not seen.
	sample(row *Row, c *Cell, tr *track, r detect.Result, judged bool) error
	// anomaly reports an anomaly that has closed, or that is open at the end.
	anomaly(tr *track, a detect.Anomaly) error
	// explains reports whether anomaly wants traces, which cost something.
	explains() bool
	// finish ends the output; tracks are all series, in order of appearance.
	finish(tracks []*track) error
}

// Detect runs anomaly detection over the inputs, sample by sample in input
// order, and writes text, json or csv. Memory is bounded by the number of
// series, and for text and json by the number of anomalies; the length of the
// input does not matter.
func Detect(ctx context.Context, inputs []Input, o DetectOptions, out io.Writer) error {
	w := bufio.NewWriterSize(out, 1<<16)
	d, err := newDetection(o, w)
	if err != nil {
		return err
	}
	r := NewReader(inputs, o.ReadOptions)
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), w.Flush())
		}
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = d.row(&row)
		}
		if err != nil {
			return errors.Join(err, w.Flush()) // What was written is right; the reader gets to see it.
		}
	}
	if err := d.finish(); err != nil {
		return err
	}
	return w.Flush()
}

// detection is one run of Detect.
type detection struct {
	cfg    detect.Config
	from   int64
	sink   detectSink
	tracks []*track         // By Series.ID.
	maxT   int64            // Newest instant seen.
	custom *customDetection // Users' detectors; nil: none.
	forms  *formDetection   // Of classic histograms.
}

func newDetection(o DetectOptions, w *bufio.Writer) (*detection, error) {
	d := &detection{from: -maxUnixMS - 1, maxT: -maxUnixMS - 1}
	d.cfg.Shape = true // A file has few series: there is room for what the service asks for per series.
	if o.From != nil {
		d.from = *o.From
	}
	if o.Profile != "" {
		if err := d.cfg.Profile.UnmarshalText([]byte(o.Profile)); err != nil {
			return nil, fmt.Errorf("cannot use --profile %s: want default or skyline", o.Profile)
		}
	}
	d.cfg.Budget = o.Budget
	switch o.Output {
	case CSV:
		d.cfg.Open = csvOpen
		d.sink = &csvSink{w: w}
	case JSON:
		d.sink = &jsonSink{w: w}
	case Text, "":
		d.sink = newTextSink(w, o)
	default:
		return nil, fmt.Errorf("cannot write %q: want text, json or csv", o.Output)
	}
	if err := d.cfg.Validate(); err != nil {
		return nil, err
	}
	if c, ok := d.sink.(*csvSink); ok {
		c.header()
	}
	var err error
	if d.forms, err = newFormDetection(d, o); err != nil {
		return nil, err
	}
	if len(o.Detectors) > 0 {
		if d.custom, err = newCustomDetection(d, o); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *detection) row(row *Row) error {
	d.maxT = max(d.maxT, row.T)
	for i := range row.Cells {
		c := &row.Cells[i]
		tr, err := d.track(c.Series)
		if err != nil {
			return err
		}
		reported := row.T >= d.from
		var r detect.Result
		if !c.Late {
			if err := d.silence(tr, row.T); err != nil {
				return err
			}
			r = tr.judge(row.T, c.V)
			if err := d.transition(tr, r); err != nil {
				return err
			}
		}
		if reported {
			if err := d.sink.sample(row, c, tr, r, !c.Late); err != nil {
				return err
			}
		}
	}
	if err := d.forms.row(row); err != nil {
		return err
	}
	return d.custom.row(row)
}

// transition keeps the trace of the step that opened or escalated an anomaly,
// which is the one that explains it, and reports the anomaly when it closes.
func (d *detection) transition(tr *track, r detect.Result) error {
	switch r.Transition {
	case detect.TransitionOpened, detect.TransitionEscalated:
		if d.sink.explains() {
			tr.opened = tr.det.Explain()
		}
	case detect.TransitionClosed:
		return d.report(tr)
	}
	return nil
}

// report hands on the last anomaly of a series, unless it ended in history.
func (d *detection) report(tr *track) error {
	a, ok := tr.det.Anomaly()
	if !ok || a.End < d.from {
		return nil
	}
	if d.sink.explains() {
		a.Trace = tr.opened
	}
	return d.sink.anomaly(tr, a)
}

// silence tells a series about the instants at which its next sample was due
// and did not come, up to and excluding t.
func (d *detection) silence(tr *track, t int64) error {
	return tr.silence(t, func(r detect.Result) error { return d.transition(tr, r) })
}

// track returns the state of a series, new at its first sample.
func (d *detection) track(s *Series) (*track, error) {
	if s.ID < len(d.tracks) {
		return d.tracks[s.ID], nil
	}
	det, err := detect.New(d.cfg, detect.Meta{})
	if err != nil {
		return nil, fmt.Errorf("cannot watch series %s: %w", s.Name, err)
	}
	d.tracks = append(d.tracks, &track{series: s, det: det})
	return d.tracks[s.ID], nil
}

// finish lets every series see the end of the input, reports what is still
// open and ends the output.
func (d *detection) finish() error {
	for _, tr := range d.tracks {
		if err := d.silence(tr, d.maxT+1); err != nil {
			return err
		}
		if a, ok := tr.det.Anomaly(); ok && a.Open {
			if err := d.report(tr); err != nil {
				return err
			}
		}
	}
	ours, err := d.custom.finish()
	if err != nil {
		return err
	}
	forms, err := d.forms.finish()
	if err != nil {
		return err
	}
	return d.sink.finish(slices.Concat(d.tracks, forms, ours))
}
