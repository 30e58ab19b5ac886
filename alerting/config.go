package alerting

// This file is what an operator may decide. Every field has a default that
// works; Config travels through the log, so a replay decides as the live run did.

import (
	"errors"
	"fmt"
	"slices"

	"github.com/bellwether-ts/bellwether/metric"
)

// Config holds the policies and limits of a Core. Durations are milliseconds.
// The zero value of a field means its default (see DefaultConfig).
type Config struct {
	MinAgeHigh int64 `json:"min_age_high_ms,omitempty"` // HIGH must be unhealthy this long before it counts; default 0.
	MinAgeLow  int64 `json:"min_age_low_ms,omitempty"`  // The same for LOW; default 2 min; -1 = none.
	Flap       Flap  `json:"flap,omitzero"`

	GroupKeys   []string `json:"group_keys,omitempty"`      // Default monitor, service, region.
	GroupWindow int64    `json:"group_window_ms,omitempty"` // Default 30 min.
	CloseAfter  int64    `json:"close_after_ms,omitempty"`  // All healthy this long closes a group; default 5 min.

	LowWait    int64   `json:"low_wait_ms,omitempty"`    // LOW members are collected this long; default 30 s.
	UpdateGaps []int64 `json:"update_gaps_ms,omitempty"` // Least gap before the 1st, 2nd, ... update; the last repeats. Default 15 s, 1 min, 5 min.

	Routes          []Route `json:"routes,omitempty"`           // First match wins.
	DefaultReceiver string  `json:"default_receiver,omitempty"` // Where no route and no channel says otherwise; default "log".
	TicketReceiver  string  `json:"ticket_receiver,omitempty"`  // Who takes tickets; default DefaultReceiver.

	Guard     Guard `json:"guard,omitzero"`
	MaxMute   int64 `json:"max_mute_ms,omitempty"`       // Longest suppression; default 7 days.
	Forget    int64 `json:"forget_ms,omitempty"`         // A healthy thing not heard of this long is forgotten; default 24 h.
	MaxStep   int64 `json:"max_clock_step_ms,omitempty"` // See Core.Apply; default 1 min.
	AckExpiry int64 `json:"ack_expiry_ms,omitempty"`     // Default life of an acknowledgement; default 8 h.

	Limits Limits `json:"limits,omitzero"`
}

// Flap says when a thing counts as flapping: Switches changes of status within
// Window. It then stays held until Hold passes without a change.
type Flap struct {
	Off      bool  `json:"off,omitempty"`
	Switches int   `json:"switches,omitempty"`  // Default 10.
	Window   int64 `json:"window_ms,omitempty"` // Default 1 h.
	Hold     int64 `json:"hold_ms,omitempty"`   // Default 30 min.
}

// Route sends what Match selects to Receivers.
type Route struct {
	Match     string   `json:"match"` // A selector over labels, monitor, source and priority, `team="payments",priority="HIGH"`; empty matches all.
	Receivers []string `json:"receivers"`
}

// Guard is the world guard: a suppression that would mute more than this is
// refused unless confirmed.
type Guard struct {
	MaxShare    float64 `json:"max_share,omitempty"`    // Of known monitored things, in (0,1]; default 0.10. One thing is always allowed.
	MaxServices int     `json:"max_services,omitempty"` // Distinct values of the label "service"; default 5.
}

// Limits bound the state. What is refused is counted by reason in Stats.
type Limits struct {
	Alerts       int `json:"alerts,omitempty"`       // Monitored things known; default 200,000.
	Groups       int `json:"groups,omitempty"`       // Open groups; default 50,000.
	Suppressions int `json:"suppressions,omitempty"` // Scheduled and active; default 10,000.
	Members      int `json:"members,omitempty"`      // Members listed in a notification or group view; default 100.
	Muted        int `json:"muted,omitempty"`        // Events listed per suppression; default 1,000.
	History      int `json:"history,omitempty"`      // Closed groups kept; default 5,000.
	Decisions    int `json:"decisions,omitempty"`    // Traces kept for Explain; default 20,000.
	Outbox       int `json:"outbox,omitempty"`       // Notifications awaiting a delivery report; default 20,000.
	Inventory    int `json:"inventory,omitempty"`    // Things in the inventory; default 200,000.
	Notes        int `json:"notes,omitempty"`        // Human actions kept per group; default 100.
	EventBytes   int `json:"event_bytes,omitempty"`  // Text of one event, all fields; default 64 KiB.
	EventLabels  int `json:"event_labels,omitempty"` // Labels, and context entries, of one event; default 64.
	Ended        int `json:"ended,omitempty"`        // Ended suppressions kept for look-up; default 1,000.
	Targets      int `json:"targets,omitempty"`      // Targets per suppression; default 100.
	Matched      int `json:"matched,omitempty"`      // Things listed in a preview; default 100.
}

