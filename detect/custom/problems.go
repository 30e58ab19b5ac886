package custom

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/metric/spelling"
)

// Problem is one thing wrong with a file of detectors.
type Problem struct {
	Line int    // 1-based; 0 when no line is to blame.
	Text string // What is wrong and what to do.
}

// Problems lists everything wrong with a file, in order of line.
type Problems struct {
	File  string
	List  []Problem
	lines []string
}

// Error prints every problem with its line and the text of that line.
func (p *Problems) Error() string {
	var b strings.Builder
	plural := "s"
	if len(p.List) == 1 {
		plural = ""
	}
	fmt.Fprintf(&b, "cannot use detectors of %q: %d problem%s", p.File, len(p.List), plural)
	for _, x := range p.List {
		if x.Line < 1 {
			fmt.Fprintf(&b, "\n  %s", x.Text)
			continue
		}
		fmt.Fprintf(&b, "\n  line %d: %s", x.Line, x.Text)
		if x.Line <= len(p.lines) {
			fmt.Fprintf(&b, "\n    | %s", strings.TrimRight(p.lines[x.Line-1], "\r"))
		}
	}
	return b.String()
}

func (p *Problems) add(line int, format string, args ...any) {
	p.List = append(p.List, Problem{line, fmt.Sprintf(format, args...)})
}

// err returns p, or nil if nothing is wrong.
func (p *Problems) err() error {
	if len(p.List) == 0 {
		return nil
	}
	slices.SortStableFunc(p.List, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return p
}

// suggestion names the nearest known word, or all of them.
func suggestion(word string, known []string) string {
	if best := spelling.Nearest(word, known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "known here: " + strings.Join(known, ", ")
}
