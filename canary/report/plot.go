package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/metric"
)

// The plots of one metric. Lines are SVG, words stand beside them in HTML, so
// that they keep their size on a narrow screen.

// timePlot is both sides over time.
type timePlot struct {
	Baseline, Canary string // Paths.
	Top, Bottom      string // Values at the upper and lower edge.
	Start, End       string
}

// timeline draws the samples; nil when there is none.
func (l line) timeline(m Meta, points int) *timePlot {
	if l.m == nil {
		return nil
	}
	y := emptyExtent()
	y.hold(l.m.Baseline...)
	y.hold(l.m.Canary...)
	if y.empty() {
		return nil
	}
	y = y.padded(0.06)
	n := max(len(l.m.Baseline), len(l.m.Canary))
	p := &timePlot{
		Baseline: path(l.m.Baseline, n, y, points), Canary: path(l.m.Canary, n, y, points),
		Top: num(y.hi), Bottom: num(y.lo), Start: "start",
	}
	step := l.m.StepSeconds
	if !(step > 0) {
		step = 60
	}
	p.End = "after " + span(float64(n-1)*step/60)
	if m.From > 0 && m.To > m.From {
		p.Start, p.End = clock(m.From)[11:16], clock(m.To)[11:16]+" UTC"
	}
	return p
}

// forest is the effect with its interval over the margin, in percent of the
// width of the plot.
type forest struct {
	SafeFrom, SafeWidth float64 // Changes that do not matter.
	Zero                float64
	Low, High, Width    float64 // The interval; Width 0 when there is none.
	Dot                 float64
	OpenLow, OpenHigh   bool // The interval goes on beyond the plot.
	Hit, RightOff       bool // The effect is off the plot; on its right.

	Label      string // The effect.
	LabelAt    float64
	Ticks      []tick
	LeftWord   string // What lies at the ends.
	RightWord  string
	WorseLeft  bool
	WorseRight bool
}

type tick struct {
	At   float64
	Text string
}

// forest draws the verdict of the metric; nil when it has no effect. reach > 0
// fixes the plot to that many margins, else it takes what it shows.
func (l line) forest(reach float64) *forest {
	v := l.v
	if math.IsNaN(v.Effect) || !(v.MinEffect > 0) && reach > 0 {
		return nil
	}
	margin := v.MinEffect
	if !(margin > 0) {
		margin = 0
	}
	x := emptyExtent()
	x.hold(0, -margin, margin)
	if reach > 0 {
		x = extent{-reach * margin, reach * margin}
	} else {
		x.hold(v.Effect, v.Interval[0], v.Interval[1])
		x = x.padded(0.12)
	}
	at := func(w float64) float64 { return math.Round(1000*x.at(w)) / 10 }
	f := &forest{Zero: at(0), Dot: at(v.Effect), Label: signed(v.Effect), Hit: v.Effect < x.lo || v.Effect > x.hi, RightOff: v.Effect > x.hi}
	f.LabelAt = max(6, min(94, f.Dot))
	safe := extent{-margin, margin}
	direction := canary.Either
	if l.m != nil && l.m.Direction != "" {
		direction = l.m.Direction
	}
	f.LeftWord, f.RightWord, f.WorseLeft, f.WorseRight = "worse", "worse", true, true
	switch direction {
	case canary.Increase:
		safe.lo, f.LeftWord, f.WorseLeft = math.Inf(-1), "better", false
	case canary.Decrease:
		safe.hi, f.RightWord, f.WorseRight = math.Inf(1), "better", false
	}
	f.SafeFrom = at(safe.lo)
	f.SafeWidth = math.Round(10*(at(safe.hi)-f.SafeFrom)) / 10
	if lo, hi := v.Interval[0], v.Interval[1]; lo <= hi {
		f.Low, f.High = at(lo), at(hi)
		f.Width = max(0.5, math.Round(10*(f.High-f.Low))/10)
		f.OpenLow, f.OpenHigh = lo < x.lo, hi > x.hi
	}
	f.tick(at(0), "0")
	if direction != canary.Decrease {
		f.tick(at(margin), signed(margin))
	}
	if direction != canary.Increase {
		f.tick(at(-margin), num(-margin))
	}
	return f
}

// tick adds a label below the plot unless it would lie on another.
func (f *forest) tick(at float64, text string) {
	for _, t := range f.Ticks {
		if math.Abs(t.At-at) < 9 {
			return
		}
	}
	f.Ticks = append(f.Ticks, tick{max(3, min(97, at)), text})
}

