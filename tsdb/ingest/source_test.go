package ingest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/google/go-cmp/cmp"
	commonconfig "github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage/remote"
)

// peer is a server to pull from: Prometheus's own remote-read handler and
// query engine on another store.
type peer struct {
	*httptest.Server
	store  *tsdb.Store
	broken atomic.Bool // Answers 500.
	noRead atomic.Bool // Has no remote read.
	token  string      // Asked for, if not empty.
	reads  atomic.Int64
}

func newPeer(t testing.TB) *peer {
	p := &peer{store: openStore(t, tsdb.Options{OutOfOrderWindow: 48 * time.Hour})}
	read := remote.NewReadHandler(slog.New(slog.DiscardHandler), nil, p.store.Queryable(), func() config.Config { return config.Config{} }, 1e6, 10, 1<<20)
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/read", func(w http.ResponseWriter, r *http.Request) {
		p.reads.Add(1)
		if p.noRead.Load() {
			http.NotFound(w, r)
			return
		}
		read.ServeHTTP(w, r)
	})
	mux.HandleFunc("/api/v1/query", func(w http.ResponseWriter, r *http.Request) {
		at, err := strconv.ParseFloat(r.FormValue("time"), 64)
		if err != nil {
			t.Error(err)
		}
		var b bytes.Buffer
		status := 200
		result, err := p.store.Query(r.Context(), r.FormValue("query"), int64(at*1000))
		if err == nil {
			err = tsdb.WritePrometheusJSON(&b, result)
		} else {
			status, err = tsdb.WritePrometheusError(&b, err)
		}
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		w.Write(b.Bytes())
	})
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case p.broken.Load():
			http.Error(w, "down for maintenance", 500)
		case p.token != "" && r.Header.Get("Authorization") != "Bearer "+p.token:
			http.Error(w, "who are you", 401)
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *peer) add(t testing.TB, series ...tsdb.Series) {
	t.Helper()
	r, err := p.store.Append(context.Background(), series)
	if err != nil || len(r.Refused) > 0 {
		t.Fatalf("%+v, %v", r, err)
	}
}

// history is hours of several kinds of series, one sample every 15 s.
func (p *peer) history(t testing.TB, now int64, hours int) {
	t.Helper()
	n := hours * 240
	var list []tsdb.Series
	for _, job := range []string{"x", "y"} {
		one := tsdb.Series{Labels: named("a", "job", job)}
		for i := range n {
			one.Samples = append(one.Samples, metric.Sample{T: now - int64(n-i)*15_000, V: float64(i)})
		}
		list = append(list, one)
	}
	ended := tsdb.Series{Labels: named("ended"), Samples: []metric.Sample{{T: now - 1_800_000, V: 1}, {T: now - 1_785_000, V: metric.StaleNaN()}}}
	h := tsdb.Series{Labels: named("h")}
	c := tsdb.Series{Labels: named("c")}
	for i := range 20 {
		at := now - int64(20-i)*15_000
		h.Histograms = append(h.Histograms, tsdb.HistogramSample{T: at, H: intHistogram(i + 1).ToFloat(nil)})
		c.Histograms = append(c.Histograms, tsdb.HistogramSample{T: at, H: customHistogram(i + 1)})
	}
	p.add(t, append(list, ended, h, c)...)
}

func startSource(t testing.TB, sink *Sink, o SourceOptions) (s *Source, stop func()) {
	t.Helper()
	if o.Step == 0 {
		o.Step = 20 * time.Millisecond
	}
	s, err := NewSource(sink, o)
	if err != nil {
		t.Fatal(err)
	}
	return s, run(t, s.Run)
}

func same(t testing.TB, want, got *tsdb.Store) {
	t.Helper()
	if d := cmp.Diff(stored(t, want), stored(t, got), equal); d != "" {
		t.Error(d)
	}
}

