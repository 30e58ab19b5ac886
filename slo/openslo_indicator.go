package slo

// Service level indicators of OpenSLO files: references resolved, and metrics
// turned into queries whose series feed the evaluator.

import (
	"maps"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/metric"
)

// indicator resolves which SLI an objective has, and turns it into queries.
func (l *library) indicator(o *Objective, at place, s sloSpec, d objectiveDoc) {
	inline, ref, where := d.Indicator, d.IndicatorRef, at
	if inline == nil && ref == "" {
		inline, ref, where = s.Indicator, s.IndicatorRef, place{at.l, at.s, []any{"spec"}}
	}
	switch {
	case inline != nil && ref != "":
		where.add("give indicator or indicatorRef, not both")
	case inline != nil:
		o.Indicator.Name = inline.Metadata.Name
		l.sli(o, where.in("indicator", "spec"), inline.Spec, d)
	case ref != "":
		sli, ok := l.slis[ref]
		if !ok {
			where.in("indicatorRef").add("no SLI %q in this file%s", ref, didYouMean(ref, slices.Sorted(maps.Keys(l.slis))))
			return
		}
		o.Indicator.Name = ref
		l.sli(o, where.in("indicatorRef"), sli.spec, d)
	default:
		where.add("give indicator or indicatorRef")
	}
}

func (l *library) sli(o *Objective, at place, s sliSpec, d objectiveDoc) {
	switch {
	case s.ThresholdMetric != nil && s.RatioMetric != nil:
		at.add("an SLI is a thresholdMetric or a ratioMetric, not both")
	case s.ThresholdMetric != nil:
		l.threshold(o, at, s.ThresholdMetric, d)
	case s.RatioMetric != nil:
		if d.Op != "" || d.Value != nil {
			o.note("op and value belong to a thresholdMetric and are not used")
		}
		l.ratio(o, at.in("ratioMetric"), s.RatioMetric)
	default:
		at.add("an SLI needs a thresholdMetric or a ratioMetric")
	}
}

func (l *library) threshold(o *Objective, at place, m *metricDoc, d objectiveDoc) {
	in := &o.Indicator
	in.Shape = ShapeThreshold
	in.Value, _ = l.query(o, at.in("thresholdMetric"), m)
	for _, op := range []Op{OpLTE, OpLT, OpGTE, OpGT} {
		if d.Op == op.String() {
			in.Op = op
		}
	}
	if in.Op == OpNone {
		at.add("a thresholdMetric needs op in its objective: lte, lt, gte or gt, have %q", d.Op)
	}
	if d.Value == nil || !metric.IsFinite(*d.Value) {
		at.add("a thresholdMetric needs a finite value in its objective")
		return
	}
	in.Threshold = *d.Value
}

func (l *library) ratio(o *Objective, at place, m *ratioMetric) {
	in := &o.Indicator
	in.Counter = m.Counter
	rated := false
	get := func(field string, m *metricDoc) Query {
		q, r := l.query(o, at.in(field), m)
		rated = rated || r
		return q
	}
	switch {
	case m.Raw != nil && (m.Good != nil || m.Bad != nil || m.Total != nil):
		at.add("give raw, or total with good or bad")
	case m.Raw != nil:
		in.Shape = ShapeRaw
		in.Value = get("raw", m.Raw)
		switch m.RawType {
		case "success", "":
		case "failure":
			in.RawBad = true
		default:
			at.in("rawType").add("%q is neither success nor failure", m.RawType)
		}
		return
	case m.Good != nil && m.Bad != nil:
		at.add("give good or bad beside total, not both")
	case m.Total == nil:
		at.add("a ratioMetric needs total")
	case m.Good != nil:
		in.Shape, in.Good, in.Total = ShapeGoodTotal, get("good", m.Good), get("total", m.Total)
	case m.Bad != nil:
		in.Shape, in.Bad, in.Total = ShapeBadTotal, get("bad", m.Bad), get("total", m.Total)
	default:
		at.add("a ratioMetric needs good or bad beside total")
	}
	if rated && !in.Counter {
		in.Counter = true
		o.note("a query takes the rate of a counter: counter: true is taken, and exact increases are counted")
	}
}

// sourceTypes are the data sources whose queries we read.
var sourceTypes = []string{"prometheus", "victoriametrics", "thanos", "mimir", "cortex", "bellwether", "promql"}

func (l *library) query(o *Objective, at place, m *metricDoc) (Query, bool) {
	at = at.in("metricSource")
	src := m.MetricSource
	if t := strings.ToLower(src.Type); t != "" && !slices.Contains(sourceTypes, t) {
		at.in("type").add("queries of type %q cannot be evaluated here; give the Prometheus-style selector of the series", src.Type)
		return Query{}, false
	}
	if ref := src.MetricSourceRef; ref != "" && len(l.sources) > 0 && !l.sources[ref] {
		o.note("metricSourceRef %q names no DataSource of this file; it is not needed", ref)
	}
	text := ""
	for _, key := range []string{"query", "promql", "expr"} {
		if v, ok := src.Spec[key].(string); ok && text == "" {
			text = v
		}
	}
	if strings.TrimSpace(text) == "" {
		at.in("spec").add("there is no query; write spec: {query: 'http_requests_total{code!~\"5..\"}'}")
		return Query{}, false
	}
	q, rated := parseQuery(text)
	if q.Selector == "" {
		o.note("query %q is an expression, not a selector: its results are taken as they come, so increases are exact only if they are", q.Text)
	}
	return q, rated
}
