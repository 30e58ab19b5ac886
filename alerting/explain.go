package alerting

// This file is the memory of decisions: why was I (not) told.

import (
	"fmt"
	"slices"
	"strings"
)

// storedDecision is a decision with the ids it produced.
type storedDecision struct {
	Decision
	Refs []string `json:"refs,omitempty"` // Transitions, notifications and groups.
}

// decisionRing keeps the last max decisions that said something new.
type decisionRing struct {
	max  int
	list []storedDecision // Oldest at start, wrapping around.
	next int              // Where the next one goes once the ring is full.
}

func (r *decisionRing) add(d storedDecision) {
	if len(r.list) > r.max { // The limit was lowered.
		r.list, r.next = slices.Clone(r.inOrder()[len(r.list)-r.max:]), 0
	}
	if len(r.list) < r.max {
		if r.next != 0 { // The limit was raised.
			r.list, r.next = slices.Clone(r.inOrder()), 0
		}
		r.list = append(r.list, d)
		return
	}
	r.list[r.next] = d
	r.next = (r.next + 1) % r.max
}

func (r *decisionRing) inOrder() []storedDecision {
	return append(slices.Clone(r.list[r.next:]), r.list[:r.next]...)
}

// Decisions returns the decisions about an event, transition, notification,
// group or suppression id, oldest first. Repetitions are not kept one by one;
// AlertView counts them.
func (c *Core) Decisions(id string) []Decision {
	var out []Decision
	for _, d := range c.decisions.inOrder() {
		if d.Event == id || slices.Contains(d.Refs, id) {
			out = append(out, d.Decision)
		}
	}
	return out
}

// Explain returns the traces of Decisions as text, and says so when there are
// none.
func (c *Core) Explain(id string) string {
	ds := c.Decisions(id)
	if len(ds) == 0 {
		return fmt.Sprintf("nothing is known of %q: it never came in, or it is older than the last %d decisions\n", id, c.decisions.max)
	}
	var b strings.Builder
	for _, d := range ds {
		b.WriteString(d.Trace.String())
		fmt.Fprintf(&b, "  => %s\n", d.Verdict)
	}
	return b.String()
}
