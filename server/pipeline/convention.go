package pipeline

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// With only two sides named, a run compares what the field's naming rules say
// both sides have: failed requests, latency, saturation. Request rates are left
// out: how traffic is split says nothing about the version. What senders say of
// a metric (its type) counts for more than its name.

// maxConventional bounds what is chosen: every further metric makes the test of
// each a little stricter.
const maxConventional = 50

// chooser chooses metrics for one run.
type chooser struct {
	p          *Pipeline
	ctx        context.Context
	base, side []*labels.Matcher
	from, now  int64
	step       time.Duration
	window     time.Duration // Of rates: long enough for two scrapes.
	names      map[string]bool
	lately     map[string]bool // Names the canary's side has now, and the baseline's had within the history.
	err        error           // First failure of the store.
}

// metricsByConvention lists the comparisons both sides allow.
func (p *Pipeline) metricsByConvention(ctx context.Context, base, side []*labels.Matcher, now int64) ([]RunMetric, error) {
	return p.conventional(ctx, RunSpec{Step: time.Minute}, base, side, now)
}

func (p *Pipeline) conventional(ctx context.Context, s RunSpec, base, side []*labels.Matcher, now int64) ([]RunMetric, error) {
	c := &chooser{p: p, ctx: ctx, base: base, side: side, from: now - time.Hour.Milliseconds(), now: now, step: s.Step, window: s.Step,
		names: map[string]bool{}, lately: map[string]bool{}}
	offset, past := s.Offset.Milliseconds(), max(s.History, time.Hour).Milliseconds()
	theirs, errB := p.store.LabelValues(ctx, labels.MetricName, base, c.from-offset, now-offset, 0)
	before, errP := p.store.LabelValues(ctx, labels.MetricName, base, now-past-offset, now-offset, 0)
	ours, errC := p.store.LabelValues(ctx, labels.MetricName, side, c.from, now, 0)
	if err := firstError(errB, errC, errP); err != nil {
		return nil, err
	}
	for _, n := range ours {
		switch {
		case strings.HasPrefix(n, "bellwether_"):
		case slices.Contains(theirs, n):
			c.names[n] = true
		case slices.Contains(before, n):
			c.lately[n] = true
		}
	}
	c.window = c.rateWindow()
	var out []RunMetric
	if len(ours) > 0 {
		out = c.red(theirs)
	}
	out = append(out, c.saturation()...)
	if c.err != nil {
		return nil, c.err
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("cannot choose metrics: the sides share %d metric names, none of them a request counter with a status label, a latency histogram or a resource gauge; name the metrics yourself", len(c.names))
	}
	return out[:min(len(out), maxConventional)], nil
}

// red compares what users notice. A canary that has not served a request yet
// may not show those metrics: then the baseline's are taken, so that the run
// waits for them and does not pass on its memory alone.
func (c *chooser) red(theirs []string) []RunMetric {
	errs, slow := c.errors(c.requests()), c.latencies()
	if len(errs) > 0 && len(slow) > 0 {
		return append(errs, slow...)
	}
	shared := c.names
	defer func() { c.names = shared }()
	c.names = map[string]bool{}
	for _, n := range theirs {
		c.names[n] = !strings.HasPrefix(n, "bellwether_")
	}
	if len(errs) == 0 {
		errs = c.errors(c.requests())
	}
	if len(slow) == 0 {
		slow = c.latencies()
	}
	return append(errs, slow...)
}

// rateWindow is the step, or longer if it would not hold two scrapes.
func (c *chooser) rateWindow() time.Duration {
	for _, name := range sortedNames(c.names) {
		for one, err := range c.p.store.Select(c.ctx, named(c.side, name), c.now-20*time.Minute.Milliseconds(), c.now) {
			if err != nil {
				break
			}
			var ts []int64
			for _, s := range one.Samples {
				ts = append(ts, s.T)
			}
			for _, h := range one.Histograms {
				ts = append(ts, h.T)
			}
			if scrape := time.Duration(metric.MedianStep(ts)) * time.Millisecond; scrape > 0 {
				if 2*scrape > c.step {
					return (5*scrape/2 + time.Second - 1).Truncate(time.Second)
				}
				return c.step
			}
		}
	}
	return c.step
}

