package slo

// The verdict in words. One renderer serves the test goldens, the command line,
// the page and the body of the ticket.

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Trace is a verdict in words: what, since when, why, why not more, what would
// change it, what to do next.
type Trace struct {
	Headline string   // One sentence, for a page's title.
	Since    string   // Since when.
	Why      []string // What the verdict rests on, one line a rule or window.
	WhyNot   []string // What did not count, and why.
	Change   string   // What would change the verdict.
	Next     string   // What to do now.
	Warnings []string // What to know about the data and the objective.
}

// Trace explains the status.
func (s Status) Trace() Trace {
	t := Trace{
		Headline: s.headline(),
		Since:    fmt.Sprintf("%s since %s", s.word(), stamp(s.Since)),
		Change:   s.whatChanges(),
		Next:     s.next(),
		Warnings: s.warnings(),
	}
	t.Why = append(t.Why, s.budgetLine())
	for _, r := range s.Rules {
		line, counts := r.line(s.Objective)
		if counts {
			t.Why = append(t.Why, line)
		} else {
			t.WhyNot = append(t.WhyNot, line)
		}
	}
	return t
}

// Text renders the trace, ending in a newline: the one renderer for tests, the
// command line, the page and the ticket.
func (t Trace) Text() string {
	var b strings.Builder
	b.WriteString(t.Headline + "\n")
	part := func(title string, lines ...string) {
		for i, line := range lines {
			if line == "" {
				continue
			}
			if i > 0 {
				title = ""
			}
			fmt.Fprintf(&b, "  %-9s %s\n", title, line)
		}
	}
	part("since", t.Since)
	part("why", t.Why...)
	part("why not", t.WhyNot...)
	part("change", t.Change)
	part("next", t.Next)
	part("note", t.Warnings...)
	return b.String()
}

// word is the verdict with its urgency: BURNING (page).
func (s Status) word() string {
	if s.Severity == None {
		return s.Verdict.String()
	}
	return fmt.Sprintf("%s (%s)", s.Verdict, s.Severity)
}

// title is what people call the objective.
func (o *Objective) title() string {
	if o.DisplayName != "" {
		return o.DisplayName
	}
	return o.Name
}

// budgetName is "30-day error budget", or "error budget of this month".
func (o *Objective) budgetName() string {
	switch w := o.Window; {
	case w.Rolling && w.Length%day == 0:
		return fmt.Sprintf("%d-day error budget", w.Length/day)
	case w.Rolling:
		return FormatDuration(w.Length) + " error budget"
	case w.Count == 1:
		return "error budget of this " + map[Unit]string{Minute: "minute", Hour: "hour", Day: "day", Week: "week", Month: "month", Quarter: "quarter", Year: "year"}[w.Unit]
	default:
		return fmt.Sprintf("error budget of this period of %s", FormatDuration(w.Length))
	}
}

func (s Status) headline() string {
	o := s.Objective
	switch s.Verdict {
	case NoData:
		return fmt.Sprintf("%s has NO_DATA: %s", o.title(), s.Quiet)
	case Exhausted:
		h := fmt.Sprintf("%s has spent its whole %s (%s of it)", o.title(), o.budgetName(), percent(s.Spent))
		if r, ok := s.firing(); ok {
			h += fmt.Sprintf(" and still spends it %s too fast", times(r.Long.Rate))
		}
		return h
	case Burning:
		r, _ := s.firing()
		h := fmt.Sprintf("%s spends its %s %s too fast: %s in the last %s", o.title(), o.budgetName(), times(r.Long.Rate), percent(share1(r, o)), lastOf(r.Long.Length))
		if s.ExhaustedIn > 0 {
			h += "; at this rate it is gone in " + FormatDuration(s.ExhaustedIn)
		}
		return h
	}
	return fmt.Sprintf("%s is OK: %s of its %s is left", o.title(), percent(s.Left), o.budgetName())
}

// share1 is the part of the whole budget spent in a rule's long window.
func share1(r RuleState, o *Objective) float64 {
	return r.Long.Rate * float64(r.Long.Length) / float64(o.Window.Length)
}

// firing returns the most urgent rule that fires.
func (s Status) firing() (RuleState, bool) {
	for _, r := range s.Rules {
		if r.Firing && r.Rule.Severity == s.Severity {
			return r, true
		}
	}
	return RuleState{}, false
}

func (s Status) budgetLine() string {
	unit := "events"
	if s.Objective.Method != Occurrences {
		unit = "slices"
	}
	line := fmt.Sprintf("target %s: %s of %s %s bad in the %s seen, %s of the budget spent, %s left",
		formatPercent(s.Objective.Target), amount(s.Period.Bad), amount(s.Period.Total), unit,
		FormatDuration(s.Period.Covered), percent(s.Spent), percent(s.Left))
	if s.Left-s.LeftLow > 1e-9 {
		line += fmt.Sprintf(" (%s if all of the %s without samples was bad)", percent(s.LeftLow), FormatDuration(s.Gap))
	}
	return line
}

