package pipeline

import (
	"context"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/slo"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// Results are written back as series, so that a panel or a rule needs nothing
// new to use them:
//
//	bellwether_anomaly_score{series_name=..., <the series' labels>}  while open: peak -log10 p
//	bellwether_entity_reputation{entity=..., label=...}               what speaks against a service, halved every 6 h
//	bellwether_fleet_reputation                                      the mean of all entities
//	bellwether_slo_burn_rate{slo=..., service=..., window=...}
//	bellwether_slo_budget_left{slo=..., service=...}                 1 untouched, < 0 overspent
//
// Verdicts of canaries are written by verdictseries.go.

// writeBack stores the results as of now (Unix milliseconds). A refused sample
// (for example by the series limit) is counted by the store like any other.
func (p *Pipeline) writeBack(ctx context.Context, now int64) {
	var out []tsdb.Series
	add := func(v float64, ls labels.Labels) {
		out = append(out, tsdb.Series{Labels: ls, Samples: []metric.Sample{{T: now, V: v}}})
	}
	for _, f := range p.Anomalies.List(func(f Finding) bool { return f.Anomaly.Open }) {
		b := labels.NewBuilder(f.Labels).Set("series_name", f.Labels.Get(labels.MetricName)).Set(labels.MetricName, "bellwether_anomaly_score")
		if f.View != "" {
			b.Set("view", f.View)
		}
		add(f.Anomaly.Peak, b.Labels())
	}
	p.writeReputations(now, add)
	for _, s := range p.Objectives() {
		if s.FirstSample == 0 {
			continue
		}
		name, service := s.Objective.Name, s.Objective.Service
		add(s.Left, labels.FromStrings(labels.MetricName, "bellwether_slo_budget_left", "slo", name, "service", service))
		for _, r := range s.Rules {
			add(r.Long.Rate, labels.FromStrings(labels.MetricName, "bellwether_slo_burn_rate", "slo", name, "service", service, "window", slo.FormatDuration(r.Long.Length)))
		}
	}
	if len(out) == 0 {
		return
	}
	if _, err := p.store.Append(ctx, out); err != nil && ctx.Err() == nil {
		p.opts.Log.Error("cannot write results back as series", "err", err)
	}
}

// isOwnResult tells series written here from those of the users.
func isOwnResult(ls labels.Labels) bool {
	return strings.HasPrefix(ls.Get(labels.MetricName), "bellwether_") || isVerdict(ls)
}

// isVerdict tells the series of runs. Their names are those that rollout tools
// ask for, so what tells them from a user's own canary_score is the run.
func isVerdict(ls labels.Labels) bool {
	switch ls.Get(labels.MetricName) {
	case "canary_verdict", "canary_score", "canary_started", "canary_p_value":
		return strings.HasPrefix(ls.Get("run"), "ca-")
	}
	return false
}
