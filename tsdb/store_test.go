package tsdb

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// t0 is the instant tests call now.
const t0 int64 = 1_700_000_000_000

func open(t testing.TB, o Options) *Store {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return time.UnixMilli(t0) }
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// temp opens a store that the test closes.
func temp(t testing.TB, o Options) *Store {
	t.Helper()
	s := open(t, o)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func named(name string, more ...string) labels.Labels {
	return labels.FromStrings(append([]string{labels.MetricName, name}, more...)...)
}

func ramp(from, step int64, v ...float64) []metric.Sample {
	out := make([]metric.Sample, len(v))
	for i := range v {
		out[i] = metric.Sample{T: from + int64(i)*step, V: v[i]}
	}
	return out
}

// exponential returns a valid histogram whose counts grow with n.
func exponential(n int) *histogram.Histogram {
	k := int64(n)
	return &histogram.Histogram{
		Schema: 2, ZeroThreshold: 0.001, ZeroCount: uint64(n), Count: uint64(n) + uint64(2*k+1), Sum: float64(3 * n),
		PositiveSpans:   []histogram.Span{{Offset: -1, Length: 2}},
		PositiveBuckets: []int64{k, 1}, // Counts k and k+1.
	}
}

func customBuckets(n int) *histogram.FloatHistogram {
	return &histogram.FloatHistogram{
		Schema: histogram.CustomBucketsSchema, Count: float64(2 * n), Sum: float64(n),
		CustomValues:    []float64{0.1, 1},
		PositiveSpans:   []histogram.Span{{Length: 2}},
		PositiveBuckets: []float64{float64(n), float64(n)},
	}
}

func mustAppend(t testing.TB, s *Store, series ...Series) AppendResult {
	t.Helper()
	r, err := s.Append(context.Background(), series)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func all(t testing.TB, s *Store) []Series {
	t.Helper()
	var out []Series
	for one, err := range s.Select(context.Background(), nil, 0, t0+1e9) {
		if err != nil {
			t.Fatal(err)
		}
		one.Ref = 0
		out = append(out, one)
	}
	return out
}

var equalSeries = cmp.Options{
	cmpopts.EquateNaNs(), cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b labels.Labels) bool { return labels.Equal(a, b) }),
	cmp.Comparer(func(a, b *histogram.FloatHistogram) bool { return a == b || a != nil && a.Equals(b) }),
}

// What goes in comes out: floats, NaN, infinities, integer, float and
// custom-bucket histograms, and hours of history of several series at once.
func TestRoundTrip(t *testing.T) {
	s := temp(t, Options{})
	day := make([]float64, 24*60)
	for i := range day {
		day[i] = math.Sin(float64(i) / 100)
	}
	start := t0 - int64(len(day))*60_000
	want := []Series{
		{Labels: named("a", "x", "1"), Samples: ramp(start, 60_000, day...)},
		{Labels: named("a", "x", "2"), Samples: ramp(start, 60_000, day...)},
		{Labels: named("b"), Samples: ramp(t0-3000, 1000, math.NaN(), math.Inf(1), -0.0)},
		{Labels: named("h"), Histograms: []HistogramSample{{t0 - 1000, exponential(1).ToFloat(nil)}, {t0, exponential(5).ToFloat(nil)}}},
		{Labels: named("nhcb"), Histograms: []HistogramSample{{t0 - 1000, customBuckets(1)}, {t0, customBuckets(2)}}},
	}
	r := mustAppend(t, s, want...)
	if r.Accepted() != r.New || r.New != 2*len(day)+3+4 {
		t.Errorf("append said %+v", r)
	}
	got := all(t, s)
	for i := range got {
		for _, h := range got[i].Histograms {
			h.H.CounterResetHint = histogram.UnknownCounterReset // The store knows better than the sender.
		}
	}
	if d := cmp.Diff(want, got, equalSeries); d != "" {
		t.Error(d)
	}
}

