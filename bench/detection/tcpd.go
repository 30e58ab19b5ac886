package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
	"github.com/bellwether-ts/bellwether/bench/detection/measure"
	"github.com/bellwether-ts/bellwether/detect/change"
)

// segmenter is a way to cut a series.
type segmenter struct {
	name string
	cut  func(x []float64) []int
}

// ours is detect/change with a configuration.
func ours(name string, c change.SegmentConfig) segmenter {
	return segmenter{name, func(x []float64) []int {
		found, err := c.Segment(x)
		if err != nil {
			return nil // Only valid configurations are in this file.
		}
		var cuts []int
		for _, f := range found {
			cuts = append(cuts, f.Index)
		}
		return cuts
	}}
}

// marked holds, series by series, the F1 and the covering of a segmenter.
type marked struct{ f1, covering []float64 }

func (s segmenter) measure(set []corpus.Annotated) (m marked) {
	for _, a := range set {
		cuts := s.cut(a.V)
		m.f1 = append(m.f1, measure.SegmentF1(a.Marks, cuts))
		m.covering = append(m.covering, measure.Covering(a.Marks, cuts, len(a.V)))
	}
	return m
}

// without returns the sum of both figures over all series but one.
func (m marked) without(skip int) float64 {
	sum := 0.0
	for i := range m.f1 {
		if i != skip {
			sum += m.f1[i] + m.covering[i]
		}
	}
	return sum
}

// interval returns the 95 % bootstrap interval over series of the mean of x.
func interval(x []float64) string {
	const draws = 4000
	r := rand.New(rand.NewPCG(1, 2))
	means := make([]float64, draws)
	for i := range means {
		for range x {
			means[i] += x[r.IntN(len(x))] / float64(len(x))
		}
	}
	slices.Sort(means)
	return fmt.Sprintf("%.3f to %.3f", means[draws/40], means[draws-1-draws/40])
}

func minus(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range out {
		out[i] = a[i] - b[i]
	}
	return out
}

// tcpdSection measures the offline segmentation on the Turing Change Point
// Dataset, and the stream beside go-change.
func tcpdSection(r *report, dir string) error {
	set, err := corpus.TCPD(dir)
	if err != nil {
		return err
	}
	r.head("Turing Change Point Dataset: where people would cut a series")
	r.text(fmt.Sprintf("%d one-dimensional series, each annotated by five people; F1 at a margin of %d samples and covering, as the benchmark defines them, means over series. "+
		"detect/change.Segment with its default parameters. The limits it uses (100 independent samples, a resolution of a fifth of the standard deviation, cost of a change 1.25) are round numbers, "+
		"the last chosen on generated noise, the first two on these series, and so was the form (constants or lines, Schwarz's criterion with these limits, spikes and season off), after some fifty variants: "+
		"the figures are in-sample. The left-out row below says what choosing the numbers is worth, not what choosing the form is. "+
		"Published on all 42 series, parameters chosen for each series with hindsight: .880/.789 (BOCPD, arXiv 2003.06222).", len(set), measure.SegmentMargin))
	best := ours("**change.Segment, default**", change.SegmentConfig{})
	rivals := append(baselineCuts(), best,
		ours("the same, season kept", change.SegmentConfig{KeepSeason: true}),
		ours("the same, spikes kept", change.SegmentConfig{KeepSpikes: true}),
		ours("the same, Schwarz's criterion without our two limits", change.SegmentConfig{Independent: math.MaxInt, Resolution: 1e-3}))
	got := best.measure(set)
	r.table("segmentation", "F1", "95 %", "covering", "95 %", "F1, ours ahead by")
	r.row(human(set)...)
	for _, s := range rivals {
		m := s.measure(set)
		ahead := ""
		if s.name != best.name {
			ahead = interval(minus(got.f1, m.f1))
		}
		r.row(s.name, f3(average(m.f1)), interval(m.f1), f3(average(m.covering)), interval(m.covering), ahead)
	}
	r.end()
	leaveOneOut(r, set)
	perSeries(r, set, best)
	if err := performanceTests(r, dir, best); err != nil {
		return err
	}
	streamSection(r)
	return nil
}

