package pipeline

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/histogram"
	"pgregory.net/rapid"
)

// native is a histogram of resolution schema with counts from bucket offset on.
func native(schema, offset int32, counts ...float64) *histogram.FloatHistogram {
	h := &histogram.FloatHistogram{Schema: schema, PositiveSpans: []histogram.Span{{Offset: offset, Length: uint32(len(counts))}}, PositiveBuckets: counts}
	for _, n := range counts {
		h.Count += n
	}
	return h
}

func TestCommonBounds(t *testing.T) {
	f := func(want []float64, rows ...observed) {
		t.Helper()
		if diff := cmp.Diff(want, commonBounds(rows)); diff != "" {
			t.Error(diff)
		}
	}
	inf := math.Inf(1)
	f(nil)
	f(nil, observed{{math.Inf(-1), inf, 3}})
	f([]float64{1, 2, 4}, observed{{1, 2, 1}, {2, 4, 1}})
	f([]float64{1, 4}, observed{{1, 2, 1}, {2, 4, 1}}, observed{{1, 3, 1}, {3, 4, 1}})
	f([]float64{1, 2, 4}, observed{{1, 2, 1}}, observed{{2, 4, 1}}) // What is not filled cuts nothing.
	f([]float64{8}, fromCumulative([]float64{1, 8, inf}, []float64{0, 0, 5}))
	// Resolutions 1 and 0 meet on the powers of 2.
	f([]float64{1, 2, 4}, fromNative(native(1, 1, 1, 1, 1, 1)), fromNative(native(0, 1, 1, 1)))
	// Custom buckets and exponential ones too.
	custom := &histogram.FloatHistogram{Schema: histogram.CustomBucketsSchema, CustomValues: []float64{1, 4}, Count: 3,
		PositiveSpans: []histogram.Span{{Offset: 1, Length: 2}}, PositiveBuckets: []float64{2, 1}}
	f([]float64{1, 4}, fromNative(custom), fromNative(native(0, 1, 1, 1)))
}

// Putting rows on common bounds loses no observation, moves none over a bound,
// and rows that went through it come back the same when more join later.
func TestBoundsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) []observed {
			rows := make([]observed, rapid.IntRange(1, 4).Draw(t, name))
			for i := range rows {
				counts := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 5), func(n int) float64 { return float64(n) }), 1, 12).Draw(t, name)
				rows[i] = fromNative(native(int32(rapid.IntRange(-1, 4).Draw(t, name)), int32(rapid.IntRange(-8, 8).Draw(t, name)), counts...))
			}
			return rows
		}
		a, b := draw("a"), draw("b")
		early, late := commonBounds(a), commonBounds(a, b)
		for _, x := range late {
			if len(early) > 0 && x > early[0] && x < early[len(early)-1] && !slices.Contains(early, x) {
				// A bound of b inside an empty stretch of a: fine, but never inside a filled bucket.
				for _, row := range a {
					for _, f := range row {
						if f.lo < x && x < f.hi {
							t.Fatalf("%v cuts %v", x, f)
						}
					}
				}
			}
		}
		if len(late) == 0 {
			return
		}
		rows := onto(late, a)
		for i, row := range rows {
			var n, want float64
			for _, v := range row {
				n += v
			}
			for _, f := range a[i] {
				want += f.n
			}
			if n != want {
				t.Fatalf("row %d: %v observations, want %v", i, n, want)
			}
		}
		if len(early) > 0 {
			back := fromRows(early, onto(early, a))
			if diff := cmp.Diff(commonBounds(a, b), commonBounds(back, b)); diff != "" {
				t.Fatalf("kept rows meet new ones elsewhere: %s", diff)
			}
			if diff := cmp.Diff(rows, onto(late, back)); diff != "" {
				t.Fatalf("kept rows count differently: %s", diff)
			}
		}
	})
}

func TestThin(t *testing.T) {
	var fine, odd []float64
	for i := range 400 {
		fine = append(fine, math.Exp2(float64(i)/16))
		odd = append(odd, float64(i)+0.3)
	}
	if got := thin(fine); len(got) != 100 || got[1] != math.Exp2(0.25) {
		t.Errorf("%d bounds, the second %v", len(got), got[1])
	}
	if got := thin(odd); len(got) != 100 {
		t.Errorf("%d bounds", len(got))
	}
	if got := meanOf(observed{{math.Inf(-1), 2, 1}, {2, 4, 1}, {4, math.Inf(1), 2}}); got != 3 {
		t.Errorf("mean %v", got)
	}
	if got := meanOf(observed{}); !math.IsNaN(got) {
		t.Errorf("mean of nothing %v", got)
	}
}
