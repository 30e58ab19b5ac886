package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/canary"
)

// With only two sides named, a run compares what the field's naming rules say
// both sides have: the share of failed requests, the latency (mean and p99)
// and the resource gauges. Request rates are left out: how traffic is split
// says nothing about the version.

// convention turns metric names that both sides have into comparisons.
type convention struct {
	names map[string]bool
	codes map[string]string // Request counter to the label that holds its status.
}

// metricsByConvention lists the comparisons both sides allow.
func (p *Pipeline) metricsByConvention(ctx context.Context, base, side []*labels.Matcher, now int64) ([]RunMetric, error) {
	from := now - time.Hour.Milliseconds()
	var names [2][]string
	for i, ms := range [][]*labels.Matcher{base, side} {
		var err error
		if names[i], err = p.store.LabelValues(ctx, labels.MetricName, ms, from, now, 0); err != nil {
			return nil, err
		}
	}
	c := convention{names: map[string]bool{}, codes: map[string]string{}}
	for _, n := range names[0] {
		if slices.Contains(names[1], n) && !strings.HasPrefix(n, "bellwether_") {
			c.names[n] = true
		}
	}
	for name := range c.names {
		if !isRequestCounter(name) {
			continue
		}
		ms := append(slices.Clone(side), labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name))
		keys, err := p.store.LabelNames(ctx, ms, from, now, 0)
		if err != nil {
			return nil, err
		}
		for _, k := range []string{"code", "status", "status_code", "http_status_code", "grpc_code"} {
			if slices.Contains(keys, k) {
				c.codes[name] = k
				break
			}
		}
	}
	out := c.metrics()
	if len(out) == 0 {
		return nil, fmt.Errorf("cannot choose metrics: the sides share %d metric names, none of them a request counter with a status label, a latency histogram or a resource gauge; name the metrics yourself", len(c.names))
	}
	return out, nil
}

func isRequestCounter(name string) bool {
	return strings.HasSuffix(name, "requests_total") || strings.HasSuffix(name, "_handled_total")
}

// metrics writes the comparisons in a fixed order. [2m] spans two scrapes at
// the usual intervals.
func (c convention) metrics() []RunMetric {
	var out []RunMetric
	for _, name := range c.sorted() {
		switch {
		case c.codes[name] != "":
			out = append(out, RunMetric{
				Name: "error share of " + name, Kind: canary.Ratio, Direction: canary.Increase, Critical: true,
				Query: fmt.Sprintf(`(sum(rate(%[1]s{$side,%[2]s=~"5..|Unknown|Internal|Unavailable|DataLoss|DeadlineExceeded"}[1m])) or vector(0)) / sum(rate(%[1]s{$side}[1m]))`, name, c.codes[name]),
			})
		case strings.HasSuffix(name, "_seconds_bucket"):
			stem := strings.TrimSuffix(name, "_bucket")
			if c.names[stem+"_sum"] && c.names[stem+"_count"] {
				out = append(out, RunMetric{
					Name: "mean " + stem, Kind: canary.Latency, Direction: canary.Increase,
					Query: fmt.Sprintf(`sum(rate(%[1]s_sum{$side}[1m])) / sum(rate(%[1]s_count{$side}[1m]))`, stem),
				})
			}
			out = append(out, RunMetric{
				Name: "p99 " + stem, Kind: canary.Latency, Direction: canary.Increase,
				Query: fmt.Sprintf(`histogram_quantile(0.99, sum by (le) (rate(%s{$side}[1m])))`, name),
			})
		case isResourceGauge(name):
			out = append(out, RunMetric{Name: name, Kind: canary.Gauge, Direction: canary.Increase, Query: fmt.Sprintf(`avg(%s{$side})`, name)})
		case name == "process_cpu_seconds_total" || name == "container_cpu_usage_seconds_total":
			out = append(out, RunMetric{Name: "CPU of " + name, Kind: canary.Gauge, Direction: canary.Increase, Query: fmt.Sprintf(`avg(rate(%s{$side}[1m]))`, name)})
		}
	}
	return out
}

func (c convention) sorted() []string {
	out := make([]string, 0, len(c.names))
	for n := range c.names {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func isResourceGauge(name string) bool {
	for _, part := range []string{"memory_", "_memory", "cpu_usage", "cpu_cores", "_cpu", "queue_length", "queue_depth", "goroutines"} {
		if strings.Contains(name, part) && !strings.HasSuffix(name, "_total") {
			return true
		}
	}
	return false
}
