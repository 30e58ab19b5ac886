package alerting

// This file is everything that can happen to the core. An Input is what the
// log records; its JSON is the payload format of the journal.

import "github.com/prometheus/prometheus/model/labels"

// Input is one entry of the log. Exactly one of the pointers is set; with none
// set it is a tick, which only lets time pass.
type Input struct {
	Seq uint64 `json:"-"` // Position in the log, from 1, consecutive. Set by the log.
	At  int64  `json:"-"` // Logged time, Unix milliseconds. Set by the log.

	Event     *Event       `json:"event,omitempty"`
	Suppress  *Suppression `json:"suppress,omitempty"`  // Create, or replace by id.
	Expire    *Expire      `json:"expire,omitempty"`    // End a suppression now.
	Act       *Act         `json:"act,omitempty"`       // A person (or bot) acts on a group.
	Delivered *Delivered   `json:"delivered,omitempty"` // Reports on notifications handed out.
	Inventory *Inventory   `json:"inventory,omitempty"` // Replaces the list of known things.
	Config    *Config      `json:"config,omitempty"`    // Replaces the configuration.
}

// Expire ends a suppression before its time.
type Expire struct {
	ID string `json:"id"`
	By string `json:"by,omitempty"`
}

// Verb is what a person does to a group.
type Verb string

// The verbs of Act.
const (
	Ack     Verb = "ack"    // I am on it: updates are held until Until; a first HIGH member and the resolution are not.
	Unack   Verb = "unack"  // Nobody is on it.
	Assign  Verb = "assign" // Owner becomes the owner.
	AddNote Verb = "note"   // Text is kept with the group.
	Close   Verb = "close"  // Closes the group with an Outcome.
)

// Outcome is the feedback given when a group is closed by a person.
type Outcome string

// The outcomes of a closed group.
const (
	Actionable Outcome = "actionable"
	FalseAlarm Outcome = "false"
	Duplicate  Outcome = "duplicate"
	Known      Outcome = "known"
)

// Act is a human action on a group.
type Act struct {
	Verb    Verb    `json:"verb"`
	Group   string  `json:"group"`           // Group id.
	By      string  `json:"by"`              // Who acts. Required.
	Owner   string  `json:"owner,omitempty"` // For Assign.
	Text    string  `json:"text,omitempty"`
	Until   int64   `json:"until,omitempty"`   // For Ack, Unix milliseconds; 0 = Config.AckExpiry from now.
	Outcome Outcome `json:"outcome,omitempty"` // For Close. Required there.
}

// Delivered takes notifications out of the outbox: what was sent, and what was
// given up.
type Delivered struct {
	Sent   []string          `json:"sent,omitempty"`
	Failed map[string]string `json:"failed,omitempty"` // Notification id to reason.
}

// Inventory lists the monitored things the service knows of, for the world
// guard. Things that sent events are known without being listed.
type Inventory struct {
	Things []Thing `json:"things"`
}

// Thing is one monitored thing: a monitor and the labels that tell its
// instances apart.
type Thing struct {
	Monitor string        `json:"monitor"`
	Labels  labels.Labels `json:"labels"`
}
