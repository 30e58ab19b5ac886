package alerting

// This file is what the core remembers. Every field with a JSON name is part of
// the snapshot; the others are derived from them and rebuilt by Restore.

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// alert is one monitored thing. Instants called ...Due are on the core's own
// clock (see clock.go), in milliseconds; 0 = none.
//
// Invariants: PendingDue != 0 only while Status is Unhealthy and Counts is
// Healthy; SuppressedBy is empty unless Counts is Unhealthy; Told only while
// Counts is Unhealthy; Flapping holds Counts where it is.
type alert struct {
	Key     string    `json:"key"`
	Event   Event     `json:"event"` // The last one taken in.
	Content uint64    `json:"content"`
	Recent  [8]uint64 `json:"recent"` // Hashes of the last ids taken in, newest first.
	Status  Status    `json:"status"` // What the source says.
	Counts  Status    `json:"counts"` // What groups see.

	PendingDue int64   `json:"pending_due,omitempty"` // Minimum age reached.
	LeaseDue   int64   `json:"lease_due,omitempty"`   // Unhealthy lapses.
	FlapDue    int64   `json:"flap_due,omitempty"`    // Calm for long enough.
	ForgetDue  int64   `json:"forget_due,omitempty"`  // Healthy and silent for long enough.
	Switches   []int64 `json:"switches,omitempty"`    // Instants of the changes of Status within the flap window.
	Flapping   bool    `json:"flapping,omitempty"`

	Group        string   `json:"group,omitempty"` // The newest group it joined.
	SuppressedBy []string `json:"suppressed_by,omitempty"`
	Told         bool     `json:"told,omitempty"` // Somebody was told it is unhealthy.
	Repeats      uint64   `json:"repeats,omitempty"`

	queued int64 // When the timer heap will look at it; 0 = not in the heap.
}

func (a *alert) matches(ms []*labels.Matcher) bool {
	return matchesAll(ms, a.Event.Monitor, a.Event.Labels)
}

// name is the alert for people: monitor{labels}.
func (a *alert) name() string { return thingName(a.Event.Monitor, a.Event.Labels) }

// thingName writes a thing for people: its monitor and its labels, or the
// monitor alone where that is already a series with labels.
func thingName(monitor string, ls labels.Labels) string {
	if strings.HasSuffix(monitor, "}") {
		return monitor
	}
	return monitor + ls.String()
}

// due is the earliest of its timers.
func (a *alert) due() int64 { return earliest(a.PendingDue, a.LeaseDue, a.FlapDue, a.ForgetDue) }

// group is one incident: alerts with the same key within a window.
type group struct {
	ID           string   `json:"id"`
	Key          string   `json:"key"`
	OpenedAt     int64    `json:"opened_at"` // Unix milliseconds.
	ClosedAt     int64    `json:"closed_at,omitempty"`
	Window       int64    `json:"window"`
	LastActivity int64    `json:"last_activity"` // Own clock.
	Previous     string   `json:"previous,omitempty"`
	Members      []string `json:"members"`        // Alert keys, in order of joining; empty once closed.
	Past         []Member `json:"past,omitempty"` // Members that left, or all of them once closed.
	Gone         int      `json:"gone,omitempty"` // How many left, listed or not.

	Told     []told `json:"told,omitempty"`
	ToldHigh bool   `json:"told_high,omitempty"` // The last word sent spoke of a HIGH member.
	Changes  int    `json:"changes,omitempty"`   // Changes since the last notification.
	Updates  int    `json:"updates,omitempty"`   // Updates sent.
	LastSent int64  `json:"last_sent,omitempty"` // Own clock.
	FlushDue int64  `json:"flush_due,omitempty"`
	CloseDue int64  `json:"close_due,omitempty"`

	Owner   string       `json:"owner,omitempty"`
	AckedBy string       `json:"acked_by,omitempty"`
	AckDue  int64        `json:"ack_due,omitempty"`
	Outcome Outcome      `json:"outcome,omitempty"`
	Actions []ActionView `json:"actions,omitempty"`
	Closed  bool         `json:"closed,omitempty"`

	index       map[string]int // Place of each member in Members.
	active      int            // Members unhealthy and not muted.
	activeHigh  int            // Of these, HIGH.
	muted       int            // Members unhealthy and muted.
	toldMembers int            // Members unhealthy of which somebody was told.
	queued      int64
}

func (g *group) due() int64 { return earliest(g.FlushDue, g.CloseDue, g.AckDue) }

// told is what one receiver knows of a group.
type told struct {
	Receiver  string           `json:"receiver"`
	Queue     string           `json:"queue,omitempty"` // Set = a ticket.
	Action    Action           `json:"action"`
	Unhealthy bool             `json:"unhealthy"` // It was told unhealthy and not yet healthy (contract R).
	Kind      NotificationKind `json:"kind"`
	At        int64            `json:"at"`
	Count     int              `json:"count"`
	ID        string           `json:"id"`
}

// owed reports whether anybody was told unhealthy and not yet healthy.
func (g *group) owed() bool {
	return slices.ContainsFunc(g.Told, func(t told) bool { return t.Unhealthy })
}

// count adds (by = 1) or takes away (by = -1) what the alert contributes to
// its group. Every change of an alert's Counts, SuppressedBy, Told or priority
// stands between a count(-1) and a count(+1).
func (c *Core) count(a *alert, by int) {
	g := c.groups[a.Group]
	if g == nil || g.Closed || a.Counts != Unhealthy {
		return
	}
	if len(a.SuppressedBy) > 0 {
		g.muted += by
	} else {
		g.active += by
		if a.Event.Priority == High {
			g.activeHigh += by
		}
	}
	if a.Told {
		g.toldMembers += by
	}
}

// change runs f on the alert and keeps its group's counters right.
func (c *Core) change(a *alert, f func()) {
	c.count(a, -1)
	f()
	c.count(a, +1)
}

func earliest(dues ...int64) int64 {
	var first int64
	for _, d := range dues {
		if d != 0 && (first == 0 || d < first) {
			first = d
		}
	}
	return first
}

// newID derives an id from the log id, the input and the ordinal.
func (c *Core) newID() string {
	b := hex.AppendEncode(make([]byte, 0, 32), c.id[:4])
	b = strconv.AppendUint(append(b, '-'), c.seq, 10)
	b = strconv.AppendUint(append(b, '-'), uint64(c.ord), 10)
	return string(b)
}

// emit appends one output; its ordinal is the one newID just used.
func (c *Core) emit(o Output) {
	o.Seq, o.Ordinal, o.At = c.seq, c.ord, c.wall
	c.ord++
	c.out = append(c.out, o)
}

// transition emits a change of state and returns its id.
func (c *Core) transition(t Transition) string {
	t.ID = c.newID()
	c.refs = append(c.refs, t.ID)
	c.emit(Output{Transition: &t})
	return t.ID
}

// about starts a transition of an alert.
func (a *alert) about(kind TransitionKind, text string) Transition {
	return Transition{Kind: kind, Event: a.Event.ID, Monitor: a.Event.Monitor, Labels: a.Event.Labels,
		Status: a.Counts, Priority: a.Event.Priority, Group: a.Group, Text: text}
}
