package canary

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// From evidence to words: the verdict of a metric, what would change it, and
// the verdict on the canary.

// decide gives the metric its verdict and reason; tested is the number of
// metrics Holm's correction ran over.
func (a *assessment) decide(tested int) {
	alpha := math.Log(a.policy.FalseFail)
	equivalent := a.logPass <= math.Log(a.policy.FalsePass)
	worse := a.adjusted <= alpha // False for NaN.
	switch {
	case a.m.Err != "":
		a.v.Verdict = NoData
		a.v.MinutesNeeded = math.Inf(1)
		a.v.Reason = "its samples cannot be read: " + a.m.Err
	case a.v.N[0] == 0 || a.v.N[1] == 0:
		a.v.Verdict = NoData
		a.v.MinutesNeeded = math.Inf(1)
		a.v.Reason = a.silence()
	case a.v.Channel == "missing":
		a.inconclusive(fmt.Sprintf("%d baseline and %d canary samples are too few to compare", a.v.N[0], a.v.N[1]), tested)
	case equivalent && len(a.s.blockers) == 0:
		a.v.Verdict = Pass
		a.v.Reason = fmt.Sprintf("the canary %s, and %s", a.change(), a.within())
	case worse && a.guard == "" && !equivalent:
		a.v.Verdict = Fail
		how := "worse than"
		if a.m.Direction == Either {
			how = "more than"
		}
		a.v.Reason = fmt.Sprintf("the canary %s, which is %s chance allows: p = %s over all looks against %s needed among %s",
			a.change(), how, pnum(a.logFail), pnum(a.logFail-a.adjusted+alpha), plural(tested, "metric"))
	case equivalent:
		a.inconclusive("it looks equivalent, but "+strings.Join(a.s.blockers, "; "), tested)
	case worse:
		a.inconclusive(fmt.Sprintf("the canary %s, but %s", a.change(), a.guard), tested)
	default:
		a.inconclusive(a.undecided(), tested)
	}
	if a.v.Channel != "missing" {
		a.step("pass test", "margin %s (%s); p = %s that the effect reaches it, against %v", num(a.margin), a.marginSource(), pnum(a.logPass), a.policy.FalsePass)
	}
	for _, b := range a.s.blockers {
		a.step("cannot pass", "%s", b)
	}
}

func (a *assessment) inconclusive(why string, tested int) {
	a.v.Verdict = Inconclusive
	a.v.MinutesNeeded = a.forecast(tested)
	next := "more of the same will not decide it"
	if !math.IsInf(a.v.MinutesNeeded, 1) {
		next = fmt.Sprintf("about %s more would decide it", minutes(a.v.MinutesNeeded))
		if math.IsNaN(a.v.Interval[0]) {
			next = fmt.Sprintf("at least %s more are needed", minutes(a.v.MinutesNeeded))
		}
	}
	if len(a.s.blockers) > 0 {
		a.v.MinutesNeeded = math.Inf(1)
		next = "it cannot pass until the samples are complete"
	}
	a.v.Reason = why + "; " + next
}

// undecided says what the interval does not exclude.
func (a *assessment) undecided() string {
	if a.guard != "" && math.IsNaN(a.v.Interval[0]) {
		return "the canary " + a.change() + ", but " + a.guard
	}
	return fmt.Sprintf("the canary %s: neither no change nor a change of the margin %s (%s) can be ruled out", a.change(), num(a.margin), a.marginSource())
}

// change describes the effect and its interval.
func (a *assessment) change() string {
	e := a.v.Effect
	if e == 0 {
		return "equals the baseline"
	}
	word := "higher"
	if e < 0 {
		word = "lower"
	}
	per := ""
	if a.v.Channel == "count" {
		per = " events per sample"
	}
	if a.v.Channel == "constant" {
		return fmt.Sprintf("is %s by exactly %s at every instant", word, num(math.Abs(e)))
	}
	if math.IsNaN(a.v.Interval[0]) {
		return fmt.Sprintf("is %s by %s%s", word, num(math.Abs(e)), per)
	}
	return fmt.Sprintf("is %s by %s%s (interval %s to %s)", word, num(math.Abs(e)), per, num(a.v.Interval[0]), num(a.v.Interval[1]))
}

func (a *assessment) within() string {
	if a.margin == 0 {
		return "neither side ever moves"
	}
	return fmt.Sprintf("no change as large as the margin %s (%s) fits the data", num(a.margin), a.marginSource())
}

func (a *assessment) marginSource() string {
	if a.marginGiven {
		return "given"
	}
	return "none given: " + a.marginHow
}

func (a *assessment) silence() string {
	var who string
	switch {
	case a.v.N[0] == 0 && a.v.N[1] == 0:
		who = "neither side has"
	case a.v.N[0] == 0:
		who = "the baseline does not have"
	default:
		who = "the canary does not have"
	}
	more := "; check that the query selects it and that it reports"
	if a.s.unread > 0 {
		more = fmt.Sprintf("; %d samples could not be read", a.s.unread)
	}
	return who + " a single sample" + more
}

