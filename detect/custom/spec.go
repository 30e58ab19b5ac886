package custom

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
)

// spec is a detector as it stands in the file, before its expressions are
// compiled. Order is the file's.
type spec struct {
	line        int
	name        string
	description string
	version     int
	match       text
	matchers    []*labels.Matcher
	window      int
	states      []stateSpec
	with        []withSpec
	score       text
	evidence    text
	expected    text
	reason      text
	direction   string
}

// stateSpec is one remembered value.
type stateSpec struct {
	name    string
	line    int
	initial value
	next    text
}

// withSpec is a companion: series whose newest values are summed.
type withSpec struct {
	name     string
	matchers []*labels.Matcher
	on       []string // Labels that must be equal; nil: all but the name.
}

// text is a scalar of the file and where it stands.
type text struct {
	s     string
	line  int
	block bool // A literal block: its text begins on the next line.
}

// lineOf returns the line of the file for line l (from 1) of the text.
func (x text) lineOf(l int) int {
	if x.block {
		return x.line + max(1, l)
	}
	return x.line
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// readSpecs takes the documents of a file apart and adds everything that is
// wrong with their form.
func readSpecs(src []byte, p *Problems) []*spec {
	dec := yaml.NewDecoder(bytes.NewReader(src))
	var out []*spec
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			p.addYAML(err)
			return out
		}
		if len(doc.Content) != 1 || doc.Content[0].Tag == "!!null" {
			continue
		}
		r := reader{p}
		if n := doc.Content[0]; n.Kind == yaml.MappingNode {
			out = append(out, r.spec(n))
		} else {
			p.add(n.Line, "a detector is a mapping of fields such as name: and match:; several detectors stand apart by ---")
		}
	}
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)

func (p *Problems) addYAML(err error) {
	line, what := 0, err.Error()
	if m := yamlLine.FindStringSubmatch(what); m != nil {
		for _, c := range m[1] {
			line = line*10 + int(c-'0')
		}
		what = m[2]
	}
	p.add(line, "not YAML: %s", strings.TrimPrefix(what, "yaml: "))
}

// reader reads nodes and collects what is wrong with them.
type reader struct{ p *Problems }

// fields calls the reader of each field of a mapping; an unknown or repeated
// one is a problem.
func (r reader) fields(n *yaml.Node, what string, known map[string]func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.p.add(n.Line, "%s is not a mapping of fields", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		read := known[key.Value]
		switch {
		case read == nil:
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			r.p.add(key.Line, "unknown field %q; %s", key.Value, suggestion(key.Value, names))
		case seen[key.Value]:
			r.p.add(key.Line, "field %q stands twice", key.Value)
		default:
			seen[key.Value] = true
			read(val)
		}
	}
}

func (r reader) spec(n *yaml.Node) *spec {
	s := &spec{line: n.Line, version: 1}
	r.fields(n, "a detector", map[string]func(*yaml.Node){
		"name":        func(n *yaml.Node) { s.name = r.text(n).s },
		"description": func(n *yaml.Node) { s.description = r.text(n).s },
		"version":     func(n *yaml.Node) { s.version = r.whole(n, "version", 1, 1<<30) },
		"match":       func(n *yaml.Node) { s.match = r.text(n); s.matchers = r.selector(s.match, "match") },
		"window":      func(n *yaml.Node) { s.window = r.whole(n, "window", 1, maxWindow) },
		"state":       func(n *yaml.Node) { s.states = r.states(n) },
		"with":        func(n *yaml.Node) { s.with = r.withs(n) },
		"score":       func(n *yaml.Node) { s.score = r.text(n) },
		"evidence":    func(n *yaml.Node) { s.evidence = r.text(n) },
		"expected":    func(n *yaml.Node) { s.expected = r.text(n) },
		"reason":      func(n *yaml.Node) { s.reason = r.text(n) },
		"direction": func(n *yaml.Node) {
			if s.direction = r.text(n).s; s.direction != "up" && s.direction != "down" {
				r.p.add(n.Line, "direction %q is not up or down; leave it out to take it from expected", s.direction)
			}
		},
	})
	r.complete(s)
	return s
}

