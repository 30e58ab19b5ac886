package sim

// The company's objectives, as the OpenSLO v1 file its people would keep.

import (
	"fmt"
	"strings"
)

// OpenSLO returns the company's objectives as an OpenSLO v1 file: availability
// of seven services from request counters, latency of three from classic
// buckets, of the gateway from its native histogram, and one in time slices.
func (c *Company) OpenSLO() []byte {
	var b strings.Builder
	b.WriteString("# The objectives of the simulated company.\n")
	for _, s := range services {
		fmt.Fprintf(&b, "---\napiVersion: openslo/v1\nkind: Service\nmetadata: {name: %s}\nspec: {description: One of the twelve.}\n", s.name)
	}
	for _, s := range []struct {
		name   string
		target float64
	}{{"cart", .999}, {"catalog", .9995}, {"checkout", .999}, {"gateway", .999}, {"orders", .999}, {"payment", .998}, {"users", .999}} {
		sel := fmt.Sprintf(`http_requests_total{service=%q`, s.name)
		ratio(&b, s.name+"-availability", s.name, s.name, s.target, sel+`,code!~"5.."}`, sel+`}`)
	}
	for _, s := range []struct {
		name   string
		target float64
		le     string
	}{{"cart", .99, "0.25"}, {"checkout", .99, "0.5"}, {"orders", .99, "0.25"}} {
		ratio(&b, s.name+"-latency", s.name+" under "+s.le+" s", s.name, s.target,
			fmt.Sprintf(`http_request_duration_seconds_bucket{service=%q,le=%q}`, s.name, s.le),
			fmt.Sprintf(`http_request_duration_seconds_count{service=%q}`, s.name))
	}
	b.WriteString(nativeSLO + sliceSLO)
	return []byte(b.String())
}

func ratio(b *strings.Builder, name, display, service string, target float64, good, total string) {
	fmt.Fprintf(b, `---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: %s
  displayName: %s
spec:
  service: %s
  budgetingMethod: Occurrences
  timeWindow:
    - duration: 30d
      isRolling: true
  indicator:
    metadata: {name: %s}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec: {query: '%s'}
        total:
          metricSource:
            type: Prometheus
            spec: {query: '%s'}
  objectives:
    - target: %v
`, name, display, service, name, good, total, target)
}

const nativeSLO = `---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: gateway-latency
  displayName: gateway under 0.4 s
spec:
  service: gateway
  budgetingMethod: Occurrences
  timeWindow:
    - duration: 30d
      isRolling: true
  indicator:
    metadata: {name: gateway-latency}
    spec:
      thresholdMetric:
        metricSource:
          type: Prometheus
          spec: {query: 'http_server_duration_seconds{service="gateway"}'}
  objectives:
    - op: lte
      value: 0.4
      target: 0.99
`

const sliceSLO = `---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: search-minutes
  displayName: search, good minutes
spec:
  service: search
  budgetingMethod: Timeslices
  timeWindow:
    - duration: 30d
      isRolling: true
  indicator:
    metadata: {name: search-minutes}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec: {query: 'http_requests_total{service="search",code!~"5.."}'}
        total:
          metricSource:
            type: Prometheus
            spec: {query: 'http_requests_total{service="search"}'}
  objectives:
    - target: 0.999
      timeSliceTarget: 0.95
      timeSliceWindow: 1m
`
