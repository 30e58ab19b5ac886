package pipeline

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// Verdicts as series, for readers that know only Prometheus's API: the
// prometheus providers of Argo Rollouts and Flagger read one number at any
// time and stop on an empty answer. So a run has its series from its start, and
// an ended run for an hour after its end.
//
//	canary_verdict{canary=..., run=..., key=...}            1 PASS, 0 INCONCLUSIVE, -1 FAIL, -2 NO_DATA
//	canary_score{canary=..., run=..., key=...}              0 to 100
//	canary_started{canary=..., run=..., key=...}            Unix seconds, to tell the newest run of a name from older ones
//	canary_p_value{canary=..., run=..., key=..., metric=...}
//	bellwether_canary_verdict{canary=..., run=...}          as canary_verdict
//
// They are written after every look, and again before PromQL would take them
// for gone.

const (
	// tellAgain is well within PromQL's five minutes of looking back.
	tellAgain = 2 * time.Minute
	// tellEnded is how long after its end a run is told.
	tellEnded = 75 * time.Minute
	// maxPValues bounds the p-values of a run; the metrics that matter first.
	maxPValues = 50
	// maxToldSeries bounds one writing; what did not fit comes with the next.
	maxToldSeries = 20_000
)

// writeVerdicts stores the verdicts that are due to be told at now (Unix
// milliseconds).
func (p *Pipeline) writeVerdicts(ctx context.Context, now int64) {
	out := p.Canaries.toTell(now)
	if len(out) == 0 {
		return
	}
	if _, err := p.store.Append(ctx, out); err != nil && ctx.Err() == nil {
		p.opts.Log.Error("cannot write verdicts back as series", "err", err)
	}
}

// toTell gathers the series of the runs that are due.
func (c *Canaries) toTell(now int64) []tsdb.Series {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []tsdb.Series
	tell := func(e *entry) {
		if len(out) < maxToldSeries && now-e.told >= tellAgain.Milliseconds() {
			e.told = now
			out = append(out, verdictSeries(&e.run, now)...)
		}
	}
	for i := len(c.ended) - 1; i >= 0 && now-c.ended[i].over < tellEnded.Milliseconds(); i-- {
		tell(c.ended[i])
	}
	if c.running == 0 {
		return out
	}
	for _, e := range c.order {
		if e.run.State == RunRunning && e.run.Spec.Start <= now {
			tell(e)
		}
	}
	return out
}

func verdictSeries(r *Run, now int64) []tsdb.Series {
	var out []tsdb.Series
	add := func(name string, v float64, more ...string) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return // Silence is better than a number that stops a rollout for no reason.
		}
		b := labels.NewBuilder(labels.FromStrings(more...)).Set(labels.MetricName, name).Set("canary", r.Spec.Name).Set("run", r.ID)
		out = append(out, tsdb.Series{Labels: b.Labels(), Samples: []metric.Sample{{T: now, V: v}}})
	}
	word := r.Brief().Verdict
	add("bellwether_canary_verdict", verdictValue(word))
	add("canary_verdict", verdictValue(word), "key", r.Key)
	add("canary_score", r.Last.Score, "key", r.Key)
	add("canary_started", float64(r.Started)/1000, "key", r.Key)
	told := 0
	for _, decisive := range []bool{true, false} { // Those that did not pass first.
		for i := range r.Verdict.Metrics {
			m := &r.Verdict.Metrics[i]
			if told < maxPValues && (m.Verdict != canary.Pass) == decisive && !math.IsNaN(m.P) {
				add("canary_p_value", m.P, "key", r.Key, "metric", m.Name)
				told++
			}
		}
	}
	return out
}

func verdictValue(o canary.Outcome) float64 {
	switch o {
	case canary.Pass:
		return 1
	case canary.Fail:
		return -1
	case canary.NoData:
		return -2
	}
	return 0
}
