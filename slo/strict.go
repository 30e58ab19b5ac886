package slo

// Reading YAML strictly: a walk over the document beside the Go type it is meant
// for, that reports every unknown, doubled or mistyped field at once, each with
// its line and, where one is near, the field that was meant.

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/bellwether-ts/bellwether/metric/spelling"
)

// maxDepth bounds nesting, and with it the cost of aliases.
const maxDepth = 64

// A ParseError is one mistake in a file.
type ParseError struct {
	Line int    // 1 and up; 0 if unknown.
	Path string // Where in the document, for example spec.objectives[0].target.
	Why  string // What is wrong and what to do.
}

// Error returns "line 7: cannot read spec.objectives[0].target: ...".
func (e *ParseError) Error() string {
	at := ""
	if e.Line > 0 {
		at = fmt.Sprintf("line %d: ", e.Line)
	}
	return fmt.Sprintf("%scannot read %s: %s", at, e.Path, e.Why)
}

// complaints gathers the mistakes of a file; more than the limit are counted.
type complaints struct {
	list []*ParseError
	more int
}

const maxComplaints = 100

func (c *complaints) add(line int, path, format string, args ...any) {
	e := &ParseError{Line: line, Path: path, Why: fmt.Sprintf(format, args...)}
	if slices.ContainsFunc(c.list, func(have *ParseError) bool { return *have == *e }) {
		return // Two objectives share what is wrong.
	}
	if len(c.list) >= maxComplaints {
		c.more++
		return
	}
	c.list = append(c.list, e)
}

func (c *complaints) err() error {
	slices.SortStableFunc(c.list, func(a, b *ParseError) int { return a.Line - b.Line })
	var errs []error
	for _, e := range c.list {
		errs = append(errs, e)
	}
	if c.more > 0 {
		errs = append(errs, fmt.Errorf("and %d more mistakes", c.more))
	}
	return errors.Join(errs...)
}

var nodeType = reflect.TypeFor[yaml.Node]()

// strict decodes n into out (a pointer) if it fits exactly, and complains of
// everything that does not.
func (c *complaints) strict(n *yaml.Node, out any, path string) bool {
	before := len(c.list) + c.more
	c.walk(n, reflect.TypeOf(out).Elem(), path, 0)
	if len(c.list)+c.more > before {
		return false
	}
	if err := n.Decode(out); err != nil {
		c.add(n.Line, path, "%s", strings.ReplaceAll(err.Error(), "\n", " "))
		return false
	}
	return true
}

func (c *complaints) walk(n *yaml.Node, t reflect.Type, path string, depth int) {
	if depth > maxDepth {
		c.add(n.Line, path, "nested deeper than %d levels", maxDepth)
		return
	}
	if n.Kind == yaml.AliasNode {
		c.walk(n.Alias, t, path, depth+1)
		return
	}
	if t == nodeType || t.Kind() == reflect.Interface || n.Kind == 0 || n.Tag == "!!null" {
		return
	}
	switch t.Kind() {
	case reflect.Pointer:
		c.walk(n, t.Elem(), path, depth)
	case reflect.Struct:
		c.walkStruct(n, t, path, depth)
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			c.add(n.Line, path, "want a list (lines that begin with \"- \"), have %s", describe(n))
			return
		}
		for i, item := range n.Content {
			c.walk(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i), depth+1)
		}
	case reflect.Map:
		if n.Kind != yaml.MappingNode {
			c.add(n.Line, path, "want fields, have %s", describe(n))
		}
	default:
		c.walkScalar(n, t, path)
	}
}

func (c *complaints) walkStruct(n *yaml.Node, t reflect.Type, path string, depth int) {
	if n.Kind != yaml.MappingNode {
		c.add(n.Line, path, "want fields, have %s", describe(n))
		return
	}
	fields, names := fieldsOf(t)
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		where := strings.TrimPrefix(path+"."+key.Value, ".")
		if line, twice := seen[key.Value]; twice {
			c.add(key.Line, where, "given twice; the first is on line %d", line)
			continue
		}
		seen[key.Value] = key.Line
		ft, ok := fields[key.Value]
		if !ok {
			c.add(key.Line, where, "unknown field%s", didYouMean(key.Value, names))
			continue
		}
		c.walk(value, ft, where, depth+1)
	}
}

func (c *complaints) walkScalar(n *yaml.Node, t reflect.Type, path string) {
	if n.Kind != yaml.ScalarNode {
		c.add(n.Line, path, "want %s, have %s", kindWord(t), describe(n))
		return
	}
	if t.Kind() == reflect.String {
		return
	}
	if err := n.Decode(reflect.New(t).Interface()); err != nil {
		c.add(n.Line, path, "want %s, have %q", kindWord(t), n.Value)
	}
}

// fieldsOf returns the YAML fields of a struct, and their names in its order.
func fieldsOf(t reflect.Type) (map[string]reflect.Type, []string) {
	fields := make(map[string]reflect.Type, t.NumField())
	var names []string
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		fields[name] = f.Type
		names = append(names, name)
	}
	return fields, names
}

func kindWord(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	}
	return "text"
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "fields"
	case yaml.SequenceNode:
		return "a list"
	}
	return fmt.Sprintf("%q", n.Value)
}

// didYouMean returns `; did you mean "x"?` for the nearest of names, or the list
// of what there is.
func didYouMean(word string, names []string) string {
	if best := spelling.Nearest(word, names); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	if len(names) == 0 {
		return ""
	}
	return "; known: " + strings.Join(slices.Sorted(slices.Values(names)), ", ")
}