// History comes over whole, oldest first, then what is new, and after an
// outage there is no gap. Native histograms and stale markers come intact.
func TestSource(t *testing.T) {
	p := newPeer(t)
	now := time.Now().UnixMilli()
	p.history(t, now, 5)
	sink, store := newSink(t, tsdb.Options{}, SinkOptions{})
	// Another way in is already at now: history must still be let in.
	if _, err := sink.Push(context.Background(), []PushSeries{{Labels: named("live"), Samples: []metric.Sample{{T: now, V: 1}}}}); err != nil {
		t.Fatal(err)
	}
	p.add(t, tsdb.Series{Labels: named("live"), Samples: []metric.Sample{{T: now, V: 1}}})
	var done, total, calls atomic.Int64
	p.broken.Store(true)
	s, stop := startSource(t, sink, SourceOptions{URL: p.URL, History: 6 * time.Hour, Progress: func(d, n int) {
		if int64(d) < done.Load() || d > n {
			t.Errorf("progress went from %d to %d of %d", done.Load(), d, n)
		}
		done.Store(int64(d))
		total.Store(int64(n))
		calls.Add(1)
	}})
	eventually(t, "the first error is seen", func() bool { return s.Status().Errors > 0 })
	if st := s.Status(); !strings.Contains(st.LastError, "500") {
		t.Errorf("%+v", st)
	}
	p.broken.Store(false)
	eventually(t, "history is in", func() bool { return s.Status().CaughtUp })
	same(t, p.store, store)
	if done.Load() != total.Load() || total.Load() < 6*3600 || calls.Load() < 6 {
		t.Errorf("progress %d of %d in %d calls", done.Load(), total.Load(), calls.Load())
	}

	add := func(v float64) {
		t.Helper()
		at := time.Now().UnixMilli()
		p.add(t, tsdb.Series{Labels: named("a", "job", "x"), Samples: []metric.Sample{{T: at, V: v}}},
			tsdb.Series{Labels: named("new"), Samples: []metric.Sample{{T: at, V: v}}})
	}
	add(1)
	eventually(t, "a new sample and a new series", func() bool { return latest(t, store, "new") == 1 })
	p.broken.Store(true)
	add(2)
	errors := s.Status().Errors
	eventually(t, "the outage is seen", func() bool { return s.Status().Errors > errors })
	add(3)
	p.broken.Store(false)
	eventually(t, "the outage is over", func() bool { return latest(t, store, "new") == 3 })
	st := s.Status()
	stop()
	same(t, p.store, store)
	if st.Protocol != "remote_read_streamed" || st.Series != 7 || st.LastError != "" || st.LagSeconds > 5 || st.Polls == 0 {
		t.Errorf("%+v", st)
	}
	if a := sink.Accounting(); a.Duplicate+a.Late+a.Limited() != 0 {
		t.Errorf("something was read twice or refused: %+v", a)
	}
}

// A server without remote read gives the same floats; lost histograms are told.
func TestSourceWithoutRemoteRead(t *testing.T) {
	p := newPeer(t)
	p.noRead.Store(true)
	now := time.Now().UnixMilli()
	p.history(t, now, 3)
	sink, store := newSink(t, tsdb.Options{}, SinkOptions{})
	s, stop := startSource(t, sink, SourceOptions{URL: p.URL, History: 4 * time.Hour})
	eventually(t, "history is in", func() bool { return s.Status().CaughtUp })
	at := time.Now().UnixMilli()
	p.add(t, tsdb.Series{Labels: named("a", "job", "x"), Samples: []metric.Sample{{T: at, V: 1}}})
	eventually(t, "a new sample", func() bool { return latest(t, store, `a{job="x"}`) == 1 })
	stop()
	var want []tsdb.Series
	for _, one := range stored(t, p.store) {
		if one.Labels.Get("__name__") == "ended" {
			one.Samples = one.Samples[:1] // PromQL does not show the stale marker.
		}
		if len(one.Samples) > 0 {
			want = append(want, one)
		}
	}
	if d := cmp.Diff(want, stored(t, store), equal); d != "" {
		t.Error(d)
	}
	if st := s.Status(); st.Protocol != "query" || st.HistogramsLost < 40 {
		t.Errorf("%+v", st)
	}
}

