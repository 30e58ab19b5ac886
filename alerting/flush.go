package alerting

// Stage 7, notify: who hears of a group now, who later, who never.
//
//	first HIGH member            at once
//	LOW only                     collected for Config.LowWait
//	further changes              no sooner than UpdateGaps after the last word;
//	                             held while somebody has acknowledged
//	end of a suppression         at once
//	everything told is healthy   at once, to everybody who was told (contract R)

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// review decides what to do after a change of the group and reports whether
// somebody was told now. atOnce skips every wait.
func (c *Core) review(g *group, atOnce bool) bool {
	defer c.armGroup(g)
	owed := g.owed()
	switch {
	case g.active == 0 && owed && g.toldMembers == 0:
		return c.send(g, Cleared, "all that was told unhealthy is healthy: whoever was told hears it at once")
	case g.active == 0:
		g.FlushDue = 0
		switch {
		case owed:
			c.say("notify", "nobody is told: what was told is still unhealthy, and muted; those told hear of its recovery or of the end of the suppression")
		case g.muted > 0:
			c.say("notify", "nobody is told: only muted members")
		default:
			c.say("notify", "nobody is told: healthy again before anybody heard of it")
		}
		return false
	case atOnce:
		return c.send(g, Update, "a suppression ended and it is still unhealthy")
	case g.activeHigh > 0 && !g.ToldHigh:
		return c.send(g, Update, "first HIGH member: at once")
	case !owed:
		if g.FlushDue == 0 {
			g.FlushDue = c.mono + c.cfg.LowWait
		}
		c.say("notify", "LOW only: collected until %s", c.wallAt(g.FlushDue))
		return false
	case g.Changes == 0:
		return false
	case g.AckedBy != "":
		c.say("notify", "update held: acknowledged by %s", g.AckedBy)
		return false
	}
	gaps := c.cfg.UpdateGaps
	due := g.LastSent + gaps[min(g.Updates, len(gaps)-1)]
	if due <= c.mono {
		return c.send(g, Update, fmt.Sprintf("%s since the last word", plural(g.Changes, "change")))
	}
	g.FlushDue = due
	c.say("notify", "update collected until %s", c.wallAt(due))
	return false
}

// flushNow sends what was collected.
func (c *Core) flushNow(g *group) bool {
	switch {
	case g.active == 0:
		return c.review(g, false)
	case !g.owed():
		return c.send(g, Opened, "collected for "+span(c.cfg.LowWait))
	case g.AckedBy != "":
		c.say("notify", "update held: acknowledged by %s", g.AckedBy)
		return false
	case g.Changes == 0:
		return false
	}
	return c.send(g, Update, fmt.Sprintf("%s since the last word", plural(g.Changes, "change")))
}

// send makes one notification per receiver. kind Update becomes Opened for a
// receiver that does not know yet.
func (c *Core) send(g *group, kind NotificationKind, why string) bool {
	base := c.notification(g, kind, why)
	var to []*told
	if kind == Opened || kind == Update {
		to = c.audience(g)
	} else {
		for i := range g.Told {
			if g.Told[i].Unhealthy {
				to = append(to, &g.Told[i])
			}
		}
	}
	var names []string
	update := false
	for _, t := range to {
		n := base
		n.Kind = kind
		if kind == Update && !t.Unhealthy {
			n.Kind = Opened
		}
		update = update || n.Kind == Update
		n.ID, n.Receiver, n.Action, n.TicketQueue = c.newID(), t.Receiver, t.Action, t.Queue
		n.Title = title(&n)
		t.Unhealthy = kind == Opened || kind == Update
		t.Kind, t.At, t.ID = n.Kind, c.wall, n.ID
		t.Count++
		c.refs = append(c.refs, n.ID)
		c.putOutbox(&n)
		c.stats.Notifications++
		c.emit(Output{Notification: &n})
		names = append(names, fmt.Sprintf("%s %s to %s", n.Action, n.Kind, n.Receiver))
	}
	c.say("notify", "%s: %s", strings.Join(names, ", "), why)
	c.sent(g, kind, update)
	return len(to) > 0
}

