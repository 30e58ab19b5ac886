package slo

import "fmt"

// A burn rate is how many times faster than sustainable the budget is being
// spent: 1 spends exactly the budget over the objective's window. A rule fires
// when the burn exceeds its factor in a long window (so that it matters) and in
// a short one (so that it is still going on).

// Severity is what a rule asks of people.
type Severity uint8

// The severities, least urgent first.
const (
	None   Severity = iota // Nobody is asked for anything.
	Ticket                 // Somebody should look within days.
	Page                   // Somebody should look now.
)

// String returns none, ticket or page.
func (s Severity) String() string {
	switch s {
	case None:
		return "none"
	case Ticket:
		return "ticket"
	case Page:
		return "page"
	}
	return fmt.Sprintf("Severity(%d)", uint8(s))
}

// Rule is one multi-window burn-rate alert. Durations are milliseconds.
type Rule struct {
	Name     string
	Severity Severity
	Factor   float64 // Fires above this burn rate; > 0.
	Long     int64   // The window that says it matters.
	Short    int64   // The window that says it is still going on; < Long.
	For      int64   // How long both must have held; 0 fires at once.
}

// StandardRules returns the four rules of the Google SRE workbook (chapter 5,
// "Multiwindow, Multi-Burn-Rate Alerts") for an objective whose window is
// period milliseconds long: page when 2 % of the budget goes in 1 h or 5 % in
// 6 h, ticket when 10 % goes in 1 d or in 3 d; short windows a twelfth.
// Factor = share * period / long, so for 30 d it is 14.4, 6, 3 and 1. Where that
// falls below 1 it is raised to 1, since a budget spent slower lasts; a rule
// whose long window does not fit into the period is left out. Rules that can
// never fire at the target come back as refused, each with the sentence why.
func StandardRules(target float64, period int64) (rules []Rule, refused []string) {
	const hour = int64(3600_000)
	for _, r := range []struct {
		sev   Severity
		share float64
		long  int64
	}{{Page, .02, hour}, {Page, .05, 6 * hour}, {Ticket, .10, 24 * hour}, {Ticket, .10, 72 * hour}} {
		rule := Rule{
			Name:     fmt.Sprintf("%s %s", r.sev, FormatDuration(r.long)),
			Severity: r.sev,
			Factor:   max(1, r.share*float64(period)/float64(r.long)),
			Long:     r.long,
			Short:    r.long / 12,
		}
		if err := rule.Check(target, period); err != nil {
			refused = append(refused, err.Error())
			continue
		}
		rules = append(rules, rule)
	}
	return rules, refused
}

// Check returns the sentence why the rule makes no sense for a target and a
// period, or nil. The burn rate can never exceed 1/(1-target): all events bad.
func (r Rule) Check(target float64, period int64) error {
	switch {
	case !(r.Factor > 0):
		return fmt.Errorf("rule %q: factor %v is not above 0", r.Name, r.Factor)
	case r.Long <= 0 || r.Short <= 0 || r.Short > r.Long || r.For < 0:
		return fmt.Errorf("rule %q: windows %s and %s are not 0 < short <= long", r.Name, FormatDuration(r.Long), FormatDuration(r.Short))
	case r.Long > period:
		return fmt.Errorf("rule %q can never be judged: its window of %s is longer than the objective's %s", r.Name, FormatDuration(r.Long), FormatDuration(period))
	case r.Factor*(1-target) >= 1-1e-9: // 10 * (1 - 0.9) is a little below 1 in binary.
		return fmt.Errorf("rule %q can never fire: at a target of %s even a total outage burns at %.4gx, not above %.4gx; lower the factor, or raise the target above %s",
			r.Name, formatPercent(target), 1/(1-target), r.Factor, formatPercent(1-1/r.Factor))
	}
	return nil
}
