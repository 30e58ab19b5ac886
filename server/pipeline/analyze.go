package pipeline

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// The chart behind an anomaly: a fresh detector over stored history.

// Analyze runs a fresh detector over the stored history of one series: it
// learns from learn..from and reports from..to (Unix milliseconds). It is what
// draws a chart with its expected band.
func (p *Pipeline) Analyze(ctx context.Context, ls labels.Labels, view string, learn, from, to int64) (samples []metric.Sample, points []detect.Result, err error) {
	if strings.HasPrefix(view, customView) {
		view = "" // The chart of a user's detector is that of its series.
	}
	if view == distributionView {
		return p.analyzeForm(ctx, ls, learn, from, to)
	}
	if view == peerView {
		view = "" // The series itself, beside which its peers are judged.
	}
	var all []metric.Sample
	for s, err := range p.store.Select(ctx, exactly(ls), learn, to) {
		if err != nil {
			return nil, nil, fmt.Errorf("cannot read %s: %w", metric.FormatSeries(ls), err)
		}
		all = s.Samples
		if view != "" {
			all = viewSamples(s.Histograms, view)
		}
	}
	cfg, err := detectConfigOf(p.opts.Config.Detect)
	if err != nil {
		return nil, nil, err
	}
	meta := detect.Meta{Kind: detect.MetricGauge}
	if ref, ok := p.store.Ref(ls); ok && view == "" {
		_, kind, _ := p.describe(ref)
		meta.Kind = kind.detectKind()
	}
	results, _, err := detect.Run(cfg, meta, all)
	if err != nil {
		return nil, nil, err
	}
	for i, s := range all {
		if s.T >= from && i < len(results) {
			samples, points = append(samples, s), append(points, results[i])
		}
	}
	return samples, points, nil
}

// viewSamples turns native histograms into the rate or mean the detectors saw.
func viewSamples(hs []tsdb.HistogramSample, view string) []metric.Sample {
	var out []metric.Sample
	for i := 1; i < len(hs); i++ {
		rate, mean, ok := increase(hs[i-1].H, hs[i-1].T, hs[i].H, hs[i].T)
		if !ok {
			continue
		}
		v := rate
		if view == "mean" {
			v = mean
		}
		if !math.IsNaN(v) {
			out = append(out, metric.Sample{T: hs[i].T, V: v})
		}
	}
	return out
}

// exactly returns matchers that select one series only.
func exactly(ls labels.Labels) []*labels.Matcher {
	var ms []*labels.Matcher
	ls.Range(func(l labels.Label) {
		ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, l.Name, l.Value))
	})
	return ms
}