// sent brings the group's book-keeping up to date.
func (c *Core) sent(g *group, kind NotificationKind, update bool) {
	g.Changes, g.FlushDue, g.LastSent = 0, 0, c.mono
	switch kind {
	case Opened, Update:
		g.ToldHigh = g.activeHigh > 0 // An update without one says so; the next HIGH is a first again.
		if update {
			g.Updates++
		}
		for _, key := range g.Members {
			if a := c.alerts[key]; a.Counts == Unhealthy && len(a.SuppressedBy) == 0 && !a.Told {
				c.change(a, func() { a.Told = true })
			}
		}
	default:
		g.ToldHigh = false
	}
}

// notification is what all receivers of one sending have in common.
func (c *Core) notification(g *group, kind NotificationKind, why string) Notification {
	n := Notification{At: c.wall, Group: g.ID, GroupKey: g.Key, Previous: g.Previous, Since: g.OpenedAt, Why: why,
		Status: Unhealthy, Priority: Low, Unhealthy: g.active, Muted: g.muted, Total: len(g.Members) + g.Gone,
		Members: c.members(g, c.cfg.Limits.Members)}
	if kind == Cleared || kind == Handed && g.active+g.muted == 0 {
		n.Status = Healthy
	}
	if g.activeHigh > 0 || n.Status == Healthy && g.ToldHigh || kind == Handed && g.ToldHigh {
		n.Priority = High
	}
	n.Labels = shared(n.Members)
	n.Text = body(&n, g)
	return n
}

func title(n *Notification) string {
	switch n.Kind {
	case Cleared:
		return fmt.Sprintf("HEALTHY: %s: all that was reported is healthy again", n.GroupKey)
	case Handed:
		return fmt.Sprintf("CLOSED (%s): %s", n.Priority, n.GroupKey)
	}
	return fmt.Sprintf("UNHEALTHY (%s): %s; %d of %d unhealthy in %s", n.Priority, cmp.Or(Symptom(n.Members), n.GroupKey), n.Unhealthy, n.Total, n.GroupKey)
}

// Symptom is what a person should read first of a group: the unmuted member that
// has been unhealthy longest among those of the highest priority, in the first
// line of its own words, at most 160 bytes; empty if nothing is unhealthy.
func Symptom(members []Member) string {
	var first *Member
	for i := range members {
		m := &members[i]
		if m.Status != Unhealthy || len(m.SuppressedBy) > 0 {
			continue
		}
		if first == nil || m.Priority == High && first.Priority != High || m.Priority == first.Priority && m.Since < first.Since {
			first = m
		}
	}
	if first == nil {
		return ""
	}
	line, _, _ := strings.Cut(first.Message, "\n")
	if line = strings.TrimSuffix(strings.TrimSpace(line), "."); line != "" {
		return clip(line, 160)
	}
	return first.Monitor
}

// body is the markdown text: one line per member, at most ten.
func body(n *Notification, g *group) string {
	const lines = 10
	var b strings.Builder
	for i, m := range n.Members {
		if i == lines {
			break
		}
		fmt.Fprintf(&b, "- %s %s since %s", m.Status, thingName(m.Monitor, m.Labels), clock(m.Since))
		if len(m.SuppressedBy) > 0 {
			fmt.Fprintf(&b, " (muted by %s)", strings.Join(m.SuppressedBy, ", "))
		}
		if m.Message != "" && m.Status == Unhealthy {
			b.WriteString(": " + strings.ReplaceAll(m.Message, "\n", "\n  "))
		}
		b.WriteByte('\n')
	}
	if rest := n.Total - min(len(n.Members), lines); rest > 0 {
		fmt.Fprintf(&b, "- and %d more\n", rest)
	}
	if g.AckedBy != "" {
		fmt.Fprintf(&b, "\nAcknowledged by %s.\n", g.AckedBy)
	}
	if g.Previous != "" {
		fmt.Fprintf(&b, "\nThe group before this one: %s.\n", g.Previous)
	}
	return b.String()
}

// shared returns the labels all members have in common.
func shared(ms []Member) labels.Labels {
	if len(ms) == 0 {
		return labels.EmptyLabels()
	}
	b := labels.NewScratchBuilder(8)
	ms[0].Labels.Range(func(l labels.Label) {
		if !slices.ContainsFunc(ms[1:], func(m Member) bool { return m.Labels.Get(l.Name) != l.Value }) {
			b.Add(l.Name, l.Value)
		}
	})
	return b.Labels()
}
