package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// One side of one metric, read from the store on a grid of instants.

// reading is what was read of one side.
type reading struct {
	values  []float64  // One per instant; NaN where there is none.
	rows    []observed // Kind Histogram: one per instant, nil where there is none.
	traffic []float64  // Kind Count: requests per instant, where the source knows them.
	layouts []string   // Kind Histogram: the bucket layouts met, sorted.
	doubts  []string
	notes   []string
}

// What one read may cost.
const (
	maxInstants   = 11_000 // Of one grid; also the store's limit for PromQL.
	maxRawSeries  = 20_000 // Series read raw for one side of one metric.
	maxReadSeries = 1_000  // Series a query may return: buckets, or instances.
)

// read reads one side of a metric; the grid is in the run's time, a side of
// another time is read that much earlier.
func (p *Pipeline) read(ctx context.Context, src *source, s side, g instants) (reading, error) {
	if g.size() == 0 {
		return reading{}, nil
	}
	if g.size() > maxInstants {
		return reading{}, fmt.Errorf("%d instants are more than %d; use a longer step", g.size(), maxInstants)
	}
	g = g.back(s.offset)
	switch {
	case src.Kind == canary.Histogram && src.plain != nil:
		return p.readHistograms(ctx, src.plain, s, g)
	case src.Kind == canary.Histogram:
		return p.queryHistograms(ctx, sideQuery(src.Query, s.text), g)
	case src.plain != nil:
		return p.readCounts(ctx, src, s, g)
	}
	values, err := p.queryLevels(ctx, sideQuery(src.Query, s.text), g)
	return reading{values: values}, err
}

// queryLevels evaluates an expression on the grid. One that returns several
// series is an error, since the judge would not know which is meant.
func (p *Pipeline) queryLevels(ctx context.Context, expr string, g instants) ([]float64, error) {
	res, err := p.store.QueryRange(ctx, expr, g.first, g.end, g.step)
	if err != nil {
		return nil, err
	}
	if len(res.Matrix) > 1 {
		if allHave(res.Matrix, labels.BucketLabel) {
			return nil, fmt.Errorf("the query returns the %d buckets of a histogram on one side; judge it as kind histogram", len(res.Matrix))
		}
		return nil, fmt.Errorf("the query returns %d series on one side; aggregate it, for example with sum(...) or avg(...)", len(res.Matrix))
	}
	out := missing(g.size())
	for _, series := range res.Matrix {
		if len(series.Histograms) > 0 {
			return nil, errors.New("the query returns native histograms; judge it as kind histogram, or take a number of them, for example with histogram_quantile")
		}
		g.enter(out, series)
	}
	return out, nil
}

// allHave reports whether all series have a label.
func allHave(matrix []tsdb.Series, label string) bool {
	return !slices.ContainsFunc(matrix, func(s tsdb.Series) bool { return s.Labels.Get(label) == "" })
}

// enter puts the samples of a query's result in their places.
func (g instants) enter(into []float64, s tsdb.Series) {
	for _, sample := range s.Samples {
		into[(sample.T-g.first)/g.step] = sample.V
	}
}

// missing is n missing values.
func missing(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

// readCounts counts the events of a plain query, and the traffic they come
// from. A step in which traffic was seen and no event is a zero: a side that
// has never failed has no series that says so.
func (p *Pipeline) readCounts(ctx context.Context, src *source, s side, g instants) (reading, error) {
	q := src.plain
	w, events, all := newGrowth(g), make([]float64, g.size()), make([]float64, g.size())
	own := src.traffic != nil && src.traffic.name == q.name // Read together.
	err := p.rawSeries(ctx, q.of(s), g, func(one *tsdb.Series) error {
		if len(one.Histograms) > 0 {
			return fmt.Errorf("%s is a native histogram, not a counter", q.name)
		}
		picked, total := q.picks(one.Labels), own && src.traffic.picks(one.Labels)
		w.counter(one, func(i int, n float64) {
			if picked {
				events[i] += n
			}
			if total {
				all[i] += n
			}
		})
		return nil
	})
	if err != nil {
		return reading{}, err
	}
	w.settle()
	out := reading{}
	switch {
	case own:
		out.traffic = w.values(all)
	case src.traffic != nil:
		t := source{RunMetric: RunMetric{Kind: canary.Count}, plain: src.traffic}
		r, err := p.readCounts(ctx, &t, s, g)
		if err != nil {
			return reading{}, err
		}
		out.traffic = r.values
		for i, v := range r.values {
			w.present[i] = w.present[i] || !math.IsNaN(v)
		}
	}
	out.values = w.values(events)
	return out, nil
}

// rawSeries visits the series of a selector with the samples the grid needs.
func (p *Pipeline) rawSeries(ctx context.Context, ms []*labels.Matcher, g instants, visit func(*tsdb.Series) error) error {
	n := 0
	for one, err := range p.store.Select(ctx, ms, g.from()+1, g.end) {
		if err != nil {
			return err
		}
		if n++; n > maxRawSeries {
			return fmt.Errorf("more than %d series on one side; name fewer with matchers", maxRawSeries)
		}
		if err := visit(&one); err != nil {
			return err
		}
	}
	return nil
}

// joined is two lists of text without repeats.
func joined(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
