package pipeline

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// Histograms of one side, classic or native, from raw samples or from what a
// query returned.

// readHistograms reads name_bucket counters, or a native histogram, raw.
func (p *Pipeline) readHistograms(ctx context.Context, q *plainQuery, s side, g instants) (reading, error) {
	if strings.HasSuffix(q.name, "_bucket") {
		return p.readClassic(ctx, q, s, g)
	}
	w := newGrowth(g)
	sums := make([]*histogram.FloatHistogram, g.size())
	var layouts []string
	err := p.rawSeries(ctx, q.of(s, q.name), g, func(one *tsdb.Series) error {
		if !q.picks(one.Labels) {
			return nil
		}
		if len(one.Samples) > 0 && len(one.Histograms) == 0 {
			return fmt.Errorf("%s holds plain numbers, not native histograms; a classic histogram is %s_bucket, by (le)", q.name, q.name)
		}
		var failed error
		w.native(one, func(i int, h *histogram.FloatHistogram) {
			layouts = joined(layouts, []string{layoutOf(h)})
			if sums[i] == nil {
				sums[i] = h
				return
			}
			sum, _, _, err := sums[i].Add(h)
			if err != nil {
				failed = fmt.Errorf("its series cannot be added: %w", err)
				return
			}
			sums[i] = sum
		})
		return failed
	})
	if err != nil {
		return reading{}, err
	}
	w.settle()
	out := reading{rows: make([]observed, g.size()), values: missing(g.size()), layouts: slices.Sorted(slices.Values(layouts))}
	for i, there := range w.present {
		if !there {
			continue
		}
		out.rows[i] = observed{}
		if h := sums[i]; h != nil {
			out.rows[i] = fromNative(h)
			if h.Count > 0 {
				out.values[i] = h.Sum / h.Count
			}
		}
	}
	if w.changed {
		out.doubts = []string{"the resolution or the bounds of its histogram changed within the window"}
	}
	return out, nil
}

// layoutOf names the buckets of a native histogram; every resolution of the
// exponential ones fits every other.
func layoutOf(h *histogram.FloatHistogram) string {
	if h.UsesCustomBuckets() {
		return boundsText(h.CustomValues)
	}
	return "exponential"
}

func boundsText(bounds []float64) string {
	var b strings.Builder
	for _, x := range bounds {
		b.WriteString(strconv.FormatFloat(x, 'g', -1, 64))
		b.WriteByte(' ')
	}
	return b.String()
}

// classic is the counters of all series with the same bounds, added up.
type classic struct {
	le     []float64   // Ascending; the last is +Inf.
	counts [][]float64 // Per bound, per step, cumulative over bounds.
	used   bool
}

// readClassic reads name_bucket counters. Series whose bounds differ are
// counted apart, since their cumulative counts do not add up.
func (p *Pipeline) readClassic(ctx context.Context, q *plainQuery, s side, g instants) (reading, error) {
	layoutOfSeries, layouts, err := p.classicLayouts(ctx, q.of(s, q.name), g)
	if err != nil {
		return reading{}, err
	}
	w := newGrowth(g)
	err = p.rawSeries(ctx, q.of(s, q.name), g, func(one *tsdb.Series) error {
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
				return nil, nil, fmt.Errorf("its histograms have more than 20 different sets of bounds on one side")
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

// queryHistograms evaluates an expression that returns native histograms, or
// the buckets of one classic histogram: series that differ in le alone.
func (p *Pipeline) queryHistograms(ctx context.Context, expr string, g instants) (reading, error) {
	res, err := p.store.QueryRange(ctx, expr, g.first, g.end, g.step)
	if err != nil {
		return reading{}, err
	}
	out := reading{rows: make([]observed, g.size()), values: missing(g.size())}
	switch {
	case len(res.Matrix) == 0:
		return out, nil
	case len(res.Matrix) > maxReadSeries:
		return out, fmt.Errorf("the query returns %d series on one side; aggregate it with sum by (le) (...)", len(res.Matrix))
	case len(res.Matrix) == 1 && len(res.Matrix[0].Histograms) > 0:
		for _, h := range res.Matrix[0].Histograms {
			i := (h.T - g.first) / g.step
			out.rows[i] = fromNative(h.H)
			out.layouts = joined(out.layouts, []string{layoutOf(h.H)})
			if h.H.Count > 0 {
				out.values[i] = h.H.Sum / h.H.Count
			}
		}
		return out, nil
	}
	return out, classicResult(&out, res.Matrix, g)
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
			return fmt.Errorf("the query returns several histograms on one side; aggregate it with sum by (le) (...)")
		}
		column := missing(g.size())
		g.enter(column, s)
		le, columns = append(le, bound), append(columns, column)
	}
	if !math.IsInf(le[len(le)-1], 1) {
		return fmt.Errorf("the histogram has no bucket le=\"+Inf\": nothing says how many observations there are")
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

// maxCells bounds the numbers of one run's histories of histograms.
const maxCells = 4_000_000

// distribution brings both sides and their history to common bounds. past may
// hold nothing. share is how many metrics the cells are shared among.
func distribution(base, side *reading, past [2][]observed, share int) (*canary.Distribution, []string, error) {
	bounds := commonBounds(base.rows, side.rows)
	var notes []string
	if len(past[0]) > 0 {
		all := commonBounds(base.rows, side.rows, past[0], past[1])
		switch {
		case 2*len(thin(all)) < len(thin(bounds)):
			notes = append(notes, "the history of its histograms is left out: it has other buckets")
			past = [2][]observed{}
		case 2*len(past[0])*(len(thin(all))+1) > maxCells/max(1, share):
			notes = append(notes, fmt.Sprintf("the history of its histograms is left out: %d instants of %d buckets are too many", len(past[0]), len(thin(all))+1))
			past = [2][]observed{}
		default:
			bounds = all
		}
	}
	if bounds = thin(bounds); len(bounds) == 0 {
		if anyObserved(base.rows) || anyObserved(side.rows) {
			return nil, notes, errNoBounds
		}
		return nil, notes, nil // Nothing was observed: no data.
	}
	d := &canary.Distribution{Bounds: bounds, Baseline: onto(bounds, base.rows), Canary: onto(bounds, side.rows)}
	if len(past[0]) > 0 {
		d.HistoryBaseline, d.HistoryCanary = onto(bounds, past[0]), onto(bounds, past[1])
	}
	return d, notes, nil
}

func anyObserved(rows []observed) bool {
	return slices.ContainsFunc(rows, func(r observed) bool { return len(r) > 0 })
}
