package metric

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestResample(t *testing.T) {
	nan := math.NaN()
	in := []Sample{{1, 1}, {10, 2}, {15, 4}, {20, 6}, {41, 9}, {50, nan}}
	got := Resample(in, 10, 60, 10)
	want := Window{Start: 10, Step: 10, V: []float64{1.5, 5, nan, nan, 9}}
	eq := cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })
	if d := cmp.Diff(want, got, eq); d != "" {
		t.Error(d)
	}
	if got.End() != 60 || got.Missing() != 0.4 {
		t.Errorf("End %d, Missing %v", got.End(), got.Missing())
	}
}

func TestMedianStep(t *testing.T) {
	f := func(want int64, ts ...int64) {
		t.Helper()
		if got := MedianStep(ts); got != want {
			t.Errorf("MedianStep(%v) = %d, want %d", ts, got, want)
		}
	}
	f(0)
	f(0, 5)
	f(0, 5, 5)
	f(60, 0, 60, 60, 120, 500, 560)
}

func TestStale(t *testing.T) {
	if !IsStale(StaleNaN()) || IsStale(math.NaN()) || IsStale(1) {
		t.Error("only the stale marker is stale")
	}
}
