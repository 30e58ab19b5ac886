package alerting

// Stage 2, dedup: is this a repetition, new content, or a change of status?
// The log's order decides, not the senders' clocks: a sender whose clock went
// back is still heard. Only an event that was taken in before and has been
// superseded since (delivered late or twice) is set aside.

import (
	"slices"

	"github.com/cespare/xxhash/v2"
)

type news int

const (
	newsNone    news = iota // Nothing further to do.
	newsContent             // Same status, other content.
	newsStatus              // Another status.
	newsBoth                // Another status and another priority.
)

// dedup finds or makes the alert of the event and takes the event in.
func (c *Core) dedup(e *Event) (*alert, news, Verdict) {
	c.buf = appendKey(c.buf[:0], e.Monitor, e.Labels)
	a := c.alerts[string(c.buf)]
	if a == nil {
		if !c.roomForAlert() {
			return nil, newsNone, c.refuse("dedup", "too many monitored things",
				"the limit of known things is reached and all are unhealthy or recent; raise limits.alerts or drop a label that varies too much")
		}
		a = &alert{Key: string(c.buf), Status: Healthy, Counts: Healthy}
		c.alerts[a.Key] = a
	}
	var content uint64
	content, c.buf = e.content(c.buf)
	c.buf = append(append(c.buf[:0], e.Status...), e.ID...) // A sender may use one id for both.
	idHash := xxhash.Sum64(c.buf)

	// One without observed_at got the logged time, so it is never set aside:
	// better told twice than not at all.
	if e.Status != a.Status && slices.Contains(a.Recent[:], idHash) && e.ObservedAt <= a.Event.ObservedAt {
		c.say("dedup", "was taken in before and superseded by %s; delivered late or twice", a.Event.ID)
		return a, newsNone, Redeliver
	}
	first := a.Event.Monitor == ""
	same := a.Content == content && !first
	changed := e.Status != a.Status
	rise, fall := a.Event.Priority == Low && e.Priority == High, a.Event.Priority == High && e.Priority == Low
	c.takeIn(a, e, content, idHash)
	switch {
	case changed:
		a.Status, a.Repeats = e.Status, 0
		c.say("dedup", "status changed to %s", e.Status)
		if rise || fall {
			return a, newsBoth, Accepted
		}
		return a, newsStatus, Accepted
	case same:
		a.Repeats++
		return a, newsNone, Repeated
	case first:
		c.say("dedup", "healthy, and nothing unhealthy was known")
		return a, newsNone, NoChange
	case e.Status == Healthy:
		c.say("dedup", "still healthy; new content")
		return a, newsNone, Refreshed
	case rise:
		c.say("dedup", "still unhealthy; priority rose to HIGH")
		return a, newsContent, Refreshed
	case fall:
		c.say("dedup", "still unhealthy; priority fell to LOW")
		return a, newsContent, Refreshed
	}
	c.say("dedup", "still unhealthy; new content")
	return a, newsNone, Refreshed
}

// takeIn makes e the alert's last event and extends its lease.
func (c *Core) takeIn(a *alert, e *Event, content, idHash uint64) {
	if e.Status == a.Status && a.Status == Unhealthy {
		e.Since = min(e.Since, a.Event.Since) // A repetition does not make it younger.
	}
	if e.Status == Healthy && (a.Status == Unhealthy || a.Counts == Unhealthy) {
		e.Priority = a.Event.Priority // Recovery is as urgent to hear of as the trouble was.
	}
	if a.Recent[0] != idHash {
		copy(a.Recent[1:], a.Recent[:7])
		a.Recent[0] = idHash
	}
	c.change(a, func() { a.Event, a.Content = *e, content })
	a.LeaseDue, a.ForgetDue = 0, 0
	if e.Status == Unhealthy && e.ValidUntil > e.ObservedAt {
		// The lease is measured on the sender's clock and runs on ours.
		a.LeaseDue = c.mono + e.ValidUntil - e.ObservedAt
	}
	if e.Status == Healthy {
		a.ForgetDue = c.mono + c.cfg.Forget
	}
	c.armAlert(a)
}

// contentChanged handles a change of priority: the only content that changes
// who must hear of it.
func (c *Core) contentChanged(a *alert, v Verdict) Verdict {
	kind, text := Escalated, "priority rose to HIGH"
	if a.Event.Priority == Low {
		kind, text = Demoted, "priority fell to LOW"
	}
	if a.PendingDue != 0 && kind == Escalated {
		return c.ripen(a, c.staticFilter(&a.Event).minAge)
	}
	if a.Counts != Unhealthy {
		return v
	}
	c.transition(a.about(kind, text))
	g := c.groups[a.Group]
	if len(a.SuppressedBy) > 0 {
		c.say("suppress", "muted by %v", a.SuppressedBy)
		return MutedV
	}
	if g == nil || g.Closed {
		if kind == Demoted {
			return v
		}
		if g = c.join(a); g == nil { // Closed by a person as LOW; HIGH is news.
			return Refused
		}
	}
	g.Changes++
	if c.review(g, false) {
		return Told
	}
	return v
}

// roomForAlert makes room by forgetting the healthy thing that was silent
// longest, if the limit is reached.
func (c *Core) roomForAlert() bool {
	if len(c.alerts) < c.cfg.Limits.Alerts {
		return true
	}
	// A full scan, but only past the limit; 1 in 64 are dropped at once so
	// that a flood does not scan for every event.
	var idle []*alert
	for _, a := range c.alerts {
		if c.forgettable(a) {
			idle = append(idle, a)
		}
	}
	slices.SortFunc(idle, func(x, y *alert) int {
		if x.ForgetDue != y.ForgetDue {
			return int(max(-1, min(1, x.ForgetDue-y.ForgetDue)))
		}
		return compareStrings(x.Key, y.Key)
	})
	for i := range min(len(idle), 1+c.cfg.Limits.Alerts/64) {
		c.stats.Refusals["healthy thing forgotten early"]++
		c.forget(idle[i])
	}
	return len(c.alerts) < c.cfg.Limits.Alerts
}

// forgettable reports whether nothing would be lost with the alert.
func (c *Core) forgettable(a *alert) bool {
	g := c.groups[a.Group]
	return a.Status == Healthy && a.Counts == Healthy && !a.Flapping && (g == nil || g.Closed)
}

func (c *Core) forget(a *alert) { delete(c.alerts, a.Key) }
