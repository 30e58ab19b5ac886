package pipeline

import (
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// The field's naming rules, as tables: Prometheus client libraries, Micrometer,
// the OpenTelemetry semantic conventions as they arrive in Prometheus, Istio,
// Envoy, ingress-nginx, Traefik, HAProxy.

// status is a label that says how a request ended.
type status struct {
	label  string
	failed string // Matcher of the failures.
}

// statusCounter is a counter of requests and its status label.
type statusCounter struct {
	name   string
	status status
}

// The failures that are the server's fault: HTTP 5xx, and the gRPC codes the
// OpenTelemetry semantic conventions call errors of the server.
const (
	grpcNames  = `Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss`
	grpcUpper  = `UNKNOWN|DEADLINE_EXCEEDED|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS`
	anyFailure = `=~"5..|` + grpcNames + `|` + grpcUpper + `|error|failed|failure"`
)

// statuses lists the status labels, the most telling first.
var statuses = []status{
	{"http_response_status_code", `http_response_status_code=~"5.."`}, // OpenTelemetry.
	{"http_status_code", `http_status_code=~"5.."`},                   // OpenTelemetry before 1.20.
	{"rpc_grpc_status_code", `rpc_grpc_status_code=~"2|4|12|13|14|15"`},
	{"rpc_response_status_code", `rpc_response_status_code=~"5..|` + grpcUpper + `"`},
	{"grpc_code", `grpc_code=~"` + grpcNames + `"`},       // go-grpc-middleware, grpc-java.
	{"response_code", `response_code=~"5.."`},             // Istio.
	{"envoy_response_code", `envoy_response_code=~"5.."`}, // Envoy.
	{"envoy_response_code_class", `envoy_response_code_class="5"`},
	{"code", `code` + anyFailure},
	{"status", `status` + anyFailure}, // Micrometer, ingress-nginx.
	{"status_code", `status_code` + anyFailure},
	{"grpc_status", `grpc_status` + anyFailure},
	{"outcome", `outcome=~"SERVER_ERROR|UNKNOWN|error|failed|failure"`}, // Micrometer.
	{"classification", `classification="failure"`},                      // Linkerd.
}

// statusOf finds the status label among a metric's labels.
func statusOf(names []string) (status, bool) {
	for _, s := range statuses {
		if slices.Contains(names, s.label) {
			return s, true
		}
	}
	return status{}, false
}

var (
	// requestWords end the names of request counters, _total aside.
	requestWords = []string{"requests", "_handled", "responses", "response", "_rpcs", "_calls", "_rq", "_rq_xx"}
	// bareRequests are request counters without _total.
	bareRequests = map[string]bool{"nginx_ingress_controller_requests": true, "envoy_cluster_upstream_rq": true, "envoy_cluster_upstream_rq_xx": true, "envoy_http_downstream_rq_xx": true}
	// errorWords end the names of error counters, _total aside.
	errorWords = []string{"errors", "_error", "failures", "failed", "exceptions", "panics"}
	// timeWords end the names of durations.
	timeWords = []string{"_seconds", "_milliseconds", "_ms", "_microseconds", "_duration", "_latency", "_rq_time", "_response_time"}
	// saturationWords are parts of the names of levels that a version may raise.
	saturationWords = []string{"memory_", "_memory", "cpu_usage", "cpu_cores", "cpu_utilization", "_cpu", "queue_length", "queue_depth", "queue_size", "goroutines", "open_fds", "threads_live", "connections_active", "connections_pending"}
	// limitWords mark levels that are settings, or say nothing.
	limitWords = []string{"_limit", "_max", "_quota", "_committed", "virtual_memory", "go_memory_classes"}
)

func hasAnySuffix(name string, suffixes []string) bool {
	return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}

func hasAny(name string, parts []string) bool {
	return slices.ContainsFunc(parts, func(s string) bool { return strings.Contains(name, s) })
}

// isTime reports whether a name, without its suffix _bucket or _count, is that
// of a duration.
func isTime(stem string) bool { return hasAnySuffix(stem, timeWords) }

// isPartOfLatency reports whether a counter counts the observations of request
// durations.
func isPartOfLatency(name string) bool {
	stem, ok := strings.CutSuffix(name, "_count")
	return ok && isTime(stem) && hasAny(stem, []string{"request", "rpc", "handling", "_rq", "server", "response"}) && !isRuntime(name)
}

// isRuntime reports whether a metric is about the language runtime or the
// monitoring itself: no user waits for it.
func isRuntime(name string) bool {
	return hasAny(name, []string{"_gc_", "garbage"}) || slices.ContainsFunc([]string{"go_", "jvm_", "process_", "scrape_", "prometheus_", "promhttp_", "otelcol_", "python_", "nodejs_"},
		func(p string) bool { return strings.HasPrefix(name, p) })
}

// isClient reports whether a metric is about requests the service makes.
func isClient(name string) bool { return strings.Contains(name, "_client") }

func isCPUTime(name string) bool {
	return name == "process_cpu_seconds_total" || name == "container_cpu_usage_seconds_total" || name == "process_cpu_time_seconds_total"
}

func isSaturation(name string) bool {
	return hasAny(name, saturationWords) && !hasAny(name, limitWords) && !hasAnySuffix(name, []string{"_bucket", "_count", "_sum", "_total", "_request"})
}

// sortedNames lists what is in the sets, sorted.
func sortedNames(sets ...map[string]bool) []string {
	var out []string
	for _, s := range sets {
		for name, in := range s {
			if in {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// withKinds fills in the kind and the direction of metrics that were named
// without: from the query's form, from what senders say of the metric, and last
// from its name.
func (p *Pipeline) withKinds(s RunSpec) RunSpec {
	if !slices.ContainsFunc(s.Metrics, func(m RunMetric) bool { return m.Kind == "" || m.Direction == "" }) {
		return s
	}
	s.Metrics = slices.Clone(s.Metrics)
	for i := range s.Metrics {
		m := &s.Metrics[i]
		if m.Kind == "" {
			m.Kind = p.kindOf(m.Query)
		}
		if m.Direction == "" {
			m.Direction = directionOf(*m)
		}
	}
	return s
}

// kindOf guesses what a query returns.
func (p *Pipeline) kindOf(query string) canary.Kind {
	expr := sideQuery(query, marker+`="x"`)
	names := tsdb.MetricNames(expr)
	if len(names) == 0 {
		return canary.Gauge
	}
	first := names[0]
	kind, unit := p.store.Metadata(first)
	counter := kind == "counter" || kind == "" && strings.HasSuffix(first, "_total")
	time := isTime(first) || unit == "seconds"
	q, plain := plainOf(query)
	switch {
	case plain && slices.Equal(q.by, []string{"le"}):
		return canary.Histogram
	case plain && kind == "histogram" && !hasAnySuffix(first, []string{"_bucket", "_count", "_sum"}):
		return canary.Histogram
	case plain && q.whole && (counter || strings.HasSuffix(first, "_count")):
		return canary.Count
	case strings.Contains(expr, "histogram_quantile(") || strings.Contains(expr, "histogram_avg("):
		return canary.Latency
	case len(names) == 2 && strings.HasSuffix(first, "_sum") && strings.HasSuffix(names[1], "_count"):
		return canary.Latency
	case strings.Contains(expr, "/") && len(names) == 1 && counter, strings.HasSuffix(first, "_ratio"):
		return canary.Ratio
	case time && !counter && !strings.HasPrefix(first, "process_"):
		return canary.Latency
	}
	return canary.Gauge
}

// directionOf says which way is worse: up, for errors, durations and their
// distributions; either way for the rest.
func directionOf(m RunMetric) canary.Direction {
	failed := hasAny(strings.ToLower(m.Query+m.Name), []string{"error", "fail", "5..", "exception", "timeout"})
	if m.Kind == canary.Latency || m.Kind == canary.Histogram || failed && (m.Kind == canary.Count || m.Kind == canary.Ratio) {
		return canary.Increase
	}
	return canary.Either
}