func TestSourceLimit(t *testing.T) {
	p := newPeer(t)
	now := time.Now().UnixMilli()
	var list []tsdb.Series
	for i := range 10 {
		list = append(list, tsdb.Series{Labels: named("big", "i", fmt.Sprint(i)), Samples: []metric.Sample{{T: now, V: 1}}})
	}
	for i := range 3 {
		list = append(list, tsdb.Series{Labels: named("small", "i", fmt.Sprint(i)), Samples: []metric.Sample{{T: now, V: 1}}})
	}
	list = append(list, tsdb.Series{Labels: named("other"), Samples: []metric.Sample{{T: now, V: 1}}})
	p.add(t, list...)
	sink, store := newSink(t, tsdb.Options{}, SinkOptions{})
	ms, _ := parseMatchers(`{__name__=~"big|small"}`)
	s, stop := startSource(t, sink, SourceOptions{URL: p.URL, MaxSeries: 5, Selectors: [][]*labels.Matcher{ms}, History: time.Hour})
	eventually(t, "history is in", func() bool { return s.Status().CaughtUp })
	stop()
	if got := stored(t, store); len(got) != 3 || got[0].Labels.Get("__name__") != "small" {
		t.Errorf("took %v", got)
	}
	if st := s.Status(); st.SkippedSeries != 10 || len(st.SkippedMetrics) != 1 || st.SkippedMetrics[0] != (SkippedMetric{"big", 10}) {
		t.Errorf("%+v", st)
	}
}

// A restart continues where the last run ended, from the state file, and with
// the store as it is, reads nothing twice.
func TestSourceResumes(t *testing.T) {
	p := newPeer(t)
	now := time.Now().UnixMilli()
	p.history(t, now, 3)
	sink, store := newSink(t, tsdb.Options{}, SinkOptions{})
	o := SourceOptions{URL: p.URL, History: 4 * time.Hour, State: filepath.Join(t.TempDir(), "state")}
	s, stop := startSource(t, sink, o)
	eventually(t, "history is in", func() bool { return s.Status().CaughtUp })
	stop()
	at := time.Now().UnixMilli()
	p.add(t, tsdb.Series{Labels: named("a", "job", "x"), Samples: []metric.Sample{{T: at, V: 1}}})
	p.reads.Store(0)
	s, stop = startSource(t, sink, o)
	eventually(t, "the missed sample", func() bool { return latest(t, store, `a{job="x"}`) == 1 })
	eventually(t, "caught up", func() bool { return s.Status().CaughtUp })
	stop()
	same(t, p.store, store)
	if st := s.Status(); st.Samples != 1 {
		t.Errorf("the second run took %d samples, want the one that is new", st.Samples)
	}
	if a := sink.Accounting(); a.Duplicate+a.Late != 0 {
		t.Errorf("%+v", a)
	}
}

func TestSourceCredentials(t *testing.T) {
	p := newPeer(t)
	p.token = "secret"
	p.history(t, time.Now().UnixMilli(), 1)
	sink, _ := newSink(t, tsdb.Options{}, SinkOptions{})
	o := SourceOptions{URL: p.URL, Step: 20 * time.Millisecond, History: time.Hour}
	s, err := NewSource(sink, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "check the credentials") {
		t.Errorf("got %v", err)
	}
	o.HTTP = &commonconfig.HTTPClientConfig{Authorization: &commonconfig.Authorization{Type: "Bearer", Credentials: "secret"}, EnableHTTP2: true}
	s, stop := startSource(t, sink, o)
	eventually(t, "history is in", func() bool { return s.Status().CaughtUp })
	stop()
}

