package alerting

// This file is the questions people ask of the state. No query changes it.

import (
	"cmp"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// AlertView is one monitored thing as the core knows it.
type AlertView struct {
	Event        Event    `json:"event"`     // The last event taken in.
	Status       Status   `json:"status"`    // What the source says.
	Counts       Status   `json:"counts_as"` // What groups see: after minimum age, flap hold and lapse.
	Pending      bool     `json:"pending,omitempty"`
	Flapping     bool     `json:"flapping,omitempty"`
	SuppressedBy []string `json:"suppressed_by,omitempty"`
	Group        string   `json:"group,omitempty"`
	Repeats      uint64   `json:"repeats"` // Events that said nothing new since the last change.
}

// GroupState is where a group is in its life.
type GroupState string

// The states of a group.
const (
	GroupUnhealthy GroupState = "unhealthy"
	GroupHealthy   GroupState = "healthy" // All members healthy; still open for CloseAfter.
	GroupEnded     GroupState = "closed"
)

// GroupView is one group.
type GroupView struct {
	ID        string        `json:"id"`
	Key       string        `json:"key"`
	State     GroupState    `json:"state"`
	Priority  Priority      `json:"priority"`
	OpenedAt  int64         `json:"opened_at"`           // Unix milliseconds.
	ClosedAt  int64         `json:"closed_at,omitempty"` // Unix milliseconds.
	Previous  string        `json:"previous,omitempty"`
	Labels    labels.Labels `json:"labels"` // Shared by all members.
	Unhealthy int           `json:"unhealthy"`
	Muted     int           `json:"muted"`
	Total     int           `json:"total"`
	Members   []Member      `json:"members"`
	Told      []ToldView    `json:"told"`
	Owner     string        `json:"owner,omitempty"`
	AckedBy   string        `json:"acked_by,omitempty"`
	Outcome   Outcome       `json:"outcome,omitempty"`
	Actions   []ActionView  `json:"actions,omitempty"`
}

// ToldView says what a receiver was last told about a group.
type ToldView struct {
	Receiver string           `json:"receiver"`
	Action   Action           `json:"action"`
	Kind     NotificationKind `json:"kind"`
	At       int64            `json:"at"`
	Count    int              `json:"count"`
	ID       string           `json:"id"`
}

// ActionView is one human action.
type ActionView struct {
	At   int64  `json:"at"`
	Verb Verb   `json:"verb"`
	By   string `json:"by"`
	Text string `json:"text,omitempty"`
}

// GroupQuery selects groups.
type GroupQuery struct {
	State    GroupState        // Empty = all.
	Matchers []*labels.Matcher // All must match the labels of at least one member.
	Key      string            // Empty = all.
	Limit    int               // 0 = 1000.
}

// Stats counts what happened since the log began.
type Stats struct {
	Seq           uint64            `json:"seq"`
	Alerts        int               `json:"alerts"`
	Unhealthy     int               `json:"unhealthy"`
	OpenGroups    int               `json:"open_groups"`
	Suppressions  int               `json:"suppressions"`
	Outbox        int               `json:"outbox"`
	Verdicts      map[string]uint64 `json:"verdicts"` // Decisions by verdict.
	Refusals      map[string]uint64 `json:"refusals"` // Refusals and evictions by reason.
	Notifications uint64            `json:"notifications"`
	Delivered     uint64            `json:"delivered"`
	Undelivered   uint64            `json:"undelivered"` // Given up by their receivers.
	ClockJumps    uint64            `json:"clock_jumps"` // Logged times that went back, or forward by more than MaxStep.
}

// Groups returns the selected groups, newest first.
func (c *Core) Groups(q GroupQuery) []GroupView {
	def(&q.Limit, 1000)
	var found []*group
	for _, g := range c.groups {
		if (q.State == "" || g.state() == q.State) && (q.Key == "" || g.Key == q.Key) && c.groupMatches(g, q.Matchers) {
			found = append(found, g)
		}
	}
	slices.SortFunc(found, func(a, b *group) int {
		return cmp.Or(cmp.Compare(b.OpenedAt, a.OpenedAt), cmp.Compare(len(b.ID), len(a.ID)), cmp.Compare(b.ID, a.ID))
	})
	views := make([]GroupView, 0, min(len(found), q.Limit))
	for _, g := range found[:min(len(found), q.Limit)] {
		views = append(views, c.groupView(g))
	}
	return views
}

func (c *Core) groupMatches(g *group, ms []*labels.Matcher) bool {
	if len(ms) == 0 {
		return true
	}
	return slices.ContainsFunc(g.Members, func(key string) bool { return c.alerts[key].matches(ms) }) ||
		slices.ContainsFunc(g.Past, func(m Member) bool { return matchesAll(ms, m.Monitor, m.Labels) })
}

func (g *group) state() GroupState {
	switch {
	case g.Closed:
		return GroupEnded
	case g.active+g.muted > 0:
		return GroupUnhealthy
	}
	return GroupHealthy
}

// Group returns one group by id.
func (c *Core) Group(id string) (GroupView, bool) {
	g := c.groups[id]
	if g == nil {
		return GroupView{}, false
	}
	return c.groupView(g), true
}

func (c *Core) groupView(g *group) GroupView {
	ms := append(c.members(g, c.cfg.Limits.Members), g.Past...)
	ms = ms[:min(len(ms), c.cfg.Limits.Members)]
	v := GroupView{ID: g.ID, Key: g.Key, State: g.state(), Priority: Low, OpenedAt: g.OpenedAt, ClosedAt: g.ClosedAt,
		Previous: g.Previous, Labels: shared(ms), Unhealthy: g.active, Muted: g.muted, Total: len(g.Members) + g.Gone,
		Members: ms, Told: []ToldView{}, Owner: g.Owner, AckedBy: g.AckedBy, Outcome: g.Outcome, Actions: slices.Clone(g.Actions)}
	if slices.ContainsFunc(ms, func(m Member) bool { return m.Priority == High }) {
		v.Priority = High
	}
	for _, t := range g.Told {
		if t.Count > 0 {
			v.Told = append(v.Told, ToldView{t.Receiver, t.Action, t.Kind, t.At, t.Count, t.ID})
		}
	}
	return v
}

// History returns the groups of a group key that are still remembered, newest
// first.
func (c *Core) History(key string) []GroupView { return c.Groups(GroupQuery{Key: key}) }

// Alerts returns the things whose labels (and `monitor`) match, sorted by
// monitor and labels, at most limit (0 = 1000).
func (c *Core) Alerts(ms []*labels.Matcher, limit int) []AlertView {
	def(&limit, 1000)
	var found []*alert
	for _, a := range c.alerts {
		if a.matches(ms) {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b *alert) int {
		return cmp.Or(cmp.Compare(a.Event.Monitor, b.Event.Monitor), labels.Compare(a.Event.Labels, b.Event.Labels))
	})
	views := make([]AlertView, 0, min(len(found), limit))
	for _, a := range found[:min(len(found), limit)] {
		views = append(views, AlertView{Event: a.Event, Status: a.Status, Counts: a.Counts, Pending: a.PendingDue != 0,
			Flapping: a.Flapping, SuppressedBy: slices.Clone(a.SuppressedBy), Group: a.Group, Repeats: a.Repeats})
	}
	return views
}

// Suppressions returns every suppression known, sorted by id.
func (c *Core) Suppressions() []SuppressionView {
	views := make([]SuppressionView, 0, len(c.supps))
	for _, id := range sortedKeys(c.supps) {
		v, _ := c.Suppression(id)
		views = append(views, v)
	}
	return views
}

// Suppression returns one suppression with what it muted.
func (c *Core) Suppression(id string) (SuppressionView, bool) {
	s := c.supps[id]
	if s == nil {
		return SuppressionView{}, false
	}
	return SuppressionView{s.Suppression, s.State, s.EndedBy, slices.Clone(s.MutedList), s.MutedTotal}, true
}

// counters are the counts that live in the state.
type counters struct {
	Verdicts      map[string]uint64 `json:"verdicts"`
	Refusals      map[string]uint64 `json:"refusals"`
	Notifications uint64            `json:"notifications"`
	Delivered     uint64            `json:"delivered"`
	Undelivered   uint64            `json:"undelivered"`
	ClockJumps    uint64            `json:"clock_jumps"`
}

func newCounters() counters {
	return counters{Verdicts: map[string]uint64{}, Refusals: map[string]uint64{}}
}

// Stats returns the counters.
func (c *Core) Stats() Stats {
	s := Stats{Seq: c.seq, Alerts: len(c.alerts), OpenGroups: c.open, Suppressions: len(c.supps) - len(c.ended),
		Outbox: len(c.outbox.byID), Verdicts: maps.Clone(c.stats.Verdicts), Refusals: maps.Clone(c.stats.Refusals),
		Notifications: c.stats.Notifications, Delivered: c.stats.Delivered, Undelivered: c.stats.Undelivered, ClockJumps: c.stats.ClockJumps}
	for _, a := range c.alerts {
		if a.Counts == Unhealthy {
			s.Unhealthy++
		}
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
