package sim

// Truth is what really happens in a company, known because we made it happen.

import (
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// Truth is what really happens, for tests and benches: never an input to an
// analysis.
type Truth struct {
	Incidents []Incident
	Decoys    []Decoy // Series that must not be blamed.
}

// Incident is one trouble.
type Incident struct {
	Kind    string    // canary or pool.
	Start   int64     // Unix milliseconds.
	End     int64     // 0 while it has no end.
	Culprit Culprit   // Who did it.
	Spread  []Onset   // Who suffers, in the order in which it reaches them.
	Series  []Symptom // Which series show it, by onset, then index.
	Expect  []string  // What a good tool should say, in sentences.
}

// Culprit names the cause.
type Culprit struct {
	Entity  string // The service or database at fault.
	Version string // The version at fault, if it is a deploy.
	Track   string // canary, if it is one.
}

// Onset is when trouble reaches a service or database.
type Onset struct {
	Entity string
	At     int64 // Unix milliseconds.
}

// Symptom is one series that shows an incident.
type Symptom struct {
	Index int   // In Series().
	At    int64 // When it begins to show, Unix milliseconds.
	Up    bool  // The value (of a counter: its rate) rises.
}

// Decoy is a series that moves, or might seem to, for reasons of its own.
type Decoy struct {
	Index int
	Why   string
}

// symptoms are the metrics of a pod or service that show waiting and failing.
// Bucket counters show it too, by moving between each other; they are left out,
// since whether a given one moves depends on the latency.
var symptoms = []string{"http_request_duration_seconds_sum", "http_requests_in_flight", "queue_depth", "http_server_duration_seconds"}

// Truth returns what really happens, for tests and benches.
func (c *Company) Truth() Truth {
	var t Truth
	for i, d := range c.series {
		if d.Decoy != "" {
			t.Decoys = append(t.Decoys, Decoy{i, d.Decoy})
		}
	}
	for _, f := range c.canaries {
		t.Incidents = append(t.Incidents, c.canaryTruth(f))
	}
	for i := range c.pools {
		t.Incidents = append(t.Incidents, c.poolTruth(&c.pools[i]))
	}
	slices.SortStableFunc(t.Incidents, func(a, b Incident) int { return int(max(-1, min(1, a.Start-b.Start))) })
	return t
}

func (c *Company) end(at, lasts int64) int64 {
	if lasts == 0 {
		return 0
	}
	return c.o.Start + at + lasts
}

func (c *Company) canaryTruth(f CanaryFault) Incident {
	at := c.o.Start + f.At
	in := Incident{Kind: "canary", Start: at, End: c.end(f.At, f.For), Spread: []Onset{{f.Service, at}}}
	in.Culprit = Culprit{Entity: f.Service, Track: "canary"}
	for _, d := range c.o.Scenario.Deploys {
		if d.Service == f.Service && d.Track == "canary" {
			in.Culprit.Version = d.Version
		}
	}
	for i, d := range c.series {
		if d.Labels.Get("service") != f.Service || d.Labels.Get("track") != "canary" {
			continue
		}
		failing := f.Errors > 0 && d.Labels.Get("code") == "500"
		if failing || f.Latency > 1 && slices.Contains(symptoms, d.Labels.Get(labels.MetricName)) {
			in.Series = append(in.Series, Symptom{i, at, true})
		}
	}
	in.Expect = []string{
		fmt.Sprintf("the canary of %s %s fails: error ratio up by %.3g points, latency %.3gx the baseline's", f.Service, in.Culprit.Version, f.Errors*100, f.Latency),
		"CPU and memory of the canary are like the baseline's",
	}
	return in
}

func (c *Company) poolTruth(p *poolState) Incident {
	at := c.o.Start + p.At
	in := Incident{Kind: "pool", Start: at, End: c.end(p.At, p.For), Culprit: Culprit{Entity: p.Database}}
	in.Spread = []Onset{{p.Database, at}}
	for i, d := range c.series {
		name := d.Labels.Get(labels.MetricName)
		if d.Labels.Get("database") == p.Database {
			switch name {
			case "db_pool_in_use", "db_pool_wait_seconds", "db_pool_wait_seconds_total", "db_pool_waits_total", "db_queries_total":
				in.Series = append(in.Series, Symptom{i, at, true})
			}
			continue
		}
		s := serviceIndex(d.Labels.Get("service"))
		if s < 0 || p.hops[s] == 0 {
			continue
		}
		if d.Labels.Get("code") == "500" || slices.Contains(symptoms, name) {
			in.Series = append(in.Series, Symptom{i, at + int64(p.hops[s])*p.Lag, true})
		}
	}
	for s, h := range p.hops {
		if h > 0 {
			in.Spread = append(in.Spread, Onset{services[s].name, at + int64(h)*p.Lag})
		}
	}
	slices.SortStableFunc(in.Spread, func(a, b Onset) int { return int(max(-1, min(1, a.At-b.At))) })
	slices.SortStableFunc(in.Series, func(a, b Symptom) int { return int(max(-1, min(1, a.At-b.At))) })
	in.Expect = []string{
		fmt.Sprintf("db_pool_wait_seconds of %s moves first; its users follow %d s later, their callers %d s after each", p.Database, p.Lag/1000, p.Lag/1000),
		"the error budgets of checkout and gateway burn; those of cart, catalog and search do not",
	}
	return in
}
