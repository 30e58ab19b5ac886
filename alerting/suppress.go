package alerting

// Stage 4, suppression: what is muted, and by what. A muted alert still joins
// its group and is listed by its suppression; when the last suppression over it
// ends and it is still unhealthy, its group is told at once.

import (
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// suppression is a Suppression with what it did.
type suppression struct {
	Suppression
	State      SuppressionState `json:"state"`
	EndedBy    string           `json:"ended_by,omitempty"`
	MutedList  []MutedEvent     `json:"muted_list,omitempty"`
	MutedTotal uint64           `json:"muted_total,omitempty"`

	targets []*target
	holding map[string]struct{} // Keys of the alerts it mutes now.
	queued  int64
}

func (s *suppression) matches(monitor string, ls labels.Labels) bool {
	return slices.ContainsFunc(s.targets, func(t *target) bool { return matchesAll(t.matchers, monitor, ls) })
}

// edge is the next instant, on logged time, at which the suppression changes.
func (s *suppression) edge() int64 {
	switch s.State {
	case Scheduled:
		return s.Start
	case Active:
		return s.End
	}
	return 0
}

// takeSuppression creates a suppression or replaces the one with the same id.
func (c *Core) takeSuppression(s Suppression) {
	if s.ID == "" {
		s.ID = "s" + c.newID()
	}
	what := "suppression " + clip(s.ID, 80)
	sup, err := c.compile(s)
	if err != nil {
		c.decide(s.ID, what, c.refuse("validate", "malformed suppression", err.Error()))
		return
	}
	p := c.survey(sup)
	if p.Guard != "" && !s.Confirmed {
		c.decide(s.ID, what, c.refuse("guard", "world guard", guardError(s.ID, p.Guard).Error()))
		return
	}
	old := c.supps[s.ID]
	if old == nil && len(c.supps)-len(c.ended) >= c.cfg.Limits.Suppressions {
		c.decide(s.ID, what, c.refuse("guard", "too many suppressions", "the limit of suppressions is reached; expire some or raise limits.suppressions"))
		return
	}
	sup.State, sup.holding = Scheduled, map[string]struct{}{}
	var before []string
	if old != nil {
		c.say("suppress", "replaces the one of the same id")
		sup.MutedList, sup.MutedTotal = old.MutedList, old.MutedTotal
		before = c.release(old)
		c.ended = slices.DeleteFunc(c.ended, func(id string) bool { return id == s.ID })
	}
	c.supps[s.ID] = sup
	c.say("guard", "matches %d of %d known things, %d unhealthy now, services %v", p.Matched, p.Known, p.Unhealthy, p.Services)
	c.transition(Transition{Kind: SuppressionMade, Suppression: s.ID, Text: clock(sup.Start) + " to " + clock(sup.End)})
	if sup.Start <= c.wall {
		c.begin(sup)
	} else {
		c.say("suppress", "scheduled for %s", clock(sup.Start))
	}
	c.edges.arm(&sup.queued, sup.edge(), edgeTimer, sup.ID)
	v := Accepted
	if c.unmute(before) {
		v = Told
	}
	c.decide(s.ID, what, v)
}

func (c *Core) checkExpire(x Expire) error {
	if s := c.supps[x.ID]; s == nil || s.State == Ended {
		return fmt.Errorf("cannot expire suppression %q: no such suppression is scheduled or active; list them for their ids", clip(x.ID, 80))
	}
	return nil
}

func (c *Core) takeExpire(x Expire) {
	if err := c.checkExpire(x); err != nil {
		c.decide(x.ID, "expire "+clip(x.ID, 80), c.refuse("validate", "unknown suppression", err.Error()))
		return
	}
	by := x.By
	if by == "" {
		by = "request"
	}
	c.endSuppression(c.supps[x.ID], by)
}

// edgeDue starts or ends a suppression whose time has come.
func (c *Core) edgeDue(t timer) {
	s := c.supps[t.id]
	if s == nil || s.queued != t.due {
		return
	}
	s.queued = 0
	c.steps, c.refs = nil, nil
	switch s.State {
	case Scheduled:
		c.begin(s)
		c.decide(s.ID, "start of suppression "+s.ID, Accepted)
	case Active:
		c.endSuppression(s, "its end time")
	}
	c.edges.arm(&s.queued, s.edge(), edgeTimer, s.ID)
}

// begin activates a suppression and mutes what is unhealthy under it.
func (c *Core) begin(s *suppression) {
	s.State = Active
	c.muting.add(s)
	c.transition(Transition{Kind: SuppressionBegan, Suppression: s.ID, Text: "until " + clock(s.End)})
	var keys []string
	for key, a := range c.alerts {
		if a.Counts == Unhealthy && s.matches(a.Event.Monitor, a.Event.Labels) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	touched := newGroupSet()
	for _, key := range keys {
		a := c.alerts[key]
		ids := append(slices.Clone(a.SuppressedBy), s.ID)
		slices.Sort(ids)
		c.mute(a, slices.Compact(ids))
		touched.add(c.groups[a.Group])
	}
	c.say("suppress", "active until %s; mutes %d unhealthy now", clock(s.End), len(keys))
	for _, g := range touched.list {
		c.review(g, false)
	}
}

// mute puts the alert under the suppressions ids and lists it in each new one.
func (c *Core) mute(a *alert, ids []string) {
	fresh := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(a.SuppressedBy, id) })
	c.change(a, func() { a.SuppressedBy = ids })
	for _, id := range fresh {
		s := c.supps[id]
		s.holding[a.Key] = struct{}{}
		s.MutedTotal++
		s.MutedList = append(s.MutedList, MutedEvent{a.Event.ID, a.Event.Monitor, a.Event.Labels, a.Event.Priority, c.wall})
		if over := len(s.MutedList) - c.cfg.Limits.Muted; over > 0 {
			s.MutedList = slices.Delete(s.MutedList, 0, over)
			c.stats.Refusals["muted event no longer listed"] += uint64(over)
		}
		t := a.about(Muted, "under suppression "+id)
		t.Suppression = id
		c.transition(t)
	}
}

