package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/metric"
)

// What a person woken at night reads first: what is wrong, how much, what next.

// title names the canary.
func (r *Report) title() string {
	return strings.TrimSpace("Canary " + oneLine(r.Meta.Name))
}

// headline says in one sentence what was found.
func (r *Report) headline() string {
	v := &r.Verdict
	ls := r.lines()
	switch word(v.Verdict) {
	case canary.Fail:
		bad := r.tally()[canary.Fail]
		if bad == 0 {
			for _, g := range v.Gates {
				if g.Verdict == canary.Fail {
					return gateSentence(g)
				}
			}
			break
		}
		s := ls[0].sentence()
		if bad > 1 {
			s += fmt.Sprintf(", and %s worse", isAre(bad-1, "more metric"))
		}
		return s
	case canary.Inconclusive:
		if v.Limiting != "" {
			return "Neither safe nor bad is shown yet: " + oneLine(v.Limiting) + " holds it back"
		}
		return "Neither safe nor bad is shown yet"
	case canary.Pass:
		if r.tally()[canary.Pass] < len(v.Metrics) || len(v.Metrics) == 0 {
			break // Told as PASS, or its metrics are not at hand: the reason says it.
		}
		if v.Judge != "" && v.Judge != "native" {
			return fmt.Sprintf("Judge %s flagged none of %s; this does not show that they are equivalent", v.Judge, count(len(v.Metrics), "metric"))
		}
		return "No metric differs by as much as matters: " + count(len(v.Metrics), "metric") + " judged"
	}
	if len(v.Reasons) > 0 {
		return oneLine(strings.TrimPrefix(v.Reasons[0], string(v.Verdict)+" "))
	}
	return "There is nothing to judge"
}

func isAre(n int, what string) string {
	if n == 1 {
		return "1 " + what + " is"
	}
	return fmt.Sprintf("%d %ss are", n, what)
}

func gateSentence(g canary.GateVerdict) string {
	if math.IsNaN(g.Burn) {
		return fmt.Sprintf("Objective %s: %s", oneLine(g.Objective), oneLine(g.Reason))
	}
	return fmt.Sprintf("Objective %s burns %s times its budget, %s is the limit", oneLine(g.Objective), brief(g.Burn), num(g.Limit))
}

// moved says whether the effect is a change of level: of other channels only the
// judge's own words say what it means.
func (l line) moved() bool { return levelChannel(l.v.Channel) }

func levelChannel(name string) bool {
	return slices.Contains([]string{"location", "count", "constant"}, name)
}

// sentence says how a metric differs.
func (l line) sentence() string {
	name := oneLine(l.v.Name)
	if !l.moved() || math.IsNaN(l.v.Effect) || l.v.Effect == 0 {
		return name + ": " + oneLine(l.v.Reason)
	}
	way := "higher"
	if l.v.Effect < 0 {
		way = "lower"
	}
	if _, _, rel := l.levels(); percent(rel) != "" && percent(rel) != "0 %" {
		return fmt.Sprintf("%s is %s %s on the canary", name, strings.TrimLeft(percent(rel), "+-"), way)
	}
	unit := ""
	if l.v.Channel == "count" {
		unit = " events per sample"
	}
	return fmt.Sprintf("%s is %s by %s%s on the canary", name, way, num(math.Abs(l.v.Effect)), unit)
}

// detail puts figures to a sentence: both levels, the change in margins.
func (l line) detail() string {
	var parts []string
	if base, can, _ := l.levels(); !math.IsNaN(base) && !math.IsNaN(can) {
		parts = append(parts, fmt.Sprintf("%s on the canary against %s on the baseline (%s)", orZero(can), orZero(base), l.levelWord()))
	}
	if x := l.change; l.moved() && !math.IsNaN(x) && !math.IsInf(x, 0) {
		parts = append(parts, fmt.Sprintf("the change is %s times the %s that matters", brief(x), num(l.v.MinEffect)))
	}
	return strings.Join(parts, "; ")
}

func orZero(v float64) string {
	if s := num(v); s != "" {
		return s
	}
	return "0"
}

func (l line) levelWord() string {
	if l.m != nil && l.m.Kind == canary.Count {
		return "means"
	}
	return "medians"
}

// levels are the typical values of both sides and the effect relative to the
// baseline's; NaN when unknown. Counts have means, since their median may be 0.
func (l line) levels() (base, can, relative float64) {
	if l.m == nil {
		return math.NaN(), math.NaN(), math.NaN()
	}
	level := median
	if l.m.Kind == canary.Count {
		level = mean
	}
	base, can = level(l.m.Baseline), level(l.m.Canary)
	return base, can, l.v.Effect / math.Abs(base)
}

func median(v []float64) float64 {
	s := metric.Finite(v)
	if len(s) == 0 {
		return math.NaN()
	}
	slices.Sort(s)
	n := len(s)
	return s[(n-1)/2]/2 + s[n/2]/2
}

func mean(v []float64) float64 {
	s := metric.Finite(v)
	sum := 0.0
	for _, x := range s {
		sum += x / float64(len(s))
	}
	if len(s) == 0 {
		return math.NaN()
	}
	return sum
}

// next says what to do now.
func (r *Report) next() string {
	v := &r.Verdict
	switch word(v.Verdict) {
	case canary.Fail:
		return "Take the canary back."
	case canary.Pass:
		return "Go on with the rollout."
	case canary.Inconclusive:
		return r.patience()
	}
	for _, l := range r.lines() {
		if l.v.Verdict == canary.NoData {
			return fmt.Sprintf("Check that both sides of %s have samples, then run it again. No data is never a pass.", oneLine(l.v.Name))
		}
	}
	return "Check that both sides have samples, then run it again. No data is never a pass."
}

// patience says what an INCONCLUSIVE needs.
func (r *Report) patience() string {
	v := &r.Verdict
	if r.Meta.State == "canceled" {
		return "It was canceled before it could decide: run it again."
	}
	switch m := v.MinutesNeeded; {
	case math.IsInf(m, 1) && v.Limiting != "":
		return fmt.Sprintf("More of the same will not decide. Give %s a history or a wider margin, or send the canary more traffic.", oneLine(v.Limiting))
	case math.IsInf(m, 1):
		return "More of the same will not decide: give it a history, wider margins or more traffic."
	case m > 0 && r.Meta.State == "running" && r.Meta.To > 0:
		at := time.UnixMilli(r.Meta.To).Add(time.Duration(min(m, 1e6) * float64(time.Minute)))
		return fmt.Sprintf("Let it run: about %s more, until %s UTC.", span(m), at.UTC().Format("15:04"))
	case m > 0 && r.Meta.State == "done":
		return fmt.Sprintf("Its time was too short: run it about %s longer, or let a person look.", span(m))
	case m > 0:
		return fmt.Sprintf("Let it run about %s longer.", span(m))
	}
	return "It needs complete samples of every metric."
}
