package alerting

// This file is templates: ${alert.x} and ${context.y}, and nothing else. No
// logic, so a template cannot fail at three in the morning: what it names is
// checked when the event comes in.

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// alertFields are the names ${alert.x} knows besides the event's labels.
var alertFields = []string{"channel", "id", "monitor", "observed_at", "priority", "since", "source", "status", "ticket_queue", "valid_until"}

// variable is one ${space.name}.
type variable struct{ space, name string }

// expand replaces every variable of s by what lookup returns and collects the
// ones it does not know. "$${" stands for a literal "${".
func expand(s string, lookup func(variable) (string, bool)) (string, []variable, error) {
	if !strings.Contains(s, "${") {
		return s, nil, nil
	}
	var b strings.Builder
	var unknown []variable
	for {
		at := strings.Index(s, "${")
		if at < 0 {
			b.WriteString(s)
			return b.String(), unknown, nil
		}
		if at > 0 && s[at-1] == '$' {
			b.WriteString(s[:at-1])
			b.WriteString("${")
			s = s[at+2:]
			continue
		}
		b.WriteString(s[:at])
		end := strings.IndexByte(s[at:], '}')
		if end < 0 {
			return "", nil, fmt.Errorf("%q is not closed; write ${alert.name} or ${context.name}", clip(s[at:], 40))
		}
		v, err := readVariable(s[at+2 : at+end])
		if err != nil {
			return "", nil, err
		}
		if text, ok := lookup(v); ok {
			b.WriteString(text)
		} else {
			unknown = append(unknown, v)
		}
		s = s[at+end+1:]
	}
}

func readVariable(s string) (variable, error) {
	space, name, ok := strings.Cut(s, ".")
	if !ok || name == "" || strings.ContainsAny(name, " {}$\n\"") {
		return variable{}, fmt.Errorf("${%s} is not a variable; write ${alert.name} or ${context.name}", clip(s, 40))
	}
	if space != "alert" && space != "context" {
		return variable{}, fmt.Errorf("${%s}: unknown space %q; %s", clip(s, 40), clip(space, 40), suggest(space, []string{"alert", "context"}))
	}
	return variable{space, name}, nil
}

// lookup answers a variable from the event.
func (e *Event) lookup(v variable) (string, bool) {
	if v.space == "context" {
		s, ok := e.Context[v.name]
		return s, ok
	}
	switch v.name {
	case "channel":
		return e.Alerting.Channel, true
	case "id":
		return e.ID, true
	case "monitor":
		return e.Monitor, true
	case "observed_at":
		return clock(e.ObservedAt), true
	case "priority":
		return string(e.Priority), true
	case "since":
		return clock(e.Since), true
	case "source":
		return e.Source, true
	case "status":
		return string(e.Status), true
	case "ticket_queue":
		return e.Alerting.TicketQueue, true
	case "valid_until":
		return clock(e.ValidUntil), true
	}
	name := strings.TrimPrefix(v.name, "labels.")
	return e.Labels.Get(name), e.Labels.Has(name)
}

// unknownError says which names the event does offer.
func (e *Event) unknownError(v variable) error {
	var have []string
	if v.space == "context" {
		for k := range e.Context {
			have = append(have, k)
		}
	} else {
		have = slices.Clone(alertFields)
		for name := range e.Labels.Map() {
			have = append(have, name)
		}
	}
	slices.Sort(have)
	return fmt.Errorf("unknown variable ${%s.%s}; %s", v.space, v.name, suggest(v.name, have))
}

// checkTemplate reports every variable of s that the event does not offer.
func (e *Event) checkTemplate(s string) error {
	_, unknown, err := expand(s, e.lookup)
	if err != nil {
		return err
	}
	var errs []error
	for _, v := range unknown {
		errs = append(errs, e.unknownError(v))
	}
	return errors.Join(errs...)
}

// text expands s; what is unknown becomes empty (it was refused on the way in).
func (e *Event) text(s string) string {
	out, _, err := expand(s, e.lookup)
	if err != nil {
		return s
	}
	return out
}

// checkKey checks a group key as far as it can be without an event: its form.
func checkKey(k string) error {
	if k == "" {
		return errors.New("it is empty; name a label, a field or a template")
	}
	if !strings.Contains(k, "${") && strings.ContainsAny(k, "$ {}\n\"") {
		return errors.New("it is neither a bare name nor a template; write service or ${alert.service}")
	}
	_, _, err := expand(k, func(variable) (string, bool) { return "", true })
	return err
}

// keyPart returns the text of one group key for the event. A bare name may be
// absent; so may a template of the configuration, which knows nothing of the
// labels a source will send.
func (e *Event) keyPart(k string) string {
	if strings.Contains(k, "${") {
		return e.text(k)
	}
	if s, ok := e.lookup(variable{"alert", k}); ok {
		return s
	}
	return e.Context[k]
}

// groupKey is the key under which the event is grouped, readable and exact:
// name="value" parts separated by commas.
func (e *Event) groupKey(defaults []string) string {
	keys := e.Grouping.Keys
	if len(keys) == 0 {
		keys = defaults
	}
	b := make([]byte, 0, 96)
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, k...)
		b = append(b, '=')
		b = strconv.AppendQuote(b, e.keyPart(k))
	}
	return string(b)
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}

// escapeTemplate makes s stand for itself in a template.
func escapeTemplate(s string) string { return strings.ReplaceAll(s, "${", "$${") }
