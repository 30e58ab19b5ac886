package pipeline

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/model/histogram"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// A shop with four stable pods from minute 0 on and one canary pod from minute
// deployed on, scraped every 30 s for shopMinutes.
const (
	shopMinutes = 240
	deployed    = 180
)

// shop writes series of the shop. f gives the value at scrape i.
type shop struct {
	*rig
	t   *testing.T
	out []tsdb.Series
}

func newShop(t *testing.T) *shop { return &shop{rig: newRig(t, ""), t: t} }

// pods calls f for every pod with its labels and first scrape.
func (s *shop) pods(f func(pod, labels string, first int)) {
	for _, pod := range []string{"a", "b", "c", "d"} {
		f(pod, `service="shop",track="stable",pod="`+pod+`"`, 0)
	}
	f("e", `service="shop",track="canary",pod="e"`, 2*deployed)
}

func (s *shop) add(name string, first int, f func(i int) float64) {
	one := tsdb.Series{Labels: series(s.t, name)}
	for i := first; i < 2*shopMinutes; i++ {
		if v := f(i); !math.IsNaN(v) {
			one.Samples = append(one.Samples, metric.Sample{T: testEpoch + int64(i)*30_000, V: v})
		}
	}
	s.out = append(s.out, one)
}

func (s *shop) native(name string, first int, f func(i int) *histogram.FloatHistogram) {
	one := tsdb.Series{Labels: series(s.t, name)}
	for i := first; i < 2*shopMinutes; i++ {
		one.Histograms = append(one.Histograms, tsdb.HistogramSample{T: testEpoch + int64(i)*30_000, H: f(i)})
	}
	s.out = append(s.out, one)
}

func (s *shop) write() {
	s.t.Helper()
	s.now = testEpoch + shopMinutes*minute
	res, err := s.store.Append(context.Background(), s.out)
	if err != nil || res.Refused.Total() > 0 {
		s.t.Fatalf("%v %s", err, res.Refused)
	}
	s.out = nil
}

// spec compares the canary with the stable pods from the deploy on.
func (s *shop) spec(ms ...RunMetric) RunSpec {
	return RunSpec{Service: "shop", Baseline: `track="stable"`, Canary: `track="canary"`, Start: testEpoch + deployed*minute,
		MaxDuration: 50 * time.Minute, History: 2 * time.Hour, Metrics: ms}
}

