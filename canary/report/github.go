package report

import (
	"fmt"
	"strings"

	"github.com/bellwether-ts/bellwether/canary"
)

// What a GitHub workflow reads: commands in the job's log, which become
// annotations, and the outputs of a step. The summary of a step is Markdown.

// maxAnnotations is how many of a kind GitHub shows for a step.
const maxAnnotations = 10

// commands writes one annotation for the canary and one for each metric and
// gate that does not pass, worst first.
func (r *Report) commands() string {
	type annotation struct{ level, title, text string }
	level := func(o canary.Outcome) string {
		switch word(o) {
		case canary.Pass:
			return "notice"
		case canary.Inconclusive:
			return "warning"
		}
		return "error"
	}
	o := word(r.Verdict.Verdict)
	all := []annotation{{level(o), fmt.Sprintf("%s: %s", r.title(), o), r.headline() + ". " + r.next()}}
	for _, g := range r.Verdict.Gates {
		if g.Verdict != canary.Pass {
			all = append(all, annotation{level(g.Verdict), fmt.Sprintf("Canary gate %s: %s", g.Objective, word(g.Verdict)), g.Reason})
		}
	}
	for _, l := range r.lines() {
		if l.v.Verdict != canary.Pass {
			all = append(all, annotation{level(l.v.Verdict), fmt.Sprintf("Canary metric %s: %s", l.v.Name, word(l.v.Verdict)), l.v.Reason})
		}
	}
	var b strings.Builder
	shown, left := map[string]int{}, 0
	for _, a := range all {
		if shown[a.level]++; shown[a.level] > maxAnnotations {
			left++
			continue
		}
		fmt.Fprintf(&b, "::%s title=%s::%s\n", a.level, ghProperty(oneLine(a.title)), ghData(oneLine(a.text)))
	}
	if left > 0 {
		fmt.Fprintf(&b, "%d more do not pass; GitHub shows %d of a kind for a step, the report has all.\n", left, maxAnnotations)
	}
	return b.String()
}

// ghData escapes the text of a workflow command.
func ghData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// ghProperty escapes a property of a workflow command.
func ghProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}

// outputs writes the lines for $GITHUB_OUTPUT. A value is one line, so that it
// cannot set another output.
func (r *Report) outputs() string {
	var b strings.Builder
	for _, p := range [][2]string{
		{"verdict", string(word(r.Verdict.Verdict))},
		{"score", num(r.Verdict.Score())},
		{"run", r.Meta.Run},
		{"reason", r.headline()},
		{"report", r.Meta.Link},
	} {
		fmt.Fprintf(&b, "%s=%s\n", p[0], oneLine(p[1]))
	}
	return b.String()
}
