package alerting

// Stage 5, grouping: alerts with the same key within a window are one incident.
// It is online (nothing waits for a group to fill) and closable: a group closes
// when all its members were healthy for CloseAfter, or by a person. What comes
// later opens a new group that names this one as its previous.
//
//	          unhealthy member                    healthy for CloseAfter
//	(none) ------------------> unhealthy <------> healthy ------------> closed
//	                               \__________________ closed by a person __/

import (
	"fmt"
	"slices"
)

// countsUnhealthy takes an alert that passed the filters onwards: suppression,
// group, notification.
func (c *Core) countsUnhealthy(a *alert) Verdict {
	a.Counts, a.Told = Unhealthy, false
	muted := c.muting.find(a.Event.Monitor, a.Event.Labels)
	g, opened := c.groupFor(a)
	if g == nil {
		a.Counts = Healthy
		a.Status = Healthy // So that its next repetition is news and tries again.
		a.Recent = [8]uint64{}
		return c.refuse("group", "too many open groups", "the limit of open groups is reached; raise limits.groups or group more coarsely")
	}
	fired := a.about(Fired, "")
	fired.Group = g.ID
	c.transition(fired)
	if opened {
		c.transition(Transition{Kind: GroupOpened, Group: g.ID, Labels: a.Event.Labels, Monitor: a.Event.Monitor, Text: g.Key})
	}
	c.attach(a, g, !opened)
	if len(muted) > 0 {
		c.say("suppress", "muted by %v", muted)
		c.mute(a, muted)
		c.say("notify", "nobody is told while it is muted")
		return MutedV
	}
	c.say("suppress", "no suppression matches")
	g.Changes++
	if c.review(g, false) {
		return Told
	}
	return Grouped
}

// countsHealthy takes a recovery (or a lapse) onwards.
func (c *Core) countsHealthy(a *alert, kind TransitionKind, text string) Verdict {
	unheard := len(a.SuppressedBy) > 0 && !a.Told
	c.unhold(a)
	c.count(a, -1)
	a.Counts, a.Told = Healthy, false
	c.transition(a.about(kind, text))
	g := c.groups[a.Group]
	if g == nil || g.Closed {
		c.say("group", "its group was closed before")
		return Accepted
	}
	g.LastActivity = c.mono
	c.say("group", "member of %s; %d unhealthy and %d muted remain", g.ID, g.active, g.muted)
	told := false
	if unheard {
		c.say("notify", "nobody is told: it was muted and nobody knew of it")
	} else {
		g.Changes++
		told = c.review(g, false)
	}
	if g.active+g.muted == 0 {
		g.CloseDue = c.mono + c.cfg.CloseAfter
		c.armGroup(g)
		c.transition(Transition{Kind: GroupQuiet, Group: g.ID, Text: "all members healthy"})
		c.say("group", "all members healthy; closes at %s unless one turns unhealthy", c.wallAt(g.CloseDue))
	}
	if told {
		return Told
	}
	return Accepted
}

// groupFor finds the group an alert joins, or opens one.
func (c *Core) groupFor(a *alert) (*group, bool) {
	key := a.Event.groupKey(c.cfg.GroupKeys)
	prev := c.latest[key]
	if prev != nil && c.mono-prev.LastActivity <= prev.Window {
		return prev, false
	}
	if c.open >= c.cfg.Limits.Groups {
		return nil, false
	}
	g := &group{ID: "g" + c.newID(), Key: key, OpenedAt: c.wall, Window: c.cfg.GroupWindow, index: map[string]int{}}
	if w := a.Event.Grouping.Window; w > 0 {
		g.Window = w
	}
	if prev != nil {
		g.Previous = prev.ID
		c.say("group", "group %s had no activity for %s (window %s): a new one", prev.ID, span(c.mono-prev.LastActivity), span(prev.Window))
	} else {
		g.Previous = c.lastClosed[key]
	}
	c.groups[g.ID], c.latest[key] = g, g
	c.open++
	return g, true
}

// attach makes the alert a member of g and of no other open group.
func (c *Core) attach(a *alert, g *group, joined bool) {
	if old := c.groups[a.Group]; old != nil && old != g && !old.Closed {
		c.detach(a, old)
	}
	c.refs = append(c.refs, g.ID)
	a.Group = g.ID
	if _, ok := g.index[a.Key]; !ok {
		g.index[a.Key] = len(g.Members)
		g.Members = append(g.Members, a.Key)
	}
	c.count(a, +1)
	g.LastActivity, g.CloseDue = c.mono, 0
	if joined {
		t := a.about(GroupJoined, g.Key)
		c.transition(t)
		c.say("group", "joins %s (%s), now %d unhealthy and %d muted of %d", g.ID, g.Key, g.active, g.muted, len(g.Members))
		return
	}
	said := ""
	if g.Previous != "" {
		said = ", after " + g.Previous
	}
	c.say("group", "opens %s (%s)%s", g.ID, g.Key, said)
}

