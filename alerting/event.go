package alerting

// This file is the unit of work: the event, which says that one monitored thing
// became (or still is) healthy or unhealthy.

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
)

// Durations in milliseconds, the unit of every duration in this package.
const (
	Second int64 = 1000
	Minute       = 60 * Second
	Hour         = 60 * Minute
	Day          = 24 * Hour
)

// SchemaVersion is the version of Event this package reads and writes.
const SchemaVersion = 1

// Status is the state of a monitored thing. There are exactly two.
type Status string

// The two statuses.
const (
	Healthy   Status = "HEALTHY"
	Unhealthy Status = "UNHEALTHY"
)

// Priority says how soon a person must look. There are exactly two.
type Priority string

// The two priorities: High may wake somebody, Low may not.
const (
	High Priority = "HIGH"
	Low  Priority = "LOW"
)

// Event is one statement by a source about one monitored thing. The thing is
// identified by Monitor and Labels together (not by Source: two replicas that
// see the same trouble make one alert).
//
// The zero value of every optional field means "use the default"; see Defaults.
type Event struct {
	SchemaVersion int    `json:"schema_version,omitempty"` // 0 is read as the current version.
	ID            string `json:"id,omitempty"`             // The sender's id; a content hash when empty.
	Source        string `json:"source,omitempty"`         // Who says so: "detect", "slo", "canary", a host.
	Monitor       string `json:"monitor"`                  // The check or rule. Required.

	Status   Status   `json:"status"`
	Priority Priority `json:"priority,omitempty"` // Default Low.

	Since      int64 `json:"since,omitempty"`       // Start of this status, Unix milliseconds; default ObservedAt.
	ObservedAt int64 `json:"observed_at,omitempty"` // When the source looked, Unix milliseconds; default the logged time.
	ValidUntil int64 `json:"valid_until,omitempty"` // Unhealthy lapses if not repeated by then; 0 = until resolved.

	Labels   labels.Labels     `json:"labels"`
	Context  map[string]string `json:"context,omitempty"`
	Message  string            `json:"message,omitempty"` // Markdown; may hold ${alert.x} and ${context.y}.
	Evidence *Evidence         `json:"evidence,omitempty"`
	Links    []Link            `json:"links,omitempty"`

	Filters  []Filter `json:"filters,omitempty"` // Overrides of the configured filters, by type.
	Grouping Grouping `json:"grouping,omitzero"`
	Alerting Alerting `json:"alerting,omitzero"`
}

// Evidence is what the source saw, for the reader of the alert. The core
// carries it and decides nothing by it.
type Evidence struct {
	Summary   string   `json:"summary,omitempty"`   // The source's own trace as text.
	Value     *Number  `json:"value,omitempty"`     // The observed value.
	Expected  *Number  `json:"expected,omitempty"`  // What was expected instead.
	P         *Number  `json:"p,omitempty"`         // p-value, in [0,1].
	Burn      *Number  `json:"burn,omitempty"`      // Error-budget burn rate, 1 = exactly on budget.
	Votes     []Vote   `json:"votes,omitempty"`     // Who voted for it.
	Series    []string `json:"series,omitempty"`    // The series involved, Prometheus notation.
	Sparkline []Number `json:"sparkline,omitempty"` // Recent values, oldest first.
}

// Vote is one member's part in a consensus.
type Vote struct {
	Name  string `json:"name"`
	P     Number `json:"p"`     // Calibrated p-value in [0,1].
	Share Number `json:"share"` // Share of the consensus evidence in [0,1].
}

// Number is a float64 that JSON can carry whole: NaN and the infinities are
// the strings "NaN", "+Inf" and "-Inf", as in Prometheus's API.
type Number float64

// Num returns a pointer to v as a Number, for the optional fields of Evidence.
func Num(v float64) *Number { n := Number(v); return &n }

// MarshalJSON writes a value that is not finite as a string.
func (n Number) MarshalJSON() ([]byte, error) {
	if v := float64(n); math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.AppendQuote(nil, strconv.FormatFloat(v, 'g', -1, 64)), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads what MarshalJSON writes; null inside a list is NaN.
func (n *Number) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "null", `"NaN"`:
		*n = Number(math.NaN())
	case `"+Inf"`:
		*n = Number(math.Inf(1))
	case `"-Inf"`:
		*n = Number(math.Inf(-1))
	default:
		return json.Unmarshal(b, (*float64)(n))
	}
	return nil
}

// Link is a place to look next.
type Link struct {
	Title string `json:"title,omitempty"`
	URL   string `json:"url"`
}

// Filter overrides one static filter for this event. Type is "min-age" (param
// "duration") or "flap" (params "switches", "window", "hold"; or "off" =
// "true"). Durations are written as Go durations, "90s".
type Filter struct {
	Type   string            `json:"type"`
	Params map[string]string `json:"params,omitempty"`
}

// Grouping says which incident the event belongs to.
type Grouping struct {
	// Keys are the parts of the group key. A bare name ("service") stands for
	// the field or label of that name and may be absent; anything with ${...}
	// is a template and must resolve. Default: Config.GroupKeys.
	Keys []string `json:"keys,omitempty"`
	// Window is how long after its last activity a group still takes members,
	// in milliseconds. Default: Config.GroupWindow.
	Window int64 `json:"window_ms,omitempty"`
}

// Alerting says where the event should be heard.
type Alerting struct {
	Channel     string `json:"channel,omitempty"`      // Name of a receiver. Default: by Config.Routes.
	TicketQueue string `json:"ticket_queue,omitempty"` // Queue for the ticket; empty = no ticket.
}
