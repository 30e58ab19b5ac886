package report

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/bellwether-ts/bellwether/canary"
)

// The HTML page: page.gohtml and its style filled with what is prepared here. It has no script
// and asks nobody for anything, and its policy forbids both.

//go:embed page.gohtml style.gohtml
var pageFiles embed.FS

var pageTemplate = template.Must(template.New("page.gohtml").Funcs(template.FuncMap{
	"lower": func(o canary.Outcome) string { return strings.ToLower(string(o)) },
}).ParseFS(pageFiles, "*.gohtml"))

// The page stays about a megabyte for a thousand metrics.
const (
	maxSections = 200 // Metrics with plots and a trace.
	splitRows   = 24  // From here on metrics that pass have a table of their own, folded.
	openAll     = 8   // Up to here no section is folded.
	roomy       = 40  // Up to here lines have all their points.
)

type page struct {
	Title, Headline, Detail, Next string
	Verdict                       canary.Outcome
	Glyph                         string
	Facts                         []fact
	Notes, Reasons, Warnings      []string
	Gates                         []gateRow
	Open, Passing                 []row
	Sections                      []section
	Left                          int // Metrics without a section.
	NoSamples                     bool
	Looks                         []lookBar
	Policy                        []fact
	Digest, Replay                string
}

type fact struct{ Name, Value string }

type gateRow struct {
	Name, Burn, Limit, Reason string
	Verdict                   canary.Outcome
}

// row is a metric in the table.
type row struct {
	Name, Effect, Relative, Times string
	Anchor                        int // Number of its section; 0 without.
	Verdict                       canary.Outcome
	Critical                      bool
	Limiting                      bool
	Forest                        *forest // Only with a section, like all plots.
	Reason                        string  // Only without a section, which has it.
	Channel                       string  // What decided, where that is not the level.
}

// section is a metric in full.
type section struct {
	row
	Shown    bool // Not folded.
	Why      string
	Detail   string
	Time     *timePlot
	Wide     *forest
	Tail     *tailPlot
	Dots     *dotPlot
	Channels []channelRow
	Facts    []fact
	Queries  [2]string
	Trace    []canary.TraceStep
}

type channelRow struct {
	Name, Effect, Interval, P, Reason string
	Verdict                           canary.Outcome
}

// lookBar is a stretch of looks.
type lookBar struct {
	Verdict            canary.Outcome
	Share              float64 // Percent of all looks.
	Looks, Times, Text string
}

func (r *Report) html() ([]byte, error) {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, r.page()); err != nil {
		return nil, fmt.Errorf("cannot write the report page: %w", err)
	}
	return bytes.Map(printable, b.Bytes()), nil
}

// printable replaces what is no text in a document: names may hold anything.
func printable(c rune) rune {
	if c < ' ' && c != '\n' && c != '\t' || c == 0x7f || c == 0xfffe || c == 0xffff {
		return utf8.RuneError
	}
	return c // Bytes that are no UTF-8 come in as utf8.RuneError.
}

// page prepares what the template shows.
func (r *Report) page() *page {
	v := &r.Verdict
	p := &page{
		Title: r.title(), Verdict: word(v.Verdict), Headline: strings.TrimSuffix(r.headline(), "."), Next: r.next(),
		Notes: r.Meta.Notes, Reasons: v.Reasons, Warnings: v.Warnings, Digest: v.Digest, Replay: r.Meta.Replay,
		NoSamples: len(r.Request.Metrics) == 0,
	}
	p.Glyph = map[canary.Outcome]string{canary.Pass: "✓", canary.Fail: "✕", canary.Inconclusive: "?", canary.NoData: "–"}[p.Verdict]
	ls := r.lines()
	if p.Verdict == canary.Fail && r.tally()[canary.Fail] > 0 {
		p.Detail = ls[0].detail()
	}
	points := 240
	if len(ls) > roomy {
		points = 90
	}
	for i, l := range ls {
		one := r.row(l)
		if i < maxSections {
			one.Anchor = i + 1
			p.Sections = append(p.Sections, r.section(l, one, points, len(ls)))
		} else {
			one.Reason, one.Forest = l.v.Reason, nil
		}
		if len(ls) > splitRows && l.v.Verdict == canary.Pass {
			p.Passing = append(p.Passing, one)
		} else {
			p.Open = append(p.Open, one)
		}
	}
	p.Left = len(ls) - len(p.Sections)
	for _, g := range v.Gates {
		p.Gates = append(p.Gates, gateRow{g.Objective, num(g.Burn), num(g.Limit), g.Reason, word(g.Verdict)})
	}
	p.Facts, p.Policy = r.facts(), policyFacts(v)
	p.Looks = r.looks()
	return p
}

func (r *Report) row(l line) row {
	v := l.v
	one := row{Name: v.Name, Verdict: word(v.Verdict), Critical: v.Critical, Effect: signed(v.Effect), Forest: l.forest(4),
		Limiting: v.Name == r.Verdict.Limiting && r.Verdict.Verdict == canary.Inconclusive}
	if _, _, rel := l.levels(); one.Effect != "" {
		one.Relative = percent(rel)
	}
	if !l.moved() && v.Verdict != canary.Pass && v.Channel != r.Verdict.Judge {
		one.Channel = "by " + v.Channel
		if v.Channel == "missing" {
			one.Channel = "too few samples"
		}
	}
	if c := l.change; l.moved() && !math.IsNaN(c) && !math.IsInf(c, 0) {
		one.Times = brief(c)
	}
	return one
}

