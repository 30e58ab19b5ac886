package custom

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/bellwether-ts/bellwether/detect"
)

// Account says how the last sample of a series was judged: what the expressions
// read, what they gave, what they cost. It is part of the trace, in its notes.
type Account struct {
	Detector   string  `json:"detector"`
	Version    int     `json:"version"`
	Expression string  `json:"expression"` // Of the score or evidence.
	Gave       float64 `json:"gave"`
	Inputs     []Named `json:"inputs"`
	Before     []Named `json:"before"` // The state expressions saw.
	After      []Named `json:"after"`
	Cost       uint64  `json:"cost"`
	Reason     string  `json:"reason"` // Of the last anomaly.
	NotJudged  string  `json:"not_judged"`
}

// Named is a value by its name, as an expression would write it.
type Named struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Account returns the account of the last sample.
func (s *Series) Account() Account {
	a := Account{
		Detector: s.d.name, Version: s.d.version, Expression: s.d.judge.source, Gave: s.last.raw,
		Cost: s.last.cost, Reason: s.last.reason, NotJudged: s.last.why,
		Before: named(s.d, s.in.state), After: named(s.d, s.state),
	}
	if s.in.n == 0 {
		return a
	}
	a.Inputs = []Named{{"value", short(s.in.value)}, {"step", short(s.in.step)}, {"n", short(s.in.n)}}
	if w := s.in.window.x; len(w) > 0 {
		a.Inputs = append(a.Inputs, Named{"window", value{kind: kindNumbers, numbers: w}.String()})
	}
	for i, w := range s.d.with {
		a.Inputs = append(a.Inputs, Named{w.name, short(s.in.with[i])})
	}
	return a
}

func named(d *Detector, state []value) []Named {
	var out []Named
	for i, v := range state {
		out = append(out, Named{"state." + d.states[i].name, v.String()})
	}
	return out
}

// lines renders the account, one fact a line.
func (a Account) lines() []string {
	out := []string{fmt.Sprintf("detector %s, version %d: %s", a.Detector, a.Version, oneLine(a.Expression))}
	if a.Reason != "" {
		out = append(out, "reason: "+a.Reason)
	}
	if a.NotJudged != "" {
		out = append(out, "not judged: "+a.NotJudged)
	}
	if len(a.Inputs) == 0 {
		return out
	}
	out = append(out, fmt.Sprintf("read %s; gave %s at a cost of %s", pairs(a.Inputs), short(a.Gave), grouped(a.Cost)))
	if len(a.After) > 0 {
		out = append(out, fmt.Sprintf("remembered %s; now %s", pairs(a.Before), pairs(a.After)))
	}
	return out
}

func pairs(list []Named) string {
	parts := make([]string, len(list))
	for i, n := range list {
		parts[i] = n.Name + " " + n.Value
	}
	return strings.Join(parts, ", ")
}

// oneLine folds an expression over several lines.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// clean replaces what would break a line or a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
}

// Explain says why the last sample was judged the way it was.
func (s *Series) Explain() detect.Trace {
	t := s.judge.Explain()
	if s.stop != "" {
		t.Verdict = detect.VerdictStopped
	}
	t.Notes = append(s.Account().lines(), t.Notes...)
	return t
}