// complete adds what is missing or contradicts itself.
func (r reader) complete(s *spec) {
	switch {
	case s.name == "":
		r.p.add(s.line, "a detector has no name; add name: in_small_letters")
	case !nameForm.MatchString(s.name) || len(s.name) > maxName:
		r.p.add(s.line, "name %q: want small letters, digits and _, at most %d", s.name, maxName)
	}
	if s.match.s == "" {
		r.p.add(s.line, "detector %q does not say which series it looks at; add match: a selector such as queue_depth{job=\"worker\"}", s.name)
	}
	switch {
	case s.score.s == "" && s.evidence.s == "":
		r.p.add(s.line, "detector %q judges nothing; add score: any number that grows with oddness, or evidence: -log10 of a p-value", s.name)
	case s.score.s != "" && s.evidence.s != "":
		r.p.add(s.evidence.line, "detector %q has score and evidence; keep score to have it calibrated, evidence to be taken at its word", s.name)
	}
}

func (r reader) text(n *yaml.Node) text {
	if n.Kind != yaml.ScalarNode {
		r.p.add(n.Line, "want one text here")
		return text{line: n.Line}
	}
	return text{strings.TrimSpace(n.Value), n.Line, n.Style&yaml.LiteralStyle != 0}
}

func (r reader) whole(n *yaml.Node, field string, lo, hi int) int {
	var v int
	if err := n.Decode(&v); err != nil || v < lo || v > hi {
		r.p.add(n.Line, "%s %q is not a whole number from %d to %d", field, n.Value, lo, hi)
		return lo
	}
	return v
}

func (r reader) selector(x text, field string) []*labels.Matcher {
	ms, err := metric.ParseMatchers(x.s)
	if err != nil {
		r.p.add(x.line, "%s: %v", field, err)
	}
	return ms
}

// named walks a mapping whose keys are names of the user's.
func (r reader) named(n *yaml.Node, field string, limit int, read func(name string, n *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.p.add(n.Line, "%s is not a mapping of names", field)
		return
	}
	if len(n.Content)/2 > limit {
		r.p.add(n.Line, "%s has %d names, at most %d are kept", field, len(n.Content)/2, limit)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case !nameForm.MatchString(key.Value) || len(key.Value) > maxName:
			r.p.add(key.Line, "%s: name %q: want small letters, digits and _, at most %d", field, key.Value, maxName)
		case seen[key.Value]:
			r.p.add(key.Line, "%s: %q stands twice", field, key.Value)
		default:
			seen[key.Value] = true
			read(key.Value, n.Content[i+1])
		}
	}
}

func (r reader) states(n *yaml.Node) (out []stateSpec) {
	size := 0
	r.named(n, "state", maxStates, func(name string, n *yaml.Node) {
		s := stateSpec{name: name, line: n.Line}
		initial := false
		r.fields(n, "state."+name, map[string]func(*yaml.Node){
			"initial": func(n *yaml.Node) { initial = true; s.initial = r.value(n, "state."+name) },
			"next":    func(n *yaml.Node) { s.next = r.text(n) },
		})
		if !initial || s.next.s == "" {
			r.p.add(n.Line, "state.%s: want {initial: VALUE, next: 'EXPRESSION'}", name)
		}
		size += s.initial.size()
		out = append(out, s)
	})
	if size > maxState {
		r.p.add(n.Line, "%v", &LimitError{"state", uint64(size), maxState, "bytes per series", "remember less"})
	}
	return out
}

// value reads an initial value: a number, text, bool or list of numbers.
func (r reader) value(n *yaml.Node, field string) value {
	var v value
	var err error
	switch {
	case n.Kind == yaml.SequenceNode:
		v.kind = kindNumbers
		err = n.Decode(&v.numbers)
	case n.Tag == "!!bool":
		v.kind = kindBool
		err = n.Decode(&v.bool)
	case n.Tag == "!!int" || n.Tag == "!!float":
		err = n.Decode(&v.number)
	default:
		v.kind = kindText
		err = n.Decode(&v.text)
	}
	bad := !finite(v.number) || slices.ContainsFunc(v.numbers, func(x float64) bool { return !finite(x) })
	if err != nil || bad {
		r.p.add(n.Line, "%s: initial: want a finite number, a text, true or false, or a list of numbers", field)
	}
	return v
}

func (r reader) withs(n *yaml.Node) (out []withSpec) {
	r.named(n, "with", maxWith, func(name string, n *yaml.Node) {
		w := withSpec{name: name}
		r.fields(n, "with."+name, map[string]func(*yaml.Node){
			"match": func(n *yaml.Node) { w.matchers = r.selector(r.text(n), "with."+name) },
			"on": func(n *yaml.Node) {
				if err := n.Decode(&w.on); err != nil || w.on == nil {
					r.p.add(n.Line, "with.%s: on: want a list of label names, such as [service]", name)
				}
			},
		})
		if w.matchers == nil {
			r.p.add(n.Line, "with.%s: want {match: 'SELECTOR', on: [LABEL, ...]}", name)
		}
		out = append(out, w)
	})
	return out
}