// read judges the spec at minute end after its start.
func (s *shop) read(spec RunSpec, end int) (canary.Verdict, canary.Request) {
	s.t.Helper()
	spec, err := s.p.resolveSpec(context.Background(), spec, s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	_, v, req, err := s.p.judgeRun(context.Background(), spec, spec.From()+int64(end)*minute, 1, 1, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return v, req
}

// noise is a small number that depends on nothing but i and the pod.
func noise(i int, pod string) float64 {
	return wave(i*7919+int(pod[0])*104729) - 100
}

// requests writes http_requests_total: rate requests a scrape per pod, of which
// the canary fails one in every nth, the others none.
func (s *shop) requests(rate, nth int) {
	s.pods(func(pod, ls string, first int) {
		failed := func(i int) float64 {
			if pod != "e" || nth == 0 {
				return 0
			}
			return float64((i - first) * rate / nth)
		}
		s.add(`http_requests_total{code="200",`+ls+`}`, first, func(i int) float64 { return float64(i*rate) - failed(i) })
		if pod == "e" && nth > 0 {
			s.add(`http_requests_total{code="500",`+ls+`}`, first, func(i int) float64 {
				if failed(i) == 0 {
					return math.NaN() // The series is born with the first failure.
				}
				return failed(i)
			})
		}
	})
}

func metricOf(t *testing.T, req canary.Request, name string) canary.Metric {
	t.Helper()
	for _, m := range req.Metrics {
		if strings.Contains(m.Name, name) {
			return m
		}
	}
	t.Fatalf("no metric %q among %d", name, len(req.Metrics))
	return canary.Metric{}
}

func sumOf(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		if !math.IsNaN(x) {
			s += x
		}
	}
	return s
}

// Failures of the canary alone are whole counts against zeros, the first of
// them included, with the canary's share of the requests as exposure.
func TestCountsFromRawCounters(t *testing.T) {
	s := newShop(t)
	s.requests(40, 50)
	s.write()
	v, req := s.read(s.spec(), 30)
	m := metricOf(t, req, "errors of http_requests_total")
	if m.Kind != canary.Count || !m.Critical {
		t.Fatalf("%+v", m)
	}
	if got := sumOf(m.Canary); got != 48 { // 30 min, 80 a minute, one in 50.
		t.Errorf("%v failures counted, want 48: %v", got, m.Canary)
	}
	if sumOf(m.Baseline) != 0 || math.IsNaN(m.Baseline[3]) {
		t.Errorf("baseline %v", m.Baseline)
	}
	if math.Abs(m.Exposure-0.2) > 1e-9 {
		t.Errorf("exposure %v", m.Exposure)
	}
	if v.Verdict != canary.Fail {
		t.Errorf("%s", v.Text())
	}
}

// A canary whose share of the traffic grows is judged by the share of its
// requests that fail.
func TestExposureThatMoves(t *testing.T) {
	s := newShop(t)
	s.pods(func(pod, ls string, first int) {
		load := func(i int) float64 {
			if pod == "e" && i > 2*deployed+30 {
				return float64(first*10 + 300 + (i-2*deployed-30)*400)
			}
			return float64(i * 10)
		}
		s.add(`http_requests_total{code="200",`+ls+`}`, first, load)
		s.add(`http_requests_total{code="500",`+ls+`}`, first, func(i int) float64 { return math.Floor(load(i) / 1000) })
	})
	s.write()
	_, req := s.read(s.spec(), 40)
	m := metricOf(t, req, "errors of http_requests_total")
	if m.Kind != canary.Ratio || m.History == nil || m.History.Baseline[10] > 0.1 {
		t.Errorf("kind %s, notes %q", m.Kind, m.Notes)
	}
	if !strings.Contains(strings.Join(m.Notes, " "), "traffic moved from") {
		t.Errorf("notes %q", m.Notes)
	}
}

// buckets are classic cumulative counts of n observations around 0.2 s.
func (s *shop) latency(les func(pod string, i int) []string, slow func(pod string) float64) {
	s.pods(func(pod, ls string, first int) {
		for _, le := range les(pod, 0) {
			bound := math.Inf(1)
			if le != "+Inf" {
				_, _ = fmt.Sscan(le, &bound)
			}
			share := math.Min(1, bound/(0.4*slow(pod)))
			s.add(`http_request_duration_seconds_bucket{le="`+le+`",`+ls+`}`, first, func(i int) float64 { return math.Floor(float64(i*20) * share) })
		}
		s.add(`http_request_duration_seconds_sum{`+ls+`}`, first, func(i int) float64 { return float64(i*20) * 0.2 * slow(pod) * (1 + 0.01*noise(i, pod)/float64(i+1)) })
		s.add(`http_request_duration_seconds_count{`+ls+`}`, first, func(i int) float64 { return float64(i * 20) })
	})
}

func alike(string) float64 { return 1 }

// A classic histogram arrives whole: bounds, observations, means and history.
func TestClassicHistogram(t *testing.T) {
	s := newShop(t)
	s.latency(func(string, int) []string { return []string{"0.1", "0.25", "0.5", "1", "+Inf"} }, alike)
	s.write()
	_, req := s.read(s.spec(), 30)
	m := metricOf(t, req, "latency of http_request_duration_seconds")
	d := m.Distribution
	if m.Kind != canary.Histogram || d == nil || m.Err != "" {
		t.Fatalf("%+v", m)
	}
	if diff := cmp.Diff([]float64{0.1, 0.25, 0.5}, d.Bounds); diff != "" { // Nothing above 0.5: no bound at 1.
		t.Error(diff)
	}
	var base, side float64
	for i := range d.Canary {
		base, side = base+sumOf(d.Baseline[i]), side+sumOf(d.Canary[i])
	}
	if base != 4*30*40 || side != 30*40 {
		t.Errorf("%v and %v observations, want 4800 and 1200", base, side)
	}
	if math.Abs(m.Canary[5]-0.2) > 0.01 || len(d.HistoryBaseline) != 120 || m.History == nil {
		t.Errorf("mean %v, history of %d", m.Canary[5], len(d.HistoryBaseline))
	}
	if m.Shards == nil || len(m.Shards.Baseline) != 4 || !slices.Equal(m.Shards.CanaryNames, []string{"e"}) {
		t.Errorf("shards %+v", m.Shards)
	}
	if len(m.Doubts) > 0 {
		t.Errorf("doubts %q", m.Doubts)
	}
}

// The query form of a histogram gives the same, but for what increase makes up.
func TestHistogramByQuery(t *testing.T) {
	s := newShop(t)
	s.latency(func(string, int) []string { return []string{"0.1", "0.25", "0.5", "1", "+Inf"} }, alike)
	s.write()
	_, req := s.read(s.spec(RunMetric{Name: "x", Kind: canary.Histogram, Query: `1 * sum by (le) (increase(http_request_duration_seconds_bucket{$side}[1m]))`}), 30)
	m := req.Metrics[0]
	if m.Err != "" || m.Distribution == nil || !slices.Contains(m.Distribution.Bounds, 0.25) || math.Abs(m.Canary[5]-0.2) > 0.05 {
		t.Fatalf("%+v", m)
	}
}

// Other buckets on the canary than on the baseline: what they share is
// compared, and nothing passes.
func TestChangedBounds(t *testing.T) {
	s := newShop(t)
	s.latency(func(pod string, _ int) []string {
		if pod == "e" {
			return []string{"0.1", "0.3", "0.5", "+Inf"}
		}
		return []string{"0.1", "0.25", "0.5", "1", "+Inf"}
	}, alike)
	s.write()
	v, req := s.read(s.spec(), 49)
	m := metricOf(t, req, "latency")
	if diff := cmp.Diff([]float64{0.1, 0.5}, m.Distribution.Bounds); diff != "" {
		t.Error(diff)
	}
	if len(m.Doubts) != 1 || v.Verdict == canary.Pass || !strings.Contains(v.Text(), "different buckets") {
		t.Errorf("%q %s", m.Doubts, v.Text())
	}
}

// Native histograms of other resolutions meet on the coarser; one that changes
// within the window must not pass.
func TestNativeHistogram(t *testing.T) {
	s := newShop(t)
	grow := func(schema int32, i int) *histogram.FloatHistogram {
		h := native(schema, 0, float64(5*i), float64(10*i), float64(5*i))
		h.Sum = 20 * float64(i) * 0.9
		return h
	}
	s.pods(func(pod, ls string, first int) {
		s.native(`rpc_server_duration_seconds{`+ls+`}`, first, func(i int) *histogram.FloatHistogram {
			if pod == "e" {
				return grow(2, i)
			}
			return grow(3, i)
		})
		s.native(`rpc_server_turn_seconds{`+ls+`}`, first, func(i int) *histogram.FloatHistogram {
			if pod == "e" && i > 2*deployed+20 {
				return grow(1, i)
			}
			return grow(2, i)
		})
	})
	s.write()
	v, req := s.read(s.spec(), 49)
	m := metricOf(t, req, "rpc_server_duration")
	d := m.Distribution
	if m.Kind != canary.Histogram || d == nil || len(d.Bounds) < 2 || len(m.Doubts) > 0 || math.Abs(m.Baseline[3]-0.9) > 1e-9 {
		t.Fatalf("%+v", m)
	}
	if got := sumOf(d.Canary[3]); got != 40 {
		t.Errorf("%v observations a minute, want 40", got)
	}
	if m = metricOf(t, req, "rpc_server_turn"); len(m.Doubts) != 1 {
		t.Errorf("doubts %q", m.Doubts)
	}
	for _, one := range v.Metrics {
		if strings.Contains(one.Name, "turn") && one.Verdict == canary.Pass {
			t.Errorf("a histogram that changed passes: %s", one.Reason)
		}
	}
}

// Custom buckets: the same on both sides compare like any histogram, others
// meet on what they share and must not pass.
func TestCustomBuckets(t *testing.T) {
	s := newShop(t)
	custom := func(i int, bounds ...float64) *histogram.FloatHistogram {
		h := &histogram.FloatHistogram{Schema: histogram.CustomBucketsSchema, CustomValues: bounds, Sum: float64(6 * i), Count: float64(6 * i),
			PositiveSpans: []histogram.Span{{Length: 3}}, PositiveBuckets: []float64{float64(i), float64(2 * i), float64(3 * i)}}
		return h
	}
	s.pods(func(pod, ls string, first int) {
		s.native(`same_duration_seconds{`+ls+`}`, first, func(i int) *histogram.FloatHistogram { return custom(i, 1, 2, 4) })
		s.native(`other_duration_seconds{`+ls+`}`, first, func(i int) *histogram.FloatHistogram {
			if pod == "e" {
				return custom(i, 1, 3, 4)
			}
			return custom(i, 1, 2, 4)
		})
	})
	s.write()
	_, req := s.read(s.spec(), 30)
	same, other := metricOf(t, req, "same"), metricOf(t, req, "other")
	if diff := cmp.Diff([]float64{1, 2, 4}, same.Distribution.Bounds); diff != "" || len(same.Doubts) > 0 || same.Canary[3] != 1 {
		t.Errorf("%s %+v", diff, same)
	}
	if diff := cmp.Diff([]float64{1, 4}, other.Distribution.Bounds); diff != "" || len(other.Doubts) != 1 {
		t.Errorf("%s %q", diff, other.Doubts)
	}
}

// One metric that cannot be read is NO_DATA with the reason; the others are
// judged.
func TestMetricThatErrs(t *testing.T) {
	s := newShop(t)
	s.requests(40, 0)
	s.write()
	v, req := s.read(s.spec(
		RunMetric{Name: "many", Query: `rate(http_requests_total{$side}[1m])`},
		RunMetric{Name: "twins", Query: `sum(sum by (pod, track) (http_requests_total{$side}) / on (track) sum by (code, track) (http_requests_total{$side}))`},
		RunMetric{Name: "numbers", Kind: canary.Histogram, Query: `sum(http_requests_total{$side})`},
		RunMetric{Name: "fine", Query: `avg(rate(http_requests_total{$side}[1m]))`},
	), 30)
	for i, want := range []string{"4 series on one side", "multiple matches", "sum by (le)", ""} {
		if got := req.Metrics[i].Err; want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("metric %d: %q, want %q", i, got, want)
		}
		if got := v.Metrics[i].Verdict; (got == canary.NoData) != (want != "") {
			t.Errorf("metric %d: %s: %s", i, got, v.Metrics[i].Reason)
		}
	}
	if v.Verdict == canary.Pass {
		t.Error(v.Text())
	}
}

