package pipeline

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// chosenOf writes series for both sides, a scrape every 15 s, and lists what is
// chosen: kind, critical ones with an exclamation mark, name.
func chosenOf(t *testing.T, types map[string]string, names ...string) []string {
	t.Helper()
	r := newRig(t, "")
	r.now = testEpoch + 30*minute
	tx := r.store.Begin(context.Background())
	for name, typ := range types {
		tx.SetMeta(name, typ, "", "")
	}
	if _, err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	var out []tsdb.Series
	for _, name := range names {
		for _, track := range []string{"stable", "canary"} {
			only, full, cut := strings.Cut(name, " only: ")
			if !cut {
				full = name
			} else if only != track {
				continue
			}
			h, isNative := strings.CutSuffix(full, " native")
			ls := series(t, h)
			one := tsdb.Series{Labels: labels.NewBuilder(ls).Set("track", track).Labels()}
			for i := range 120 {
				at := testEpoch + int64(i)*15_000
				if isNative {
					one.Histograms = append(one.Histograms, tsdb.HistogramSample{T: at, H: native(3, 0, float64(i))})
				} else {
					one.Samples = append(one.Samples, metric.Sample{T: at, V: float64(i)})
				}
			}
			out = append(out, one)
		}
	}
	if res, err := r.store.Append(context.Background(), out); err != nil || res.Refused.Total() > 0 {
		t.Fatal(err, res.Refused)
	}
	s, err := r.p.chooseMetrics(context.Background(), RunSpec{Baseline: `track="stable"`, Canary: `track="canary"`, Step: time.Minute}, r.now)
	if err != nil {
		return []string{err.Error()}
	}
	var got []string
	for _, m := range s.Metrics {
		mark := ""
		if m.Critical {
			mark = "!"
		}
		got = append(got, fmt.Sprintf("%s%s %s", m.Kind, mark, m.Name))
		for _, q := range []string{m.Query, m.Traffic} {
			if q == "" {
				continue
			}
			if _, err := r.store.Query(context.Background(), sideQuery(q, s.Canary), r.now); err != nil {
				t.Errorf("%s: %v", m.Name, err)
			}
		}
	}
	return got
}

