package report

import (
	"fmt"
	"strings"

	"github.com/bellwether-ts/bellwether/canary"
)

// Markdown for a pull request: a line that stands alone, a table of what does
// not pass, and the rest folded away.

// maxMarkdown keeps a report below what GitHub takes as a comment (65,536
// characters).
const maxMarkdown = 60_000

func (r *Report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s: %s\n\n**%s.** %s\n\n", mdEscape(r.title()), word(r.Verdict.Verdict), mdEscape(strings.TrimSuffix(r.headline(), ".")), mdEscape(r.next()))
	for _, n := range r.Meta.Notes {
		fmt.Fprintf(&b, "> %s\n\n", mdEscape(n))
	}
	var open, pass []line
	for _, l := range r.lines() {
		if l.v.Verdict == canary.Pass {
			pass = append(pass, l)
		} else {
			open = append(open, l)
		}
	}
	r.mdGates(&b)
	mdTable(&b, open)
	if len(pass) > 0 {
		fmt.Fprintf(&b, "<details><summary>%s</summary>\n\n", passWords(len(pass)))
		mdTable(&b, pass)
		b.WriteString("</details>\n\n")
	}
	if w := r.Verdict.Warnings; len(w) > 0 && b.Len() < maxMarkdown {
		fmt.Fprintf(&b, "<details><summary>%s</summary>\n\n", count(len(w), "warning"))
		for i, s := range w {
			if b.Len() > maxMarkdown {
				fmt.Fprintf(&b, "- and %d more\n", len(w)-i)
				break
			}
			fmt.Fprintf(&b, "- %s\n", mdEscape(s))
		}
		b.WriteString("\n</details>\n\n")
	}
	b.WriteString(r.mdFoot())
	return b.String()
}

func passWords(n int) string {
	if n == 1 {
		return "1 metric passes"
	}
	return fmt.Sprintf("%d metrics pass", n)
}

func (r *Report) mdGates(b *strings.Builder) {
	if len(r.Verdict.Gates) == 0 {
		return
	}
	b.WriteString("| objective | verdict | burn rate | limit | why |\n|---|---|--:|--:|---|\n")
	for _, g := range r.Verdict.Gates {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", mdCode(g.Objective), word(g.Verdict), num(g.Burn), num(g.Limit), mdEscape(g.Reason))
	}
	b.WriteString("\n")
}

func mdTable(b *strings.Builder, ls []line) {
	if len(ls) == 0 {
		return
	}
	b.WriteString("| metric | verdict | change | interval | margin | why |\n|---|---|--:|--:|--:|---|\n")
	for i, l := range ls {
		if b.Len() > maxMarkdown {
			fmt.Fprintf(b, "| and %d more | | | | | |\n", len(ls)-i)
			break
		}
		name := mdCode(l.v.Name)
		if l.v.Critical {
			name += " (critical)"
		}
		change := signed(l.v.Effect)
		if _, _, rel := l.levels(); change != "" && percent(rel) != "" {
			change += " (" + percent(rel) + ")"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", name, word(l.v.Verdict), change,
			interval(l.v.Interval), positive(l.v.MinEffect), mdEscape(l.v.Reason))
	}
	b.WriteString("\n")
}

// positive is num, "" when there is none.
func positive(v float64) string {
	if v > 0 {
		return num(v)
	}
	return ""
}

// mdFoot says where the verdict comes from.
func (r *Report) mdFoot() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if strings.HasPrefix(r.Meta.Link, "https://") || strings.HasPrefix(r.Meta.Link, "http://") {
		add("[Report with plots](<%s>)", strings.NewReplacer("<", "%3C", ">", "%3E", "\\", "%5C").Replace(oneLine(r.Meta.Link)))
	}
	if r.Meta.Run != "" {
		add("run %s", mdCode(r.Meta.Run))
	}
	if w := r.Meta.window(); w != "" {
		add("%s", w)
	}
	if r.Verdict.Judge != "" {
		add("judge %s", mdEscape(r.Verdict.Judge))
	}
	if r.Verdict.Digest != "" {
		add("digest %s", mdCode(r.Verdict.Digest))
	}
	if len(parts) == 0 {
		return ""
	}
	return "<sub>" + strings.Join(parts, " · ") + "</sub>\n"
}

// mdMarks are the characters that mean something in GitHub's Markdown or HTML,
// as entities. A mention is broken by a zero-width space: it is looked for after
// entities have been read.
var mdMarks = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "&#124;", "\\", "&#92;", "`", "&#96;", "*", "&#42;",
	"[", "&#91;", "]", "&#93;", "~", "&#126;", "#", "&#35;", "$", "&#36;", "@", "@&#8203;", "://", "&#58;//",
)

// mdEscape keeps text as text, in one line.
func mdEscape(s string) string {
	s = mdMarks.Replace(clip(oneLine(s), 500))
	var b strings.Builder
	for i := range len(s) { // An underscore inside a word means nothing, and metrics are full of them.
		if s[i] == '_' && (i == 0 || i == len(s)-1 || !wordByte(s[i-1]) || !wordByte(s[i+1])) {
			b.WriteString("&#95;")
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// mdCode writes a name in a fixed-width font.
func mdCode(s string) string { return "<code>" + mdEscape(s) + "</code>" }
