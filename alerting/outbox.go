package alerting

// This file is the outbox: notifications made and not yet reported delivered.
// After a crash they are handed out again under the same ids, so delivery is at
// least once and, with the id as idempotency key, in effect once.

// outbox keeps notifications in order. order may hold ids already removed.
type outbox struct {
	byID  map[string]*Notification
	order []string
}

func (o *outbox) remove(id string) bool {
	if _, ok := o.byID[id]; !ok {
		return false
	}
	delete(o.byID, id)
	return true
}

// tidy drops removed ids from the order once they are most of it.
func (o *outbox) tidy() {
	if len(o.order) < 2*len(o.byID)+16 {
		return
	}
	kept := o.order[:0]
	for _, id := range o.order {
		if o.byID[id] != nil {
			kept = append(kept, id)
		}
	}
	clear(o.order[len(kept):])
	o.order = kept
}

func (c *Core) putOutbox(n *Notification) {
	o := &c.outbox
	o.byID[n.ID] = n
	o.order = append(o.order, n.ID)
	for len(o.byID) > c.cfg.Limits.Outbox {
		if o.remove(o.order[0]) {
			c.stats.Refusals["undelivered notification dropped from outbox"]++
		}
		o.order = o.order[1:]
	}
	o.tidy()
}

// Outbox returns the notifications not yet reported delivered or given up,
// oldest first.
func (c *Core) Outbox() []Notification {
	list := make([]Notification, 0, len(c.outbox.byID))
	for _, id := range c.outbox.order {
		if n := c.outbox.byID[id]; n != nil {
			list = append(list, *n)
		}
	}
	return list
}