// What must never pass, each with its reason.
func TestBadInput(t *testing.T) {
	s := newShop(t)
	s.requests(40, 0)
	s.pods(func(pod, ls string, first int) {
		s.add(`queue_depth{`+ls+`}`, first, func(i int) float64 { return 10 + noise(i, pod) })
		s.add(`silent_depth{`+ls+`}`, first, func(i int) float64 {
			if pod == "e" && i > 2*deployed+20 {
				return math.NaN() // The canary stops reporting.
			}
			return 10 + noise(i, pod)
		})
	})
	s.write()
	depth := RunMetric{Name: "depth", Query: `avg(queue_depth{$side})`, MinEffect: 100}
	f := func(what string, spec RunSpec, end int, want canary.Outcome, reason string) {
		t.Helper()
		v, _ := s.read(spec, end)
		if v.Verdict != want || !strings.Contains(v.Text(), reason) {
			t.Errorf("%s: want %s because %q, got %s", what, want, reason, v.Text())
		}
	}
	f("it passes when nothing is wrong", s.spec(depth), 49, canary.Pass, "")
	f("window shorter than a step", s.spec(depth), 0, canary.NoData, "shorter than a step")
	same := s.spec(depth)
	same.Canary = `track=~"stable"`
	f("the same series", same, 49, canary.Inconclusive, "the same 4 series")
	within := s.spec(depth)
	within.Baseline = `track=~".+"`
	v, _ := s.read(within, 49)
	if !strings.Contains(strings.Join(v.Warnings, " "), "1 series belong to both sides") {
		t.Errorf("warnings %q", v.Warnings)
	}
	ghost := s.spec(depth)
	ghost.Canary = `track="ghost"`
	f("no canary", ghost, 49, canary.NoData, "the canary does not have a single sample")
	ghost = s.spec(depth)
	ghost.Baseline = `track="ghost"`
	f("no baseline", ghost, 49, canary.NoData, "the baseline does not have a single sample")
	silent := depth
	silent.Query = `avg(silent_depth{$side})`
	v, _ = s.read(s.spec(silent), 49)
	if v.Verdict == canary.Pass {
		t.Errorf("a canary that fell silent passes: %s", v.Text())
	}
	one := s.spec(depth)
	one.Baseline = `pod="a"`
	v, req := s.read(one, 49)
	if req.Metrics[0].Shards != nil || req.Metrics[0].History != nil || !strings.Contains(strings.Join(req.Metrics[0].Notes, " "), "no two instances") {
		t.Errorf("one pod only: %+v %s", req.Metrics[0].Notes, v.Text())
	}
}

