package main

// The simulated company watched by its own objectives: the wiring of the
// pipeline, in small. It answers how long after an incident the page comes, and
// who is paged for nothing.

import (
	"fmt"
	"math"
	"strconv"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/sim"
	"github.com/bellwether-ts/bellwether/slo"
)

// watcher feeds the company's samples to the evaluators of its objectives.
type watcher struct {
	company    *sim.Company
	evaluators []*slo.Evaluator
	feeds      [][]feed // Per series of the company.
}

// feed hands one sample to one evaluator.
type feed func(id uint64, t int64, v float64, h *histogram.FloatHistogram)

func newWatcher(c *sim.Company) (*watcher, error) {
	objectives, err := slo.ParseOpenSLO(c.OpenSLO())
	if err != nil {
		return nil, err
	}
	w := &watcher{company: c, feeds: make([][]feed, len(c.Series()))}
	for _, o := range objectives {
		e, err := slo.NewEvaluator(o, slo.Options{})
		if err != nil {
			return nil, err
		}
		w.evaluators = append(w.evaluators, e)
		for _, q := range []struct {
			query slo.Query
			feed  func(labels.Labels) feed
		}{
			{o.Indicator.Good, func(labels.Labels) feed {
				return func(id uint64, t int64, v float64, _ *histogram.FloatHistogram) { e.ObserveGood(id, t, v) }
			}},
			{o.Indicator.Total, func(labels.Labels) feed {
				return func(id uint64, t int64, v float64, _ *histogram.FloatHistogram) { e.ObserveTotal(id, t, v) }
			}},
			{o.Indicator.Value, func(ls labels.Labels) feed { return valueFeed(e, ls) }},
		} {
			if err := w.wire(q.query, q.feed); err != nil {
				return nil, err
			}
		}
	}
	return w, nil
}

// valueFeed tells a classic bucket from a native histogram.
func valueFeed(e *slo.Evaluator, ls labels.Labels) feed {
	if le, err := strconv.ParseFloat(ls.Get("le"), 64); err == nil {
		return func(id uint64, t int64, v float64, _ *histogram.FloatHistogram) { e.ObserveBucket(id, le, t, v) }
	}
	return func(id uint64, t int64, _ float64, h *histogram.FloatHistogram) { e.ObserveHistogram(id, t, h) }
}

func (w *watcher) wire(q slo.Query, make func(labels.Labels) feed) error {
	if q.Selector == "" {
		return nil
	}
	ms, err := metric.ParseMatchers(q.Selector)
	if err != nil {
		return err
	}
	found := false
	for i, d := range w.company.Series() {
		if metric.Matches(ms, d.Labels) {
			w.feeds[i] = append(w.feeds[i], make(d.Labels))
			found = true
		}
	}
	if !found {
		return fmt.Errorf("query %q matches no series", q.Selector)
	}
	return nil
}

// step hands one step of the company to the evaluators and returns its instant.
func (w *watcher) step() int64 {
	t, values, hists := w.company.Next()
	for i, fs := range w.feeds {
		if len(fs) == 0 {
			continue
		}
		d := w.company.Series()[i]
		var h *histogram.FloatHistogram
		if d.Kind == sim.Native {
			h = hists[d.Hist].ToFloat(nil)
		} else if math.IsNaN(values[i]) {
			continue
		}
		for _, f := range fs {
			f(uint64(i+1), t, values[i], h)
		}
	}
	return t
}

// alarm is a moment at which an objective began to page or to ask for a ticket.
type alarm struct {
	objective string
	severity  slo.Severity
	at        int64
}

// week is one lived scenario.
type week struct {
	company *sim.Company
	alarms  []alarm
	final   []slo.Status
}

// live lives a whole scenario through, judging every objective at every step.
func live(s sim.Scenario, seed uint64, start, step int64) (week, error) {
	c := sim.New(sim.Options{Seed: seed, Start: start, Step: step, Scenario: s})
	w, err := newWatcher(c)
	if err != nil {
		return week{}, err
	}
	out := week{company: c}
	for range c.Steps() {
		now := w.step()
		out.final = out.final[:0]
		for _, e := range w.evaluators {
			st := e.Evaluate(now)
			if tr := st.Transition; tr != nil && tr.ToSeverity > tr.FromSeverity {
				out.alarms = append(out.alarms, alarm{e.Objective().Name, tr.ToSeverity, now})
			}
			out.final = append(out.final, st)
		}
	}
	return out, nil
}

// first returns the first page of an objective; false if there is none.
func (w week) first(objective string) (int64, bool) {
	for _, a := range w.alarms {
		if a.objective == objective && a.severity == slo.Page {
			return a.at, true
		}
	}
	return 0, false
}
