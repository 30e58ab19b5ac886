package pipeline

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// What counters grew by, step by step, from their raw samples.
//
// PromQL's increase extrapolates: 3 errors become 3.27, and with two scrapes a
// minute every observation counts twice. The tests on counts need events as
// they were, so a counter's samples are subtracted here one from the next and
// the growth is entered in the step that saw it. A value that falls is a reset
// and counts from 0. A series that appears while its instance was already
// reporting (the first error of its kind) counts from 0 too; one that appears
// together with its instance starts where it is, since nobody knows since when
// it has counted.

// instants is a grid of times, Unix milliseconds: first, first+step, ... up to
// and including end. The value at one speaks of the step before it.
type instants struct{ first, end, step int64 }

func (g instants) size() int {
	if g.end < g.first {
		return 0
	}
	return int((g.end-g.first)/g.step) + 1
}

// at is the index of the step that holds t; < 0 before the first.
func (g instants) at(t int64) int {
	d := t - g.first
	if d <= 0 {
		return -int(-d / g.step)
	}
	return int((d + g.step - 1) / g.step)
}

// back is the grid an offset earlier.
func (g instants) back(offset int64) instants {
	return instants{g.first - offset, g.end - offset, g.step}
}

// lead is how far before the first step samples are read, to know what they
// grew from: PromQL's own lookback.
const lead = int64(5 * 60 * 1000)

// from is the instant from which samples must be read.
func (g instants) from() int64 { return g.first - g.step - lead }

// growth adds up what the counters of one side grew by.
type growth struct {
	g       instants
	present []bool           // Some series reported in the step.
	oldest  map[string]int64 // First sample of an instance.
	births  []birth
	changed bool // A histogram's resolution or bounds changed.
}

// birth is a series that appeared while being read.
type birth struct {
	instance string
	t        int64
	add      func()
}

func newGrowth(g instants) *growth {
	return &growth{g: g, present: make([]bool, g.size()), oldest: map[string]int64{}}
}

// instanceOf identifies who reports a series.
func instanceOf(ls labels.Labels) string {
	id := ls.Get("job")
	for _, name := range instanceLabels {
		id += "\x00" + ls.Get(name)
	}
	return id
}

// born notes the first sample of a series; add enters its whole value.
func (w *growth) born(ls labels.Labels, t int64, add func()) {
	id := instanceOf(ls)
	if old, ok := w.oldest[id]; !ok || t < old {
		w.oldest[id] = t
	}
	w.births = append(w.births, birth{id, t, add})
}

// settle enters the births of series whose instance is older. Call it once,
// after the last series.
func (w *growth) settle() {
	for _, b := range w.births {
		if w.oldest[b.instance] < b.t {
			b.add()
		}
	}
	w.births = nil
}

// mark notes that a series reported in the steps of (before, t]: all of them,
// unless the gap is longer than its scrapes explain.
func (w *growth) mark(before, t, gap int64) {
	n := w.g.size()
	from := w.g.at(t)
	if t-before <= gap {
		from = min(from, w.g.at(before)+1)
	}
	for i := max(0, from); i <= w.g.at(t) && i < n; i++ {
		w.present[i] = true
	}
}

// longestGap is the distance of samples up to which a series counts as
// reporting: two and a half of its usual ones.
func longestGap(ts []int64, step int64) int64 {
	if len(ts) > 64 {
		ts = ts[:64]
	}
	return max(step, 5*metric.MedianStep(ts)/2)
}

// counter enters a float counter. add may be nil, for a series that only shows
// that its instance reports.
func (w *growth) counter(s *tsdb.Series, add func(step int, n float64)) {
	ts := make([]int64, 0, 64)
	for _, p := range s.Samples[:min(64, len(s.Samples))] {
		ts = append(ts, p.T)
	}
	gap := longestGap(ts, w.g.step)
	enter := func(t int64, n float64) {
		if i := w.g.at(t); add != nil && i >= 0 && i < w.g.size() {
			add(i, n)
		}
	}
	var before metric.Sample
	known := false
	for _, p := range s.Samples {
		if !metric.IsFinite(p.V) {
			continue // A stale marker: what comes next is a gap or a reset.
		}
		switch {
		case !known:
			w.mark(p.T, p.T, gap)
			w.born(s.Labels, p.T, func() { enter(p.T, p.V) })
		case p.T-before.T > gap:
			w.mark(p.T, p.T, gap) // What it grew by meanwhile cannot be told to a step.
		default:
			w.mark(before.T, p.T, gap)
			n := p.V - before.V
			if n < 0 {
				n = p.V
			}
			enter(p.T, n)
		}
		before, known = p, true
	}
}

// native enters a native histogram; add receives what it grew by and may keep
// it.
func (w *growth) native(s *tsdb.Series, add func(step int, h *histogram.FloatHistogram)) {
	ts := make([]int64, 0, 64)
	for _, p := range s.Histograms[:min(64, len(s.Histograms))] {
		ts = append(ts, p.T)
	}
	gap := longestGap(ts, w.g.step)
	enter := func(t int64, h *histogram.FloatHistogram) {
		if i := w.g.at(t); i >= 0 && i < w.g.size() {
			add(i, h)
		}
	}
	var before *tsdb.HistogramSample
	for i := range s.Histograms {
		p := &s.Histograms[i]
		if metric.IsStale(p.H.Sum) {
			continue
		}
		switch {
		case before == nil:
			w.mark(p.T, p.T, gap)
			w.born(s.Labels, p.T, func() { enter(p.T, p.H.Copy()) })
		case p.T-before.T > gap:
			w.mark(p.T, p.T, gap)
		default:
			w.mark(before.T, p.T, gap)
			if w.g.at(p.T) >= 0 {
				w.changed = w.changed || layoutChanged(before.H, p.H)
			}
			if grown := grownBy(before.H, p.H); grown != nil {
				enter(p.T, grown)
			}
		}
		before = p
	}
}

// grownBy is what a native histogram grew by, all of it after a reset; nil if
// the two cannot be compared.
func grownBy(before, now *histogram.FloatHistogram) *histogram.FloatHistogram {
	out := now.Copy()
	if now.UsesCustomBuckets() != before.UsesCustomBuckets() {
		return nil
	}
	if now.DetectReset(before) {
		return out
	}
	out, _, _, err := out.Sub(before)
	if err != nil {
		return nil
	}
	return out
}

// layoutChanged reports whether two native histograms have other buckets.
func layoutChanged(a, b *histogram.FloatHistogram) bool {
	return a.Schema != b.Schema || a.UsesCustomBuckets() && !histogram.CustomBucketBoundsMatch(a.CustomValues, b.CustomValues)
}

// values is a side's sum in every step it reported in, NaN in the others.
func (w *growth) values(sum []float64) []float64 {
	out := make([]float64, len(w.present))
	for i, there := range w.present {
		out[i] = math.NaN()
		if there {
			out[i] = sum[i]
		}
	}
	return out
}