// A counter that is reset in the window loses nothing and gains nothing.
func TestResetInWindow(t *testing.T) {
	s := newShop(t)
	s.pods(func(pod, ls string, first int) {
		s.add(`job_errors_total{`+ls+`}`, first, func(i int) float64 {
			if pod == "e" && i >= 2*deployed+30 {
				return float64(i - 2*deployed - 30)
			}
			return float64(i)
		})
	})
	s.write()
	_, req := s.read(s.spec(RunMetric{Name: "e", Query: `sum(increase(job_errors_total{$side}[1m]))`}), 30)
	m := req.Metrics[0]
	if m.Kind != canary.Count || m.Direction != canary.Increase || sumOf(m.Canary) != 59 { // One scrape's worth is lost to the reset.
		t.Errorf("%s %s %v", m.Kind, m.Direction, m.Canary)
	}
	if math.Abs(m.Exposure-0.2) > 1e-9 || !strings.Contains(strings.Join(m.Notes, " "), "share of the instances") {
		t.Errorf("exposure %v: %q", m.Exposure, m.Notes)
	}
}

// Counts of which nobody knows the traffic must not pass: the canary may only
// have been asked less.
func TestExposureUnknown(t *testing.T) {
	s := newShop(t)
	for _, track := range []string{"stable", "canary"} {
		s.add(`job_errors_total{service="shop",track="`+track+`"}`, 0, func(i int) float64 { return float64(i) })
	}
	s.write()
	spec := s.spec(RunMetric{Name: "e", Query: `sum(increase(job_errors_total{$side}[1m]))`, MinEffect: 10})
	spec.History = -1
	v, _ := s.read(spec, 49)
	if v.Verdict == canary.Pass || !strings.Contains(v.Text(), "only be fewer requests") {
		t.Error(v.Text())
	}
	spec.Exposure = 0.5
	if v, _ = s.read(spec, 49); v.Verdict != canary.Pass {
		t.Error(v.Text())
	}
}

