package offline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/correlate"
	"github.com/bellwether-ts/bellwether/metric"
)

// maxFrameSamples bounds what a search holds in memory: 16 bytes a sample,
// 1.6 GB in all.
const maxFrameSamples = 100_000_000

// Frame is a whole input in memory, which a search by shape needs: it compares
// every series over the same span.
type Frame struct {
	Series  []*Series
	Samples [][]metric.Sample // By Series.ID, ascending in time, at least one each.
}

// Load reads the inputs into memory and sorts them by time, so that, other than
// in streaming, their order does not matter. Of several samples of one series
// and instant the first is kept, and the others are noted.
func Load(ctx context.Context, inputs []Input, o ReadOptions) (*Frame, error) {
	o.anyOrder = true
	r := NewReader(inputs, o)
	f := &Frame{}
	unsorted := map[int]bool{}
	for n, rows := 0, 0; ; rows++ {
		if rows%1024 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			f.sort(unsorted, newNotes(o.Notes))
			f.nameClashes()
			return f, nil
		}
		if err != nil {
			return nil, err
		}
		for _, c := range row.Cells {
			if c.Late {
				unsorted[c.Series.ID] = true
			}
			if n++; n > maxFrameSamples {
				return nil, fmt.Errorf("cannot hold more than %d samples in memory; cut the input to the time of interest", maxFrameSamples)
			}
			f.add(c.Series, metric.Sample{T: row.T, V: c.V})
		}
	}
}

func (f *Frame) add(s *Series, p metric.Sample) {
	if s.ID == len(f.Series) {
		f.Series = append(f.Series, s)
		f.Samples = append(f.Samples, nil)
	}
	f.Samples[s.ID] = append(f.Samples[s.ID], p)
}

// sort puts the samples of the given series in order.
func (f *Frame) sort(ids map[int]bool, n *notes) {
	dropped := 0
	for id := range ids {
		samples := f.Samples[id]
		slices.SortStableFunc(samples, func(a, b metric.Sample) int { return cmp.Compare(a.T, b.T) })
		f.Samples[id] = slices.CompactFunc(samples, func(a, b metric.Sample) bool { return a.T == b.T })
		dropped += len(samples) - len(f.Samples[id])
	}
	if dropped > 0 {
		n.say("%s left out: the series has another at the same instant", plural(dropped, "sample", "samples"))
	}
}

// nameClashes gives the first of several series of one name its file label
// too: streaming has named it before the others were known, a search has not.
func (f *Frame) nameClashes() {
	for _, s := range f.Series {
		if s.clash {
			s.Labels, s.Name = withFile(s.Labels, s.first)
		}
	}
}

// Extent returns the first and the last instant, in Unix milliseconds; ok is
// false if the frame is empty.
func (f *Frame) Extent() (first, last int64, ok bool) {
	for i, s := range f.Samples {
		if i == 0 || s[0].T < first {
			first = s[0].T
		}
		if i == 0 || s[len(s)-1].T > last {
			last = s[len(s)-1].T
		}
	}
	return first, last, len(f.Samples) > 0
}

// step returns the median over the series of their median distance between
// samples, in milliseconds; 0 if no series has two samples.
func (f *Frame) step() int64 {
	var steps []int64
	var ts []int64
	for _, samples := range f.Samples {
		ts = ts[:0]
		for _, p := range samples[:min(len(samples), 4096)] {
			ts = append(ts, p.T)
		}
		if step := metric.MedianStep(ts); step > 0 {
			steps = append(steps, step)
		}
	}
	if len(steps) == 0 {
		return 0
	}
	slices.Sort(steps)
	return steps[len(steps)/2]
}

// candidates puts every series on one grid. The grid is the input's own step,
// made coarser where the span would otherwise have more points than a search
// takes.
func (f *Frame) candidates(span int64, n *notes) ([]correlate.Candidate, error) {
	first, last, ok := f.Extent()
	step := f.step()
	if !ok || step == 0 {
		return nil, errors.New("cannot search the input: no series has two samples; give a longer file")
	}
	if coarse := (span + correlate.MaxPoints - 1) / correlate.MaxPoints; coarse > step {
		coarse = (coarse + step - 1) / step * step
		n.say("the span has more than %d points of %g s; compared at %g s", correlate.MaxPoints, seconds(step), seconds(coarse))
		step = coarse
	}
	out := make([]correlate.Candidate, len(f.Series))
	for i, s := range f.Series {
		samples := f.Samples[i]
		if isCounter(s, samples) {
			samples = increases(samples)
		}
		out[i] = correlate.Candidate{Labels: s.Labels, Window: metric.Resample(samples, first, last+1, step)}
	}
	return out, nil
}

// isCounter reports whether a series counts up: its name says so by the
// field's naming rules, and its values do not contradict.
func isCounter(s *Series, samples []metric.Sample) bool {
	if !strings.HasSuffix(s.Labels.Get(labels.MetricName), "_total") {
		return false
	}
	falls := 0
	for i := 1; i < len(samples); i++ {
		if samples[i].V < samples[i-1].V {
			falls++
		}
	}
	return falls*20 <= len(samples) // Restarts are rare.
}

// increases turns the samples of a counter into increases per second; a fall
// is a restart from zero.
func increases(samples []metric.Sample) []metric.Sample {
	out := make([]metric.Sample, 0, len(samples))
	for i := 1; i < len(samples); i++ {
		by := samples[i].V - samples[i-1].V
		if by < 0 {
			by = samples[i].V
		}
		out = append(out, metric.Sample{T: samples[i].T, V: by / seconds(samples[i].T-samples[i-1].T)})
	}
	return out
}

func seconds(ms int64) float64 { return float64(ms) / 1000 }

// find returns the one series that text names: by its name as the input wrote
// it, or by a selector that matches exactly one.
func (f *Frame) find(text string) (*Series, error) {
	for _, s := range f.Series {
		if s.Name == text {
			return s, nil
		}
	}
	ms, err := metric.ParseMatchers(text)
	if err != nil {
		return nil, err
	}
	var found []*Series
	for _, s := range f.Series {
		if len(ms) > 0 && metric.Matches(ms, s.Labels) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fmt.Errorf("cannot find series %q in the input; it has %s", text, f.some(f.Series))
	}
	return nil, fmt.Errorf("cannot choose series %q: it matches %s; add labels", text, f.some(found))
}

// some names up to five series for a message.
func (f *Frame) some(series []*Series) string {
	var names []string
	for _, s := range series[:min(len(series), 5)] {
		names = append(names, s.Name)
	}
	text := strings.Join(names, ", ")
	if more := len(series) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
