package pipeline

import (
	"fmt"

	"github.com/bellwether-ts/bellwether/canary"
)

// Pipelines that know only go and stop say beforehand what an INCONCLUSIVE end
// is told as. It is told as that and never looks like a judgement: the first
// reason says who decided. A PASS is not told for a metric or a gate nobody
// could read: on_undecided answers "not shown yet", not "not looked at".

// tell returns the verdict as this run tells it; final is true at its last look.
func (s RunSpec) tell(v canary.Verdict, final bool) canary.Verdict {
	if !final || v.Verdict != canary.Inconclusive {
		return v
	}
	word := canary.Fail
	switch s.OnUndecided {
	case UndecidedFail:
	case UndecidedPass:
		if why := unread(v); why != "" {
			v.Reasons = append([]string{fmt.Sprintf("undecided, and not told as PASS by on_undecided: %s", why)}, v.Reasons...)
			return v
		}
		word = canary.Pass
	default:
		return v
	}
	v.Verdict = word
	v.Reasons = append([]string{fmt.Sprintf("undecided, told as %s by on_undecided", word)}, v.Reasons...)
	return v
}

// unread names what was not judged for want of samples; empty if all was.
func unread(v canary.Verdict) string {
	if len(v.Metrics) == 0 {
		return "there is no metric"
	}
	for _, m := range v.Metrics {
		if m.Verdict == canary.NoData || m.Verdict == canary.Inconclusive && (m.Channel == "missing" || m.Channel == "missingness") {
			return fmt.Sprintf("metric %s lacks samples (%d of the baseline, %d of the canary)", m.Name, m.N[0], m.N[1])
		}
	}
	for _, g := range v.Gates {
		if g.Verdict == canary.NoData {
			return fmt.Sprintf("nobody knows how objective %s burns", g.Objective)
		}
	}
	return ""
}