// DefaultConfig returns the configuration in force when nothing is set.
func DefaultConfig() Config { return Config{}.withDefaults() }

// Filled returns the configuration with every default written out.
func (c Config) Filled() Config { return c.withDefaults() }

func (c Config) withDefaults() Config {
	def(&c.MinAgeLow, 2*Minute)
	def(&c.Flap.Switches, 10)
	def(&c.Flap.Window, Hour)
	def(&c.Flap.Hold, 30*Minute)
	if len(c.GroupKeys) == 0 {
		c.GroupKeys = []string{"monitor", "service", "region"}
	}
	def(&c.GroupWindow, 30*Minute)
	def(&c.CloseAfter, 5*Minute)
	def(&c.LowWait, 30*Second)
	if len(c.UpdateGaps) == 0 {
		c.UpdateGaps = []int64{15 * Second, Minute, 5 * Minute}
	}
	def(&c.DefaultReceiver, "log")
	def(&c.TicketReceiver, c.DefaultReceiver)
	def(&c.Guard.MaxShare, 0.10)
	def(&c.Guard.MaxServices, 5)
	def(&c.MaxMute, 7*Day)
	def(&c.Forget, Day)
	def(&c.MaxStep, Minute)
	def(&c.AckExpiry, 8*Hour)
	l := &c.Limits
	def(&l.Alerts, 200_000)
	def(&l.Groups, 50_000)
	def(&l.Suppressions, 10_000)
	def(&l.Members, 100)
	def(&l.Muted, 1000)
	def(&l.History, 5000)
	def(&l.Decisions, 20_000)
	def(&l.Outbox, 20_000)
	def(&l.Inventory, 200_000)
	def(&l.Notes, 100)
	def(&l.EventBytes, 64<<10)
	def(&l.EventLabels, 64)
	def(&l.Ended, 1000)
	def(&l.Targets, 100)
	def(&l.Matched, 100)
	return c
}

// def sets *v to d where it is the zero value.
func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Validate reports everything that is wrong with the configuration, joined.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for name, v := range map[string]int64{
		"min_age_high_ms": c.MinAgeHigh, "flap.window_ms": c.Flap.Window, "flap.hold_ms": c.Flap.Hold,
		"group_window_ms": c.GroupWindow, "close_after_ms": c.CloseAfter, "low_wait_ms": c.LowWait,
		"max_mute_ms": c.MaxMute, "forget_ms": c.Forget, "max_clock_step_ms": c.MaxStep, "ack_expiry_ms": c.AckExpiry,
	} {
		if v < 0 || v > 366*Day {
			bad("cannot use %s %d: it must lie in 0..366 days, in milliseconds", name, v)
		}
	}
	for i, g := range c.UpdateGaps {
		if g < 0 || g > Day {
			bad("cannot use update_gaps_ms[%d] %d: it must lie in 0..24 h, in milliseconds", i, g)
		}
	}
	if c.Flap.Switches < 2 || c.Flap.Switches > 1000 {
		bad("cannot use flap.switches %d: it must lie in 2..1000", c.Flap.Switches)
	}
	if c.Guard.MaxShare <= 0 || c.Guard.MaxShare > 1 {
		bad("cannot use guard.max_share %v: it is a share in (0,1]", c.Guard.MaxShare)
	}
	for _, k := range c.GroupKeys {
		if err := checkKey(k); err != nil {
			bad("cannot use group key %q: %w", k, err)
		}
	}
	for i, r := range c.Routes {
		if _, err := metric.ParseMatchers(r.Match); err != nil {
			bad("cannot use route %d: %w", i+1, err)
		}
		if len(r.Receivers) == 0 || slices.Contains(r.Receivers, "") {
			bad("cannot use route %d (%s): it names no receiver; list at least one", i+1, r.Match)
		}
	}
	l := c.Limits
	for _, v := range []int{l.Alerts, l.Groups, l.Suppressions, l.Members, l.Muted, l.History, l.Decisions, l.Outbox,
		l.Inventory, l.Notes, l.EventBytes, l.EventLabels, l.Ended, l.Targets, l.Matched} {
		if v < 1 {
			bad("cannot use limit %d: a limit is at least 1; leave it out for the default", v)
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return compareStrings(a.Error(), b.Error()) })
	return errors.Join(errs...)
}