func TestSelectGivesRefs(t *testing.T) {
	s := temp(t, Options{})
	mustAppend(t, s, Series{Labels: named("a"), Samples: ramp(t0, 1, 1)}, Series{Labels: named("b"), Samples: ramp(t0, 1, 1)})
	n := 0
	for one, err := range s.Select(context.Background(), nil, t0, t0) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		ref, ok := s.Ref(one.Labels)
		if !ok || ref != one.Ref || ref == 0 {
			t.Errorf("%s: Select says %d, Ref says %d, %v", one.Labels, one.Ref, ref, ok)
		}
		if ls, ok := s.Labels(ref); !ok || !labels.Equal(ls, one.Labels) {
			t.Errorf("Labels(%d) = %s, %v, want %s", ref, ls, ok, one.Labels)
		}
	}
	if n != 2 {
		t.Errorf("%d series, want 2", n)
	}
	if _, ok := s.Labels(999); ok {
		t.Error("an unknown reference has labels")
	}
	if _, ok := s.Ref(named("nobody")); ok {
		t.Error("an unknown series has a reference")
	}
}

func TestRefusals(t *testing.T) {
	s := temp(t, Options{MaxSeries: 3, MaxLabels: 3, MaxLabelLength: 10, MaxLabelNameLength: 8, MaxHistogramBuckets: 4})
	mustAppend(t, s, Series{Labels: named("base"), Samples: ramp(t0, 1, 1)})
	one := func(ls labels.Labels, at int64, v float64) Series {
		return Series{Labels: ls, Samples: []metric.Sample{{T: at, V: v}}}
	}
	f := func(what string, want Reason, in Series) {
		t.Helper()
		before := s.Stats().Refused[want]
		r := mustAppend(t, s, in)
		if len(r.Refused) != 1 || r.Refused[0].Reason != want || r.Refused[0].Count != 1 || r.Accepted() != 0 {
			t.Errorf("%s: %+v, want one refused for %s", what, r, want)
			return
		}
		if r.Refused[0].Example == "" || !strings.Contains(r.Refused[0].Example, ":") {
			t.Errorf("%s: example %q does not say what and why", what, r.Refused[0].Example)
		}
		if got := s.Stats().Refused[want] - before; got != 1 {
			t.Errorf("%s: Stats counted %d", what, got)
		}
	}
	f("other value at the same instant", ReasonDuplicateValue, one(named("base"), t0, 2))
	f("histogram at the instant of a float", ReasonDuplicateValue, Series{Labels: named("base"), Histograms: []HistogramSample{{t0, customBuckets(1)}}})
	f("an hour old", ReasonTooOld, one(named("base"), t0-3_600_000, 2))
	f("no instant", ReasonTooOld, one(named("base"), math.MinInt64, 2))
	f("an hour ahead", ReasonFuture, one(named("base"), t0+3_600_000, 2))
	f("no name", ReasonInvalidLabels, one(labels.FromStrings("a", "b"), t0, 1))
	f("no labels", ReasonInvalidLabels, one(labels.EmptyLabels(), t0, 1))
	f("not UTF-8", ReasonInvalidLabels, one(named("a", "b", "\xff"), t0, 1))
	f("label twice", ReasonInvalidLabels, one(labels.New(labels.Label{Name: "__name__", Value: "a"}, labels.Label{Name: "b", Value: "1"}, labels.Label{Name: "b", Value: "2"}), t0, 1))
	f("too many labels", ReasonLabelLimit, one(named("a", "b", "1", "c", "1", "d", "1"), t0, 1))
	f("long value", ReasonLabelLength, one(named("a", "b", "12345678901"), t0, 1))
	f("long name", ReasonLabelLength, one(named("a", "bcdefghij", "1"), t0, 1))
	bad := customBuckets(1)
	bad.PositiveSpans = []histogram.Span{{Length: 9}}
	f("broken histogram", ReasonInvalidHistogram, Series{Labels: named("h"), Histograms: []HistogramSample{{t0, bad}}})
	wide := &histogram.FloatHistogram{Schema: histogram.CustomBucketsSchema, CustomValues: []float64{1, 2, 3, 4}, Count: 5,
		PositiveSpans: []histogram.Span{{Length: 5}}, PositiveBuckets: []float64{1, 1, 1, 1, 1}}
	f("wide histogram", ReasonBucketLimit, Series{Labels: named("h"), Histograms: []HistogramSample{{t0, wide}}})
	mustAppend(t, s, one(named("c"), t0, 1), one(named("d"), t0, 1))
	f("fourth series", ReasonSeriesLimit, one(named("e"), t0, 1))
	if r := mustAppend(t, s, one(named("d"), t0+1, 1)); r.New != 1 {
		t.Errorf("a known series at the limit is refused: %+v", r)
	}
}

