package alerting

// This file is the noun: a suppression, what its preview says, and which ones
// are refused.

import "github.com/prometheus/prometheus/model/labels"

// Suppression mutes what its targets match between Start and End. A thing is
// muted if any target matches it; a target matches if all its matchers do.
// Besides labels, a matcher may name `monitor`.
type Suppression struct {
	ID          string            `json:"id"`
	Start       int64             `json:"start,omitempty"` // Unix milliseconds; 0 = now.
	End         int64             `json:"end"`             // Unix milliseconds. Required; at most Config.MaxMute after Start.
	Targets     []string          `json:"targets"`         // Each a matcher list: `service="cart",zone=~"eu-.*"`.
	Description string            `json:"description,omitempty"`
	CreatedBy   string            `json:"created_by,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Confirmed   bool              `json:"confirmed,omitempty"` // The preview was seen; the world guard lets it pass.
}

// SuppressionState is where a suppression is in its life.
type SuppressionState string

// The states of a suppression.
const (
	Scheduled SuppressionState = "scheduled"
	Active    SuppressionState = "active"
	Ended     SuppressionState = "ended"
)

// SuppressionView is a suppression with what it did.
type SuppressionView struct {
	Suppression
	State      SuppressionState `json:"state"`
	EndedBy    string           `json:"ended_by,omitempty"`
	Muted      []MutedEvent     `json:"muted"`       // The latest Limits.Muted of them, oldest first.
	MutedTotal uint64           `json:"muted_total"` // All of them.
}

// MutedEvent is one event nobody heard of because of a suppression.
type MutedEvent struct {
	Event    string        `json:"event"`
	Monitor  string        `json:"monitor"`
	Labels   labels.Labels `json:"labels"`
	Priority Priority      `json:"priority"`
	At       int64         `json:"at"` // When it was muted, Unix milliseconds.
}

// Preview is what a suppression would do, found by the same code that creates
// it.
type Preview struct {
	Known     int      `json:"known"`           // Monitored things known: inventory and those that sent events.
	Matched   int      `json:"matched"`         // Of these, how many it would mute.
	Unhealthy int      `json:"unhealthy"`       // Of these, how many are unhealthy now.
	Services  []string `json:"services"`        // Distinct values of label "service" among the matched, sorted.
	Listed    []Thing  `json:"listed"`          // The first Limits.Matched of the matched.
	Guard     string   `json:"guard,omitempty"` // Why the world guard refuses it unconfirmed; empty = it does not.
}