func TestSourceOptions(t *testing.T) {
	sink, _ := newSink(t, tsdb.Options{}, SinkOptions{})
	f := func(o SourceOptions, say string) {
		t.Helper()
		if _, err := NewSource(sink, o); err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%+v: got %v, want %q", o, err, say)
		}
	}
	f(SourceOptions{}, "cannot use source URL")
	f(SourceOptions{URL: "prometheus:9090"}, "http://prometheus:9090")
	f(SourceOptions{URL: "http://x", MaxSeries: -1}, "negative")
	empty, _ := parseMatchers(`{job=~".*"}`)
	f(SourceOptions{URL: "http://x", Selectors: [][]*labels.Matcher{empty}}, "cannot use selector")
}

// Series that have ended give their places to new ones, and are continued when
// they come back.
func TestSourceForgetsEndedSeries(t *testing.T) {
	sink, _ := newSink(t, tsdb.Options{Now: clock}, SinkOptions{})
	s := &Source{sink: sink, opts: SourceOptions{MaxSeries: 1}, taken: map[uint64]*takenSeries{}, upTo: t0}
	old := s.take(named("old"))
	if old == nil || s.take(named("next")) != nil {
		t.Fatal("MaxSeries 1 takes one series")
	}
	if _, err := sink.Push(context.Background(), []PushSeries{{Labels: named("old"), Samples: samples(0, 1)}}); err != nil {
		t.Fatal(err)
	}
	old.last = t0
	s.forgetEnded()
	if s.take(named("old")) != old {
		t.Error("a live series was forgotten")
	}
	s.upTo = t0 + 2*longestSlice.Milliseconds()
	s.forgetEnded()
	if s.take(named("next")) == nil {
		t.Error("the place was not freed")
	}
	delete(s.taken, named("next").Hash())
	if again := s.take(named("old")); again == nil || again.last != t0 {
		t.Errorf("the series that came back starts at %+v, want where the store ends", again)
	}
}

func TestSourceStep(t *testing.T) {
	f := func(set time.Duration, found []int64, want time.Duration) {
		t.Helper()
		s := &Source{opts: SourceOptions{Step: set}, steps: found}
		if got := s.chooseStep(); got != want {
			t.Errorf("set %s, found %v: %s, want %s", set, found, got, want)
		}
	}
	f(7*time.Second, []int64{15_000}, 7*time.Second)
	f(0, nil, 15*time.Second)
	f(0, []int64{60_000, 15_000, 30_000}, 30*time.Second)
	f(0, []int64{10}, time.Second)
	f(0, []int64{86_400_000}, 5*time.Minute)
}

// A store that cannot write loses nothing: the slice is read again.
func TestSliceIsReadAgainAfterFailedCommit(t *testing.T) {
	sink, _ := newSink(t, tsdb.Options{Now: clock}, SinkOptions{})
	s := &Source{sink: sink, opts: SourceOptions{MaxSeries: 10}, taken: map[uint64]*takenSeries{}}
	r := sliceReader{s: s, in: sink.begin(context.Background())}
	give := func(yield func(point) bool) {
		_ = yield(point{t: t0, v: 1}) && yield(point{t: t0 + 1, v: 2})
	}
	if err := r.series(named("a"), give); err != nil {
		t.Fatal(err)
	}
	r.in.err = fmt.Errorf("the disk is full")
	if err := r.flush(nil); err == nil {
		t.Fatal("the failure was not told")
	}
	r = sliceReader{s: s, in: sink.begin(context.Background())}
	if err := r.series(named("a"), give); err != nil {
		t.Fatal(err)
	}
	if err := r.flush(nil); err != nil {
		t.Fatal(err)
	}
	if a := sink.Accounting(); a.Failed != 2 || a.Appended != 2 {
		t.Errorf("%+v", a)
	}
}
