package custom

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
)

// Detector is a compiled detector. It does not change and may be shared.
type Detector struct {
	name        string
	description string
	version     int
	match       string
	matchers    []*labels.Matcher
	window      int
	states      []stateDef
	with        []withSpec
	judge       *expression
	calibrated  bool // judge gives evidence, not a score.
	expected    *expression
	reason      *expression
	direction   detect.Direction
	slots       map[string]int // "state.x" to its place; a companion to -1-place.
}

type stateDef struct {
	name    string
	initial value
	next    *expression
}

// Parse reads and compiles the detectors of a file: YAML, one document each.
// file is used in errors only. The error is *Problems and lists everything that
// is wrong.
func Parse(file string, src []byte) ([]*Detector, error) {
	p := &Problems{File: file, lines: strings.Split(string(src), "\n")}
	if len(src) > maxFile {
		p.add(0, "%v", &LimitError{"length", uint64(len(src)), maxFile, "bytes", "is it the right file?"})
		return nil, p
	}
	var out []*Detector
	seen := map[string]bool{}
	specs := readSpecs(src, p)
	if len(specs) == 0 && len(p.List) == 0 {
		p.add(0, "there is no detector in it; `name`, `match` and `score` or `evidence` make one")
	}
	if len(specs) > MaxDetectors {
		p.add(specs[MaxDetectors].line, "%v", &LimitError{"number of detectors", uint64(len(specs)), MaxDetectors, "in all", "remove some"})
		return nil, p
	}
	for _, s := range specs {
		if s.name != "" && seen[s.name] {
			p.add(s.line, "detector %q stands twice; names are unique", s.name)
		}
		seen[s.name] = true
		if d := build(s, p); d != nil {
			out = append(out, d)
		}
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return out, nil
}

// build compiles the expressions of a spec; nil if something is wrong.
func build(s *spec, p *Problems) *Detector {
	d := &Detector{
		name: s.name, description: s.description, version: s.version, match: s.match.s, matchers: s.matchers,
		window: s.window, with: s.with, calibrated: s.evidence.s != "", slots: map[string]int{},
	}
	switch s.direction {
	case "up":
		d.direction = detect.DirectionUp
	case "down":
		d.direction = detect.DirectionDown
	}
	b := builder{d: d, s: s, p: p, names: map[string]*cel.Type{}}
	b.declare()
	for i, st := range s.states {
		d.states[i].next = b.compile(st.next, "state."+st.name, st.initial.kind.cel())
	}
	if d.calibrated {
		d.judge = b.compile(s.evidence, "evidence", cel.DoubleType)
	} else {
		d.judge = b.compile(s.score, "score", cel.DoubleType)
	}
	d.expected = b.compile(s.expected, "expected", cel.DoubleType)
	b.names["evidence"] = cel.DoubleType
	if s.expected.s != "" {
		b.names["expected"] = cel.DoubleType
	}
	b.env = nil
	d.reason = b.compile(s.reason, "reason", cel.StringType)
	return d
}

// builder compiles the expressions of one detector.
type builder struct {
	d     *Detector
	s     *spec
	p     *Problems
	names map[string]*cel.Type
	env   *cel.Env // For names; nil: to be made.
}

// declare collects the names expressions may use.
func (b *builder) declare() {
	for _, in := range inputs {
		if in.name == "expected" || in.name == "evidence" || (in.name == "window" && b.s.window == 0) {
			continue
		}
		b.names[in.name] = in.typ
	}
	for i, st := range b.s.states {
		b.d.states = append(b.d.states, stateDef{name: st.name, initial: st.initial})
		b.d.slots["state."+st.name] = i
		b.names["state."+st.name] = st.initial.kind.cel()
	}
	for i, w := range b.s.with {
		if b.names[w.name] != nil || w.name == "state" || w.name == "window" || w.name == "expected" || w.name == "evidence" {
			b.p.add(b.s.line, "with.%s: the name is taken; choose another", w.name)
			continue
		}
		b.d.slots[w.name] = -1 - i
		b.names[w.name] = cel.DoubleType
	}
}

func (b *builder) compile(x text, name string, want *cel.Type) *expression {
	if x.s == "" {
		return nil
	}
	if b.env == nil {
		env, err := newEnv(b.names)
		if err != nil { // The names are checked; only a mistake of ours gets here.
			b.p.add(x.line, "%s: %v", name, err)
			return nil
		}
		b.env = env
	}
	known := declaredFunctions()
	for n := range b.names {
		known = append(known, n)
	}
	slices.Sort(known)
	out, problems := compile(b.env, x, name, want, b.s.window, known)
	b.p.List = append(b.p.List, problems...)
	return out
}

// expressions lists what a sample costs, in the order of evaluation.
func (d *Detector) expressions() []*expression {
	var out []*expression
	if d.expected != nil {
		out = append(out, d.expected)
	}
	out = append(out, d.judge)
	for _, s := range d.states {
		out = append(out, s.next)
	}
	if d.reason != nil {
		out = append(out, d.reason)
	}
	return out
}

// Name returns the name of the detector.
func (d *Detector) Name() string { return d.name }

// Description returns what the file says it is for.
func (d *Detector) Description() string { return d.description }

// Version returns its version; state is kept as long as it stays the same.
func (d *Detector) Version() int { return d.version }

// Match returns its selector, as written.
func (d *Detector) Match() string { return d.match }

// Calibrated reports whether it gives evidence that is taken at its word; else
// it gives a score that is calibrated.
func (d *Detector) Calibrated() bool { return d.calibrated }

// Joined reports whether it asks for companion series.
func (d *Detector) Joined() bool { return len(d.with) > 0 }

// Estimate returns the least and the most a sample can cost, as far as the
// compiler can tell; a sample that costs more than the limit stops its series.
func (d *Detector) Estimate() (least, most uint64) {
	for _, x := range d.expressions() {
		least += x.least
		if most += x.most; most < x.most {
			most = ^uint64(0)
		}
	}
	return least, most
}

// String describes the detector for people: what it reads, remembers and
// computes, and what that costs.
func (d *Detector) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, version %d\n", d.name, d.version)
	if d.description != "" {
		fmt.Fprintf(&b, "  %s\n", d.description)
	}
	fmt.Fprintf(&b, "  looks at   %s\n", d.match)
	for _, w := range d.with {
		on := "all labels but the name"
		switch {
		case len(w.on) > 0:
			on = strings.Join(w.on, ", ")
		case w.on != nil:
			on = "nothing: one sum for all"
		}
		fmt.Fprintf(&b, "  with       %s: sum over %s, equal in %s\n", w.name, formatMatchers(w.matchers), on)
	}
	if d.window > 0 {
		fmt.Fprintf(&b, "  window     the last %d values\n", d.window)
	}
	for _, s := range d.states {
		fmt.Fprintf(&b, "  remembers  state.%s, a %s, first %s\n", s.name, s.initial.kind, s.initial)
	}
	how := "a score: calibrated on each series, so the budget holds"
	if d.calibrated {
		how = "evidence: taken at its word, so the budget holds if it does"
	}
	fmt.Fprintf(&b, "  gives      %s\n", how)
	for _, x := range d.expressions() {
		fmt.Fprintf(&b, "  cost       %-16s %s to %s\n", x.name, worth(x.least), worth(x.most))
	}
	least, most := d.Estimate()
	fmt.Fprintf(&b, "  cost       %-16s %s to %s of %s per sample\n", "in all", worth(least), worth(most), grouped(maxCost))
	if most > maxCost {
		fmt.Fprintf(&b, "  note       a sample may cost more than the limit; its series would be stopped then\n")
	}
	return b.String()
}

func formatMatchers(ms []*labels.Matcher) string {
	parts := make([]string, len(ms))
	for i, m := range ms {
		parts[i] = m.String()
	}
	return "{" + strings.Join(parts, ",") + "}"
}