// forecast is the further minutes after which the metric should be decided if
// the effect stays as it is: the smallest growth of the window at which it
// would FAIL or PASS. +Inf if none up to 50 times the window.
func (a *assessment) forecast(tested int) float64 {
	n := float64(a.s.length)
	per := a.m.StepSeconds / 60
	need := float64(coldMinimum)
	if a.m.Kind == Count || a.v.Channel == "missing" {
		need = minPairs
	}
	if a.v.Channel == "missing" || math.IsNaN(a.v.Interval[0]) {
		return max(1, need-n) * per
	}
	if a.v.Channel == "constant" {
		return max(1, 2*minPairs-n) * per
	}
	if !(a.se > 0) {
		return math.Inf(1)
	}
	if a.plan.looks > 0 && a.plan.share >= 1 {
		return math.Inf(1) // The plan of looks is spent.
	}
	// The bands at share 1, so that growing costs no tail per step.
	unit := a.plan
	unit.share = 1
	failBand := unit.score(math.Log(a.policy.FalseFail/float64(max(1, tested))), a.m.Direction == Either)
	passBand := unit.score(math.Log(a.policy.FalsePass), false)
	bad := directed(a.v.Effect, a.m.Direction)
	gap := a.margin - bad
	for growth := 1.05; growth <= 50; growth *= 1.1 {
		root := a.plan.at(growth).scale()
		z := func(distance float64) float64 {
			return root * nearNormal(distance/a.se*math.Sqrt(growth), a.df*growth)
		}
		if bad > 0 && growth >= a.guardUntil && z(bad) >= failBand || gap > 0 && z(gap) >= passBand {
			return math.Ceil(n*(growth-1)) * per
		}
	}
	return math.Inf(1)
}

// nearNormal is the normal score of a t statistic by the closed form of Wallace
// (Annals of Mathematical Statistics 1959), good to two digits: enough to
// foretell a number of minutes. df of 0 stands for a normal score already.
func nearNormal(t, df float64) float64 {
	if df == 0 {
		return t
	}
	return (8*df + 1) / (8*df + 3) * math.Sqrt(df*math.Log1p(t*t/df))
}

// conclude draws the verdict on the canary: FAIL if any metric fails; NO_DATA
// if no metric, or not a critical one, has data; INCONCLUSIVE if any metric is
// not decided; PASS only if every metric passes.
func (v *Verdict) conclude() {
	count := map[Outcome]int{}
	deaf := len(v.Metrics) == 0
	for _, m := range v.Metrics {
		count[m.Verdict]++
		deaf = deaf || m.Critical && m.Verdict == NoData
	}
	if count[NoData] == len(v.Metrics) {
		deaf = true
	}
	switch {
	case count[Fail] > 0:
		v.Verdict = Fail
	case deaf:
		v.Verdict = NoData
	case count[NoData]+count[Inconclusive] > 0:
		v.Verdict = Inconclusive
	default:
		v.Verdict = Pass
	}
	v.explain(count)
}

// explain writes the reasons, the metrics that decide first.
func (v *Verdict) explain(count map[Outcome]int) {
	if len(v.Metrics) == 0 {
		v.Reasons = []string{"there are no metrics to judge"}
		return
	}
	if v.Verdict == Pass {
		v.Reasons = []string{fmt.Sprintf("PASS: %s within the margin", plural(count[Pass], "metric"))}
		return
	}
	for _, m := range v.byImportance() {
		if m.Verdict == v.Verdict || v.Verdict == Inconclusive && m.Verdict == NoData {
			v.Reasons = append(v.Reasons, fmt.Sprintf("%s %s: %s", m.Verdict, m.Name, m.Reason))
		}
		if v.Verdict == Inconclusive && m.Verdict != Pass && (v.Limiting == "" || m.MinutesNeeded > v.MinutesNeeded) {
			v.Limiting, v.MinutesNeeded = m.Name, m.MinutesNeeded
		}
		if v.Verdict == Fail && m.Verdict == Fail && v.Limiting == "" {
			v.Limiting = m.Name
		}
	}
}

// byImportance lists the metrics, critical ones first, else as requested.
func (v *Verdict) byImportance() []MetricVerdict {
	ms := slices.Clone(v.Metrics)
	slices.SortStableFunc(ms, func(a, b MetricVerdict) int {
		switch {
		case a.Critical == b.Critical:
			return 0
		case a.Critical:
			return -1
		}
		return 1
	})
	return ms
}

// check reports every value out of range at once.
func (p Policy) check() error {
	var bad []string
	within := func(name string, v float64) {
		if !(v > 0 && v < 1) {
			bad = append(bad, fmt.Sprintf("%s %v must lie between 0 and 1", name, v))
		}
	}
	within("false_fail", p.FalseFail)
	within("false_pass", p.FalsePass)
	within("exposure", p.Exposure)
	if p.Looks < 0 || p.Look < 0 || p.Looks > 10_000 || p.Look > p.Looks {
		bad = append(bad, fmt.Sprintf("look %d of %d looks must satisfy 1 <= look <= looks <= 10000", p.Look, p.Looks))
	}
	if p.PlannedSamples < 0 {
		bad = append(bad, fmt.Sprintf("planned_samples %d must not be negative", p.PlannedSamples))
	}
	if bad == nil {
		return nil
	}
	return fmt.Errorf("cannot use policy: %s", strings.Join(bad, "; "))
}
