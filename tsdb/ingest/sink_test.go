package ingest

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// t0 is the instant tests call now.
const t0 int64 = 1_700_000_000_000

func clock() time.Time { return time.UnixMilli(t0) }

func openStore(t testing.TB, o tsdb.Options) *tsdb.Store {
	t.Helper()
	s, err := tsdb.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// newSink returns a sink on an empty store whose tap counts, and checks at the
// end of the test that the books are right.
func newSink(t testing.TB, so tsdb.Options, o SinkOptions) (*Sink, *tsdb.Store) {
	t.Helper()
	store := openStore(t, so)
	tapped := uint64(0)
	store.SetTap(func(b *metric.Batch) { tapped += uint64(b.Len()) })
	s, err := NewSink(store, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		checkBooks(t, s)
		store.SetTap(nil) // Waits for a tap that is running.
		if a := s.Accounting(); a.Tapped != tapped || a.Appended != tapped {
			t.Errorf("the tap heard %d samples, the books say %+v", tapped, a)
		}
	})
	return s, store
}

func checkBooks(t testing.TB, s *Sink) {
	t.Helper()
	if door, store := s.Accounting().Balance(); door != 0 || store != 0 {
		t.Errorf("the books are out by %d at the door and %d at the store: %+v", door, store, s.Accounting())
	}
}

func named(name string, more ...string) labels.Labels {
	return labels.FromStrings(append([]string{labels.MetricName, name}, more...)...)
}

func samples(tv ...float64) []metric.Sample {
	var out []metric.Sample
	for i := 0; i < len(tv); i += 2 {
		out = append(out, metric.Sample{T: t0 + int64(tv[i]), V: tv[i+1]})
	}
	return out
}

func intHistogram(n int) *histogram.Histogram {
	return &histogram.Histogram{
		Schema: 1, ZeroThreshold: 1e-3, Count: uint64(2 * n), Sum: float64(n),
		PositiveSpans: []histogram.Span{{Offset: 3, Length: 2}}, PositiveBuckets: []int64{int64(n), 0},
	}
}

func customHistogram(n int) *histogram.FloatHistogram {
	return &histogram.FloatHistogram{
		Schema: histogram.CustomBucketsSchema, Count: float64(n), Sum: float64(n), CustomValues: []float64{0.5},
		PositiveSpans: []histogram.Span{{Length: 1}}, PositiveBuckets: []float64{float64(n)},
	}
}

// stored reads everything back, with what the store adds to histograms and
// references taken off.
func stored(t testing.TB, s *tsdb.Store) []tsdb.Series {
	t.Helper()
	var out []tsdb.Series
	for one, err := range s.Select(context.Background(), nil, math.MinInt64/2, math.MaxInt64/2) {
		if err != nil {
			t.Fatal(err)
		}
		one.Ref = 0
		for _, h := range one.Histograms {
			h.H.CounterResetHint = histogram.UnknownCounterReset
		}
		out = append(out, one)
	}
	return out
}

var equal = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }),
	cmp.Comparer(func(a, b labels.Labels) bool { return labels.Equal(a, b) }),
	cmp.Comparer(func(a, b *histogram.FloatHistogram) bool { return a == b || a != nil && b != nil && a.Equals(b) }),
}

func TestPush(t *testing.T) {
	s, store := newSink(t, tsdb.Options{Now: clock}, SinkOptions{})
	r, err := s.Push(context.Background(), []PushSeries{
		{Labels: named("a", "x", "1"), Samples: samples(0, 1, 1000, 2), Meta: PushMeta{Type: "counter", Unit: "bytes", Help: "What it is."}},
		{Labels: named("h"), Histograms: []PushHistogram{{T: t0, Int: intHistogram(3)}, {T: t0 + 1, Float: intHistogram(4).ToFloat(nil)}}},
		{Labels: named("c"), Histograms: []PushHistogram{{T: t0, Float: customHistogram(2)}}},
	})
	if err != nil || r.Accepted != 5 || len(r.Refused) != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	want := []tsdb.Series{
		{Labels: named("a", "x", "1"), Samples: samples(0, 1, 1000, 2)},
		{Labels: named("c"), Histograms: []tsdb.HistogramSample{{T: t0, H: customHistogram(2)}}},
		{Labels: named("h"), Histograms: []tsdb.HistogramSample{{T: t0, H: intHistogram(3).ToFloat(nil)}, {T: t0 + 1, H: intHistogram(4).ToFloat(nil)}}},
	}
	if d := cmp.Diff(want, stored(t, store), equal); d != "" {
		t.Error(d)
	}
	ref, _ := store.Ref(named("a", "x", "1"))
	if m, _ := store.SeriesMeta(ref); m.Kind != tsdb.KindCounter || m.Unit != "bytes" || m.Help != "What it is." || m.Guessed {
		t.Errorf("metadata %+v", m)
	}
}

