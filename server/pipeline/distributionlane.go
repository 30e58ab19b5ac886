package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// The room of distributions in a pipeline: its lane, its history at start, and
// the chart behind one of its anomalies.

// buildDistributions makes the room and its lane.
func (p *Pipeline) buildDistributions() error {
	o, err := WatchOptionsOf(p.opts.Config)
	if err != nil {
		return err
	}
	o.Emit, o.Still = p.found, p.Admission.Still
	if p.forms, err = NewDistributions(DistributionOptionsOf(o)); err != nil {
		return err
	}
	p.formLane = newLane(distributionView, p.feed(p.forms), func(now int64) {
		p.forms.Tick(now)
		p.Admission.Watching(distributionView, p.forms.Classes())
	})
	return nil
}

// learnForms feeds the room what the store holds in [from, to] of histograms
// alone. It is for a start at which the other rooms remember what came before
// to: this one does not, and reads it again.
func (p *Pipeline) learnForms(ctx context.Context, from, to int64) error {
	if from > to {
		return nil
	}
	const chunk = int64(time.Hour / time.Millisecond)
	selectors, err := p.formSelectors(ctx, from, to)
	if err != nil {
		return err
	}
	for at := from; at <= to && len(selectors) > 0; at += chunk {
		end := min(at+chunk-1, to)
		for _, ms := range selectors {
			if err := p.learnRange(ctx, ms, at, end, func(b *metric.Batch) { p.formLane.work(laneItem{batch: b}) }); err != nil {
				return err
			}
		}
		p.formLane.work(laneItem{now: end})
	}
	return nil
}

// formSelectors selects the histograms of the store: the buckets of classic
// ones, and every metric of native ones.
func (p *Pipeline) formSelectors(ctx context.Context, from, to int64) ([][]*labels.Matcher, error) {
	all := []*labels.Matcher{labels.MustNewMatcher(labels.MatchNotEqual, labels.MetricName, "")}
	series, err := p.store.Series(ctx, [][]*labels.Matcher{all}, from, to, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot list histograms: %w", err)
	}
	var out [][]*labels.Matcher
	var names []string
	classic := false
	for _, ls := range series {
		ref, ok := p.store.Ref(ls)
		if !ok {
			continue
		}
		_, kind, _ := p.describe(ref)
		switch {
		case kind == KindHistogram:
			names = append(names, ls.Get(labels.MetricName))
		case isClassicBucket(ls, kind):
			classic = true
		}
	}
	if classic {
		out = append(out, []*labels.Matcher{labels.MustNewMatcher(labels.MatchNotEqual, labels.BucketLabel, "")})
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		out = append(out, []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name)})
	}
	return out, nil
}

// Shape returns matchers of a series that shape search knows: of a classic
// histogram, which is no series of its own, its _sum.
func (p *Pipeline) Shape(ms []*labels.Matcher) []*labels.Matcher {
	for i, m := range ms {
		if m.Name != labels.MetricName || m.Type != labels.MatchEqual {
			continue
		}
		classic := false
		p.formLane.view(func() { classic = p.forms.HasClassic(m.Value) })
		if classic {
			ms = slices.Clone(ms)
			ms[i] = labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, m.Value+"_sum")
		}
	}
	return ms
}

// ShapeRef is the series whose shape stands for a finding, as Shape.
func (p *Pipeline) ShapeRef(f Finding) uint64 {
	if f.View != distributionView {
		return f.Ref
	}
	sum := labels.NewBuilder(f.Labels).Set(labels.MetricName, f.Labels.Get(labels.MetricName)+"_sum").Labels()
	if ref, ok := p.store.Ref(sum); ok {
		return ref
	}
	return f.Ref
}

// analyzeForm runs a fresh detector over the stored history of one histogram
// and returns its .99 quantile, batch by batch, with what was expected. ls is
// the histogram's own name, as a finding has it.
func (p *Pipeline) analyzeForm(ctx context.Context, ls labels.Labels, learn, from, to int64) (samples []metric.Sample, points []detect.Result, err error) {
	cfg, err := detectConfigOf(p.opts.Config.Detect)
	if err != nil {
		return nil, nil, err
	}
	det, err := detect.NewHistogram(cfg, detect.HistogramMeta{})
	if err != nil {
		return nil, nil, err
	}
	err = p.eachForm(ctx, ls, learn, to, func(t int64, h *histogram.FloatHistogram) {
		if r := det.Step(t, h); t >= from && det.Judged() {
			samples, points = append(samples, metric.Sample{T: t, V: r.Observed}), append(points, r)
		}
	})
	return samples, points, err
}

// eachForm reads one histogram, native or classic, in order of time.
func (p *Pipeline) eachForm(ctx context.Context, ls labels.Labels, from, to int64, take func(int64, *histogram.FloatHistogram)) error {
	for s, err := range p.store.Select(ctx, exactly(ls), from, to) {
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", metric.FormatSeries(ls), err)
		}
		if len(s.Histograms) > 0 && labels.Equal(s.Labels, ls) {
			for _, h := range s.Histograms {
				take(h.T, h.H)
			}
			return nil
		}
	}
	var rows bucketRows
	ref := uint64(0)
	buckets := labels.NewBuilder(ls).Set(labels.MetricName, ls.Get(labels.MetricName)+"_bucket").Labels()
	ms := append(exactly(buckets), labels.MustNewMatcher(labels.MatchNotEqual, labels.BucketLabel, ""))
	var all []tsdb.Series
	for s, err := range p.store.Select(ctx, ms, from, to) {
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", metric.FormatSeries(buckets), err)
		}
		if labels.Equal(classicName(s.Labels), ls) {
			s.Samples = slices.Clone(s.Samples) // The store may use them again.
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b tsdb.Series) int {
		return cmp.Compare(bucketBound(a.Labels), bucketBound(b.Labels))
	})
	const chunk = int64(time.Hour / time.Millisecond)
	for at := from; at <= to; at += chunk {
		for i := range all {
			ref = uint64(i) + 1
			if at == from {
				rows.join(ref, bucketBound(all[i].Labels))
			}
			n := 0
			for n < len(all[i].Samples) && all[i].Samples[n].T < at+chunk {
				rows.place(ref, all[i].Samples[n].T, all[i].Samples[n].V)
				n++
			}
			all[i].Samples = all[i].Samples[n:]
		}
		rows.next(min(at+chunk-1, to), take)
	}
	return nil
}
