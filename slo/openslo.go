package slo

// Reading objectives from OpenSLO v1 files: several YAML documents, which may
// refer to each other by name.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits on a file, so that one paste cannot fill the memory.
const (
	maxFileBytes = 4 << 20
	maxDocuments = 10_000
)

// apiVersion is the one version read.
const apiVersion = "openslo/v1"

// named is a document of some kind with the line where it begins.
type named[T any] struct {
	name string
	meta metadata
	spec T
	node *yaml.Node
	line int
}

// library is the documents of a file by kind.
type library struct {
	complaints
	slos       []named[sloSpec]
	slis       map[string]named[sliSpec]
	policies   map[string]named[policySpec]
	conditions map[string]named[conditionSpec]
	services   map[string]bool
	sources    map[string]bool
	names      map[string]int // kind/name to line.
}

var kinds = []string{"SLO", "SLI", "Service", "DataSource", "AlertPolicy", "AlertCondition", "AlertNotificationTarget"}

// ParseOpenSLO reads OpenSLO v1 YAML, one or many documents of at most 4 MiB, and
// returns an Objective for every objective of every SLO, in the file's order.
//
// Read are SLO (with an inline or a referenced SLI), SLI, Service, DataSource
// (its connection is not used: the samples are already here), AlertPolicy and
// AlertCondition (burnrate; they replace the standard rules), and
// AlertNotificationTarget (not used: routing is the alert core's). Unknown
// fields are mistakes. All mistakes come back at once, as *ParseError values
// joined, each with its line; with any mistake there are no objectives.
//
// Decided where OpenSLO leaves it open: an SLO without timeWindow rolls over
// 30 d; a calendar period follows the wall clock of its time zone and clamps
// month ends; the op of a burnrate condition is always "above"; a condition has
// one lookbackWindow, and its short window is a twelfth of it; a
// composite's weights are noted and each objective is watched alone. The
// annotations bellwether/gap-policy (unknown, bad, ignore) and
// bellwether/evidence (a number in (0,1]) of an SLO are ours.
func ParseOpenSLO(data []byte) (objectives []Objective, err error) {
	defer func() { // The YAML library is not ours; a bug in it must not stop a service.
		if r := recover(); r != nil {
			objectives, err = nil, fmt.Errorf("cannot read OpenSLO file: the YAML reader failed: %v", r)
		}
	}()
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("cannot read OpenSLO file: %d bytes are more than %d; split it", len(data), maxFileBytes)
	}
	lib := &library{
		slis:       map[string]named[sliSpec]{},
		policies:   map[string]named[policySpec]{},
		conditions: map[string]named[conditionSpec]{},
		services:   map[string]bool{},
		sources:    map[string]bool{},
		names:      map[string]int{},
	}
	lib.readAll(data)
	for _, s := range lib.slos {
		objectives = append(objectives, lib.objectives(s)...)
	}
	if err := lib.err(); err != nil {
		return nil, err
	}
	return objectives, nil
}

func (l *library) readAll(data []byte) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for n := 0; ; n++ {
		var node yaml.Node
		err := dec.Decode(&node)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			l.add(0, "OpenSLO file", "%s", strings.TrimPrefix(err.Error(), "yaml: "))
			return
		}
		if n >= maxDocuments {
			l.add(node.Line, "OpenSLO file", "more than %d documents; split it", maxDocuments)
			return
		}
		if node.Kind == yaml.DocumentNode && len(node.Content) == 1 && node.Content[0].Tag != "!!null" {
			l.read(node.Content[0])
		}
	}
}

// read files one document under its kind.
func (l *library) read(n *yaml.Node) {
	var d document
	if !l.strict(n, &d, "") {
		return
	}
	if d.APIVersion != apiVersion {
		l.add(fieldLine(n, "apiVersion"), "apiVersion", "%q is not %s; older versions have other fields, convert the file", d.APIVersion, apiVersion)
		return
	}
	key := d.Kind + "/" + d.Metadata.Name
	if strings.TrimSpace(d.Metadata.Name) == "" {
		l.add(fieldLine(n, "metadata"), "metadata.name", "every document needs a name")
		return
	}
	if line, twice := l.names[key]; twice {
		l.add(n.Line, "metadata.name", "%s %q is already defined on line %d", d.Kind, d.Metadata.Name, line)
		return
	}
	l.names[key] = n.Line
	spec := &d.Spec
	switch d.Kind {
	case "SLO":
		if s, ok := take[sloSpec](l, d, n); ok {
			l.slos = append(l.slos, s)
		}
	case "SLI":
		if s, ok := take[sliSpec](l, d, n); ok {
			l.slis[s.name] = s
		}
	case "AlertPolicy":
		if s, ok := take[policySpec](l, d, n); ok {
			l.policies[s.name] = s
		}
	case "AlertCondition":
		if s, ok := take[conditionSpec](l, d, n); ok {
			l.conditions[s.name] = s
		}
	case "Service":
		l.services[d.Metadata.Name] = true
		l.strict(spec, &serviceSpec{}, "spec")
	case "DataSource":
		l.sources[d.Metadata.Name] = true
		l.strict(spec, &dataSourceSpec{}, "spec")
	case "AlertNotificationTarget":
		l.strict(spec, &targetSpec{}, "spec")
	default:
		l.add(fieldLine(n, "kind"), "kind", "unknown kind %q%s", d.Kind, didYouMean(d.Kind, kinds))
	}
}

func take[T any](l *library, d document, n *yaml.Node) (named[T], bool) {
	out := named[T]{name: d.Metadata.Name, meta: d.Metadata, node: n, line: n.Line}
	if d.Spec.Kind == 0 {
		l.add(n.Line, "spec", "%s %q has no spec", d.Kind, d.Metadata.Name)
		return out, false
	}
	return out, l.strict(&d.Spec, &out.spec, "spec")
}

// lineOf returns the line of the node at a path of field names and indexes, or
// of the deepest one on the way that exists.
func lineOf(n *yaml.Node, path ...any) int {
	line := n.Line
	for _, step := range path {
		for n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		var next *yaml.Node
		switch step := step.(type) {
		case int:
			if n.Kind == yaml.SequenceNode && step < len(n.Content) {
				next = n.Content[step]
				line = next.Line
			}
		case string:
			for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == step {
					next, line = n.Content[i+1], n.Content[i].Line
				}
			}
		}
		if next == nil {
			return line
		}
		n = next
	}
	return line
}

func fieldLine(n *yaml.Node, field string) int { return lineOf(n, field) }
