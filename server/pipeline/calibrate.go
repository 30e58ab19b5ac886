package pipeline

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/metric"
)

// Before the deploy: what a run of a spec could show (Plan), and how often the
// judge would have failed a past without a deploy (Calibrate). Both read the
// same samples as a run's history.

// Limits of what one calibration reads from the store.
const (
	maxPastSamples = 8_000_000 // Over all metrics and both sides.
	pastChunk      = 10_000    // Samples of a side in one query.
)

// Plan says what a run of the spec can show, its start being now or
// spec.Start. power 0 is the default. It returns the spec with its defaults
// filled in as well, and stops with the context.
func (p *Pipeline) Plan(ctx context.Context, s RunSpec, power float64) (canary.Foresight, RunSpec, error) {
	s, err := p.completeForecast(ctx, s)
	if err != nil {
		return canary.Foresight{}, s, err
	}
	req := canary.Request{Policy: policyOf(s)}
	for _, m := range s.Metrics {
		one := withoutSamples(s, m)
		if one.History, err = p.historyOf(ctx, s, m); err != nil {
			return canary.Foresight{}, s, err
		}
		if one.History == nil { // The baseline alone still says how it varies.
			if one.Baseline, err = p.before(ctx, s, m, s.Baseline); err != nil {
				return canary.Foresight{}, s, err
			}
		}
		req.Metrics = append(req.Metrics, one)
	}
	f, err := canary.NewForeseer(req, canary.ForesightOptions{Schedule: scheduleOf(s), Power: power})
	if err != nil {
		return canary.Foresight{}, s, err
	}
	for f.Next() {
		if err := ctx.Err(); err != nil {
			return canary.Foresight{}, s, fmt.Errorf("cannot finish the plan: %w after %d of %d metrics", err, len(f.Result().Metrics), len(s.Metrics))
		}
	}
	return f.Result(), s, nil
}

// Calibrate judges runs past runs of the spec that end before now or
// spec.Start, none of which deployed anything: the baseline against the
// canary's side where that was there before, else against instances of itself.
// It stops with the context.
func (p *Pipeline) Calibrate(ctx context.Context, s RunSpec, runs int) (canary.Calibration, RunSpec, error) {
	if s.Judge != "" && s.Judge != "native" {
		return canary.Calibration{}, s, fmt.Errorf("cannot calibrate judge %s: only the native judge states an error rate to hold", s.Judge)
	}
	if runs == 0 {
		runs = 100
	}
	if runs < canary.MinCalibrationRuns || runs > canary.MaxCalibrationRuns { // Before anything is read.
		return canary.Calibration{}, s, fmt.Errorf("cannot calibrate on %d runs: between %d and %d", runs, canary.MinCalibrationRuns, canary.MaxCalibrationRuns)
	}
	s, err := p.completeForecast(ctx, s)
	if err != nil {
		return canary.Calibration{}, s, err
	}
	long := s
	long.History = min(s.History+time.Duration(runs)*s.MaxDuration, s.Step*time.Duration(maxPastSamples/2/len(s.Metrics)))
	if long.History, err = p.reported(ctx, long); err != nil {
		return canary.Calibration{}, s, err
	}
	req := canary.Request{Policy: policyOf(s)}
	for _, m := range s.Metrics {
		one := withoutSamples(s, m)
		if one.History, err = p.pastOf(ctx, long, m); err != nil {
			return canary.Calibration{}, s, err
		}
		req.Metrics = append(req.Metrics, one)
	}
	if !slices.ContainsFunc(req.Metrics, func(m canary.Metric) bool { return m.History != nil }) {
		return canary.Calibration{}, s, fmt.Errorf("cannot calibrate: neither the canary's side (%s) nor two instances of the baseline (%s, told apart by the labels %v) have a past; calibrate once either has", s.Canary, s.Baseline, instanceLabels)
	}
	c, err := canary.NewCalibrator(req, canary.CalibrateOptions{Schedule: scheduleOf(s), Runs: runs, History: s.History})
	if err != nil {
		return canary.Calibration{}, s, err
	}
	for c.Next() {
		if err := ctx.Err(); err != nil {
			return canary.Calibration{}, s, fmt.Errorf("cannot finish the calibration: %w after %d of %d runs", err, c.Result().Runs, c.Total())
		}
	}
	return c.Result(), s, nil
}

// completeForecast fills in a spec whose canary may not be there yet: metrics
// are then chosen among those of the baseline.
func (p *Pipeline) completeForecast(ctx context.Context, s RunSpec) (RunSpec, error) {
	s, err := p.completeSpec(s, p.Now().UnixMilli())
	if err != nil || len(s.Metrics) > 0 {
		return p.withKinds(s), err
	}
	chosen, err := p.chooseMetrics(ctx, s, s.Start)
	if err == nil && len(chosen.Metrics) > 0 {
		return p.withKinds(chosen), nil
	}
	base, err := sideMatchers("baseline", s.Baseline)
	if err != nil {
		return s, err
	}
	s.Metrics, err = p.metricsByConvention(ctx, base, base, s.Start)
	return p.withKinds(s), err
}

// reported is how much of the spec's history lies after the baseline's first
// sample: a past from before the store began says nothing about either side.
func (p *Pipeline) reported(ctx context.Context, s RunSpec) (time.Duration, error) {
	step := s.Step.Milliseconds()
	for done := s.History.Milliseconds() / step; done > 0; {
		part, n := s, min(done, pastChunk)
		part.Start = s.Start - (done-n)*step
		part.History = s.Step * time.Duration(n)
		values, err := p.before(ctx, part, s.Metrics[0], s.Baseline)
		if err != nil {
			return 0, err
		}
		if i := slices.IndexFunc(values, metric.IsFinite); i >= 0 {
			return s.Step * time.Duration(done-int64(i)), nil
		}
		done -= n
	}
	return s.History, nil
}

// pastOf is historyOf for a past longer than one query may read. Which side
// stands for the canary is decided once, by the newest part.
func (p *Pipeline) pastOf(ctx context.Context, s RunSpec, m RunMetric) (*canary.History, error) {
	step := s.Step.Milliseconds()
	total := s.History.Milliseconds() / step
	newest := s
	newest.History = s.Step * time.Duration(min(total, pastChunk))
	h, err := p.historyOf(ctx, newest, m)
	if err != nil || h == nil || total <= pastChunk {
		return h, err
	}
	out := &canary.History{SameInstances: h.SameInstances}
	for done := total; done > 0; {
		part := s
		n := min(done, pastChunk)
		part.Start = s.Start - (done-n)*step
		part.History = s.Step * time.Duration(n)
		h, err := p.historyOf(ctx, part, m)
		if err != nil {
			return nil, err
		}
		if h == nil {
			h = &canary.History{Baseline: gapOf(int(n)), Canary: gapOf(int(n))}
		}
		out.Baseline, out.Canary = append(out.Baseline, h.Baseline...), append(out.Canary, h.Canary...)
		done -= n
	}
	return out, nil
}

func scheduleOf(s RunSpec) canary.Schedule {
	return canary.Schedule{Longest: s.MaxDuration, LookEvery: s.LookEvery}
}

// gapOf is n missing samples.
func gapOf(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}
