package sim

// A scenario file says what happens to the company beyond its routine: one
// statement a line, the format of scenario/README.md. Mistakes come back all at
// once, each with its line.

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

const maxScenarioBytes = 1 << 20

// ParseScenario reads a scenario file (see scenario/README.md), or returns every
// mistake with its line.
func ParseScenario(text []byte) (Scenario, error) {
	p := scenarioParser{out: Scenario{History: 7 * day}}
	if len(text) > maxScenarioBytes {
		return Scenario{}, fmt.Errorf("cannot read scenario: %d bytes are more than %d", len(text), maxScenarioBytes)
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines { // The history first: negative instants count from its end.
		if f := strings.Fields(line); len(f) > 0 && f[0] == "history" {
			p.line = i + 1
			p.history(f[1:])
		}
	}
	for i, line := range lines {
		p.line = i + 1
		p.statement(line)
	}
	p.line = 0
	p.whole()
	if len(p.errs) > 0 {
		return Scenario{}, errors.Join(p.errs...)
	}
	return p.out, nil
}

type scenarioParser struct {
	out  Scenario
	line int
	errs []error
	args map[string]string // Of the statement being read; taken out as they are used.
}

func (p *scenarioParser) fail(format string, args ...any) {
	if len(p.errs) < 100 {
		p.errs = append(p.errs, fmt.Errorf("line %d: cannot read scenario: %w", p.line, fmt.Errorf(format, args...)))
	}
}

func (p *scenarioParser) history(args []string) {
	if len(args) != 1 {
		p.fail("history takes one duration, for example 7d")
		return
	}
	d, err := parseSpan(args[0])
	if err != nil || d < hour || d > 400*day {
		p.fail("history %q is not a duration from 1h to 400d", args[0])
		return
	}
	p.out.History = d
}

// statement reads one line.
func (p *scenarioParser) statement(line string) {
	line, _, _ = strings.Cut(line, "#")
	f := strings.Fields(line)
	if len(f) == 0 || f[0] == "history" {
		return
	}
	verb, rest := f[0], f[1:]
	switch verb {
	case "name":
		p.out.Name = strings.Join(rest, " ")
		return
	case "say":
		p.out.Text = strings.TrimSpace(p.out.Text + " " + strings.Join(rest, " "))
		return
	case "deploy", "canary", "pool", "surge":
	default:
		p.fail("unknown statement %q; there are name, say, history, deploy, canary, pool, surge", verb)
		return
	}
	if len(rest) == 0 {
		p.fail("%s needs a subject, for example: %s checkout at=-25m", verb, verb)
		return
	}
	p.arguments(rest[1:])
	switch verb {
	case "deploy":
		p.out.Deploys = append(p.out.Deploys, DeployLine{p.service(rest[0]), p.instant(), p.word("version", ""), p.track()})
	case "canary":
		p.out.Canaries = append(p.out.Canaries, CanaryFault{p.service(rest[0]), p.instant(), p.span("for", 0), p.span("ramp", minute),
			p.number("errors", 0, 1, 0), p.number("latency", 1, 100, 1)})
	case "pool":
		p.out.Pools = append(p.out.Pools, PoolFault{p.database(rest[0]), p.instant(), p.span("for", 0), p.span("ramp", 2*minute),
			float64(p.span("wait", 400)) / 1000, p.span("lag", 40*second), p.number("errors", 0, 1, .05), p.number("latency", 1, 100, 2.5), p.number("fade", .01, 1, .7)})
	case "surge":
		p.out.Surges = append(p.out.Surges, Surge{p.service(rest[0]), p.instant(), p.span("for", 20*minute), p.number("factor", .01, 100, 1.5)})
	}
	for _, f := range rest[1:] {
		if key, _, _ := strings.Cut(f, "="); p.args[key] != "" {
			p.fail("%s takes no %q", verb, key)
			delete(p.args, key)
		}
	}
}

func (p *scenarioParser) arguments(fields []string) {
	p.args = map[string]string{}
	for _, f := range fields {
		key, value, ok := strings.Cut(f, "=")
		if !ok || value == "" || key == "" {
			p.fail("%q is not key=value", f)
			continue
		}
		if p.args[key] != "" {
			p.fail("%q is given twice", key)
		}
		p.args[key] = value
	}
}

func (p *scenarioParser) word(key, otherwise string) string {
	v, ok := p.args[key]
	delete(p.args, key)
	if ok {
		return v
	}
	if otherwise == "" {
		p.fail("%s= is missing", key)
	}
	return otherwise
}

func (p *scenarioParser) track() string {
	t := p.word("track", "stable")
	if t != "stable" && t != "canary" {
		p.fail("track %q is neither stable nor canary", t)
	}
	return t
}

func (p *scenarioParser) service(name string) string {
	if serviceIndex(name) < 0 {
		p.fail("there is no service %q; see the cast in cast.go", name)
	}
	return name
}

func (p *scenarioParser) database(name string) string {
	if databaseIndex(name) < 0 {
		p.fail("there is no database %q; there are orders-db, users-db and catalog-db", name)
	}
	return name
}

// instant reads at=: from the beginning of the history, or, negative, from its end.
func (p *scenarioParser) instant() int64 {
	text, ok := p.args["at"]
	delete(p.args, "at")
	if !ok {
		p.fail("at= is missing: 6d2h from the beginning of the history, -25m from its end")
		return 0
	}
	d, err := parseSpan(strings.TrimPrefix(text, "-"))
	if err != nil {
		p.fail("at: %w", err)
		return 0
	}
	if strings.HasPrefix(text, "-") {
		d = p.out.History - d
	}
	if d < 0 {
		p.fail("at=%s lies before the history", text)
		return 0
	}
	return d
}

func (p *scenarioParser) span(key string, otherwise int64) int64 {
	text, ok := p.args[key]
	delete(p.args, key)
	if !ok {
		return otherwise
	}
	d, err := parseSpan(text)
	if err != nil {
		p.fail("%s: %w", key, err)
	}
	return d
}

// number reads 0.08, 8% or 1.8x.
func (p *scenarioParser) number(key string, lo, hi, otherwise float64) float64 {
	text, ok := p.args[key]
	delete(p.args, key)
	if !ok {
		return otherwise
	}
	scale := 1.0
	if strings.HasSuffix(text, "%") {
		scale = 100
	}
	v, err := strconv.ParseFloat(strings.TrimRight(text, "%x"), 64)
	v /= scale
	if err != nil || math.IsNaN(v) || v < lo || v > hi {
		p.fail("%s=%s is not a number from %v to %v", key, text, lo, hi)
		return otherwise
	}
	return v
}

// whole checks what only the whole file can tell.
func (p *scenarioParser) whole() {
	for _, c := range p.out.Canaries {
		found := false
		for _, d := range p.out.Deploys {
			found = found || d.Service == c.Service && d.Track == "canary"
		}
		if !found {
			p.fail("canary %s has a fault but no deploy with track=canary", c.Service)
		}
	}
	seen := map[string]bool{}
	for _, d := range p.out.Deploys {
		if d.Track == "canary" && seen[d.Service] {
			p.fail("service %s has two canaries; one a scenario", d.Service)
		}
		seen[d.Service] = seen[d.Service] || d.Track == "canary"
	}
}

// parseSpan reads a duration of d, h, m, s and ms parts: 6d23h35m, 400ms.
func parseSpan(s string) (int64, error) {
	rest, total := s, int64(0)
	for rest != "" {
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		v, err := strconv.ParseInt(rest[:n], 10, 64)
		if err != nil || v > 1e9 {
			return 0, fmt.Errorf("%q is not a duration such as 6d2h, 90s or 400ms", s)
		}
		rest = rest[n:]
		unit := int64(0)
		for _, u := range []struct {
			name string
			ms   int64
		}{{"ms", 1}, {"s", second}, {"m", minute}, {"h", hour}, {"d", day}} {
			if strings.HasPrefix(rest, u.name) {
				unit, rest = u.ms, rest[len(u.name):]
				break
			}
		}
		if total += v * unit; unit == 0 || total > 1000*day {
			return 0, fmt.Errorf("%q is not a duration such as 6d2h, 90s or 400ms, up to 1000d", s)
		}
	}
	if s == "" {
		return 0, errors.New("a duration is missing")
	}
	return total, nil
}
