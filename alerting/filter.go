package alerting

// Stage 3, the static filter: a change of status must last its minimum age
// before it counts, and what switches too often is held (flap.go).

// filter takes a change of a.Status onwards.
func (c *Core) filter(a *alert) Verdict {
	f := c.staticFilter(&a.Event)
	if c.switched(a, f.flap) {
		return Held
	}
	return c.ripen(a, f.minAge)
}

// ripen lets a status count once it is old enough.
func (c *Core) ripen(a *alert, minAge int64) Verdict {
	if a.Status == Healthy {
		if a.PendingDue != 0 {
			a.PendingDue = 0
			c.say("filter", "healthy before it reached its minimum age; it never counted")
			return Accepted
		}
		return c.countsHealthy(a, Resolved, "healthy again")
	}
	age := max(a.Event.ObservedAt-a.Event.Since, 0)
	if wait := minAge - age; wait > 0 {
		a.PendingDue = c.mono + wait
		c.armAlert(a)
		c.say("filter", "unhealthy for %s, counts from %s on (until %s)", span(age), span(minAge), c.wallAt(a.PendingDue))
		return Pending
	}
	a.PendingDue = 0
	c.say("filter", "unhealthy for %s, minimum age %s: it counts", span(age), span(max(minAge, 0)))
	return c.countsUnhealthy(a)
}

// alertDue runs the timers of an alert that are due.
func (c *Core) alertDue(a *alert) {
	c.steps, c.refs = nil, nil
	due := func(d *int64) bool {
		if *d == 0 || *d > c.mono {
			return false
		}
		*d = 0
		return true
	}
	// A lapse comes first: what is no longer unhealthy cannot come of age.
	if due(&a.LeaseDue) {
		c.lapse(a)
	}
	if due(&a.PendingDue) {
		c.say("timer", "unhealthy for its minimum age: it counts")
		c.decide(a.Event.ID, "minimum age of "+a.name(), c.countsUnhealthy(a))
	}
	if due(&a.FlapDue) {
		c.calm(a)
	}
	if due(&a.ForgetDue) {
		if c.forgettable(a) {
			c.forget(a)
		} else {
			a.ForgetDue = c.mono + c.cfg.Forget
		}
	}
}

// lapse makes an unhealthy alert healthy because its source fell silent.
func (c *Core) lapse(a *alert) {
	a.Status, a.Repeats = Healthy, 0
	a.Recent = [8]uint64{} // A repetition after the lapse is news.
	a.ForgetDue = c.mono + c.cfg.Forget
	what := "lapse of " + a.name()
	switch {
	case a.PendingDue != 0:
		a.PendingDue = 0
		c.say("timer", "not repeated by valid_until, before it reached its minimum age; it never counted")
		c.decide(a.Event.ID, what, Accepted)
	case a.Flapping:
		c.say("timer", "not repeated by valid_until; held while it flaps")
		c.decide(a.Event.ID, what, Held)
	case a.Counts == Unhealthy:
		c.say("timer", "not repeated by valid_until: counted as healthy until the source speaks again")
		c.decide(a.Event.ID, what, c.countsHealthy(a, Lapsed, "not repeated by valid_until"))
	}
}
