package correlate

// A trace says how an answer came about, as titled lists of lines. Its text is
// at once the test golden, the CLI output and the "why" panel.

import "strings"

// Trace is an ordered account of a decision.
type Trace struct {
	Sections []Section `json:"sections"`
}

// Section is one titled list of lines.
type Section struct {
	Title string   `json:"title"`
	Lines []string `json:"lines"`
}

// String renders the trace: a title per section, its lines indented by two.
func (t Trace) String() string {
	var b strings.Builder
	for _, s := range t.Sections {
		b.WriteString(s.Title)
		b.WriteByte('\n')
		for _, l := range s.Lines {
			b.WriteString("  ")
			b.WriteString(l)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func (t *Trace) add(title string, lines ...string) {
	t.Sections = append(t.Sections, Section{Title: title, Lines: lines})
}
