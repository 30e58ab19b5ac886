package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/tsdb"
)

// Classic histograms: counters name_bucket per bound le, cumulative over the
// bounds, with name_sum and name_count beside them.

// classic is the counters of all series with the same bounds, added up.
type classic struct {
	le     []float64   // Ascending; the last is +Inf.
	counts [][]float64 // Per bound, per step, cumulative over bounds.
	used   bool
}

// readClassic reads name_bucket counters. Series whose bounds differ are
// counted apart, since their cumulative counts do not add up.
func (p *Pipeline) readClassic(ctx context.Context, q *plainQuery, s side, g instants) (reading, error) {
	layoutOfSeries, layouts, err := p.classicLayouts(ctx, q.of(s), g)
	if err != nil {
		return reading{}, err
	}
	w := newGrowth(g)
	err = p.rawSeries(ctx, q.of(s), g, func(one *tsdb.Series) error {
		l, le := layouts[layoutOfSeries[withoutLe(one.Labels)]], bucketBound(one.Labels)
		if l == nil || math.IsNaN(le) || !q.picks(one.Labels) {
			return nil
		}
		column := l.counts[slices.Index(l.le, le)]
		w.counter(one, func(i int, n float64) { column[i] += n; l.used = true })
		return nil
	})
	if err != nil {
		return reading{}, err
	}
	w.settle()
	out := reading{rows: make([]observed, g.size())}
	for i, there := range w.present {
		if there {
			out.rows[i] = observed{}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(layouts)) {
		l := layouts[key]
		if !l.used {
			continue
		}
		out.layouts = append(out.layouts, key)
		counts := make([]float64, len(l.le))
		for i := range out.rows {
			for j := range l.le {
				counts[j] = l.counts[j][i]
			}
			if out.rows[i] != nil {
				out.rows[i] = append(out.rows[i], fromCumulative(l.le, counts)...)
			}
		}
	}
	if len(out.layouts) > 1 {
		out.doubts = []string{fmt.Sprintf("its histograms have %d different sets of bounds on one side", len(out.layouts))}
	}
	out.values, err = p.meanOfParts(ctx, q, s, g, out.rows)
	return out, err
}

// classicLayouts finds which bounds every series group has.
func (p *Pipeline) classicLayouts(ctx context.Context, ms []*labels.Matcher, g instants) (map[uint64]string, map[string]*classic, error) {
	series, err := p.store.Series(ctx, [][]*labels.Matcher{ms}, g.from(), g.end, maxRawSeries+1)
	if err != nil {
		return nil, nil, err
	}
	bounds := map[uint64][]float64{}
	for _, ls := range series {
		if le := bucketBound(ls); !math.IsNaN(le) {
			id := withoutLe(ls)
			bounds[id] = append(bounds[id], le)
		}
	}
	of, layouts := map[uint64]string{}, map[string]*classic{}
	for id, le := range bounds {
		slices.Sort(le)
		if !math.IsInf(le[len(le)-1], 1) {
			continue // Not a histogram: nothing says how many there are.
		}
		key := boundsText(le)
		of[id] = key
		if layouts[key] == nil {
			l := &classic{le: le, counts: make([][]float64, len(le))}
			for i := range l.counts {
				l.counts[i] = make([]float64, g.size())
			}
			layouts[key] = l
			if len(layouts) > 20 {
				return nil, nil, errors.New("its histograms have more than 20 different sets of bounds on one side")
			}
		}
	}
	return of, layouts, nil
}

// withoutLe identifies the histogram a bucket belongs to.
func withoutLe(ls labels.Labels) uint64 {
	return labels.NewBuilder(ls).Del(labels.BucketLabel).Labels().Hash()
}

// bucketBound is the upper bound of a classic bucket; NaN if it has none.
func bucketBound(ls labels.Labels) float64 {
	v, err := strconv.ParseFloat(ls.Get(labels.BucketLabel), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// meanOfParts is the mean observation of every step: exact from name_sum and
// name_count where they exist, else estimated from the buckets.
func (p *Pipeline) meanOfParts(ctx context.Context, q *plainQuery, s side, g instants, rows []observed) ([]float64, error) {
	stem := strings.TrimSuffix(q.name, "_bucket")
	part := func(name string) ([]float64, error) {
		one := plainQuery{name: name, extras: q.extras}
		r, err := p.readCounts(ctx, &source{plain: &one}, s, g)
		return r.values, err
	}
	sums, err := part(stem + "_sum")
	if err != nil {
		return nil, err
	}
	counts, err := part(stem + "_count")
	if err != nil {
		return nil, err
	}
	out := missing(g.size())
	exact := anyFinite(sums) && anyFinite(counts)
	for i, row := range rows {
		switch {
		case exact && counts[i] > 0:
			out[i] = sums[i] / counts[i]
		case !exact:
			out[i] = meanOf(row)
		}
	}
	return out, nil
}

// classicResult reads series that differ in le alone.
func classicResult(out *reading, matrix []tsdb.Series, g instants) error {
	group := withoutLe(matrix[0].Labels)
	slices.SortFunc(matrix, func(a, b tsdb.Series) int { return compareBounds(bucketBound(a.Labels), bucketBound(b.Labels)) })
	var le []float64
	var columns [][]float64
	for _, s := range matrix {
		bound := bucketBound(s.Labels)
		if math.IsNaN(bound) || len(s.Histograms) > 0 {
			return fmt.Errorf("kind histogram needs native histograms or buckets by le, and %s is neither; write sum by (le) (increase(name_bucket{$side}[1m]))", s.Labels)
		}
		if withoutLe(s.Labels) != group {
			return errors.New("the query returns several histograms on one side; aggregate it with sum by (le) (...)")
		}
		column := missing(g.size())
		g.enter(column, s)
		le, columns = append(le, bound), append(columns, column)
	}
	if !math.IsInf(le[len(le)-1], 1) {
		return errors.New("the histogram has no bucket le=\"+Inf\": nothing says how many observations there are")
	}
	out.layouts = []string{boundsText(le)}
	counts := make([]float64, len(le))
	for i := range out.rows {
		for j := range le {
			counts[j] = columns[j][i]
		}
		if math.IsNaN(counts[len(le)-1]) {
			continue
		}
		out.rows[i] = fromCumulative(le, counts)
		out.values[i] = meanOf(out.rows[i])
	}
	out.notes = []string{"the mean is estimated from the buckets"}
	return nil
}

func compareBounds(a, b float64) int {
	switch {
	case a < b || math.IsNaN(b) && !math.IsNaN(a):
		return -1
	case a > b || math.IsNaN(a) && !math.IsNaN(b):
		return 1
	}
	return 0
}
