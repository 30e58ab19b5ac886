package pipeline

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/slo"
)

// Goals feeds every objective the raw samples of the series its queries
// select, and says when a verdict changes. It has one owner and reads no clock.
type Goals struct {
	goals []*goal
	feeds map[uint64][]feed // By series; nil entry: known, and nobody's.
	emit  func(slo.Status)
}

type goal struct {
	objective slo.Objective
	eval      *slo.Evaluator
	status    slo.Status
	roles     [numRoles][]*labels.Matcher // nil where the objective has no such query.
}

type role uint8

const (
	roleGood role = iota
	roleBad
	roleTotal
	roleValue
	numRoles
)

// feed is one series' part in one objective.
type feed struct {
	goal *goal
	role role
	le   float64 // Upper bound of a classic histogram's bucket; NaN if it is none.
}

// NewGoals returns the state of the objectives, or every reason why some
// cannot be watched. emit receives each status that changed the verdict.
func NewGoals(objectives []slo.Objective, emit func(slo.Status)) (*Goals, error) {
	g := &Goals{feeds: map[uint64][]feed{}, emit: emit}
	var errs []error
	for _, o := range objectives {
		next, err := newGoal(o)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		g.goals = append(g.goals, next)
	}
	return g, errors.Join(errs...)
}

func newGoal(o slo.Objective) (*goal, error) {
	eval, err := slo.NewEvaluator(o, slo.Options{})
	if err != nil {
		return nil, err
	}
	g := &goal{objective: o, eval: eval}
	for r, q := range map[role]slo.Query{roleGood: o.Indicator.Good, roleBad: o.Indicator.Bad, roleTotal: o.Indicator.Total, roleValue: o.Indicator.Value} {
		switch {
		case q.Text == "":
		case q.Selector == "":
			err = errors.Join(err, fmt.Errorf("cannot watch objective %q: query %q is an expression; name a plain series selector, the burn is computed from its raw samples", o.Name, q.Text))
		default:
			ms, perr := metric.ParseMatchers(q.Selector)
			g.roles[r] = ms
			err = errors.Join(err, perr)
		}
	}
	return g, err
}

// Known reports whether Add has seen a series.
func (g *Goals) Known(ref uint64) bool {
	_, ok := g.feeds[ref]
	return ok
}

// Add finds the objectives a series has a part in.
func (g *Goals) Add(ref uint64, ls labels.Labels) {
	var feeds []feed
	for _, goal := range g.goals {
		for r, ms := range goal.roles {
			if ms == nil || !metric.Matches(ms, ls) {
				continue
			}
			le := math.NaN()
			if bound := ls.Get("le"); bound != "" && role(r) == roleValue {
				if v, err := strconv.ParseFloat(bound, 64); err == nil {
					le = v
				}
			}
			feeds = append(feeds, feed{goal: goal, role: role(r), le: le})
		}
	}
	g.feeds[ref] = feeds
}

// Observe hands one sample to every objective the series has a part in.
func (g *Goals) Observe(ref uint64, t int64, v float64, h *histogram.FloatHistogram) {
	for _, f := range g.feeds[ref] {
		e := f.goal.eval
		switch {
		case h != nil:
			e.ObserveHistogram(ref, t, h)
		case f.role == roleGood:
			e.ObserveGood(ref, t, v)
		case f.role == roleBad:
			e.ObserveBad(ref, t, v)
		case f.role == roleTotal:
			e.ObserveTotal(ref, t, v)
		case !math.IsNaN(f.le):
			e.ObserveBucket(ref, f.le, t, v)
		default:
			e.ObserveValue(ref, t, v)
		}
	}
}

// Evaluate judges every objective at now (Unix milliseconds) and hands on what
// changed.
func (g *Goals) Evaluate(now int64) {
	for _, goal := range g.goals {
		goal.status = goal.eval.Evaluate(now)
		if goal.status.Transition != nil && g.emit != nil {
			g.emit(goal.status)
		}
	}
}

// Remove forgets a series. The events it counted stay counted.
func (g *Goals) Remove(ref uint64) { delete(g.feeds, ref) }

// Statuses returns the newest status of every objective, in the order of the
// configuration. One never evaluated has only its Objective set.
func (g *Goals) Statuses() []slo.Status {
	out := make([]slo.Status, len(g.goals))
	for i, goal := range g.goals {
		out[i] = goal.status
		if out[i].Objective == nil {
			out[i].Objective = &goal.objective
		}
	}
	return out
}

// Selectors returns the selectors of every series some objective needs, so
// that history can be read for just those.
func (g *Goals) Selectors() [][]*labels.Matcher {
	var out [][]*labels.Matcher
	for _, goal := range g.goals {
		for _, ms := range goal.roles {
			if ms != nil {
				out = append(out, ms)
			}
		}
	}
	return out
}

// Period returns the longest window of any objective in milliseconds; 0
// without objectives.
func (g *Goals) Period() int64 {
	var longest int64
	for _, goal := range g.goals {
		longest = max(longest, goal.objective.Window.Length)
	}
	return longest
}
