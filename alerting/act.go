package alerting

// This file is what people do: acknowledge, assign, note, close with an
// outcome; and the reports and lists the rest of the service hands in.

import (
	"errors"
	"fmt"
	"slices"
)

var outcomes = []Outcome{Actionable, FalseAlarm, Duplicate, Known}

// checkAct reports everything that is wrong with an action.
func (c *Core) checkAct(x Act) error {
	var errs []error
	g := c.groups[x.Group]
	if g == nil {
		errs = append(errs, errors.New("no such group; list the groups for their ids"))
	} else if g.Closed {
		errs = append(errs, errors.New("the group is closed"))
	}
	if x.By == "" {
		errs = append(errs, errors.New("no name: say who acts in by"))
	}
	if len(x.By)+len(x.Owner)+len(x.Text) > c.cfg.Limits.EventBytes {
		errs = append(errs, fmt.Errorf("more than %d bytes of text", c.cfg.Limits.EventBytes))
	}
	switch x.Verb {
	case Ack:
		if x.Until != 0 && x.Until <= c.wall {
			errs = append(errs, fmt.Errorf("until %s is past", clock(x.Until)))
		}
		if x.Until > c.wall+366*Day {
			errs = append(errs, fmt.Errorf("until %d is more than a year ahead; it is in Unix milliseconds", x.Until))
		}
	case Unack:
	case Assign:
		if x.Owner == "" {
			errs = append(errs, errors.New("no owner to assign it to"))
		}
	case AddNote:
		if x.Text == "" {
			errs = append(errs, errors.New("no text to note"))
		}
	case Close:
		if !slices.Contains(outcomes, x.Outcome) {
			errs = append(errs, fmt.Errorf("unknown outcome %q: one of %v, so that the monitor learns from it", clip(string(x.Outcome), 40), outcomes))
		}
	default:
		errs = append(errs, fmt.Errorf("unknown verb; %s", suggest(string(x.Verb), []string{"ack", "assign", "close", "note", "unack"})))
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("cannot %s group %q: %w", clip(string(x.Verb), 20), clip(x.Group, 80), errors.Join(errs...))
}

// takeAct applies a human action.
func (c *Core) takeAct(x Act) {
	what := fmt.Sprintf("%s of group %s by %s", clip(string(x.Verb), 20), clip(x.Group, 80), clip(x.By, 80))
	if err := c.checkAct(x); err != nil {
		c.decide(x.Group, what, c.refuse("act", "malformed action", err.Error()))
		return
	}
	g := c.groups[x.Group]
	text := x.Text
	v := Accepted
	switch x.Verb {
	case Ack:
		wait := c.cfg.AckExpiry
		if x.Until != 0 {
			wait = x.Until - c.wall
		}
		g.AckedBy, g.AckDue = x.By, c.mono+wait
		c.say("act", "acknowledged until %s; updates are held, a first HIGH member and the resolution are not", c.wallAt(g.AckDue))
	case Unack:
		g.AckedBy, g.AckDue = "", 0
		c.say("act", "no longer acknowledged")
	case Assign:
		g.Owner = x.Owner
		text = "to " + x.Owner + " " + text
		c.say("act", "assigned to %s", x.Owner)
	case AddNote:
		c.say("act", "noted")
	case Close:
		text = string(x.Outcome) + " " + text
	}
	if len(g.Actions) >= c.cfg.Limits.Notes {
		g.Actions = slices.Delete(g.Actions, 0, 1)
		c.stats.Refusals["old action dropped from group"]++
	}
	g.Actions = append(g.Actions, ActionView{c.wall, x.Verb, x.By, text})
	c.transition(Transition{Kind: GroupActed, Group: g.ID, Text: string(x.Verb) + " by " + x.By})
	switch x.Verb {
	case Unack:
		if c.review(g, false) {
			v = Told
		}
	case Close:
		v = c.closeByHand(g, x)
	}
	c.armGroup(g)
	c.decide(x.Group, what, v)
}

// closeByHand closes the group; whoever was told unhealthy is told that a
// person took it over (contract R).
func (c *Core) closeByHand(g *group, x Act) Verdict {
	v := Accepted
	g.Outcome = x.Outcome
	if g.owed() && c.send(g, Handed, fmt.Sprintf("closed by %s as %s with %d unhealthy", x.By, x.Outcome, g.active+g.muted)) {
		v = Told
	}
	c.closeGroup(g, fmt.Sprintf("by %s as %s", x.By, x.Outcome))
	return v
}

// takeDelivered takes reported notifications out of the outbox.
func (c *Core) takeDelivered(d *Delivered) {
	for _, id := range d.Sent {
		if c.outbox.remove(id) {
			c.stats.Delivered++
		}
	}
	for id := range d.Failed {
		if c.outbox.remove(id) {
			c.stats.Undelivered++
		}
	}
}

func (c *Core) checkInventory(inv *Inventory) error {
	if n := len(inv.Things); n > c.cfg.Limits.Inventory {
		return fmt.Errorf("cannot take inventory of %d things: at most %d; raise limits.inventory", n, c.cfg.Limits.Inventory)
	}
	for i, t := range inv.Things {
		if t.Monitor == "" {
			return fmt.Errorf("cannot take inventory: thing %d (%s) names no monitor", i+1, t.Labels)
		}
	}
	return nil
}

// takeInventory replaces the list of known things.
func (c *Core) takeInventory(inv *Inventory) {
	if err := c.checkInventory(inv); err != nil {
		c.decide("inventory", "inventory", c.refuse("validate", "malformed inventory", err.Error()))
		return
	}
	c.inventory = make(map[string]Thing, len(inv.Things))
	for _, t := range inv.Things {
		c.inventory[t.Key()] = t
	}
	c.transition(Transition{Kind: InventoryReplaced, Text: plural(len(c.inventory), "thing")})
}

// takeConfig replaces the configuration. Open groups keep their window, alerts
// the timers they have.
func (c *Core) takeConfig(cfg Config) {
	if err := cfg.Validate(); err != nil {
		c.decide("config", "configuration", c.refuse("validate", "malformed configuration", err.Error()))
		return
	}
	c.setConfig(cfg)
	c.transition(Transition{Kind: ConfigChanged})
}
