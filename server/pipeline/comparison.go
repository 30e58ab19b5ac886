package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// From a run's spec to the judge: the sides are matchers put into PromQL, the
// samples are range queries over the same instants.

// completeSpec checks a spec and fills in what the asker left out.
// Metrics stay empty if they are to be chosen: a canary just deployed has none
// yet, so they are chosen at the first look that finds some.
func (p *Pipeline) completeSpec(s RunSpec, now int64) (RunSpec, error) {
	_, errB := sideMatchers("baseline", s.Baseline)
	_, errC := sideMatchers("canary", s.Canary)
	if err := errors.Join(errB, errC); err != nil {
		return s, err
	}
	if s.Baseline == s.Canary && s.Offset == 0 {
		return s, fmt.Errorf("cannot compare %s with itself: baseline and canary are the same matchers", s.Canary)
	}
	orDefault(&s.Start, now)
	orDefault(&s.MaxDuration, time.Hour)
	orDefault(&s.LookEvery, time.Minute)
	orDefault(&s.Step, time.Minute)
	orDefault(&s.History, 24*time.Hour)
	orDefault(&s.FalseFail, p.opts.Config.Canary.FalseFail)
	orDefault(&s.FalsePass, p.opts.Config.Canary.FalsePass)
	orDefault(&s.Judge, "native")
	orDefault(&s.Name, serviceOf(s))
	var errs []error
	for name, d := range map[string]time.Duration{"step": s.Step, "look_every": s.LookEvery} {
		if d < time.Second {
			errs = append(errs, fmt.Errorf("cannot use %s %s: at least 1s", name, d))
		}
	}
	if s.MaxDuration < s.LookEvery || s.MaxDuration > 24*time.Hour {
		errs = append(errs, fmt.Errorf("cannot use max_duration %s: between one look (%s) and 24h", s.MaxDuration, s.LookEvery))
	}
	for _, rate := range []struct {
		name string
		v    float64
	}{{"false_fail", s.FalseFail}, {"false_pass", s.FalsePass}} {
		if !(rate.v > 0 && rate.v <= 0.5) {
			errs = append(errs, fmt.Errorf("cannot use %s %v: it is a chance in (0, 0.5]", rate.name, rate.v))
		}
	}
	if s.Judge != "native" {
		if _, err := canary.JudgeNamed(s.Judge, canary.Request{}); err != nil {
			errs = append(errs, err)
		}
	}
	if len(s.Metrics) > maxRunMetrics {
		errs = append(errs, fmt.Errorf("cannot compare %d metrics in one run: at most %d", len(s.Metrics), maxRunMetrics))
		return s, errors.Join(errs...)
	}
	for _, m := range s.Metrics {
		errs = append(errs, p.checkMetric(s, m, now))
	}
	return s, errors.Join(errs...)
}

// maxRunMetrics bounds what every look of a run asks of the store.
const maxRunMetrics = 1000

// checkMetric evaluates the query at one instant, so that a mistake in it is
// told to who starts the run and not found at every look.
func (p *Pipeline) checkMetric(s RunSpec, m RunMetric, now int64) error {
	if !strings.Contains(m.Query, "$side") {
		return fmt.Errorf("cannot use query %q of metric %q: it has no $side, so both sides would be the same numbers", m.Query, m.Name)
	}
	if math.IsNaN(m.MinEffect) || m.MinEffect < 0 {
		return fmt.Errorf("cannot use min_effect %v of metric %q: it is a size, 0 or more", m.MinEffect, m.Name)
	}
	var bad *tsdb.QueryError
	_, err := p.store.Query(context.Background(), sideQuery(m, s.Canary), now)
	if errors.As(err, &bad) && bad.Kind == tsdb.BadData {
		return fmt.Errorf("cannot use the query of metric %q: %w", m.Name, err)
	}
	return nil
}

// chooseMetrics fills in what both sides have, where the asker named nothing.
func (p *Pipeline) chooseMetrics(ctx context.Context, s RunSpec, now int64) (RunSpec, error) {
	if len(s.Metrics) > 0 {
		return s, nil
	}
	base, errB := sideMatchers("baseline", s.Baseline)
	side, errC := sideMatchers("canary", s.Canary)
	if err := errors.Join(errB, errC); err != nil {
		return s, err
	}
	var err error
	s.Metrics, err = p.metricsByConvention(ctx, base, side, now)
	return s, err
}

func sideMatchers(which, text string) ([]*labels.Matcher, error) {
	ms, err := metric.ParseMatchers(text)
	if err != nil {
		return nil, fmt.Errorf("cannot read the %s: %w", which, err)
	}
	for _, m := range ms {
		if m.Name == labels.MetricName {
			return nil, fmt.Errorf("cannot use %s %q: it names a metric; give label matchers only, such as service=\"cart\",track=\"canary\"", which, text)
		}
		if !m.Matches("") {
			return ms, nil
		}
	}
	return nil, fmt.Errorf("cannot use %s %q: it matches everything; give label matchers such as service=\"cart\",track=\"canary\"", which, text)
}