// join puts an unhealthy alert into a group outside the way of an event.
func (c *Core) join(a *alert) *group {
	g, opened := c.groupFor(a)
	if g == nil {
		c.refuse("group", "too many open groups", "the limit of open groups is reached; "+a.name()+" is in none")
		return nil
	}
	if opened {
		c.transition(Transition{Kind: GroupOpened, Group: g.ID, Labels: a.Event.Labels, Monitor: a.Event.Monitor, Text: g.Key})
	}
	c.attach(a, g, !opened)
	g.Changes++
	return g
}

// detach takes a healthy alert out of an open group, leaving a line behind.
func (c *Core) detach(a *alert, g *group) {
	i, ok := g.index[a.Key]
	if !ok {
		return
	}
	g.Members = slices.Delete(g.Members, i, i+1)
	delete(g.index, a.Key)
	for j := i; j < len(g.Members); j++ {
		g.index[g.Members[j]] = j
	}
	g.Gone++
	if len(g.Past) < c.cfg.Limits.Members {
		m := c.member(a)
		m.Status = Healthy
		m.SuppressedBy = nil
		g.Past = append(g.Past, m)
	}
}

// groupDue runs the timers of a group that are due.
func (c *Core) groupDue(g *group) {
	c.steps, c.refs = nil, []string{g.ID}
	if g.AckDue != 0 && g.AckDue <= c.mono {
		c.say("act", "the acknowledgement of %s expired", g.AckedBy)
		g.AckedBy, g.AckDue = "", 0
		c.transition(Transition{Kind: GroupActed, Group: g.ID, Text: "acknowledgement expired"})
		v := Accepted
		if c.review(g, false) {
			v = Told
		}
		c.decide(g.ID, "acknowledgement of group "+g.ID, v)
	}
	if g.FlushDue != 0 && g.FlushDue <= c.mono {
		g.FlushDue = 0
		v := Accepted
		if c.flushNow(g) {
			v = Told
		}
		c.decide(g.ID, "collected changes of group "+g.ID, v)
	}
	if g.CloseDue != 0 && g.CloseDue <= c.mono {
		c.closeGroup(g, "all members healthy for "+span(c.cfg.CloseAfter))
		c.decide(g.ID, "close of group "+g.ID, Accepted)
	}
}

// closeGroup ends a group and keeps what people will ask of it.
func (c *Core) closeGroup(g *group, why string) {
	g.Past = append(c.members(g, c.cfg.Limits.Members), g.Past...)
	if len(g.Past) > c.cfg.Limits.Members {
		g.Past = g.Past[:c.cfg.Limits.Members]
	}
	g.Gone += len(g.Members)
	for _, key := range g.Members {
		c.alerts[key].Told = false // Nobody owes it anything through this group.
	}
	g.Members, g.index = nil, nil
	g.active, g.activeHigh, g.muted, g.toldMembers = 0, 0, 0, 0
	g.Closed, g.ClosedAt = true, c.wall
	g.FlushDue, g.CloseDue, g.AckDue, g.Changes = 0, 0, 0, 0
	if c.latest[g.Key] == g {
		delete(c.latest, g.Key)
	}
	c.open--
	c.closed = append(c.closed, g.ID)
	c.lastClosed[g.Key] = g.ID
	c.transition(Transition{Kind: GroupClosed, Group: g.ID, Text: why})
	c.say("group", "closed: %s", why)
	for len(c.closed) > c.cfg.Limits.History {
		old := c.groups[c.closed[0]]
		delete(c.groups, old.ID)
		if c.lastClosed[old.Key] == old.ID {
			delete(c.lastClosed, old.Key)
		}
		c.closed = slices.Delete(c.closed, 0, 1)
		c.stats.Refusals["closed group dropped from history"]++
	}
}

// member is the alert as people see it.
func (c *Core) member(a *alert) Member {
	e := &a.Event
	return Member{Event: e.ID, Monitor: e.Monitor, Labels: e.Labels, Status: a.Counts, Priority: e.Priority,
		Since: e.Since, SuppressedBy: slices.Clone(a.SuppressedBy), Message: e.text(e.Message), Links: e.Links, Evidence: e.Evidence}
}

// members lists the first n members: unhealthy HIGH, unhealthy LOW, muted,
// healthy; within these in order of joining.
func (c *Core) members(g *group, n int) []Member {
	rank := func(a *alert) int {
		switch {
		case a.Counts == Healthy:
			return 3
		case len(a.SuppressedBy) > 0:
			return 2
		case a.Event.Priority == Low:
			return 1
		}
		return 0
	}
	list := make([]Member, 0, min(n, len(g.Members)))
	for r := range 4 {
		for _, key := range g.Members {
			if len(list) == n {
				return list
			}
			if a := c.alerts[key]; rank(a) == r {
				list = append(list, c.member(a))
			}
		}
	}
	return list
}

func plural(n int, one string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, one)
	}
	return fmt.Sprintf("%d %ss", n, one)
}
