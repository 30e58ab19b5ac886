package pipeline

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/model/histogram"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// counted is what counters grew by on a one-minute grid of n steps from minute
// 10 on; every series is name and (second, value) pairs.
func counted(t *testing.T, n int, all map[string][]float64) []float64 {
	t.Helper()
	g := instants{11 * minute, (10 + int64(n)) * minute, minute}
	w, sum := newGrowth(g), make([]float64, n)
	for name, pairs := range all {
		s := tsdb.Series{Labels: series(t, name)}
		for i := 0; i < len(pairs); i += 2 {
			s.Samples = append(s.Samples, metric.Sample{T: 10*minute + int64(pairs[i]*1000), V: pairs[i+1]})
		}
		w.counter(&s, func(i int, v float64) { sum[i] += v })
	}
	w.settle()
	return w.values(sum)
}

func TestCounters(t *testing.T) {
	nan, stale := math.NaN(), metric.StaleNaN()
	f := func(what string, want []float64, all map[string][]float64) {
		t.Helper()
		if diff := cmp.Diff(want, counted(t, len(want), all), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	f("growth in the step that saw it", []float64{3, 4, 0}, map[string][]float64{
		"e": {-30, 10, 0, 10, 30, 12, 60, 13, 90, 17, 120, 17, 150, 17, 180, 17}})
	f("a reset counts from 0", []float64{2, 5}, map[string][]float64{
		"e": {-30, 100, 0, 100, 30, 101, 60, 102, 90, 2, 120, 5}})
	f("its first value is where it starts", []float64{nan, 1, 0}, map[string][]float64{
		"e": {90, 1000, 120, 1001, 150, 1001, 180, 1001}})
	f("unless its instance is older", []float64{0, 7, 1}, map[string][]float64{
		`r{pod="a",code="200"}`: {-60, 0, -30, 0, 0, 0, 30, 0, 60, 0, 90, 0, 120, 0, 150, 0, 180, 0},
		`r{pod="a",code="500"}`: {90, 7, 120, 7, 150, 7, 180, 8}})
	f("another pod's age does not count", []float64{0, 0, 1}, map[string][]float64{
		`r{pod="a"}`: {-30, 0, 0, 0, 30, 0, 60, 0, 90, 0, 120, 0, 150, 0, 180, 0},
		`r{pod="b"}`: {90, 7, 120, 7, 150, 7, 180, 8}})
	f("silence is no data, and what grew in it belongs to no step", []float64{1, nan, nan, nan, 2}, map[string][]float64{
		"e": {-30, 0, 0, 0, 30, 1, 60, 1, 250, 100, 280, 101, 300, 102}})
	f("a stale marker", []float64{1, nan, nan}, map[string][]float64{"e": {-30, 0, 0, 0, 30, 1, 60, 1, 90, stale}})
	f("scrapes slower than the step", []float64{0, 6, 0, 6}, map[string][]float64{
		"e": {-240, 0, -120, 6, 0, 12, 120, 18, 240, 24}})
	f("no series", []float64{nan, nan}, nil)
}

// A native histogram grows like a counter: resets, and resolutions that fall.
func TestNativeGrowth(t *testing.T) {
	at := func(sec int64, h *histogram.FloatHistogram) tsdb.HistogramSample {
		return tsdb.HistogramSample{T: 10*minute + sec*1000, H: h}
	}
	g := instants{11 * minute, 13 * minute, minute}
	grow := func(hs ...tsdb.HistogramSample) ([]float64, bool) {
		w, n := newGrowth(g), make([]float64, g.size())
		w.native(&tsdb.Series{Labels: series(t, "h"), Histograms: hs}, func(i int, h *histogram.FloatHistogram) { n[i] += h.Count })
		w.settle()
		return w.values(n), w.changed
	}
	got, changed := grow(at(0, native(3, 0, 5, 5)), at(30, native(3, 0, 6, 5)), at(60, native(3, 0, 6, 9)), at(90, native(3, 0, 1)), at(120, native(3, 0, 4)), at(180, native(3, 0, 4)))
	if diff := cmp.Diff([]float64{5, 4, 0}, got); diff != "" || changed {
		t.Errorf("%s changed %v", diff, changed)
	}
	got, changed = grow(at(0, native(3, 0, 5, 5)), at(60, native(3, 0, 6, 9)), at(120, native(2, 0, 6, 12)), at(180, native(2, 0, 7, 12)))
	if diff := cmp.Diff([]float64{5, 3, 1}, got); diff != "" || !changed {
		t.Errorf("%s changed %v", diff, changed)
	}
}