// An exponential histogram beyond the bucket limit loses resolution, not data.
func TestHistogramIsReducedToFit(t *testing.T) {
	s := temp(t, Options{MaxHistogramBuckets: 3})
	in := &histogram.FloatHistogram{Schema: 3, Count: 8, Sum: 8,
		PositiveSpans: []histogram.Span{{Length: 8}}, PositiveBuckets: []float64{1, 1, 1, 1, 1, 1, 1, 1}}
	keep := in.Copy()
	if r := mustAppend(t, s, Series{Labels: named("h"), Histograms: []HistogramSample{{t0, in}}}); r.New != 1 {
		t.Fatalf("%+v", r)
	}
	if !in.Equals(keep) {
		t.Error("the caller's histogram was changed")
	}
	h := all(t, s)[0].Histograms[0].H
	if h.Schema >= 3 || h.Count != 8 || len(h.PositiveBuckets) > 3 {
		t.Errorf("stored %v", h)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	_, err := Open(Options{Retention: -1, MaxSeries: -2})
	if err == nil || !strings.Contains(err.Error(), "Retention") || !strings.Contains(err.Error(), "MaxSeries") {
		t.Errorf("both complaints wanted at once, got %v", err)
	}
	_, err = Open(Options{Dir: "/proc/nowhere"})
	if err == nil || !strings.Contains(err.Error(), "cannot open store /proc/nowhere") {
		t.Errorf("got %v", err)
	}
}

func TestSeriesMeta(t *testing.T) {
	s := temp(t, Options{})
	f := func(name string, wantKind Kind, wantGuessed bool, more ...string) {
		t.Helper()
		ls := named(name, more...)
		mustAppend(t, s, Series{Labels: ls, Samples: ramp(t0, 1, 1)})
		ref, _ := s.Ref(ls)
		m, ok := s.SeriesMeta(ref)
		if !ok || m.Kind != wantKind || m.Guessed != wantGuessed {
			t.Errorf("%s: %+v, want %s, guessed %v", name, m, wantKind, wantGuessed)
		}
	}
	tx := s.Begin(context.Background())
	tx.SetMeta("told", "counter", "bytes", "How much.")
	tx.SetMeta("temp_total", "gauge", "", "A name that lies.")
	tx.SetMeta("lat", "histogram", "", "")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	f("told", KindCounter, false)
	f("temp_total", KindGauge, false)
	f("lat_bucket", KindCounter, false, "le", "1")
	f("requests_total", KindCounter, true)
	f("x_bucket", KindCounter, true, "le", "1")
	f("x_bucket", KindUnknown, true)
	f("load1", KindUnknown, true)
	f("up", KindGauge, true)
	f("rpc", KindGauge, true, "quantile", "0.9")

	mustAppend(t, s, Series{Labels: named("native"), Histograms: []HistogramSample{{t0, customBuckets(1)}}})
	ref, _ := s.Ref(named("native"))
	if m, _ := s.SeriesMeta(ref); m.Kind != KindHistogram {
		t.Errorf("native: %+v", m)
	}
	if _, ok := s.SeriesMeta(12345); ok {
		t.Error("an unknown reference has metadata")
	}
}

// A crash is a copy of the directory taken while the store is open: what was
// committed is there after a restart, and what was seen does not count as new.
func TestReopen(t *testing.T) {
	f := func(name string, stop func(t *testing.T, s *Store, dir string) string) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, Options{Dir: dir})
			in := []Series{
				{Labels: named("a"), Samples: ramp(t0-5000, 1000, 1, 2, 3, 4, 5)},
				{Labels: named("h"), Histograms: []HistogramSample{{t0 - 1000, customBuckets(1)}, {t0, customBuckets(2)}}},
			}
			mustAppend(t, s, in...)
			before := all(t, s)
			s = open(t, Options{Dir: stop(t, s, dir)})
			defer s.Close()
			if d := cmp.Diff(before, all(t, s), equalSeries); d != "" {
				t.Errorf("lost or changed: %s", d)
			}
			if got := s.Stats().Series; got != 2 {
				t.Errorf("%d active series, want 2", got)
			}
			var got []int64
			s.SetTap(func(b *metric.Batch) { got = append(got, b.T...) })
			r := mustAppend(t, s, append(in, Series{Labels: named("a"), Samples: ramp(t0, 1, 6)})...)
			if r.New != 1 || r.Tapped != 1 || !slices.Equal(got, []int64{t0}) {
				t.Errorf("after the restart %+v, tapped %v; want only the sample at %d", r, got, t0)
			}
			if ref, _ := s.Ref(named("h")); ref == 0 || !s.tap.isHistogram(ref) {
				t.Error("the histogram is not known as one after the restart")
			}
		})
	}
	f("close", func(t *testing.T, s *Store, dir string) string {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return dir
	})
	f("crash", func(t *testing.T, s *Store, dir string) string {
		t.Cleanup(func() { s.Close() })
		crashed := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		return crashed
	})
}