// What is chosen of the metrics that common libraries and proxies expose.
func TestConvention(t *testing.T) {
	f := func(what string, names []string, types map[string]string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, chosenOf(t, types, names...)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	f("Prometheus client", []string{`http_requests_total{code="200"}`, `http_request_duration_seconds_bucket{le="1"}`,
		`http_request_duration_seconds_bucket{le="+Inf"}`, `http_request_duration_seconds_sum`, `http_request_duration_seconds_count`,
		`go_gc_duration_seconds{quantile="1"}`, `go_gc_duration_seconds_sum`, `go_gc_duration_seconds_count`, `go_goroutines`, `process_cpu_seconds_total`, `process_resident_memory_bytes`, `process_virtual_memory_bytes`, `up`}, nil,
		"count! errors of http_requests_total", "histogram latency of http_request_duration_seconds", "gauge go_goroutines", "gauge CPU of process_cpu_seconds_total", "gauge process_resident_memory_bytes")
	f("gRPC", []string{`grpc_server_handled_total{grpc_code="OK"}`, `grpc_client_handled_total{grpc_code="OK"}`, `grpc_server_handling_seconds_bucket{le="+Inf"}`}, nil,
		"count errors of grpc_client_handled_total", "count! errors of grpc_server_handled_total", "histogram latency of grpc_server_handling_seconds")
	f("Micrometer without buckets", []string{`http_server_requests_seconds_count{status="200",outcome="SUCCESS"}`, `http_server_requests_seconds_sum{status="200",outcome="SUCCESS"}`, `http_server_requests_seconds_max{status="200"}`, `jvm_memory_used_bytes`, `jvm_memory_max_bytes`}, nil,
		"count! errors of http_server_requests_seconds_count", "latency latency of http_server_requests_seconds", "gauge jvm_memory_used_bytes")
	f("OpenTelemetry", []string{`http_server_request_duration_seconds_bucket{le="+Inf",http_response_status_code="200"}`, `http_server_request_duration_seconds_count{http_response_status_code="200"}`, `http_server_request_duration_seconds_sum{http_response_status_code="200"}`}, nil,
		"count! errors of http_server_request_duration_seconds_count", "histogram latency of http_server_request_duration_seconds")
	f("older OpenTelemetry", []string{`http_server_duration_milliseconds_bucket{le="+Inf",http_status_code="200"}`, `http_server_duration_milliseconds_count{http_status_code="200"}`,
		`rpc_server_duration_milliseconds_bucket{le="+Inf",rpc_grpc_status_code="0"}`, `rpc_server_duration_milliseconds_count{rpc_grpc_status_code="0"}`}, nil,
		"count! errors of http_server_duration_milliseconds_count", "count! errors of rpc_server_duration_milliseconds_count",
		"histogram latency of http_server_duration_milliseconds", "histogram latency of rpc_server_duration_milliseconds")
	f("Istio", []string{`istio_requests_total{response_code="200"}`, `istio_request_duration_milliseconds_bucket{le="+Inf",response_code="200"}`, `istio_request_duration_milliseconds_count{response_code="200"}`}, nil,
		"count! errors of istio_requests_total", "histogram latency of istio_request_duration_milliseconds")
	f("ingress-nginx and Envoy", []string{`nginx_ingress_controller_requests{status="200"}`, `nginx_ingress_controller_request_duration_seconds_bucket{le="+Inf",status="200"}`,
		`envoy_cluster_upstream_rq_xx{envoy_response_code_class="2"}`, `envoy_cluster_upstream_rq_time_bucket{le="+Inf"}`}, nil,
		"count! errors of envoy_cluster_upstream_rq_xx", "count! errors of nginx_ingress_controller_requests",
		"histogram latency of envoy_cluster_upstream_rq_time", "histogram latency of nginx_ingress_controller_request_duration_seconds")
	f("native histograms", []string{`http_server_request_duration_seconds{http_response_status_code="200"} native`}, nil,
		"histogram latency of http_server_request_duration_seconds")
	// A counter that is new with the version has nothing to be compared with.
	f("error counters", []string{`http_requests_total{code="200"}`, `canary only: db_errors_total`, `cache_failures_total`}, nil,
		"count! errors of http_requests_total", "count! errors of cache_failures_total")
	f("a canary without requests yet waits for them", []string{`stable only: http_requests_total{code="200"}`, `stable only: http_request_duration_seconds_bucket{le="+Inf"}`, `go_goroutines`}, nil,
		"count! errors of http_requests_total", "histogram latency of http_request_duration_seconds", "gauge go_goroutines")
	f("many errors", []string{`http_requests_total{code="500"}`, `http_requests_total{code="503"}`}, nil, "ratio! error share of http_requests_total")
	f("types count for more than names", []string{`shop_requests{code="200"}`, `db_errors_total`, `queue_depth`, `heap_memory_bytes`},
		map[string]string{"shop_requests": "counter", "db_errors_total": "gauge", "queue_depth": "gauge", "heap_memory_bytes": "counter"},
		"count! errors of shop_requests", "gauge queue_depth")
	f("nothing", []string{`foo`}, nil, "cannot choose metrics: the sides share 1 metric names, none of them a request counter with a status label, a latency histogram or a resource gauge; name the metrics yourself")
}

// A metric named without its kind: form first, then type, then name.
func TestKindOf(t *testing.T) {
	r := newRig(t, "")
	tx := r.store.Begin(context.Background())
	tx.SetMeta("jobs", "counter", "", "")
	tx.SetMeta("turn", "histogram", "seconds", "")
	tx.SetMeta("fake_total", "gauge", "", "")
	if _, err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	f := func(query string, kind canary.Kind, direction canary.Direction) {
		t.Helper()
		m := r.p.withKinds(RunSpec{Metrics: []RunMetric{{Name: "m", Query: query}}}).Metrics[0]
		if m.Kind != kind || m.Direction != direction {
			t.Errorf("%s: %s %s, want %s %s", query, m.Kind, m.Direction, kind, direction)
		}
	}
	f(`sum by (le) (increase(x_bucket{$side}[1m]))`, canary.Histogram, canary.Increase)
	f(`sum(rate(turn{$side}[1m]))`, canary.Histogram, canary.Increase)
	f(`sum(increase(db_errors_total{$side}[1m]))`, canary.Count, canary.Increase)
	f(`sum(increase(jobs{$side}[1m]))`, canary.Count, canary.Either)
	f(`sum(increase(fake_total{$side}[1m]))`, canary.Gauge, canary.Either)
	f(`sum(rate(r_total{$side,code=~"5.."}[1m])) / sum(rate(r_total{$side}[1m]))`, canary.Ratio, canary.Increase)
	f(`sum(rate(d_seconds_sum{$side}[1m])) / sum(rate(d_seconds_count{$side}[1m]))`, canary.Latency, canary.Increase)
	f(`histogram_quantile(0.99, sum by (le) (rate(d_seconds_bucket{$side}[1m])))`, canary.Latency, canary.Increase)
	f(`avg(rate(process_cpu_seconds_total{$side}[1m]))`, canary.Gauge, canary.Either)
	f(`avg(cache_hit_ratio{$side})`, canary.Ratio, canary.Either)
	f(`avg(request_latency_seconds{$side})`, canary.Latency, canary.Increase)
	f(`avg(go_goroutines{$side})`, canary.Gauge, canary.Either)
	f(`not PromQL $side`, canary.Gauge, canary.Either)
}