// requests lists the counters of requests that carry a status: those made for
// it, and the counts of request histograms where a protocol has no other.
func (c *chooser) requests() []statusCounter {
	var out []statusCounter
	covered := map[string]bool{} // First words of names: http, grpc, istio.
	for _, parts := range []bool{false, true} {
		for _, name := range sortedNames(c.names) {
			word, _, _ := strings.Cut(name, "_")
			part := isPartOfLatency(name)
			if part != parts || !part && !c.countsRequests(name) || part && covered[word] {
				continue
			}
			if s, ok := statusOf(c.labelsOf(name)); ok {
				out = append(out, statusCounter{name, s})
				covered[word] = covered[word] || !part
			}
		}
	}
	return out
}

// countsRequests reports whether a metric is a counter of requests.
func (c *chooser) countsRequests(name string) bool {
	kind, _ := c.p.store.Metadata(name)
	if kind == "gauge" || kind == "histogram" || kind == "summary" {
		return false
	}
	stem, counter := strings.CutSuffix(name, "_total")
	return (counter || kind == "counter" || bareRequests[name]) && hasAnySuffix(stem, requestWords)
}

// labelsOf lists the label names of a metric on the canary's side, else on the
// baseline's.
func (c *chooser) labelsOf(name string) []string {
	for _, ms := range [][]*labels.Matcher{c.side, c.base} {
		out, err := c.p.store.LabelNames(c.ctx, named(ms, name), c.from, c.now, 0)
		if err != nil && c.err == nil {
			c.err = err
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// named is the selector of one metric of a side.
func named(ms []*labels.Matcher, name string) []*labels.Matcher {
	return append(slices.Clone(ms), labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name))
}

// fewErrors is the number of failed requests in a step, over both sides, up to
// which they are judged as counts.
const fewErrors = 5

// errors compares failed requests: by number where they are few, as a share of
// the requests where they are many. Counters of errors without requests are
// counts.
func (c *chooser) errors(requests []statusCounter) []RunMetric {
	var out []RunMetric
	traffic := ""
	for _, r := range requests {
		w := rangeText(c.window)
		all := fmt.Sprintf(`sum(increase(%s{$side}[%s]))`, r.name, rangeText(c.step))
		failed := fmt.Sprintf(`%s{$side,%s}`, r.name, r.status.failed)
		m := RunMetric{
			Name: "errors of " + r.name, Kind: canary.Count, Direction: canary.Increase, Critical: !isClient(r.name),
			Query: fmt.Sprintf(`sum(increase(%s[%s]))`, failed, rangeText(c.step)), Traffic: all,
		}
		if c.perStep(m) > fewErrors {
			m.Name, m.Kind, m.Traffic = "error share of "+r.name, canary.Ratio, ""
			m.Query = fmt.Sprintf(`(sum(rate(%[1]s[%[3]s])) or 0 * sum(rate(%[2]s{$side}[%[3]s]))) / sum(rate(%[2]s{$side}[%[3]s]))`, failed, r.name, w)
		}
		out = append(out, m)
		if traffic == "" && !isClient(r.name) {
			traffic = all
		}
	}
	names := sortedNames(c.names)
	if traffic != "" { // A side that has not failed lately has no series that says so.
		names = sortedNames(c.names, c.lately)
	}
	for _, name := range names {
		kind, _ := c.p.store.Metadata(name)
		stem, counter := strings.CutSuffix(name, "_total")
		if (counter && kind != "gauge" || kind == "counter") && hasAnySuffix(stem, errorWords) && !isRuntime(name) {
			out = append(out, RunMetric{
				Name: "errors of " + name, Kind: canary.Count, Direction: canary.Increase, Critical: !isClient(name),
				Query: fmt.Sprintf(`sum(increase(%s{$side}[%s]))`, name, rangeText(c.step)), Traffic: traffic,
			})
		}
	}
	return out
}

// perStep is the number of a count's events in a step of the last hour, on both
// sides together.
func (c *chooser) perStep(m RunMetric) float64 {
	q, ok := plainOf(m.Query)
	if !ok {
		return 0
	}
	g := instants{c.from + c.step.Milliseconds(), c.now, c.step.Milliseconds()}
	sum, steps := 0.0, 0
	for _, ms := range [][]*labels.Matcher{c.base, c.side} {
		r, err := c.p.readCounts(c.ctx, &source{RunMetric: m, plain: &q}, side{ms: ms}, g)
		if err != nil {
			if c.err == nil {
				c.err = err
			}
			return 0
		}
		for _, v := range r.values {
			if !math.IsNaN(v) {
				sum += v
				steps++
			}
		}
	}
	return 2 * sum / float64(max(1, steps))
}

// latencies compares the distribution where there is a histogram, native or
// classic, else the mean.
func (c *chooser) latencies() []RunMetric {
	var out []RunMetric
	add := func(stem string, kind canary.Kind, format string, args ...any) {
		out = append(out, RunMetric{Name: "latency of " + stem, Kind: kind, Direction: canary.Increase, Query: fmt.Sprintf(format, args...)})
	}
	w, step := rangeText(c.window), rangeText(c.step)
	for _, name := range sortedNames(c.names) {
		stem, bucket := strings.CutSuffix(name, "_bucket")
		mean, count := strings.CutSuffix(name, "_count")
		switch {
		case isRuntime(name):
		case bucket && isTime(stem) && !(c.names[stem] && c.isNative(stem)):
			add(stem, canary.Histogram, `sum by (le) (increase(%s{$side}[%s]))`, name, step)
		case isTime(name) && c.isNative(name):
			add(name, canary.Histogram, `sum(increase(%s{$side}[%s]))`, name, step)
		case count && isTime(mean) && c.names[mean+"_sum"] && !c.names[mean+"_bucket"] && !c.names[mean]:
			add(mean, canary.Latency, `sum(rate(%[1]s_sum{$side}[%[2]s])) / sum(rate(%[1]s_count{$side}[%[2]s]))`, mean, w)
		case count && isTime(mean) && c.names[mean+"_sum"] && !c.names[mean+"_bucket"] && c.isSummary(mean):
			add(mean, canary.Latency, `sum(rate(%[1]s_sum{$side}[%[2]s])) / sum(rate(%[1]s_count{$side}[%[2]s]))`, mean, w)
		}
	}
	return out
}

// isNative reports whether a metric of either side holds native histograms.
func (c *chooser) isNative(name string) bool {
	found, err := c.p.store.Series(c.ctx, [][]*labels.Matcher{named(c.side, name), named(c.base, name)}, c.from, c.now, 1)
	if err != nil || len(found) == 0 {
		return false
	}
	ref, ok := c.p.store.Ref(found[0])
	meta, known := c.p.store.SeriesMeta(ref)
	return ok && known && meta.Kind == tsdb.KindHistogram
}

func (c *chooser) isSummary(name string) bool {
	kind, _ := c.p.store.Metadata(name)
	return kind == "summary"
}

// saturation compares what a version may use more of.
func (c *chooser) saturation() []RunMetric {
	var out []RunMetric
	for _, name := range sortedNames(c.names) {
		kind, _ := c.p.store.Metadata(name)
		switch {
		case isCPUTime(name) && kind != "gauge":
			out = append(out, RunMetric{Name: "CPU of " + name, Kind: canary.Gauge, Direction: canary.Increase,
				Query: fmt.Sprintf(`avg(rate(%s{$side}[%s]))`, name, rangeText(c.window))})
		case isSaturation(name) && (kind == "gauge" || kind == "" && !strings.HasSuffix(name, "_total")):
			out = append(out, RunMetric{Name: name, Kind: canary.Gauge, Direction: canary.Increase, Query: fmt.Sprintf(`avg(%s{$side})`, name)})
		}
	}
	return out
}

// rangeText is a duration as PromQL writes it.
func rangeText(d time.Duration) string {
	if ms := d.Milliseconds(); ms%1000 != 0 {
		return fmt.Sprintf("%dms", ms)
	}
	if s := int64(d.Seconds()); s%60 != 0 {
		return fmt.Sprintf("%ds", s)
	}
	return fmt.Sprintf("%dm", int64(d.Minutes()))
}
