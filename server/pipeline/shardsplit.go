package pipeline

import (
	"context"
	"fmt"
	"strings"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// The same metric per instance, for the judges that look at shards: one canary
// instance out of ten that is ill does not move the average of the ten.

// What splitting may cost.
const (
	maxShards      = 50   // Instances of a side.
	maxShardSeries = 1000 // Metrics times instances of one run.
)

// shardPlan is who the instances are. Without them nothing is split.
type shardPlan struct {
	label        string
	base, canary []string
	note         string // Why nothing is split though instances are known.
}

// planShards lists the instances of both sides in the window.
func (r *lookReader) planShards(ctx context.Context, names []string) shardPlan {
	b, errB := r.p.presenceOf(ctx, r.base, names, r.window)
	c, errC := r.p.presenceOf(ctx, r.canary, names, r.window)
	if errB != nil || errC != nil || b.label == "" || b.label != c.label {
		return shardPlan{}
	}
	out := shardPlan{label: b.label, base: b.names(0, 0, 1, 1), canary: c.names(0, 0, 1, 1)}
	switch n := len(out.base) + len(out.canary); {
	case len(out.base) < 2 || len(out.canary) < 1:
		out.label = ""
	case len(out.base) > maxShards || len(out.canary) > maxShards:
		out.label, out.note = "", fmt.Sprintf("instances are not looked at one by one: %d and %d, the limit is %d a side", len(out.base), len(out.canary), maxShards)
	case n*len(r.s.Metrics) > maxShardSeries:
		out.label, out.note = "", fmt.Sprintf("instances are not looked at one by one: %d metrics of %d instances, together the limit is %d", len(r.s.Metrics), n, maxShardSeries)
	}
	return out
}

// split fills in the shards of a metric, where its query can be split.
func (r *lookReader) split(ctx context.Context, src *source, out *canary.Metric) {
	if r.shards.label == "" {
		if r.shards.note != "" {
			out.Notes = append(out.Notes, r.shards.note)
		}
		return
	}
	query := shardQuery(src)
	if query == "" || out.Kind != src.Kind {
		return
	}
	base, baseNames, errB := r.p.perInstance(ctx, query, r.base, r.shards.label, r.window)
	side, sideNames, errC := r.p.perInstance(ctx, query, r.canary, r.shards.label, r.window)
	if err := firstError(errB, errC); err != nil {
		out.Notes = append(out.Notes, "instances are not looked at one by one: "+err.Error())
		return
	}
	if len(base) < 2 || len(side) < 1 {
		return
	}
	out.Shards = &canary.Shards{Baseline: base, Canary: side, BaselineNames: baseNames, CanaryNames: sideNames}
}

// shardQuery is what is compared between instances: the metric itself, of a
// histogram its mean.
func shardQuery(src *source) string {
	if src.Kind != canary.Histogram {
		return src.Query
	}
	q := src.plain
	if q == nil {
		return ""
	}
	sel := "$side"
	for _, m := range q.extras {
		sel += "," + m.String()
	}
	if stem, classic := strings.CutSuffix(q.name, "_bucket"); classic {
		return fmt.Sprintf(`sum(rate(%[1]s_sum{%[2]s}[%[3]s])) / sum(rate(%[1]s_count{%[2]s}[%[3]s]))`, stem, sel, rangeText(q.window))
	}
	return fmt.Sprintf(`histogram_avg(sum(rate(%s{%s}[%s])))`, q.name, sel, rangeText(q.window))
}

// perInstance evaluates a query once per instance of a side.
func (p *Pipeline) perInstance(ctx context.Context, query string, s side, label string, g instants) (rows [][]float64, names []string, err error) {
	expr, err := tsdb.SplitBy(sideQuery(query, s.text), label)
	if err != nil {
		return nil, nil, err
	}
	g = g.back(s.offset)
	res, err := p.store.QueryRange(ctx, expr, g.first, g.end, g.step)
	if err != nil {
		return nil, nil, err
	}
	if len(res.Matrix) > maxShards {
		return nil, nil, fmt.Errorf("%d instances on one side, the limit is %d", len(res.Matrix), maxShards)
	}
	for _, series := range res.Matrix {
		row := missing(g.size())
		g.enter(row, series)
		rows, names = append(rows, row), append(names, series.Labels.Get(label))
	}
	return rows, names, nil
}