// tailPlot is the share of observations above each bound, on a log scale: where
// slow requests are rare, only this shows that there are more.
type tailPlot struct {
	Baseline, Canary string
	Floor            string // The share at the lower edge; the upper edge is 100 %.
	Left, Right      string // Bounds at the edges.
}

// tail draws the histograms of the whole window; nil when there are none.
func (l line) tail() *tailPlot {
	if l.m == nil || l.m.Distribution == nil || len(l.m.Distribution.Bounds) == 0 {
		return nil
	}
	d := l.m.Distribution
	base, can := pool(d.Baseline, len(d.Bounds)+1), pool(d.Canary, len(d.Bounds)+1)
	first, last := -1, -1
	for i := range base {
		if base[i]+can[i] > 0 {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return nil
	}
	last = min(last, len(d.Bounds)-1)
	first = min(first, last)
	shares := func(v []float64) ([]float64, float64) {
		out, total, below := make([]float64, 0, last-first+2), 0.0, 0.0
		for _, c := range v {
			total += c
		}
		for i := range v {
			if i >= first && i <= last+1 {
				out = append(out, (total-below)/total)
			}
			below += v[i]
		}
		return out, 1 / total
	}
	b, floorB := shares(base)
	c, floorC := shares(can)
	floor := 0.1
	for low := max(1e-6, min(floorB, floorC)); floor > low*1.001; {
		floor /= 10
	}
	y := extent{math.Log10(floor), -0.06 * math.Log10(floor)}
	logs := func(v []float64) []float64 {
		out := make([]float64, len(v))
		for i, s := range v {
			out[i] = max(y.lo, math.Log10(s)) // NaN, of a side without observations, stays.
		}
		return out
	}
	left := "0"
	if first > 0 {
		left = num(d.Bounds[first-1])
	}
	return &tailPlot{Baseline: path(logs(b), len(b), y, 200), Canary: path(logs(c), len(c), y, 200),
		Floor: num(100*floor) + " %", Left: left, Right: num(d.Bounds[last])}
}

// pool adds up the buckets of a side.
func pool(v [][]float64, buckets int) []float64 {
	out := make([]float64, buckets)
	for _, h := range v {
		for i, c := range h[:min(len(h), buckets)] {
			if c > 0 && !math.IsInf(c, 0) {
				out[i] += c
			}
		}
	}
	return out
}

// dotPlot is a dot per instance at its median.
type dotPlot struct {
	Baseline, Canary []float64 // Percent of the width.
	Left, Right      string
	Far              string  // Name of the canary's instance furthest from the baseline's.
	FarAt            float64 // Its place.
	Of               [2]int  // Instances of baseline and canary.
}

// maxDots bounds the instances drawn of a side.
const maxDots = 100

// dots draws the instances; nil when there are none.
func (l line) dots() *dotPlot {
	if l.m == nil || l.m.Shards == nil {
		return nil
	}
	s := l.m.Shards
	base, can := medians(s.Baseline), medians(s.Canary)
	x := emptyExtent()
	x.hold(base...)
	x.hold(can...)
	if x.empty() {
		return nil
	}
	x = x.padded(0.06)
	p := &dotPlot{Left: num(x.lo), Right: num(x.hi), Of: [2]int{len(metric.Finite(base)), len(metric.Finite(can))}}
	place := func(v []float64) []float64 {
		out := metric.Finite(v)
		slices.Sort(out)
		if len(out) > maxDots { // Evenly over the ranks, both ends kept.
			thin := make([]float64, maxDots)
			for i := range thin {
				thin[i] = out[i*(len(out)-1)/(maxDots-1)]
			}
			out = thin
		}
		for i, v := range out {
			out[i] = math.Round(1000*x.at(v)) / 10
		}
		return out
	}
	p.Baseline, p.Canary = place(base), place(can)
	center, far := median(base), -1
	for i, v := range can {
		if d := math.Abs(v/2 - center/2); !math.IsNaN(d) && (far < 0 || d > math.Abs(can[far]/2-center/2)) {
			far = i
		}
	}
	if far >= 0 {
		p.FarAt = math.Round(1000*x.at(can[far])) / 10
		p.Far = fmt.Sprintf("instance %d", far+1)
		if far < len(s.CanaryNames) && s.CanaryNames[far] != "" {
			p.Far = s.CanaryNames[far]
		}
		p.Far = clip(oneLine(p.Far), 30) + ": " + num(can[far])
	}
	return p
}

func medians(v [][]float64) []float64 {
	out := make([]float64, len(v))
	for i, s := range v {
		out[i] = median(s)
	}
	return out
}
