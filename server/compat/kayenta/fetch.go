package kayenta

import (
	"context"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/canary/kayenta"
	"github.com/bellwether-ts/bellwether/metric"
)

// Reading one side of one metric from the embedded store. Kayenta keeps the
// samples there are, one after the other; the native judge wants them on their
// instants, so both forms are made of one answer.

// fetched is one series of one side.
type fetched struct {
	set   kayenta.MetricSet
	grid  []float64 // On first, first+step, ...; NaN where there is no sample.
	first int64     // Unix milliseconds.
	step  int64     // Milliseconds.
	query string
	count int // Series the query returned.
}

// until is the grid up to now: what has not happened yet is not missing.
func (f fetched) until(now int64) []float64 {
	if f.step == 0 || now < f.first {
		return nil
	}
	return f.grid[:min(int64(len(f.grid)), (now-f.first)/f.step+1)]
}

// told is the trace line of a fetch.
func (f fetched) told() string {
	n := len(f.set.Values)
	return fmt.Sprintf("%s: %d series, %d of %d samples in the first, query %s", f.set.Name, f.count, n, len(f.grid), f.query)
}

// fetch reads a metric for one scope: one entry a series, and an empty one if
// there is none.
func (s *Service) fetch(ctx context.Context, cfg kayenta.Config, m kayenta.Metric, sc *scope) ([]fetched, error) {
	query, err := cfg.PromQL(m, sc.side(), s.o.ScopeLabel)
	if err != nil {
		return nil, refused{err}
	}
	from, to, step := int64(sc.Start), int64(sc.End), sc.Step*1000
	res, err := s.o.Store.QueryRange(ctx, query, from, to, step)
	if err != nil {
		return nil, fmt.Errorf("cannot fetch metric %q: %w", m.Name, err)
	}
	blank := fetched{query: query, first: from, step: step, count: len(res.Matrix), set: kayenta.MetricSet{
		Name: m.Name, Tags: map[string]string{}, StepMillis: step,
		StartTimeMillis: from, StartTimeISO: iso(from), EndTimeMillis: to, EndTimeISO: iso(to),
		Values: kayenta.Samples{}, Attributes: map[string]string{"query": query},
	}}
	if len(res.Matrix) == 0 {
		blank.grid = nothing((to-from)/step + 1)
		return []fetched{blank}, nil
	}
	if len(res.Matrix) > maxPairs {
		return nil, fmt.Errorf("cannot fetch metric %q: its query returns %d series, the limit is %d; let it aggregate", m.Name, len(res.Matrix), maxPairs)
	}
	out := make([]fetched, 0, len(res.Matrix))
	for _, series := range res.Matrix {
		f := blank
		f.grid = nothing((to-from)/step + 1)
		f.set.Tags = tagsOf(series.Labels)
		f.set.Values = make(kayenta.Samples, 0, len(series.Samples))
		for _, v := range series.Samples {
			f.grid[(v.T-from)/step] = v.V
			f.set.Values = append(f.set.Values, v.V)
		}
		f.place(series.Samples)
		out = append(out, f)
	}
	return out, nil
}

// place sets the window of a series to that of its samples, as Kayenta reads a
// Prometheus answer: the step is the distance of the first two.
func (f *fetched) place(samples []metric.Sample) {
	if len(samples) == 0 {
		return
	}
	start := samples[0].T
	step := int64(0)
	if len(samples) > 1 {
		step = (samples[1].T - start) / 1000 * 1000
	}
	end := start + int64(len(samples))*step
	f.set.StartTimeMillis, f.set.StartTimeISO, f.set.StepMillis = start, iso(start), step
	f.set.EndTimeMillis, f.set.EndTimeISO = end, iso(end)
}

// tagsOf is the labels without the metric's name.
func tagsOf(ls labels.Labels) map[string]string {
	out := map[string]string{}
	ls.Range(func(l labels.Label) {
		if l.Name != labels.MetricName {
			out[l.Name] = l.Value
		}
	})
	return out
}

func nothing(n int64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

func setsOf(list []fetched) []kayenta.MetricSet {
	out := make([]kayenta.MetricSet, len(list))
	for i, f := range list {
		out[i] = f.set
	}
	return out
}

// pick finds the series of a pair; one without samples if the side lacks it.
func pick(list []fetched, p kayenta.Pair) fetched {
	var same *fetched
	for i, f := range list {
		if f.set.Name != p.Name {
			continue
		}
		if maps.Equal(f.set.Tags, p.Tags) {
			return f
		}
		same = &list[i]
	}
	if same == nil {
		return fetched{}
	}
	out := *same
	out.grid, out.set.Tags = nothing(int64(len(out.grid))), p.Tags
	return out
}

// history reads both sides before their windows, so that the native judge knows
// how much they differ when nothing was deployed. nil where a side has less
// than half of it.
func (s *Service) history(ctx context.Context, control, experiment fetched) (*canary.History, error) {
	if control.step == 0 || control.step != experiment.step {
		return nil, nil
	}
	n := min(s.o.History.Milliseconds()/control.step, maxPoints)
	read := func(f fetched) ([]float64, error) {
		from := f.first - n*f.step
		out := nothing(n)
		res, err := s.o.Store.QueryRange(ctx, f.query, from, f.first-f.step, f.step)
		if err != nil {
			return nil, fmt.Errorf("cannot read the history of metric %q: %w", f.set.Name, err)
		}
		for _, series := range res.Matrix {
			if !maps.Equal(tagsOf(series.Labels), f.set.Tags) {
				continue
			}
			for _, v := range series.Samples {
				out[(v.T-from)/f.step] = v.V
			}
		}
		return out, nil
	}
	x, err := read(experiment)
	if err != nil || 2*present(x) < len(x) {
		return nil, err
	}
	c, err := read(control)
	if err != nil || 2*present(c) < len(c) {
		return nil, err
	}
	return &canary.History{Baseline: c, Canary: x}, nil
}

func present(v []float64) int {
	n := 0
	for _, x := range v {
		if metric.IsFinite(x) {
			n++
		}
	}
	return n
}

// queryTimeout bounds a query asked for by itself.
const queryTimeout = time.Minute