// endSuppression ends it and tells what is still unhealthy.
func (c *Core) endSuppression(s *suppression, by string) {
	s.EndedBy = by
	keys := c.release(s)
	c.transition(Transition{Kind: SuppressionEnded, Suppression: s.ID, Text: "ended by " + by})
	c.say("suppress", "ended by %s; it muted %d events, %d alerts are still unhealthy", by, s.MutedTotal, len(keys))
	c.ended = append(c.ended, s.ID)
	for len(c.ended) > c.cfg.Limits.Ended {
		delete(c.supps, c.ended[0])
		c.ended = slices.Delete(c.ended, 0, 1)
		c.stats.Refusals["ended suppression dropped from look-up"]++
	}
	v := Accepted
	if c.unmute(keys) {
		v = Told
	}
	c.decide(s.ID, "end of suppression "+s.ID, v)
}

// release takes the suppression off the index and off its alerts, and returns
// the keys of those.
func (c *Core) release(s *suppression) []string {
	if s.State == Active {
		c.muting.remove(s)
	}
	s.State = Ended
	keys := make([]string, 0, len(s.holding))
	for key := range s.holding {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		a := c.alerts[key]
		c.change(a, func() {
			a.SuppressedBy = slices.DeleteFunc(slices.Clone(a.SuppressedBy), func(id string) bool { return id == s.ID })
		})
	}
	clear(s.holding)
	return keys
}

// unmute tells the groups of those alerts that no suppression covers any more,
// and reports whether anybody was told.
func (c *Core) unmute(keys []string) bool {
	touched := newGroupSet()
	for _, key := range keys {
		a := c.alerts[key]
		if len(a.SuppressedBy) > 0 {
			continue
		}
		c.transition(a.about(Unmuted, "no suppression covers it any more"))
		if g := c.groups[a.Group]; g != nil && !g.Closed {
			g.Changes++
			touched.add(g)
		} else {
			// A person closed its group while it was muted: it is news again.
			touched.add(c.join(a))
		}
	}
	told := false
	for _, g := range touched.list {
		c.say("suppress", "still unhealthy, no longer muted: group %s is told at once", g.ID)
		told = c.review(g, true) || told
	}
	return told
}

// unhold forgets that suppressions hold the alert (it is healthy again).
func (c *Core) unhold(a *alert) {
	for _, id := range a.SuppressedBy {
		if s := c.supps[id]; s != nil {
			delete(s.holding, a.Key)
		}
	}
	c.change(a, func() { a.SuppressedBy = nil })
}

// groupSet is a set of groups in order of insertion.
type groupSet struct {
	list []*group
	seen map[string]struct{}
}

func newGroupSet() *groupSet { return &groupSet{seen: map[string]struct{}{}} }

func (s *groupSet) add(g *group) {
	if g == nil || g.Closed {
		return
	}
	if _, ok := s.seen[g.ID]; !ok {
		s.seen[g.ID] = struct{}{}
		s.list = append(s.list, g)
	}
}
