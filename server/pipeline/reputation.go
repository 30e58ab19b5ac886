package pipeline

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/detect/fleet"
)

// Reputation of entities: what was told of a service, else of a job, else of an
// instance, added up and forgotten by half every half-life (fleet.Reputations).
// What is held back does not count: it was told to nobody.

// reputations is safe for concurrent use: every room reports to it.
type reputations struct {
	mu    sync.Mutex
	rooms *fleet.Reputations
	heard map[string]int64 // Newest standing of a monitor that was counted, so that nothing told twice counts twice.
}

// Reputation is what speaks against one entity.
type Reputation struct {
	fleet.Reputation
	Label string // Label that names it: service, job or instance.
}

// entityLabels name the thing a series or an event is of, in this order.
var entityLabels = []string{"service", "job", "instance"}

// maxHeard bounds the monitors whose newest standing is remembered.
const maxHeard = 100_000

func newReputations() (*reputations, error) {
	r, err := fleet.NewReputations(fleet.ReputationConfig{})
	return &reputations{rooms: r, heard: map[string]int64{}}, err
}

// entityOf names the entity of labels, as label=value; empty if they name none.
func entityOf(ls labels.Labels) string {
	for _, name := range entityLabels {
		if v := ls.Get(name); v != "" {
			return name + "=" + v
		}
	}
	return ""
}

// meet makes the entity of a series known.
func (r *reputations) meet(ls labels.Labels) {
	if isOwnResult(ls) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rooms.Meet(entityOf(ls))
}

// found counts an anomaly when it is told.
func (r *reputations) found(f Finding) {
	if f.Transition != detect.TransitionOpened || f.HeldBack != "" {
		return
	}
	weight := fleet.WeightAnomaly
	if f.Page {
		weight = fleet.WeightPage
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rooms.Note(fleet.Deed{Entity: entityOf(f.Labels), At: f.At, Weight: weight, What: f.Anomaly.Kind.String() + " of " + f.Name()})
}

// told counts an event of an objective or a canary that is unhealthy.
func (r *reputations) told(e alerting.Event) {
	var weight float64
	switch {
	case e.Status != alerting.Unhealthy:
		return
	case e.Source == SourceCanary:
		weight = fleet.WeightCanary
	case e.Source == SourceSLO && e.Priority == alerting.High:
		weight = fleet.WeightBurning
	case e.Source == SourceSLO:
		weight = fleet.WeightTicket
	default:
		return
	}
	key := fmt.Sprintf("%s %s", e.Monitor, e.Priority)
	r.mu.Lock()
	defer r.mu.Unlock()
	if since, ok := r.heard[key]; ok && since == e.Since {
		return
	}
	if len(r.heard) >= maxHeard {
		clear(r.heard)
	}
	r.heard[key] = e.Since
	r.rooms.Note(fleet.Deed{Entity: entityOf(e.Labels), At: e.ObservedAt, Weight: weight, What: e.Message})
}

// list returns the entities as of now, worst first, their mean score and how
// many there are.
func (r *reputations) list(now int64) (out []Reputation, mean float64, known int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.rooms.List(now) {
		label, value, _ := strings.Cut(x.Entity, "=")
		x.Entity = value
		out = append(out, Reputation{x, label})
	}
	mean, known = r.rooms.Average(now)
	return out, mean, known
}

// Reputations returns the entities, worst first, and their mean score.
func (p *Pipeline) Reputations() (list []Reputation, mean float64) {
	list, mean, _ = p.reputations.list(p.Now().UnixMilli())
	return list, mean
}

// ReputationHalfLife returns the time in which a score halves.
func (p *Pipeline) ReputationHalfLife() time.Duration { return p.reputations.rooms.HalfLife() }

// writeReputations adds the reputations as series, worst first, and their mean.
func (p *Pipeline) writeReputations(now int64, add func(v float64, ls labels.Labels)) {
	list, mean, known := p.reputations.list(now)
	if known == 0 {
		return
	}
	add(mean, labels.FromStrings(labels.MetricName, "bellwether_fleet_reputation"))
	for _, x := range list[:min(len(list), maxToldReputations)] {
		if x.Score < leastToldReputation {
			break
		}
		add(x.Score, labels.FromStrings(labels.MetricName, "bellwether_entity_reputation", "entity", x.Entity, "label", x.Label))
	}
}

const (
	maxToldReputations  = 1_000
	leastToldReputation = .05
)