// Good samples of a batch are stored whatever else is in it, and every refusal
// has its reason and an example.
func TestPushRefusals(t *testing.T) {
	s, _ := newSink(t, tsdb.Options{Now: clock, MaxLabels: 3}, SinkOptions{})
	both := PushHistogram{T: t0, Int: intHistogram(1), Float: customHistogram(1)}
	r, err := s.Push(context.Background(), []PushSeries{
		{Labels: named("good"), Samples: samples(0, 1, 1, 2)},
		{Labels: named("good"), Samples: samples(0, 1, 1, 9)},      // One late duplicate, one the same instant.
		{Labels: named("good"), Samples: samples(9e8, 1, -9e8, 1)}, // Future, and out of the window.
		{Labels: named("bad\xff"), Samples: samples(0, 1)},         // Not UTF-8.
		{Labels: named("a", "b", "1", "c", "1", "d", "1"), Samples: samples(0, 1)},
		{Labels: labels.EmptyLabels(), Samples: samples(0, 1)},
		{Labels: named("h"), Histograms: []PushHistogram{both, {T: t0}, {T: t0, Int: intHistogram(1)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[tsdb.Reason]int{}
	for _, one := range r.Refused {
		got[one.Reason] = one.Count
		if one.Example == "" {
			t.Errorf("%s has no example", one.Reason)
		}
	}
	want := map[tsdb.Reason]int{tsdb.ReasonFuture: 1, tsdb.ReasonTooOld: 1, tsdb.ReasonInvalidLabels: 2, tsdb.ReasonLabelLimit: 1, tsdb.ReasonInvalidHistogram: 2}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if r.Accepted+r.Refused.Total() != 12 {
		t.Errorf("accepted %d, refused %d of 12", r.Accepted, r.Refused.Total())
	}
	a := s.Accounting()
	if a.Received != 12 || a.Appended != 3 || a.Duplicate+a.Late != 2 {
		t.Errorf("%+v", a)
	}
}

func TestPushLimits(t *testing.T) {
	s, _ := newSink(t, tsdb.Options{Now: clock}, SinkOptions{MaxBatchSamples: 1, MaxInFlight: 1})
	batch := []PushSeries{{Labels: named("a"), Samples: samples(0, 1, 1, 2)}}
	if _, err := s.Push(context.Background(), batch); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "the limit is 1") {
		t.Errorf("got %v", err)
	}
	batch[0].Samples = batch[0].Samples[:1]
	s.places <- struct{}{}
	if _, err := s.Push(context.Background(), batch); !errors.Is(err, ErrOverloaded) {
		t.Errorf("got %v", err)
	}
	<-s.places
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Push(gone, batch); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if r, err := s.Push(context.Background(), batch); err != nil || r.Accepted != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	a := s.Accounting()
	if a.Requests != 4 || a.BadRequests != 1 || a.Overloaded != 1 || a.Failed != 1 || a.Appended != 1 {
		t.Errorf("%+v", a)
	}
	if _, err := NewSink(nil, SinkOptions{MaxInFlight: -1, MaxBodyBytes: -1}); err == nil || !strings.Contains(err.Error(), "MaxInFlight") || !strings.Contains(err.Error(), "MaxBodyBytes") {
		t.Errorf("got %v", err)
	}
}

func TestBlockList(t *testing.T) {
	s, _ := newSink(t, tsdb.Options{Now: clock}, SinkOptions{})
	parse := func(text string) []*labels.Matcher {
		ms, err := metric.ParseMatchers(text)
		if err != nil {
			t.Fatal(err)
		}
		return ms
	}
	for _, wide := range []string{``, `{__name__=~".+"}`, `{job!="api"}`, `{__name__!="up"}`, `{job=~".*"}`} {
		if err := s.Block("wide", parse(wide)); err == nil {
			t.Errorf("%s blocks the world and was taken", wide)
		}
	}
	if err := s.Block("", parse("debug")); err == nil {
		t.Error("an entry without a name was taken")
	}
	if err := s.Block("noise", parse(`{__name__=~"debug_.*"}`)); err != nil {
		t.Fatal(err)
	}
	if err := s.Block("cart", parse(`req{svc="cart"}`)); err != nil {
		t.Fatal(err)
	}
	push := func(at float64) PushResult {
		t.Helper()
		r, err := s.Push(context.Background(), []PushSeries{
			{Labels: named("debug_x"), Samples: samples(at, 1)},
			{Labels: named("req", "svc", "cart"), Samples: samples(at, 1)},
			{Labels: named("req", "svc", "pay"), Samples: samples(at, 1)},
		})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := push(0); r.Accepted != 1 || len(r.Refused) != 1 || r.Refused[0].Reason != tsdb.ReasonBlocked || r.Refused[0].Count != 2 || !strings.Contains(r.Refused[0].Example, `"noise"`) {
		t.Errorf("%+v", r)
	}
	if got := s.Blocked(); len(got) != 2 || got[0].Name != "cart" || got[0].Refused != 1 {
		t.Errorf("%+v", got)
	}
	if !s.Unblock("noise") || s.Unblock("noise") {
		t.Error("Unblock")
	}
	if r := push(1); r.Accepted != 2 {
		t.Errorf("%+v", r)
	}
	if err := s.Block("cart", parse("nothing")); err != nil {
		t.Fatal(err)
	}
	if r := push(2); r.Accepted != 3 || len(s.Blocked()) != 1 {
		t.Errorf("%+v", r)
	}
}

// FuzzPush builds batches out of bytes: whatever they hold, nothing panics and
// the books are right.
func FuzzPush(f *testing.F) {
	store, err := tsdb.Open(tsdb.Options{Now: clock, MaxSeries: 1000})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { store.Close() })
	s, err := NewSink(store, SinkOptions{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("up", "job", int64(0), uint64(1), int32(2), int32(-1), uint32(2), []byte{1, 0, 3})
	f.Add("\xff", "", int64(math.MaxInt64), uint64(0x7ff0000000000002), int32(-53), int32(0), uint32(1), []byte{})
	f.Add("h", "__name__", int64(math.MinInt64), uint64(1), int32(40), int32(math.MaxInt32), uint32(math.MaxUint32), []byte{255})
	f.Fuzz(func(t *testing.T, name, label string, dt int64, bits uint64, schema, offset int32, length uint32, buckets []byte) {
		v := math.Float64frombits(bits)
		spans := []histogram.Span{{Offset: offset, Length: length}, {Offset: offset / 2, Length: 1}}
		h := &histogram.Histogram{Schema: schema, Count: bits, Sum: v, PositiveSpans: spans, ZeroThreshold: v}
		fh := &histogram.FloatHistogram{Schema: schema, Count: v, NegativeSpans: spans, CustomValues: []float64{v, 1}}
		for _, b := range buckets {
			h.PositiveBuckets = append(h.PositiveBuckets, int64(int8(b)))
			fh.NegativeBuckets = append(fh.NegativeBuckets, float64(b))
		}
		batch := []PushSeries{
			{Labels: labels.FromStrings(labels.MetricName, name, "l", label), Samples: []metric.Sample{{T: t0 + dt, V: v}, {T: t0, V: v}}},
			{Labels: named("h"), Histograms: []PushHistogram{{T: t0 + dt, Int: h}, {T: t0, Float: fh}, {}}},
		}
		r, err := s.Push(context.Background(), batch)
		if err != nil {
			t.Fatal(err)
		}
		if r.Accepted+r.Refused.Total() != 5 {
			t.Fatalf("%+v does not add up to 5", r)
		}
		checkBooks(t, s)
	})
}

func parseMatchers(s string) ([]*labels.Matcher, error) { return metric.ParseMatchers(s) }

func bits(v float64) uint64 { return math.Float64bits(v) }

// clear forgets everything, so that the next request is decoded in full.
func (s *identities) clear() {
	for i := range s.shards {
		shard := &s.shards[i]
		shard.mu.Lock()
		shard.m = nil
		shard.mu.Unlock()
	}
}