// JudgeSpec judges the samples of [spec.Start, end] as look number look of
// looks, and returns the request it judged. before is the request of an earlier
// look, or nil: history ends where the window begins, so it is read only once.
func (p *Pipeline) JudgeSpec(ctx context.Context, s RunSpec, end int64, look, looks int, before *canary.Request) (canary.Verdict, canary.Request, error) {
	req := canary.Request{Policy: canary.Policy{
		FalseFail: s.FalseFail, FalsePass: s.FalsePass, Look: look, Looks: looks,
		PlannedSamples: int(s.MaxDuration / s.Step), Exposure: s.Exposure, Named: s.Named,
	}, Gates: s.readings}
	for i, m := range s.Metrics {
		cm, err := p.windowOf(ctx, s, m, end)
		if err != nil {
			return canary.Verdict{}, req, err
		}
		if before != nil && i < len(before.Metrics) && before.Metrics[i].Name == m.Name && before.Metrics[i].History != nil {
			cm.History = before.Metrics[i].History
		} else if cm.History, err = p.historyOf(ctx, s, m); err != nil {
			return canary.Verdict{}, req, err
		}
		req.Metrics = append(req.Metrics, cm)
	}
	if s.Judge == "native" || s.Judge == "" {
		return canary.Judge(req), req, nil
	}
	v, err := canary.JudgeNamed(s.Judge, req)
	return v, req, err
}

// windowOf reads both sides of one metric on the same instants. The first
// instant is one step in: a rate there looks back over the window only.
func (p *Pipeline) windowOf(ctx context.Context, s RunSpec, m RunMetric, end int64) (canary.Metric, error) {
	out := canary.Metric{
		Name: m.Name, StepSeconds: s.Step.Seconds(), Direction: m.Direction, Kind: m.Kind,
		MinEffect: m.MinEffect, Critical: m.Critical,
	}
	step := s.Step.Milliseconds()
	var errB, errC error
	out.Baseline, errB = p.grid(ctx, sideQuery(m, s.Baseline), s.From()+step, end, step)
	out.Canary, errC = p.grid(ctx, sideQuery(m, s.Canary), s.From()+step, end, step)
	return out, errors.Join(errB, errC)
}

// historyOf reads both sides before the window, to calibrate how much they
// differ when nothing was deployed. Where the canary's side was not there for at
// least half of that time, which is usual, instances of the baseline stand in
// for it (placebo.go). nil if there is neither.
func (p *Pipeline) historyOf(ctx context.Context, s RunSpec, m RunMetric) (*canary.History, error) {
	if s.History <= 0 {
		return nil, nil
	}
	side, err := p.before(ctx, s, m, s.Canary)
	if err != nil {
		return nil, err
	}
	baseline := s.Baseline
	if finiteShare(side) < 0.5 { // New, or started a little after it was deployed.
		var ok bool
		var stand string
		if baseline, stand, ok, err = p.placebo(ctx, s); err != nil || !ok {
			return nil, err
		}
		if side, err = p.before(ctx, s, m, stand); err != nil || !anyFinite(side) {
			return nil, err
		}
	}
	base, err := p.before(ctx, s, m, baseline)
	if err != nil || !anyFinite(base) {
		return nil, err
	}
	return &canary.History{Baseline: base, Canary: side}, nil
}

// before reads one side of a metric over the spec's history.
func (p *Pipeline) before(ctx context.Context, s RunSpec, m RunMetric, matchers string) ([]float64, error) {
	step := s.Step.Milliseconds()
	from := s.Start - s.History.Milliseconds()/step*step
	return p.grid(ctx, sideQuery(m, matchers), from, s.Start-step, step)
}

func sideQuery(m RunMetric, matchers string) string {
	return strings.ReplaceAll(m.Query, "$side", strings.Trim(matchers, "{} "))
}

// grid evaluates expr on first, first+step, ... up to end; NaN where it has no
// value. An expression that returns several series is an error, since the
// judge would not know which is meant.
func (p *Pipeline) grid(ctx context.Context, expr string, first, end, step int64) ([]float64, error) {
	if end < first {
		return nil, nil
	}
	res, err := p.store.QueryRange(ctx, expr, first, end, step)
	if err != nil {
		return nil, err
	}
	if len(res.Matrix) > 1 {
		return nil, fmt.Errorf("cannot compare %q: it returns %d series on one side; aggregate it, for example with sum(...) or avg(...)", expr, len(res.Matrix))
	}
	out := make([]float64, (end-first)/step+1)
	for i := range out {
		out[i] = math.NaN()
	}
	for _, series := range res.Matrix {
		for _, sample := range series.Samples {
			out[(sample.T-first)/step] = sample.V
		}
	}
	return out, nil
}

// finiteShare is the share of v that is there, in [0,1]; 0 when v is empty.
func finiteShare(v []float64) float64 {
	n := 0
	for _, x := range v {
		if metric.IsFinite(x) {
			n++
		}
	}
	return float64(n) / float64(max(1, len(v)))
}

func anyFinite(v []float64) bool {
	for _, x := range v {
		if metric.IsFinite(x) {
			return true
		}
	}
	return false
}

// serviceOf returns the service both sides name; else the canary's matchers.
func serviceOf(s RunSpec) string {
	ms, err := metric.ParseMatchers(s.Canary)
	if err == nil {
		for _, m := range ms {
			if m.Name == "service" && m.Type == labels.MatchEqual {
				return m.Value
			}
		}
	}
	return s.Canary
}

func orDefault[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// Queries returns the PromQL of both sides of metric i.
func (s RunSpec) Queries(i int) (baseline, side string) {
	return sideQuery(s.Metrics[i], s.Baseline), sideQuery(s.Metrics[i], s.Canary)
}
