package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/histogram"

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
	err := p.rawSeries(ctx, q.of(s), g, func(one *tsdb.Series) error {
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
