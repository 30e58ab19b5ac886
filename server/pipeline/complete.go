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

// Checking a spec and filling in what the asker left out.

// completeSpec checks a spec whose sides are resolved and fills in the rest.
// Metrics stay empty if they are to be chosen: a canary just deployed has none
// yet, so they are chosen at the first look that finds some.
func (p *Pipeline) completeSpec(s RunSpec, now int64) (RunSpec, error) {
	_, errB := sideMatchers("baseline", s.Baseline)
	_, errC := sideMatchers("canary", s.Canary)
	if err := errors.Join(errB, errC); err != nil {
		return s, err
	}
	if s.Baseline == s.Canary && s.Offset == 0 {
		return s, fmt.Errorf("cannot compare %s with itself: baseline and canary are the same matchers; set offset to compare it with another time", s.Canary)
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
	errs := []error{checkWindow(s), checkRates(s)}
	if s.Judge != "native" {
		if _, err := canary.JudgeNamed(s.Judge, canary.Request{Policy: canary.Policy{Named: s.Named}}); err != nil {
			errs = append(errs, err)
		}
	}
	if len(s.Metrics) > maxRunMetrics {
		errs = append(errs, fmt.Errorf("cannot compare %d metrics in one run: at most %d", len(s.Metrics), maxRunMetrics))
		return s, errors.Join(errs...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	seen := map[string]bool{}
	for _, m := range s.Metrics {
		if seen[m.Name] {
			errs = append(errs, fmt.Errorf("cannot tell two metrics %q apart: names must differ", m.Name))
		}
		seen[m.Name] = true
		errs = append(errs, p.checkMetric(ctx, s, m, now))
	}
	return s, errors.Join(errs...)
}

// checkWindow checks the times a run reads at.
func checkWindow(s RunSpec) error {
	var errs []error
	for _, d := range []struct {
		name string
		v    time.Duration
	}{{"step", s.Step}, {"look_every", s.LookEvery}} {
		if d.v < time.Second {
			errs = append(errs, fmt.Errorf("cannot use %s %s: at least 1s", d.name, d.v))
		}
	}
	if s.MaxDuration < s.LookEvery || s.MaxDuration > 24*time.Hour {
		errs = append(errs, fmt.Errorf("cannot use max_duration %s: between one look (%s) and 24h", s.MaxDuration, s.LookEvery))
	}
	if s.Step >= time.Second && s.MaxDuration/s.Step >= maxInstants {
		errs = append(errs, fmt.Errorf("cannot use step %s for max_duration %s: %d samples, the limit is %d; use a longer step", s.Step, s.MaxDuration, s.MaxDuration/s.Step, maxInstants-1))
	}
	return errors.Join(errs...)
}

// checkRates checks the chances and shares of a spec.
func checkRates(s RunSpec) error {
	var errs []error
	for _, rate := range []struct {
		name string
		v    float64
	}{{"false_fail", s.FalseFail}, {"false_pass", s.FalsePass}} {
		if !(rate.v > 0 && rate.v <= 0.5) {
			errs = append(errs, fmt.Errorf("cannot use %s %v: it is a chance in (0, 0.5]", rate.name, rate.v))
		}
	}
	if !(s.Exposure >= 0 && s.Exposure < 1) {
		errs = append(errs, fmt.Errorf("cannot use exposure %v: it is the canary's share of the traffic, in (0, 1), or 0 to measure it", s.Exposure))
	}
	return errors.Join(errs...)
}

// maxRunMetrics bounds what every look of a run asks of the store.
const maxRunMetrics = 1000

// checkTimeout bounds the check of all queries: who starts a run waits for it.
// What could not be checked by then is found at the first look.
const checkTimeout = 500 * time.Millisecond

// checkMetric evaluates the queries at one instant, so that a mistake in them
// is told to who starts the run and not found at every look.
func (p *Pipeline) checkMetric(ctx context.Context, s RunSpec, m RunMetric, now int64) error {
	if !strings.Contains(m.Query, "$side") {
		return fmt.Errorf("cannot use query %q of metric %q: it has no $side, so both sides would be the same numbers", m.Query, m.Name)
	}
	if math.IsNaN(m.MinEffect) || m.MinEffect < 0 {
		return fmt.Errorf("cannot use min_effect %v of metric %q: it is a size, 0 or more", m.MinEffect, m.Name)
	}
	if _, plain := plainOf(m.Traffic); m.Traffic != "" && (!plain || !strings.Contains(m.Traffic, "$side") || m.Kind != canary.Count && m.Kind != "") {
		return fmt.Errorf("cannot use traffic %q of metric %q: it is the requests that counts come from, for kind count and of the form sum(increase(requests_total{$side}[1m]))", m.Traffic, m.Name)
	}
	for _, q := range []string{m.Query, m.Traffic} {
		var bad *tsdb.QueryError
		if q == "" {
			continue
		}
		_, err := p.store.Query(ctx, sideQuery(q, s.Canary), now)
		if errors.As(err, &bad) && bad.Kind == tsdb.BadData {
			return fmt.Errorf("cannot use the query of metric %q: %w", m.Name, err)
		}
	}
	return nil
}

// chooseMetrics fills in what both sides have, where the asker named nothing,
// and the kinds and directions of what was named without.
func (p *Pipeline) chooseMetrics(ctx context.Context, s RunSpec, now int64) (RunSpec, error) {
	if len(s.Metrics) > 0 {
		return p.withKinds(s), nil
	}
	base, errB := sideMatchers("baseline", s.Baseline)
	side, errC := sideMatchers("canary", s.Canary)
	if err := errors.Join(errB, errC); err != nil {
		return s, err
	}
	var err error
	s.Metrics, err = p.conventional(ctx, s, base, side, now)
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