func (r *Report) section(l line, one row, points, all int) section {
	v := l.v
	s := section{row: one, Shown: all <= openAll || v.Verdict != canary.Pass, Why: v.Reason, Detail: l.detail(),
		Time: l.timeline(r.Meta, points), Wide: l.forest(0), Tail: l.tail(), Dots: l.dots(), Queries: l.query, Trace: v.Trace.Steps}
	for _, c := range v.Channels {
		s.Channels = append(s.Channels, channelRow{c.Channel, measured(c), measuredInterval(c), pvalue(c.LogP), c.Reason, word(c.Verdict)})
	}
	add := func(name, value string) {
		if value != "" && value != "0" {
			s.Facts = append(s.Facts, fact{name, value})
		}
	}
	add("interval", interval(v.Interval))
	add("smallest change that matters", positive(v.MinEffect))
	add("p, for this look alone", pvalue(v.LogP))
	if v.N[0]+v.N[1] > 0 {
		add("samples", fmt.Sprintf("%d canary, %d baseline", v.N[1], v.N[0]))
	}
	add("worth independent samples", positive(v.NEff))
	add("calibrated on", v.Calibration)
	if !math.IsNaN(v.Phi) && v.Phi != 0 {
		add("autocorrelation", num(v.Phi))
	}
	add("e-value of worse", positive(v.EValue))
	add("visible by the end", positive(v.Detectable))
	if v.Verdict == canary.Inconclusive && v.MinutesNeeded > 0 && !math.IsInf(v.MinutesNeeded, 1) {
		add("needs about", span(v.MinutesNeeded)+" more")
	}
	add("digest", v.Digest)
	return s
}

// measured writes what a channel measures: a level's change with its sign, a
// ratio or a share as it is.
func measured(c canary.Evidence) string {
	if levelChannel(c.Channel) {
		return signed(c.Effect)
	}
	return num(c.Effect)
}

func measuredInterval(c canary.Evidence) string {
	if levelChannel(c.Channel) || math.IsNaN(c.Interval[0]) || math.IsNaN(c.Interval[1]) {
		return interval(c.Interval)
	}
	return num(c.Interval[0]) + " to " + num(c.Interval[1])
}

// facts stand below the headline.
func (r *Report) facts() []fact {
	n := r.tally()
	var counts []string
	for _, o := range []canary.Outcome{canary.Fail, canary.NoData, canary.Inconclusive, canary.Pass} {
		if n[o] > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n[o], o))
		}
	}
	var out []fact
	add := func(name, value string) {
		if value != "" {
			out = append(out, fact{name, value})
		}
	}
	if r.Verdict.Verdict == canary.Inconclusive {
		add("Limiting metric", r.Verdict.Limiting)
	}
	add("Metrics", strings.Join(counts, ", "))
	add("Window", r.Meta.window())
	add("Run", strings.TrimSpace(r.Meta.Run+" "+r.Meta.State))
	add("Judge", r.Verdict.Judge)
	return out
}

func policyFacts(v *canary.Verdict) []fact {
	p := v.Policy
	var out []fact
	add := func(name string, value float64, format string) {
		if value > 0 {
			out = append(out, fact{name, fmt.Sprintf(format, value)})
		}
	}
	if v.Judge == "native" || v.Judge == "" {
		add("chance to fail a healthy canary, over all metrics and looks", 100*p.FalseFail, "%.3g %%")
		add("chance to pass a metric worse by its margin", 100*p.FalsePass, "%.3g %%")
		if p.Looks > 0 {
			out = append(out, fact{"look", fmt.Sprintf("%d of %d", p.Look, p.Looks)})
		}
		add("planned samples", float64(p.PlannedSamples), "%.0f")
		add("share of the traffic on the canary", 100*p.Exposure, "%.3g %%")
		return out
	}
	n := p.Named
	for _, knob := range []struct {
		judge, name string
		value       float64
	}{
		{"mann-whitney", "tolerance", n.Tolerance}, {"mann-whitney", "confidence level", n.ConfidenceLevel},
		{"mad", "max percentile", n.MaxPercentile}, {"dbscan", "tolerance factor", n.ToleranceFactor},
		{"hdbscan", "min similar shards percent", n.MinSimilarShardsPercent},
	} {
		if knob.judge == v.Judge {
			add(knob.name, knob.value, "%g")
		}
	}
	return out
}

// looks are the stretches of the history.
func (r *Report) looks() []lookBar {
	all := r.Meta.Looks
	total := 0
	for _, l := range all {
		total += max(1, l.Last-l.First+1)
	}
	var out []lookBar
	for _, l := range all {
		n := max(1, l.Last-l.First+1)
		bar := lookBar{Verdict: word(l.Verdict), Share: math.Round(1e4*float64(n)/float64(total)) / 100, Looks: fmt.Sprintf("look %d", l.First), Times: clock(l.From)[11:]}
		if n > 1 {
			bar.Looks = fmt.Sprintf("looks %d to %d", l.First, l.Last)
			bar.Times += " to " + clock(l.To)[11:]
		}
		if l.Limiting != "" && bar.Verdict == canary.Inconclusive {
			bar.Text = "held back by " + l.Limiting
		}
		out = append(out, bar)
	}
	return out
}
