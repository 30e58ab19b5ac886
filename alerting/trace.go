package alerting

// This file is the trace: what each stage said about an input, and the one way
// to write it as text.

import (
	"fmt"
	"strings"
	"time"
)

// Trace answers "why was I (not) told" for one input or timer.
type Trace struct {
	Seq   uint64 `json:"seq"`
	At    int64  `json:"at"` // Unix milliseconds.
	What  string `json:"what"`
	Steps []Step `json:"steps"`
}

// Step is one stage's line.
type Step struct {
	Stage string `json:"stage"` // validate, dedup, filter, flap, suppress, group, route, notify, timer, act.
	Said  string `json:"said"`
}

// String renders the trace; this text is what tests compare, the command line
// prints and the page shows.
func (t Trace) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s seq %d: %s\n", clock(t.At), t.Seq, t.What)
	for _, s := range t.Steps {
		fmt.Fprintf(&b, "  %-9s %s\n", s.Stage, s.Said)
	}
	return b.String()
}

// clock writes Unix milliseconds as UTC.
func clock(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.000")
}

// span writes a duration in milliseconds as people say it.
func span(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
