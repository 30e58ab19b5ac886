package correlate

// The rings: what is kept, what is counted, and that the live index answers as
// the offline kernel does.

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"
)

func newTestIndex(t testing.TB, cfg IndexConfig) *Index {
	t.Helper()
	x, err := NewIndex(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func window(x *Index, from, to int64) []float64 { return x.Candidates(nil, from, to)[0].Window.V }

var nans = cmpopts.EquateNaNs()

func TestRingKeepsMeansAndGaps(t *testing.T) {
	x := newTestIndex(t, IndexConfig{Tiers: []Tier{{Step: 10, Slots: 8}}})
	if err := x.Add(1, labels.FromStrings("__name__", "a"), Gauge); err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	for _, s := range []metric.Sample{{T: 95, V: 3}, {T: 100, V: 5}, {T: 101, V: 7}, {T: 125, V: nan}, {T: 130, V: 1e6}, {T: 118, V: 2}, {T: 119, V: 9}, {T: 1, V: 1}} {
		x.Append(1, s.T, s.V)
	}
	// The slot of 100 holds (90,100], 110 holds 101, 120 came late and is kept once.
	if d := cmp.Diff([]float64{nan, nan, nan, nan, 4, 7, 2, 1e6}, window(x, 0, 0), nans); d != "" {
		t.Error(d)
	}
	x.Append(99, 100, 1)
	st := x.Stats()
	if st.LateSamples != 3 || st.BadSamples != 1 || st.UnknownSamples != 1 || st.Series != 1 || st.BytesPerSeries < 8*4 {
		t.Errorf("%+v", st)
	}
	x.Append(1, 1000, 4)
	if d := cmp.Diff([]float64{nan, nan, nan, nan, nan, nan, nan, 4}, window(x, 0, 0), nans); d != "" {
		t.Errorf("after a long gap:\n%s", d)
	}
}

func TestCountersAreDifferenced(t *testing.T) {
	x := newTestIndex(t, IndexConfig{Tiers: []Tier{{Step: 1000, Slots: 8}}})
	if err := x.Add(1, labels.FromStrings("__name__", "a_total"), Counter); err != nil {
		t.Fatal(err)
	}
	for i, v := range []float64{100, 110, 130, 5, 6} { // A reset to 5 after the third.
		x.Append(1, int64(i+10)*1000, v)
	}
	if d := cmp.Diff([]float64{10, 20, 5, 1}, window(x, 11_000, 15_000), nans); d != "" {
		t.Error(d)
	}
	if x.Stats().Resets != 1 {
		t.Errorf("%+v", x.Stats())
	}
}

func TestSeriesLimitAndRemoval(t *testing.T) {
	x := newTestIndex(t, IndexConfig{MaxSeries: 2})
	ls := func(n string) labels.Labels { return labels.FromStrings("__name__", n) }
	for ref, n := range []string{"", "a", "b"} {
		if ref > 0 && x.Add(uint64(ref), ls(n), Gauge) != nil {
			t.Fatal("refused within the limit")
		}
	}
	if err := x.Add(3, ls("c"), Gauge); !errors.Is(err, ErrSeriesLimit) || x.Stats().RefusedSeries != 1 {
		t.Errorf("beyond the limit: %v", err)
	}
	x.Remove(1)
	x.Remove(1)
	x.Append(2, 1000, 5)
	if err := x.Add(3, ls("c"), Gauge); err != nil || x.Stats().Series != 2 {
		t.Errorf("after a removal: %v", err)
	}
	if got := x.Candidates(nil, 0, 0); got[0].Name() != "b" || got[1].Name() != "c" {
		t.Errorf("%v", got)
	}
}

func TestIndexConfigIsChecked(t *testing.T) {
	_, err := NewIndex(IndexConfig{MaxSeries: -1, Tiers: []Tier{{Step: 0, Slots: 240}, {Step: -5, Slots: 2}}})
	for _, want := range []string{"-1 series", "tier 0", "tier 1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q: %v", want, err)
		}
	}
}

// TestLiveEqualsOffline feeds the same points to the rings and to the kernel.
func TestLiveEqualsOffline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, cs := collection(rapid.Uint64().Draw(t, "seed"), 12, 40)
		x, err := NewIndex(IndexConfig{Tiers: []Tier{{Step: 1000, Slots: 40}}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range cs {
			cs[i].Ref = uint64(i + 1)
			for j := range cs[i].Window.V {
				cs[i].Window.V[j] = float64(float32(cs[i].Window.V[j]-cs[i].Window.V[0])) + cs[i].Window.V[0]
			}
			if err := x.Add(cs[i].Ref, cs[i].Labels, Gauge); err != nil {
				t.Fatal(err)
			}
			for j, v := range cs[i].Window.V {
				x.Append(cs[i].Ref, cs[i].Window.Start+int64(j)*1000, v)
			}
		}
		opts := Options{K: 5}
		live, err := x.Search(Query{Ref: 3, Options: opts})
		if err != nil {
			t.Fatal(err)
		}
		offline, err := SearchWindows(cs[2], cs, opts)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(offline, live); d != "" {
			t.Errorf("live differs from offline (-offline +live):\n%s", d)
		}
	})
}

func TestQueriesByCurveAndSelector(t *testing.T) {
	x := newTestIndex(t, IndexConfig{})
	_, cs := fleet(240)
	for i, c := range cs {
		if err := x.Add(uint64(i+1), c.Labels, Gauge); err != nil {
			t.Fatal(err)
		}
		for j, v := range c.Window.V {
			x.Append(uint64(i+1), (testStart/testStep+int64(j))*testStep, v)
		}
	}
	drawn := []float64{0, 0, 0, 0, 0, 1, .88, .76, .67, .59, .51, .45} // Twelve strokes.
	res, err := x.Search(Query{Samples: drawn, Options: Options{K: 3}})
	if err != nil || len(res.Matches) != 3 {
		t.Fatalf("by curve: %v, %s", err, res.Trace)
	}
	ms, _ := metric.ParseMatchers(`errors{service="web"}`)
	res, err = x.Search(Query{Target: ms, Options: Options{K: 3}})
	if err != nil || res.Target != `errors{service="web"}` || len(res.Matches) == 0 {
		t.Errorf("by selector: %v, %s", err, res.Trace)
	}
	for _, q := range []Query{{}, {Ref: 1, Samples: drawn}, {Ref: 999}, {Ref: 1, Step: 7}} {
		if _, err := x.Search(q); err == nil {
			t.Errorf("query %+v is answered", q)
		}
	}
	if res, err := x.Search(Query{Options: Options{Mode: Change}}); err != nil || res.Stats.Searched == 0 {
		t.Errorf("change: %v, %+v", err, res.Stats)
	}
}

func BenchmarkAppend(b *testing.B) {
	x := newTestIndex(b, IndexConfig{})
	for ref := range uint64(1000) {
		_ = x.Add(ref, labels.FromStrings("__name__", "a"), Gauge)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		x.Append(uint64(i%1000), int64(i/1000)*15_000, float64(i))
	}
}
