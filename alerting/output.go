package alerting

// This file is everything the core can say: a transition of its state, a
// notification to send, a decision about an input.

import "github.com/prometheus/prometheus/model/labels"

// Output is one consequence of an input. Exactly one pointer is set.
type Output struct {
	Seq     uint64 `json:"seq"`     // The input that caused it.
	Ordinal uint32 `json:"ordinal"` // Its place among that input's outputs, from 0.
	At      int64  `json:"at"`      // Logged time, Unix milliseconds; for a timer, the moment it was due.

	Transition   *Transition   `json:"transition,omitempty"`
	Notification *Notification `json:"notification,omitempty"`
	Decision     *Decision     `json:"decision,omitempty"`
}

// TransitionKind names a change of state.
type TransitionKind string

// The transitions.
const (
	Fired             TransitionKind = "fired"        // A thing counts as unhealthy (it passed the filters).
	Resolved          TransitionKind = "resolved"     // A thing counts as healthy again.
	Lapsed            TransitionKind = "lapsed"       // Unhealthy was not repeated by valid_until.
	Escalated         TransitionKind = "escalated"    // Priority rose to HIGH.
	Demoted           TransitionKind = "demoted"      // Priority fell to LOW.
	FlapStarted       TransitionKind = "flap_started" // The thing switches too often and is held.
	FlapEnded         TransitionKind = "flap_ended"   // It calmed down.
	Muted             TransitionKind = "muted"        // An unhealthy thing came under a suppression.
	Unmuted           TransitionKind = "unmuted"      // The last suppression over it ended.
	GroupOpened       TransitionKind = "group_opened"
	GroupJoined       TransitionKind = "group_joined"
	GroupQuiet        TransitionKind = "group_quiet" // All members healthy.
	GroupClosed       TransitionKind = "group_closed"
	GroupActed        TransitionKind = "group_acted" // Ack, assign, note.
	SuppressionMade   TransitionKind = "suppression_made"
	SuppressionBegan  TransitionKind = "suppression_began"
	SuppressionEnded  TransitionKind = "suppression_ended"
	ConfigChanged     TransitionKind = "config_changed"
	InventoryReplaced TransitionKind = "inventory_replaced"
)

// Transition is one change of state. Its ID is derived from the log (log id,
// seq, ordinal), so a replay gives the same ids.
type Transition struct {
	ID          string         `json:"id"`
	Kind        TransitionKind `json:"kind"`
	Event       string         `json:"event,omitempty"` // Event id.
	Monitor     string         `json:"monitor,omitempty"`
	Labels      labels.Labels  `json:"labels"`
	Status      Status         `json:"status,omitempty"`
	Priority    Priority       `json:"priority,omitempty"`
	Group       string         `json:"group,omitempty"`
	Suppression string         `json:"suppression,omitempty"`
	Text        string         `json:"text,omitempty"` // The reason, in words.
}

// Action is what a notification asks the receiver to do.
type Action string

// The actions.
const (
	Page   Action = "page"   // Wake somebody.
	Ticket Action = "ticket" // File it; during working hours.
	Notify Action = "notify" // Tell whoever looks.
)

// NotificationKind says what is told.
type NotificationKind string

// The kinds of notification.
const (
	Opened  NotificationKind = "opened"   // Unhealthy, first word of it.
	Update  NotificationKind = "update"   // Still unhealthy; members or priority changed.
	Cleared NotificationKind = "resolved" // Healthy again. Sent to whoever was told unhealthy.
	Handed  NotificationKind = "closed"   // A person closed the group while it was unhealthy.
)

// Notification is one message for one receiver. ID is the idempotency key:
// sending the same ID twice must have the effect of sending it once.
type Notification struct {
	ID          string           `json:"id"`
	Kind        NotificationKind `json:"kind"`
	Receiver    string           `json:"receiver"`
	Action      Action           `json:"action"`
	TicketQueue string           `json:"ticket_queue,omitempty"`
	At          int64            `json:"at"`

	Group    string        `json:"group"`
	GroupKey string        `json:"group_key"`
	Previous string        `json:"previous,omitempty"` // The group with the same key before this one.
	Status   Status        `json:"status"`
	Priority Priority      `json:"priority"`
	Since    int64         `json:"since"`  // When the group opened, Unix milliseconds.
	Labels   labels.Labels `json:"labels"` // Labels all members share.

	Title string `json:"title"` // One sentence.
	Text  string `json:"text"`  // Markdown.
	Why   string `json:"why"`   // The rule that sent it now.

	Unhealthy int      `json:"unhealthy"` // Members unhealthy and not muted.
	Muted     int      `json:"muted"`     // Members unhealthy and muted.
	Total     int      `json:"total"`     // All members.
	Members   []Member `json:"members"`   // At most Limits.Members of them, unhealthy first.
}

// Member is one thing in a group, as shown to people.
type Member struct {
	Event        string        `json:"event"` // Id of its last event.
	Monitor      string        `json:"monitor"`
	Labels       labels.Labels `json:"labels"`
	Status       Status        `json:"status"`
	Priority     Priority      `json:"priority"`
	Since        int64         `json:"since"` // Unix milliseconds.
	SuppressedBy []string      `json:"suppressed_by,omitempty"`
	Message      string        `json:"message,omitempty"` // Templates expanded.
	Links        []Link        `json:"links,omitempty"`
	Evidence     *Evidence     `json:"evidence,omitempty"`
}

// Verdict is what became of an input.
type Verdict string

// The verdicts.
const (
	Refused   Verdict = "refused"     // Malformed, or a limit was reached. Counted by reason.
	Repeated  Verdict = "repeated"    // Nothing new; the lease was extended.
	Redeliver Verdict = "redelivered" // An event that was superseded came once more.
	Refreshed Verdict = "refreshed"   // Same status, new content.
	NoChange  Verdict = "no-change"   // Healthy, and nothing unhealthy was known.
	Pending   Verdict = "pending"     // Unhealthy, waiting for its minimum age.
	Held      Verdict = "held"        // The thing is flapping.
	MutedV    Verdict = "muted"       // Unhealthy and suppressed.
	Grouped   Verdict = "grouped"     // In a group; a notification follows later.
	Told      Verdict = "told"        // A notification went out.
	Accepted  Verdict = "accepted"    // Done; nobody needed to hear of it.
)

// Decision is the trace of one input or timer.
type Decision struct {
	Event   string  `json:"event,omitempty"` // Event id, or suppression or group id.
	Verdict Verdict `json:"verdict"`
	Timer   bool    `json:"timer,omitempty"` // Made because time passed, not for the input itself.
	Trace   Trace   `json:"trace"`
}