// line says how a rule stands, and whether it speaks for the verdict.
func (r RuleState) line(o *Objective) (string, bool) {
	burn := fmt.Sprintf("%s: %s over %s and %s over %s, limit %s",
		r.Rule.Name, times(r.Long.Rate), FormatDuration(r.Long.Length), times(r.Short.Rate), FormatDuration(r.Short.Length), times(r.Rule.Factor))
	switch {
	case r.Firing:
		return fmt.Sprintf("%s; fires since %s (%s bad of %s; a healthy service shows that with p <= %s)",
			burn, stamp(r.Since), amount(r.Long.Bad), amount(r.Long.Total), probability(r.Bound)), true
	case r.Exceeded && !r.Evident:
		return fmt.Sprintf("%s; above, but not evident: %s bad of %s happens to a healthy service with p up to %s, want below %s",
			burn, amount(r.Long.Bad), amount(r.Long.Total), probability(r.Bound), probability(o.Evidence)), false
	case r.Exceeded:
		return fmt.Sprintf("%s; above, waits to have been so for %s", burn, FormatDuration(r.Rule.For)), false
	case r.Long.Rate > r.Rule.Factor:
		return burn + "; over: the short window is calm again", false
	case r.Long.Total == 0:
		return burn + "; no events in the long window", false
	}
	return burn, false
}

func (s Status) whatChanges() string {
	o := s.Objective
	if r, ok := s.firing(); ok {
		return fmt.Sprintf("it ends when the last %s burns below %s: at most %s bad (now %s)",
			FormatDuration(r.Short.Length), times(release*r.Rule.Factor), formatRatio(release*r.Rule.Factor*o.Budget()), formatRatio(r.Short.Rate*o.Budget()))
	}
	switch s.Verdict {
	case NoData:
		return "a sample of the indicator's series"
	case Exhausted:
		if s.PeriodEnd > 0 {
			return "the budget starts over at " + stamp(s.PeriodEnd)
		}
		return "old errors leaving the window, about as slowly as they came"
	}
	if len(o.Rules) > 0 {
		r := o.Rules[0]
		return fmt.Sprintf("%s: more than %s bad over %s", r.Name, formatRatio(r.Factor*o.Budget()), FormatDuration(r.Long))
	}
	return "only the budget running out: the objective has no rules"
}

func (s Status) next() string {
	in := s.Objective.Indicator
	switch {
	case s.Verdict == NoData:
		return "run this query; it returned nothing: " + firstText(in.Good, in.Value, in.Bad, in.Total)
	case s.Severity == Page:
		return "stop what changed last (roll back, shift traffic); then look at what moved with " + firstText(in.Bad, in.Good, in.Value)
	case s.Severity == Ticket:
		return "find the steady source of errors within days, before the budget is gone"
	case s.Verdict == Exhausted:
		return "hold risky changes until budget is back"
	}
	return "nothing to do"
}

func firstText(qs ...Query) string {
	for _, q := range qs {
		if q.Selector != "" {
			return q.Selector
		}
		if q.Text != "" {
			return q.Text
		}
	}
	return "the indicator's query"
}

func (s Status) warnings() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if s.Gap > 0 {
		add("no samples for %s of the period; the gap policy is %s", FormatDuration(s.Gap), s.Objective.Gap)
	}
	if s.Straddle > 0 {
		add("up to %s of the observations lie in the histogram bucket around the threshold: the bad share is right within that", percent(s.Straddle))
	}
	c := s.Counts
	for _, n := range []struct {
		n   uint64
		why string
	}{
		{c.OutOfOrder, "samples came out of order within their series and were not used"},
		{c.TooOld, "samples came too late for any window and are not in the sums"},
		{c.TooFar, "samples were dated further ahead than the window is long and were not used"},
		{c.NotANumber, "samples were negative or no number and were not used"},
		{c.NoRoom, "samples were of series beyond the limit and were not used"},
		{c.Misfit, "samples were of a kind this indicator does not take"},
	} {
		if n.n > 0 {
			add("%d %s", n.n, n.why)
		}
	}
	return append(out, s.Objective.Notes...)
}

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05") + " UTC" }

// times writes a burn rate: 14.4x.
func times(x float64) string { return strconv.FormatFloat(round3(x), 'f', -1, 64) + "x" }

// percent writes a ratio with three significant digits.
func percent(x float64) string { return strconv.FormatFloat(round3(x*100), 'f', -1, 64) + " %" }

// formatRatio writes an error ratio as a percentage, three significant digits.
func formatRatio(x float64) string { return percent(x) }

// amount writes a count: whole as it is, otherwise with three digits.
func amount(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return strconv.FormatFloat(round3(x), 'g', -1, 64)
}

// probability writes a bound: 0.0001 and up as a decimal, smaller as a power.
func probability(p float64) string {
	if p < 1e-300 {
		return "1e-300"
	}
	return strconv.FormatFloat(p, 'g', 2, 64)
}

// round3 rounds to three significant digits, and to whole numbers from 100 up.
func round3(x float64) float64 {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return x
	}
	p := math.Pow(10, math.Max(0, 2-math.Floor(math.Log10(math.Abs(x)))))
	return math.Round(x*p) / p
}

// lastOf writes a window after "the last": "hour", "6 h".
func lastOf(ms int64) string {
	switch ms {
	case hour:
		return "hour"
	case day:
		return "day"
	}
	return FormatDuration(ms)
}
