package pipeline

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// A metric's query holds $side where the matchers of a side go. A plain one,
// sum(increase(name{$side,...}[1m])), can be read from the raw counters.

// side is one side of a run.
type side struct {
	text   string            // Its matchers, without braces.
	ms     []*labels.Matcher // The same, parsed.
	offset int64             // Its samples are those of this long ago, milliseconds.
}

func newSide(text string, offset time.Duration) (side, error) {
	ms, err := metric.ParseMatchers(text)
	return side{strings.Trim(text, "{} "), ms, offset.Milliseconds()}, err
}

// sideQuery is the PromQL of one side.
func sideQuery(query, matchers string) string {
	return strings.ReplaceAll(query, "$side", strings.Trim(matchers, "{} "))
}

// marker stands for $side while a query is parsed.
const marker = "bellwether_side"

// plainQuery is a plain query over counters.
type plainQuery struct {
	name   string            // Of the metric.
	extras []*labels.Matcher // What it selects besides the side.
	by     []string
	window time.Duration // Of its increase or rate.
	whole  bool          // It counts increases, not a rate.
}

// plainOf reads a query; ok is false unless it is a sum of increases or rates
// of one metric of the side.
func plainOf(query string) (q plainQuery, ok bool) {
	p, ok := tsdb.ParsePlain(sideQuery(query, marker+`="x"`))
	if !ok || p.Aggregate != "sum" || p.Func == "" {
		return q, false
	}
	q = plainQuery{by: p.By, window: p.Range, whole: p.Func == "increase"}
	marked := false
	for _, m := range p.Matchers {
		switch {
		case m.Name == marker:
			marked = true
		case m.Name == labels.MetricName && m.Type == labels.MatchEqual:
			q.name = m.Value
		default:
			q.extras = append(q.extras, m)
		}
	}
	return q, marked && q.name != ""
}

// of selects every series of the metric on a side, the extras aside.
func (q plainQuery) of(s side) []*labels.Matcher {
	return append(slices.Clone(s.ms), labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, q.name))
}

// picks reports whether a series is one of those the query names.
func (q plainQuery) picks(ls labels.Labels) bool { return metric.Matches(q.extras, ls) }

// source is how a metric is read.
type source struct {
	RunMetric
	plain   *plainQuery // Read from raw counters; nil: by PromQL.
	traffic *plainQuery // Where counts get their exposure; nil when unknown.
}

// sourceOf decides how m is read: counts and histograms from raw counters where
// the query allows it, everything else by PromQL.
func sourceOf(m RunMetric) source {
	s := source{RunMetric: m}
	q, ok := plainOf(m.Query)
	switch {
	case !ok:
	case m.Kind == canary.Count && q.whole && len(q.by) == 0:
		s.plain = &q
		if len(q.extras) > 0 {
			s.traffic = &plainQuery{name: q.name, window: q.window, whole: true}
		}
	case m.Kind == canary.Histogram && (len(q.by) == 0 || slices.Equal(q.by, []string{labels.BucketLabel})):
		s.plain = &q
	}
	if t, ok := plainOf(m.Traffic); ok && m.Kind == canary.Count {
		s.traffic = &t
	}
	return s
}