func f3(x float64) string { return fmt.Sprintf("%.3f", x) }

func average(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// human scores each person against the others.
func human(set []corpus.Annotated) []string {
	var m marked
	for _, a := range set {
		f1, covering := 0.0, 0.0
		for i, cuts := range a.Marks {
			others := slices.Delete(slices.Clone(a.Marks), i, i+1)
			f1 += measure.SegmentF1(others, cuts) / float64(len(a.Marks))
			covering += measure.Covering(others, cuts, len(a.V)) / float64(len(a.Marks))
		}
		m.f1, m.covering = append(m.f1, f1), append(m.covering, covering)
	}
	return []string{"a person, against the others", f3(average(m.f1)), interval(m.f1), f3(average(m.covering)), interval(m.covering), ""}
}

// leaveOneOut chooses the parameters on all series but one, and scores that
// one: what choosing them on these series is worth elsewhere.
func leaveOneOut(r *report, set []corpus.Annotated) {
	var grid []marked
	for _, independent := range []int{50, 75, 100, 150} {
		for _, resolution := range []float64{0.1, 0.15, 0.2, 0.25, 0.3} {
			for _, cost := range []float64{1, 1.25, 2} {
				grid = append(grid, ours("", change.SegmentConfig{Independent: independent, Resolution: resolution, ChangeCost: cost}).measure(set))
			}
		}
	}
	pick := func(skip int) marked {
		return slices.MaxFunc(grid, func(a, b marked) int { return cmpFloat(a.without(skip), b.without(skip)) })
	}
	var out marked
	for i := range set {
		m := pick(i)
		out.f1, out.covering = append(out.f1, m.f1[i]), append(out.covering, m.covering[i])
	}
	whole := pick(-1)
	slices.SortFunc(grid, func(a, b marked) int { return cmpFloat(a.without(-1), b.without(-1)) })
	r.text(fmt.Sprintf("%d sets of parameters around the default (50 to 150 independent samples, resolution .1 to .3, cost 1 to 2):", len(grid)))
	r.table("choice", "F1", "95 %", "covering", "95 %")
	for _, c := range []struct {
		name string
		m    marked
	}{{"best of all, in-sample", whole}, {"best on the other series, scored on the one left out", out}, {"middle of all", grid[len(grid)/2]}, {"worst of all", grid[0]}} {
		r.row(c.name, f3(average(c.m.f1)), interval(c.m.f1), f3(average(c.m.covering)), interval(c.m.covering))
	}
	r.end()
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// perSeries prints each series beside cutting nowhere.
func perSeries(r *report, set []corpus.Annotated, best segmenter) {
	nowhere := segmenter{"", func([]float64) []int { return nil }}.measure(set)
	got := best.measure(set)
	r.table("series", "samples", "F1", "nowhere", "covering", "nowhere", "cuts")
	for i, a := range set {
		r.row(a.Name, fmt.Sprint(len(a.V)), f3(got.f1[i]), f3(nowhere.f1[i]), f3(got.covering[i]), f3(nowhere.covering[i]), cutList(best.cut(a.V)))
	}
	r.end()
}

func cutList(cuts []int) string {
	return strings.Trim(fmt.Sprint(cuts), "[]")
}

// performanceTests prints the cuts of performance-test series; nobody marked
// them, but otava's test says in words what is in its series.
func performanceTests(r *report, dir string, best segmenter) error {
	set, err := corpus.Performance(dir)
	if err != nil {
		return err
	}
	r.text("Nightly performance tests, unmarked. Of the tigerbeetle series otava's test says: a single drop at 10, then changes at 16, 71 and 97, the last into a slope; otava finds 15 and 71.")
	r.table("series", "samples", "cuts")
	for _, a := range set {
		r.row(a.Name, fmt.Sprint(len(a.V)), cutList(best.cut(a.V)))
	}
	r.end()
	return nil
}
