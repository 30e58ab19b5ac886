package alerting

// This file is the questions people ask of the state. No query changes it.

import "github.com/prometheus/prometheus/model/labels"

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
	ClockJumps    uint64            `json:"clock_jumps"` // Logged times that went back, or forward by more than MaxStep.
}

// Groups returns the selected groups, newest first.
func (c *Core) Groups(q GroupQuery) []GroupView { return nil }

// Group returns one group by id.
func (c *Core) Group(id string) (GroupView, bool) { return GroupView{}, false }

// Alerts returns the things whose labels (and `monitor`) match, sorted by
// monitor and labels, at most limit (0 = 1000).
func (c *Core) Alerts(ms []*labels.Matcher, limit int) []AlertView { return nil }

// History returns the groups of a group key, newest first.
func (c *Core) History(key string) []GroupView { return nil }

// Suppressions returns every suppression known, by id.
func (c *Core) Suppressions() []SuppressionView { return nil }

// Suppression returns one suppression with what it muted.
func (c *Core) Suppression(id string) (SuppressionView, bool) { return SuppressionView{}, false }

// Preview says what a suppression would do.
func (c *Core) Preview(s Suppression) (Preview, error) { return Preview{}, errNotBuilt }

// Outbox returns the notifications not yet reported delivered or given up,
// oldest first.
func (c *Core) Outbox() []Notification { return nil }

// Explain returns the traces of an event, transition, notification, group or
// suppression id, oldest first, as text.
func (c *Core) Explain(id string) string { return "" }

// Stats returns the counters.
func (c *Core) Stats() Stats { return Stats{} }

// Snapshot returns the whole state as bytes; equal states give equal bytes.
func (c *Core) Snapshot() []byte { return nil }

// StateHash returns the SHA-256 of Snapshot.
func (c *Core) StateHash() [32]byte { return [32]byte{} }

// Restore rebuilds a core from a snapshot.
func Restore(snapshot []byte) (*Core, error) { return nil, errNotBuilt }

// Defaults returns the event with every default filled in that does not depend
// on the configuration: priority, times (at, Unix milliseconds) and id.
func (e Event) Defaults(at int64) Event { return e }

// Validate reports everything that is wrong with the event, joined.
func (e *Event) Validate() error { return nil }

func checkKey(string) error { return nil }
func compareStrings(a, b string) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}
