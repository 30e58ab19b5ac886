package pipeline

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// app is a service instrumented with the Prometheus client library.
type app struct {
	reg      *prometheus.Registry
	requests *prometheus.CounterVec
	latency  prometheus.Histogram
	rng      *rand.Rand
	slow     float64 // Share of requests that take ten times as long.
}

func newApp(seed uint64, slow float64) *app {
	a := &app{reg: prometheus.NewRegistry(), rng: rand.New(rand.NewPCG(seed, 1)), slow: slow,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_requests_total"}, []string{"code"}),
		latency:  prometheus.NewHistogram(prometheus.HistogramOpts{Name: "http_request_duration_seconds"})}
	a.reg.MustRegister(a.requests, a.latency)
	return a
}

// serve handles n requests.
func (a *app) serve(n int) {
	for range n {
		t := 0.02 + 0.02*a.rng.ExpFloat64()
		if a.rng.Float64() < a.slow {
			t *= 10
		}
		a.latency.Observe(t)
		code := "200"
		if a.rng.Float64() < 0.001 {
			code = "503"
		}
		a.requests.WithLabelValues(code).Inc()
	}
}

// scrape appends what the app exposes, in the text format, types included.
func (a *app) scrape(t *testing.T, tx *tsdb.Tx, pod, track string, at int64) {
	w := httptest.NewRecorder()
	promhttp.HandlerFor(a.reg, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	lines := bufio.NewScanner(w.Body)
	for lines.Scan() {
		if f := strings.Fields(lines.Text()); len(f) == 4 && f[1] == "TYPE" {
			tx.SetMeta(f[2], f[3], "", "")
		}
		name, value, ok := strings.Cut(lines.Text(), " ")
		if strings.HasPrefix(lines.Text(), "#") || !ok {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatal(err)
		}
		ls := labels.NewBuilder(series(t, name)).Set("service", "shop").Set("track", track).Set("pod", pod).Labels()
		if _, err := tx.Add(0, ls, at, v, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// Two instrumented versions, scraped for three hours: the one that makes two
// requests in a hundred ten times as slow fails on its distribution, the one
// that changes nothing does not.
func TestInstrumentedService(t *testing.T) {
	for _, slow := range []float64{0, 0.02} {
		t.Run(fmt.Sprint(slow), func(t *testing.T) {
			r := newRig(t, "")
			apps := map[string]*app{}
			for i, pod := range []string{"a", "b", "c"} {
				apps[pod] = newApp(uint64(i), 0)
			}
			r.now = testEpoch + 180*minute
			for i := range 2 * 180 {
				at := testEpoch + int64(i)*30_000
				tx := r.store.Begin(context.Background())
				if i == 2*140 {
					apps["canary"] = newApp(9, slow)
				}
				for _, pod := range []string{"a", "b", "c", "canary"} {
					track := "stable"
					if pod == "canary" {
						track = "canary"
					}
					if a := apps[pod]; a != nil {
						a.serve(60)
						a.scrape(t, tx, pod, track, at)
					}
				}
				if _, err := tx.Commit(); err != nil {
					t.Fatal(err)
				}
			}
			spec := RunSpec{Service: "shop", Baseline: `track="stable"`, Canary: `track="canary"`, Start: testEpoch + 140*minute, MaxDuration: 39 * time.Minute, History: 2 * time.Hour}
			v, req, _, err := r.p.Retrospect(context.Background(), spec, spec.Start+39*minute)
			if err != nil {
				t.Fatal(err)
			}
			errs := metricOf(t, req, "errors of http_requests_total")
			if errs.Kind != canary.Count || !(errs.Exposure > 0.24 && errs.Exposure < 0.26) || errs.History == nil {
				t.Errorf("%+v", errs)
			}
			slowest := metricOf(t, req, "latency of http_request_duration_seconds")
			if slowest.Distribution == nil || !metric.IsFinite(slowest.Canary[5]) || slowest.Shards == nil {
				t.Errorf("%+v", slowest)
			}
			if failed := v.Verdict == canary.Fail; failed != (slow > 0) {
				t.Errorf("slow %v: %s", slow, v.Text())
			}
		})
	}
}