// The history of a new canary comes from groups of baseline pods that take
// turns; of one that was there before from itself.
func TestPlaceboByWhatWasThere(t *testing.T) {
	s := newShop(t)
	level := map[string]float64{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}
	s.pods(func(pod, ls string, first int) {
		s.add(`queue_depth{`+ls+`}`, first, func(i int) float64 { return level[pod] + 0.05*noise(i, pod) })
		s.add(`queue_depth{`+strings.Replace(ls, "shop", "old", 1)+`}`, 0, func(i int) float64 { return level[pod] + 0.05*noise(i, pod) })
	})
	s.write()
	depth := RunMetric{Name: "depth", Query: `avg(queue_depth{$side})`}
	spec := s.spec(depth)
	spec.MaxDuration = 30 * time.Minute
	_, req := s.read(spec, 20)
	m := req.Metrics[0]
	if m.History == nil || m.History.SameInstances || len(m.History.Canary) != 120 {
		t.Fatalf("%+v", m)
	}
	groups := map[float64]bool{}
	for i := 5; i < 120; i += 30 {
		groups[math.Round(m.History.Canary[i])] = true
	}
	if len(groups) != 4 || !strings.Contains(strings.Join(m.Notes, " "), "4 groups") {
		t.Errorf("stood in: %v, notes %q", groups, m.Notes)
	}
	_, again := s.read(spec, 20)
	if diff := cmp.Diff(req, again, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	spec.Service = "old"
	_, req = s.read(spec, 20)
	if h := req.Metrics[0].History; h == nil || !h.SameInstances || math.Abs(h.Canary[3]-5) > 0.5 {
		t.Errorf("%v notes %q", h, req.Metrics[0].Notes)
	}
}

// Reading on from the look before gives what reading everything gives, late
// samples included.
func TestIncrementalReads(t *testing.T) {
	s := newShop(t)
	s.requests(40, 50)
	s.latency(func(string, int) []string { return []string{"0.1", "0.25", "0.5", "1", "+Inf"} }, alike)
	s.pods(func(pod, ls string, first int) {
		s.add(`process_resident_memory_bytes{`+ls+`}`, first, func(i int) float64 { return 1e8 + 1e5*noise(i, pod) })
	})
	s.write()
	ctx := context.Background()
	hour := s.spec()
	hour.MaxDuration = time.Hour
	spec, err := s.p.resolveSpec(ctx, hour, s.now)
	if err != nil {
		t.Fatal(err)
	}
	var before *canary.Request
	for end := 1; end <= 57; end += 4 {
		at := spec.From() + int64(end)*minute
		if end == 57 { // Samples that come five minutes late.
			late := tsdb.Series{Labels: series(t, `process_resident_memory_bytes{service="shop",track="canary",pod="e"}`)}
			late.Samples = []metric.Sample{{T: at - 5*minute + 1000, V: 5e8}}
			if res, err := s.store.Append(ctx, []tsdb.Series{late}); err != nil || res.Refused.Total() > 0 {
				t.Fatal(err, res.Refused)
			}
		}
		chosen, v, req, err := s.p.judgeRun(ctx, spec, at, 1, 1, before)
		if err != nil {
			t.Fatal(err)
		}
		_, fresh, all, err := s.p.judgeRun(ctx, chosen, at, 1, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all, req, cmpopts.EquateNaNs()); diff != "" {
			t.Fatalf("minute %d: %s", end, diff)
		}
		if v.Digest != fresh.Digest {
			t.Errorf("minute %d: digests differ", end)
		}
		spec, before = chosen, &req
	}
}

// With an offset the baseline is the same matchers at another time.
func TestOffset(t *testing.T) {
	s := newShop(t)
	s.pods(func(pod, ls string, first int) {
		s.add(`queue_depth{`+ls+`}`, first, func(i int) float64 { return float64(i) })
	})
	s.write()
	spec := RunSpec{Canary: `track="stable"`, Offset: time.Hour, Start: testEpoch + deployed*minute, MaxDuration: 50 * time.Minute, History: time.Hour, Warmup: 5 * time.Minute,
		Metrics: []RunMetric{{Name: "depth", Query: `avg(queue_depth{$side})`}}}
	_, req := s.read(spec, 20)
	m := req.Metrics[0]
	if len(m.Baseline) != 20 || m.Baseline[0] != 2*(deployed+6)-120 || m.Canary[0] != 2*(deployed+6) {
		t.Errorf("baseline %v, canary %v", m.Baseline, m.Canary)
	}
	if h := m.History; h == nil || h.Canary[0]-h.Baseline[0] != 120 {
		t.Errorf("history %+v, notes %q", m.History, m.Notes)
	}
	if len(m.Doubts) > 0 {
		t.Errorf("doubts %q", m.Doubts)
	}
}