// A commit that fails tells the sender, stores nothing and reaches no tap.
func TestFailedCommit(t *testing.T) {
	s := open(t, Options{})
	tapped := 0
	s.SetTap(func(b *metric.Batch) { tapped += b.Len() })
	tx := s.Begin(context.Background())
	if _, err := tx.Add(0, named("a"), t0, 1, nil, nil); err != nil {
		t.Fatal(err)
	}
	// Closing the write-ahead log is the nearest a test comes to a dead disk.
	if err := s.db.Head().Close(); err != nil {
		t.Fatal(err)
	}
	_, err := tx.Commit()
	if err == nil || !strings.Contains(err.Error(), "cannot commit 1 samples in "+s.dir) {
		t.Errorf("got %v", err)
	}
	if tapped != 0 || s.Stats().New != 0 || s.Stats().RolledBack != 1 {
		t.Errorf("tapped %d, stats %+v", tapped, s.Stats())
	}
	_ = s.Close() // The head is closed already; this ends the rest.
}

func TestExplainDiskFull(t *testing.T) {
	s := &Store{dir: "/data"}
	err := s.explain("commit 3 samples", &os.PathError{Op: "write", Path: "/data/wal/00000001", Err: syscall.ENOSPC})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "the disk is full") || !strings.Contains(err.Error(), "free space") {
		t.Errorf("got %v", err)
	}
}

func TestDeletedSeriesAreForgotten(t *testing.T) {
	s := temp(t, Options{})
	var gone []uint64
	s.OnSeriesDeleted(func(refs []uint64) { gone = append(gone, refs...) })
	old := t0 - 6*3_600_000
	mustAppend(t, s, Series{Labels: named("old"), Samples: ramp(old, 1000, 1, 2)})
	ref, _ := s.Ref(named("old"))
	mustAppend(t, s, Series{Labels: named("new"), Samples: ramp(old, 3_600_000, 1, 2, 3, 4, 5, 6)})
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(gone, ref) {
		t.Fatalf("told of %v, want %d", gone, ref)
	}
	if _, ok := s.Labels(ref); ok || s.Stats().Series != 1 {
		t.Errorf("still there: %v, %d series", ok, s.Stats().Series)
	}
	if got := all(t, s); len(got) != 2 {
		t.Errorf("%d series, history must survive in the block", len(got))
	}
	p, i := s.tap.slot(ref)
	if p.last[i] != never {
		t.Error("the tap still remembers the deleted series")
	}
}
