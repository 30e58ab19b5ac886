package config

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/bellwether-ts/bellwether/metric/spelling"
)

// Problem is one thing wrong with a file.
type Problem struct {
	Line int    // 1-based; 0 when no line is to blame.
	Text string // What is wrong and what to do.
}

// Errors lists everything wrong with a file, in order of line.
type Errors struct {
	Name  string // The file.
	List  []Problem
	lines [][]byte
}

// Error prints every problem with its line and the text of that line.
func (e *Errors) Error() string {
	slices.SortFunc(e.List, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.Line, b.Line), strings.Compare(a.Text, b.Text)) })
	var b strings.Builder
	fmt.Fprintf(&b, "cannot use configuration %q: %d problem", e.Name, len(e.List))
	if len(e.List) != 1 {
		b.WriteString("s")
	}
	for _, p := range e.List {
		if p.Line < 1 {
			fmt.Fprintf(&b, "\n  %s", p.Text)
			continue
		}
		fmt.Fprintf(&b, "\n  line %d: %s", p.Line, p.Text)
		if p.Line <= len(e.lines) {
			fmt.Fprintf(&b, "\n    | %s", strings.TrimRight(string(e.lines[p.Line-1]), "\r"))
		}
	}
	return b.String()
}

func (e *Errors) add(line int, format string, args ...any) {
	e.List = append(e.List, Problem{Line: line, Text: fmt.Sprintf(format, args...)})
}

var (
	unknownField = regexp.MustCompile(`^line (\d+): field (\S+) not found in type (\S+)$`)
	lineText     = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
)

// addYAML takes apart the decoder's errors: it reports all of them, and an
// unknown field gets a suggestion from the fields its section has.
func (e *Errors) addYAML(err error) {
	var te *yaml.TypeError
	texts := []string{err.Error()}
	if errors.As(err, &te) {
		texts = te.Errors
	}
	for _, text := range texts {
		if m := unknownField.FindStringSubmatch(text); m != nil {
			line, _ := strconv.Atoi(m[1])
			e.add(line, "unknown field %q; %s", m[2], suggestion(m[2], fieldsOf(m[3])))
			continue
		}
		if m := lineText.FindStringSubmatch(text); m != nil {
			line, _ := strconv.Atoi(m[1])
			e.add(line, "%s", strings.ReplaceAll(m[2], "!!", ""))
			continue
		}
		e.add(0, "%s", text)
	}
}

// suggestion names the nearest known word, or all of them.
func suggestion(word string, known []string) string {
	if best := spelling.Nearest(word, known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "known here: " + strings.Join(known, ", ")
}

// fieldsOf lists the YAML names of a section by its Go type name as the decoder
// prints it ("config.Detect").
func fieldsOf(typeName string) []string {
	var names []string
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || t.PkgPath() != reflect.TypeOf(Config{}).PkgPath() {
			return
		}
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
			if t.String() == typeName && name != "" {
				names = append(names, name)
			}
			walk(t.Field(i).Type)
		}
	}
	walk(reflect.TypeOf(Config{}))
	slices.Sort(names)
	return names
}
