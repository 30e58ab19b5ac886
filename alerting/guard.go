package alerting

// This file is what a suppression must be before it may mute anything, and the
// world guard: nobody mutes everything by a slip of the finger.

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
)

// probes are texts no label of one target has in common: an expression that
// matches them all says nothing.
var probes = []string{"zq7 \u00e9#", "0", "A-b_c.d", "x\ny"}

// saysSomething reports whether a matcher narrows the target: it demands a
// label, and not just any value of it.
func saysSomething(m *labels.Matcher) bool {
	switch m.Type {
	case labels.MatchEqual:
		return m.Value != ""
	case labels.MatchRegexp:
		return !m.Matches("") && !(m.Matches(probes[0]) && m.Matches(probes[1]) && m.Matches(probes[2]))
	}
	return false
}

// compile checks a suppression and reads its targets; all errors at once.
func (c *Core) compile(s Suppression) (*suppression, error) {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if s.Start == 0 {
		s.Start = c.wall
	}
	switch {
	case s.End == 0:
		bad("no end: say when it ends; one that should last is a change of the rule, not a suppression")
	case s.End <= s.Start || s.End <= c.wall:
		bad("its end %s is not after its start %s and now %s", clock(s.End), clock(s.Start), clock(c.wall))
	case s.End-s.Start > c.cfg.MaxMute:
		bad("it lasts %s, at most %s is allowed; renew it or fix the rule", span(s.End-s.Start), span(c.cfg.MaxMute))
	}
	if s.Start < 0 {
		bad("its start %d is not a time", s.Start)
	}
	n := len(s.ID) + len(s.Description) + len(s.CreatedBy)
	for k, v := range s.Metadata {
		n += len(k) + len(v)
	}
	for _, t := range s.Targets {
		n += len(t)
	}
	if n > c.cfg.Limits.EventBytes {
		bad("it holds %d bytes of text, at most %d", n, c.cfg.Limits.EventBytes)
	}
	if len(s.Targets) == 0 {
		bad("no target: name what it mutes, for example service=\"cart\"")
	}
	if len(s.Targets) > c.cfg.Limits.Targets {
		bad("%d targets, at most %d", len(s.Targets), c.cfg.Limits.Targets)
	}
	sup := &suppression{Suppression: s}
	targets, err := readTargets(s, sup)
	if err != nil {
		errs = append(errs, err)
	}
	sup.targets = targets
	if len(errs) > 0 {
		return nil, fmt.Errorf("cannot make suppression %q: %w", clip(s.ID, 80), errors.Join(errs...))
	}
	return sup, nil
}

// readTargets reads the matcher lists of a suppression.
func readTargets(s Suppression, owner *suppression) ([]*target, error) {
	var errs []error
	var out []*target
	for i, text := range s.Targets {
		ms, err := metric.ParseMatchers(text)
		if err == nil && !slices.ContainsFunc(ms, saysSomething) {
			err = fmt.Errorf("%q selects everything: at least one matcher must demand a value (.* and .+ count as absent, != and !~ alone too)", clip(text, 80))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("target %d: %w", i+1, err))
			continue
		}
		out = append(out, &target{owner: owner, matchers: ms})
	}
	return out, errors.Join(errs...)
}

// Preview says what a suppression would do, by the code that makes it. The
// error says why it would be refused whether or not it is confirmed.
func (c *Core) Preview(s Suppression) (Preview, error) {
	sup, err := c.compile(s)
	if err != nil {
		return Preview{}, err
	}
	return c.survey(sup), nil
}

// survey counts what the suppression matches among everything known.
func (c *Core) survey(s *suppression) Preview {
	p := Preview{Listed: []Thing{}, Services: []string{}}
	services := map[string]struct{}{}
	var keys []string
	see := func(key, monitor string, ls labels.Labels) bool {
		p.Known++
		if !s.matches(monitor, ls) {
			return false
		}
		p.Matched++
		keys = append(keys, key)
		if v := ls.Get("service"); v != "" {
			services[v] = struct{}{}
		}
		return true
	}
	for key, a := range c.alerts {
		if a.Event.Monitor == FlapMonitor {
			continue // The core's own word about a thing is not another thing.
		}
		if see(key, a.Event.Monitor, a.Event.Labels) && a.Counts == Unhealthy {
			p.Unhealthy++
		}
	}
	for key, t := range c.inventory {
		if c.alerts[key] == nil {
			see(key, t.Monitor, t.Labels)
		}
	}
	for v := range services {
		p.Services = append(p.Services, v)
	}
	slices.Sort(p.Services)
	slices.Sort(keys)
	for _, key := range keys[:min(len(keys), c.cfg.Limits.Matched)] {
		if a := c.alerts[key]; a != nil {
			p.Listed = append(p.Listed, Thing{a.Event.Monitor, a.Event.Labels})
		} else {
			p.Listed = append(p.Listed, c.inventory[key])
		}
	}
	p.Guard = c.guard(p)
	return p
}

// guard says why the world guard would refuse, or nothing.
func (c *Core) guard(p Preview) string {
	g := c.cfg.Guard
	var why []string
	if allowed := max(1, int(g.MaxShare*float64(p.Known))); p.Matched > allowed {
		why = append(why, fmt.Sprintf("it mutes %d of %d known things (%.1f %%), at most %d (%.0f %%) pass unconfirmed",
			p.Matched, p.Known, 100*float64(p.Matched)/float64(p.Known), allowed, 100*g.MaxShare))
	}
	if n := len(p.Services); n > g.MaxServices {
		why = append(why, fmt.Sprintf("it mutes %d services, at most %d pass unconfirmed", n, g.MaxServices))
	}
	return strings.Join(why, "; ")
}

func guardError(id, why string) error {
	return fmt.Errorf("cannot make suppression %q: world guard: %s; narrow its targets, or look at the preview and send it with confirmed", clip(id, 80), why)
}
