package offline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/detect/custom"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// Users' detectors over files: the room of the service, fed row by row. Each
// detector at each series is a series of the results, named
// "detector/NAME of SERIES".

// customDetection is the part of a detection that runs them.
type customDetection struct {
	d      *detection
	room   *pipeline.Custom
	notes  *notes
	tracks map[customKey]*track
	order  []*track          // As they appeared.
	names  map[uint64]string // Series of the input, by reference.
	times  map[int64]string  // How the input wrote the instants that wait to be judged.
	recent []int64           // The instants in times, in order of arrival.
	err    error             // Of the sink, met inside a callback.
}

type customKey struct {
	ref      uint64
	detector string
}

func newCustomDetection(d *detection, o DetectOptions) (*customDetection, error) {
	c := &customDetection{
		d: d, notes: newNotes(o.Notes), tracks: map[customKey]*track{}, names: map[uint64]string{}, times: map[int64]string{},
	}
	var err error
	c.room, err = pipeline.NewCustom(pipeline.CustomOptions{Detect: d.cfg, Emit: c.found, Judged: c.judged}, o.Detectors)
	return c, err
}

// row hands one row to the detectors; nil has none.
func (c *customDetection) row(row *Row) error {
	if c == nil {
		return nil
	}
	c.times[row.T] = row.Time
	for i := range row.Cells {
		cell := &row.Cells[i]
		ref := uint64(cell.Series.ID)
		if !c.room.Known(ref) {
			c.names[ref] = cell.Series.Name
			c.room.Add(ref, cell.Series.Labels, pipeline.KindByName(cell.Series.Labels))
		}
		if !cell.Late {
			c.room.Observe(ref, row.T, cell.V, nil)
		}
	}
	c.room.Tick(row.T)
	c.recent = append(c.recent, row.T)
	for c.recent[0] < row.T-customMemoryMS {
		delete(c.times, c.recent[0])
		c.recent = c.recent[1:]
	}
	return c.err
}

// customMemoryMS is longer than a sample waits for its companions.
const customMemoryMS = 60_000

// track returns the series of the results of one detector at one series.
func (c *customDetection) track(ref uint64, detector string) *track {
	k := customKey{ref, detector}
	tr := c.tracks[k]
	if tr == nil {
		name := "detector/" + detector + " of " + c.names[ref]
		tr = &track{series: &Series{ID: 1<<40 + len(c.order), Name: name}}
		c.tracks[k] = tr
		c.order = append(c.order, tr)
	}
	return tr
}

// judged reports one sample.
func (c *customDetection) judged(j custom.Judged) {
	tr := c.track(j.Ref, j.Detector)
	tr.count(j.T)
	tr.last = j.Result
	if j.T < c.d.from || c.err != nil {
		return
	}
	text, ok := c.times[j.T]
	if !ok {
		text = FormatTime(j.T)
	}
	c.err = c.d.sink.sample(&Row{T: j.T, Time: text}, &Cell{Series: tr.series, V: j.V}, tr, j.Result, true)
}

// found reports an anomaly that has closed, and keeps the trace of the step
// that opened or escalated one.
func (c *customDetection) found(f pipeline.Finding) {
	tr := c.track(f.Ref, strings.TrimPrefix(f.View, "detector/"))
	if tr.hear(f) {
		c.report(tr, f.Anomaly)
	}
}

func (c *customDetection) report(tr *track, a detect.Anomaly) {
	if c.err == nil {
		c.err = c.d.tell(tr, a)
	}
}

// finish judges what waits, reports what is still open, says how the detectors
// did, and returns their series.
func (c *customDetection) finish() ([]*track, error) {
	if c == nil {
		return nil, nil
	}
	c.room.Finish()
	for _, tr := range c.order {
		if tr.found != nil {
			tr.found.End = tr.lastT
			c.report(tr, *tr.found)
		}
	}
	for _, s := range c.room.List() {
		c.notes.say("detector %s", s)
		for _, f := range s.Faults {
			c.notes.say("%s", f.Why)
		}
		for _, why := range sortedKeys(s.LeftOut) {
			c.notes.say("detector %s: %d series left out: %s", s.Detector.Name(), s.LeftOut[why], why)
		}
	}
	return c.order, c.err
}

func sortedKeys(m map[string]int) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, cmp.Compare)
	return out
}

// CheckDetectors compiles files of detectors and describes them: what each
// reads, remembers and computes, and what a sample costs. With inputs it runs
// them there too and says what they found and what it cost.
func CheckDetectors(ctx context.Context, files []string, inputs []Input, o DetectOptions, out io.Writer) error {
	detectors, err := LoadDetectors(files, "")
	if err != nil {
		return err
	}
	for i, d := range detectors {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprint(out, d)
	}
	if len(inputs) == 0 {
		return nil
	}
	room, err := pipeline.NewCustom(pipeline.CustomOptions{Detect: detect.Config{Budget: o.Budget}, Emit: func(f pipeline.Finding) {
		if f.Transition != detect.TransitionEscalated {
			fmt.Fprintf(out, "%s  %s: %s\n", FormatTime(f.At), f.Transition, f.Sentence())
		}
	}}, detectors)
	if err != nil {
		return err
	}
	fmt.Fprintln(out)
	if err := feed(ctx, room, inputs, o.ReadOptions); err != nil {
		return err
	}
	for _, s := range room.List() {
		fmt.Fprintln(out, s)
		for _, f := range s.Faults {
			fmt.Fprintf(out, "  %s\n", f.Why)
		}
	}
	return nil
}

// feed runs the rows of inputs through a room.
func feed(ctx context.Context, room *pipeline.Custom, inputs []Input, o ReadOptions) error {
	r := NewReader(inputs, o)
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			room.Finish()
			return nil
		}
		if err != nil {
			return err
		}
		for i := range row.Cells {
			c := &row.Cells[i]
			ref := uint64(c.Series.ID)
			if !room.Known(ref) {
				room.Add(ref, c.Series.Labels, pipeline.KindByName(c.Series.Labels))
			}
			if !c.Late {
				room.Observe(ref, row.T, c.V, nil)
			}
		}
		room.Tick(row.T)
	}
}
