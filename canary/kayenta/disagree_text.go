package kayenta

import (
	"fmt"
	"strings"

	"github.com/bellwether-ts/bellwether/canary/words"
)

// The disagreement report for a terminal and for a pull request.

// headline is the report in one sentence.
func (d Disagreement) headline() string {
	differ := 0
	for _, m := range d.Metrics {
		if !m.Agree {
			differ++
		}
	}
	word := "agree"
	if !d.Agree {
		word = "DISAGREE"
	}
	return fmt.Sprintf("The judges %s: Kayenta %s (score %s), native %s; they differ on %d of %s",
		word, d.Kayenta.Score.Classification, javaText(float64(d.Kayenta.Score.Score)), d.Native.Verdict, differ, words.Count(len(d.Metrics), "metric"))
}

// Text renders the report for a terminal.
func (d Disagreement) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.\n", d.headline())
	for _, w := range d.Whole {
		fmt.Fprintf(&b, "  whole: %s\n", w)
	}
	for _, m := range d.Metrics {
		mark := "same"
		if !m.Agree {
			mark = "DIFFERS"
		}
		fmt.Fprintf(&b, "  %s  %s: Kayenta %s, native %s\n", mark, m.Name, m.Label, m.Verdict)
		for _, c := range m.Causes {
			fmt.Fprintf(&b, "      %s: %s\n", c.Name, c.Detail)
		}
		if !m.Agree {
			fmt.Fprintf(&b, "      native: %s\n", m.Reason)
		}
	}
	for _, n := range d.Notes {
		fmt.Fprintf(&b, "  note: %s\n", n)
	}
	return b.String()
}

// Markdown renders the report for a pull request or a ticket.
func (d Disagreement) Markdown() string {
	cell := strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;", ">", "&gt;").Replace
	var b strings.Builder
	fmt.Fprintf(&b, "**%s.**\n\n", cell(d.headline()))
	for _, w := range d.Whole {
		fmt.Fprintf(&b, "- %s\n", cell(w))
	}
	if len(d.Whole) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("| metric | Kayenta | native | why they differ |\n|---|---|---|---|\n")
	for _, m := range d.Metrics {
		var why []string
		for _, c := range m.Causes {
			why = append(why, fmt.Sprintf("*%s*: %s", c.Name, cell(c.Detail)))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(m.Name), m.Label, m.Verdict, strings.Join(why, "<br>"))
	}
	if len(d.Notes) > 0 {
		b.WriteString("\nNot taken over:\n\n")
		for _, n := range d.Notes {
			fmt.Fprintf(&b, "- %s\n", cell(n))
		}
	}
	return b.String()
}
