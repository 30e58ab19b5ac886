package alerting

// Stage 1, validate: a malformed event is refused with everything that is wrong
// with it, at once.

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
)

// Validate reports everything that is wrong with the event, joined. Sources
// call it before they send; the core calls it again.
func (e *Event) Validate() error {
	var errs []error
	if e.Status != Healthy && e.Status != Unhealthy {
		errs = append(errs, fmt.Errorf("unknown status %q: there are exactly two, HEALTHY and UNHEALTHY; map anything between to UNHEALTHY with priority LOW", clip(string(e.Status), 40)))
	}
	if e.Priority != High && e.Priority != Low && e.Priority != "" {
		errs = append(errs, fmt.Errorf("unknown priority %q: there are exactly two, HIGH and LOW", clip(string(e.Priority), 40)))
	}
	if e.SchemaVersion != 0 && e.SchemaVersion != SchemaVersion {
		errs = append(errs, fmt.Errorf("unknown schema_version %d: this version reads %d", e.SchemaVersion, SchemaVersion))
	}
	if e.Monitor == "" {
		errs = append(errs, errors.New("no monitor: name the check or rule that speaks"))
	}
	errs = e.validateTimes(errs)
	errs = e.validateText(errs)
	for _, f := range e.Filters {
		if _, err := f.apply(staticFilter{}); err != nil {
			errs = append(errs, err)
		}
	}
	if e.Grouping.Window < 0 || e.Grouping.Window > 366*Day {
		errs = append(errs, fmt.Errorf("grouping window %d is outside 0..366 days, in milliseconds", e.Grouping.Window))
	}
	for _, k := range e.Grouping.Keys {
		if err := checkKey(k); err != nil {
			errs = append(errs, fmt.Errorf("grouping key %q: %w", clip(k, 40), err))
		} else if err := e.checkTemplate(k); err != nil {
			errs = append(errs, fmt.Errorf("grouping key %q: %w", clip(k, 40), err))
		}
	}
	if err := e.checkTemplate(e.Message); err != nil {
		errs = append(errs, fmt.Errorf("message: %w", err))
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("cannot take event %q of monitor %q: %w", clip(e.ID, 80), clip(e.Monitor, 80), errors.Join(errs...))
}

func (e *Event) validateTimes(errs []error) []error {
	const last = int64(253402300799999) // 9999-12-31, what RFC 3339 can write.
	for i, t := range [...]int64{e.Since, e.ObservedAt, e.ValidUntil} {
		if t < 0 || t > last {
			name := [...]string{"since", "observed_at", "valid_until"}[i]
			errs = append(errs, fmt.Errorf("%s %d is not a time: Unix milliseconds, 0..%d", name, t, last))
		}
	}
	if e.ValidUntil != 0 && e.ObservedAt != 0 && e.ValidUntil <= e.ObservedAt {
		errs = append(errs, fmt.Errorf("valid_until %d is not after observed_at %d", e.ValidUntil, e.ObservedAt))
	}
	return errs
}

func (e *Event) validateText(errs []error) []error {
	utf := func(name, s string) {
		if !utf8.ValidString(s) {
			errs = append(errs, fmt.Errorf("%s is not UTF-8", name))
		}
	}
	utf("id", e.ID)
	utf("source", e.Source)
	utf("monitor", e.Monitor)
	utf("message", e.Message)
	utf("channel", e.Alerting.Channel)
	utf("ticket_queue", e.Alerting.TicketQueue)
	if name, dup := e.Labels.HasDuplicateLabelNames(); dup {
		errs = append(errs, fmt.Errorf("label %q is there twice", clip(name, 40)))
	}
	e.Labels.Range(func(l labels.Label) {
		if l.Value == "" {
			errs = append(errs, fmt.Errorf("label %q is empty, which is the same as absent: leave it out", clip(l.Name, 40)))
		}
		if l.Name == "" {
			errs = append(errs, fmt.Errorf("a label with value %q has no name", clip(l.Value, 40)))
		}
		utf("a label", l.Name)
		utf("a label", l.Value)
	})
	for k, v := range e.Context {
		utf("context", k)
		utf("context", v)
	}
	for _, k := range e.Grouping.Keys {
		utf("a grouping key", k)
	}
	for _, f := range e.Filters {
		utf("a filter", f.Type)
		for k, v := range f.Params {
			utf("a filter", k)
			utf("a filter", v)
		}
	}
	if v := e.Evidence; v != nil {
		utf("evidence", v.Summary)
		for _, s := range v.Series {
			utf("evidence", s)
		}
		for _, vote := range v.Votes {
			utf("evidence", vote.Name)
		}
	}
	for _, l := range e.Links {
		utf("a link", l.Title)
		utf("a link", l.URL)
		if l.URL == "" {
			errs = append(errs, fmt.Errorf("link %q has no url", clip(l.Title, 40)))
		}
	}
	return errs
}

// size is the text the event holds, in bytes.
func (e *Event) size() int {
	n := len(e.ID) + len(e.Source) + len(e.Monitor) + len(e.Message) + len(e.Alerting.Channel) + len(e.Alerting.TicketQueue)
	e.Labels.Range(func(l labels.Label) { n += len(l.Name) + len(l.Value) })
	for k, v := range e.Context {
		n += len(k) + len(v)
	}
	for _, l := range e.Links {
		n += len(l.Title) + len(l.URL)
	}
	for _, k := range e.Grouping.Keys {
		n += len(k)
	}
	for _, f := range e.Filters {
		n += len(f.Type)
		for k, v := range f.Params {
			n += len(k) + len(v)
		}
	}
	if v := e.Evidence; v != nil {
		n += len(v.Summary) + 8*len(v.Sparkline)
		for _, s := range v.Series {
			n += len(s)
		}
		for _, vote := range v.Votes {
			n += len(vote.Name) + 16
		}
	}
	return n
}

// withinLimits checks what only the configuration knows.
func (c *Core) withinLimits(e *Event) error {
	l := c.cfg.Limits
	if e.Monitor == FlapMonitor { // Made of another event: one label and one sentence more.
		l.EventLabels, l.EventBytes = l.EventLabels+1, 4*l.EventBytes+1024
	}
	if n := e.size(); n > l.EventBytes {
		return fmt.Errorf("cannot take event %q: %d bytes of text, at most %d; shorten message, context or evidence", clip(e.ID, 80), n, l.EventBytes)
	}
	if n := max(e.Labels.Len(), len(e.Context)); n > l.EventLabels {
		return fmt.Errorf("cannot take event %q: %d labels or context entries, at most %d", clip(e.ID, 80), n, l.EventLabels)
	}
	return nil
}

// staticFilter is the filter setting in force for one event.
type staticFilter struct {
	minAge int64 // Milliseconds.
	flap   Flap
}

// staticFilter returns the configured filters with the event's overrides.
func (c *Core) staticFilter(e *Event) staticFilter {
	s := staticFilter{minAge: c.cfg.MinAgeLow, flap: c.cfg.Flap}
	if e.Priority == High {
		s.minAge = c.cfg.MinAgeHigh
	}
	for _, f := range e.Filters {
		s, _ = f.apply(s) // Validated on the way in.
	}
	return s
}

// apply lays one override over the setting.
func (f Filter) apply(s staticFilter) (staticFilter, error) {
	var errs []error
	ms := func(name string, into *int64) {
		text, ok := f.Params[name]
		if !ok {
			return
		}
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 || d > 366*24*time.Hour {
			errs = append(errs, fmt.Errorf("filter %s: %s %q is not a duration like 90s or 2m", f.Type, name, clip(text, 40)))
			return
		}
		*into = d.Milliseconds()
	}
	known := []string{"hold", "off", "switches", "window"}
	switch f.Type {
	case "min-age":
		known = []string{"duration"}
		ms("duration", &s.minAge)
	case "flap":
		ms("window", &s.flap.Window)
		ms("hold", &s.flap.Hold)
		if text, ok := f.Params["switches"]; ok {
			n, err := strconv.Atoi(text)
			if err != nil || n < 2 || n > 1000 {
				errs = append(errs, fmt.Errorf("filter flap: switches %q is not a number in 2..1000", clip(text, 40)))
			}
			s.flap.Switches = n
		}
		s.flap.Off = f.Params["off"] == "true" || s.flap.Off && f.Params["off"] == ""
	default:
		return s, fmt.Errorf("unknown filter %q; %s", clip(f.Type, 40), suggest(f.Type, []string{"flap", "min-age"}))
	}
	for p := range f.Params {
		if !slices.Contains(known, p) {
			errs = append(errs, fmt.Errorf("filter %s: unknown parameter %q; %s", f.Type, clip(p, 40), suggest(p, known)))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return s, errors.Join(errs...)
}
