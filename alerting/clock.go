package alerting

// This file is time. The core keeps two clocks, because clocks jump:
//
//	wall  the logged time of the input: for people, and for the start and end
//	      of suppressions, which people choose
//	mono  the core's own clock: the sum of the forward steps of wall, each at
//	      most Config.MaxStep. All other timers are on it, so a clock that
//	      jumps back stops nothing twice, and one that jumps ahead a day does
//	      not make everything lapse.
//
// Timers that fall due between two inputs run in order of (due, kind, id), each
// at its own moment.

import "container/heap"

// timerKind orders timers that are due at the same instant.
type timerKind uint8

const (
	edgeTimer timerKind = iota // A suppression starts or ends.
	alertTimer
	groupTimer
)

type timer struct {
	due  int64
	kind timerKind
	id   string
}

// timerHeap is a min-heap of timers. An entry counts only while its owner's
// queued equals due: owners move their due times without searching the heap.
type timerHeap []timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	if a.due != b.due {
		return a.due < b.due
	}
	if a.kind != b.kind {
		return a.kind < b.kind
	}
	return a.id < b.id
}
func (h timerHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push and Pop are for container/heap.
func (h *timerHeap) Push(x any) { *h = append(*h, x.(timer)) }

// Pop removes the last element.
func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	*h = old[:len(old)-1]
	return t
}

// arm makes sure the heap looks at the owner no later than due. A later due
// time than queued needs no entry: the early look will queue it again.
func (h *timerHeap) arm(queued *int64, due int64, kind timerKind, id string) {
	if due == 0 || *queued != 0 && *queued <= due {
		return
	}
	*queued = due
	heap.Push(h, timer{due, kind, id})
}

func (c *Core) armAlert(a *alert) { c.timers.arm(&a.queued, a.due(), alertTimer, a.Key) }
func (c *Core) armGroup(g *group) { c.timers.arm(&g.queued, g.due(), groupTimer, g.ID) }

// advance lets time pass up to the logged time at.
func (c *Core) advance(at int64) {
	wall0, mono0 := c.wall, c.mono
	if wall0 == 0 {
		wall0 = at
	}
	step := min(max(at-wall0, 0), c.cfg.MaxStep)
	if step != at-wall0 {
		c.stats.ClockJumps++
	}
	end := mono0 + step
	for {
		var t timer
		edge := false
		if len(c.timers) > 0 && c.timers[0].due <= end {
			t = c.timers[0]
		}
		if len(c.edges) > 0 && c.edges[0].due <= at {
			// The edge's place on the own clock, to run in order with the timers.
			place := min(mono0+max(c.edges[0].due-wall0, 0), end)
			if t.due == 0 || place <= t.due {
				t, edge = c.edges[0], true
				c.mono = max(c.mono, place)
				c.wall = min(max(t.due, wall0), at)
			}
		}
		if t.due == 0 {
			break
		}
		if edge {
			heap.Pop(&c.edges)
			c.edgeDue(t)
			c.runFollow()
			continue
		}
		heap.Pop(&c.timers)
		c.mono = max(c.mono, t.due)
		c.wall = min(wall0+(c.mono-mono0), max(at, wall0))
		c.timerDue(t)
		c.runFollow()
	}
	c.mono, c.wall = end, at
}

// TickNeeded reports whether a tick at the logged time at would do anything: a
// timer is due, or so much time passed that the next step would be cut. Whoever
// drives the core need not log the other ticks.
func (c *Core) TickNeeded(at int64) bool {
	step := at - c.wall
	return step >= max(c.cfg.MaxStep/2, 1) ||
		len(c.timers) > 0 && c.timers[0].due <= c.mono+max(step, 0) ||
		len(c.edges) > 0 && c.edges[0].due <= at
}

// timerDue runs the owner of an entry if the entry still counts.
func (c *Core) timerDue(t timer) {
	switch t.kind {
	case alertTimer:
		a := c.alerts[t.id]
		if a == nil || a.queued != t.due {
			return
		}
		a.queued = 0
		if d := a.due(); d != 0 && d <= c.mono {
			c.alertDue(a)
		}
		if c.alerts[t.id] == a {
			c.armAlert(a)
		}
	case groupTimer:
		g := c.groups[t.id]
		if g == nil || g.queued != t.due {
			return
		}
		g.queued = 0
		if d := g.due(); d != 0 && d <= c.mono {
			c.groupDue(g)
		}
		if c.groups[t.id] == g && !g.Closed {
			c.armGroup(g)
		}
	}
}

// wallAt is what the logged clock will show when the own clock reaches due.
func (c *Core) wallAt(due int64) string { return clock(c.wall + due - c.mono) }
