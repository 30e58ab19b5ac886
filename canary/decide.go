package canary

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/canary/words"
)

// From evidence to words: the verdict of a metric, what would change it, and
// the verdict on the canary.

// decide gives the metric its verdict and reason; tested is the number of
// metrics Holm's correction ran over.
func (a *assessment) decide(tested int) {
	alpha, correction := math.Log(a.policy.FalseFail), a.adjusted-a.folded
	if math.IsNaN(correction) { // Nothing tested, or as sure as numbers get.
		correction = math.Log(float64(max(1, tested)))
	}
	a.detectable(tested)
	fails := a.failing(alpha, correction, a.equivalent())
	switch {
	case a.m.Err != "":
		a.noData("its samples cannot be read: " + a.m.Err)
	case a.unusable != "":
		a.noData("it cannot be read: " + a.unusable)
	case a.v.N[0] == 0 || a.v.N[1] == 0:
		a.noData(a.silence())
	case fails != nil:
		a.fail(fails, alpha-correction, tested)
	case a.first.name == chMissing:
		a.inconclusive(fmt.Sprintf("%d baseline and %d canary samples are too few to compare", a.v.N[0], a.v.N[1]), a.forecast(tested))
	case a.equivalent():
		a.pass(alpha, tested)
	default:
		a.inconclusive(a.undecided(alpha), a.forecast(tested))
	}
	if a.first.name != chMissing && a.v.Verdict != NoData {
		a.step("pass test", "margin %s (%s); p = %s that the effect reaches it, against %v", words.Number(a.margin), a.marginSource(), words.P(a.logPass), a.policy.FalsePass)
		a.v.Channels = a.evidence(alpha, correction)
	}
	for _, b := range a.s.blockers {
		a.step("cannot pass", "%s", b)
	}
	if !math.IsNaN(a.v.LogP) {
		a.v.P = math.Exp(a.v.LogP)
	}
	if e := a.first.logE; a.v.Verdict != NoData && !math.IsNaN(e) {
		a.v.EValue = math.Exp(e)
	}
}

// equivalent reports whether the level is shown to differ by less than the margin.
func (a *assessment) equivalent() bool { return a.logPass <= math.Log(a.policy.FalsePass) }

func (a *assessment) noData(why string) {
	a.v.Verdict, a.v.MinutesNeeded, a.v.Reason = NoData, math.Inf(1), why
}

// fail says which channel is worse than chance allows. level is the log of what
// the metric's one p-value had to reach.
func (a *assessment) fail(c *channel, level float64, tested int) {
	a.v.Verdict, a.v.Channel = Fail, c.name
	how, says := "worse than", c.says
	if c == &a.first {
		says = "the canary " + a.change()
		if a.tally != "" && a.v.Interval[0] <= 0 && a.v.Interval[1] >= 0 {
			says = "the canary had " + a.tally // The bet may be sure before the interval is.
		}
		if a.m.Direction == Either {
			how = "more than"
		}
	} else {
		a.v.LogP = c.logPlain
		if !math.IsNaN(c.logE) {
			a.first.logE = c.logE
		}
	}
	a.v.Reason = fmt.Sprintf("%s, which is %s chance allows: p = %s over all looks against %s needed among %s",
		says, how, words.P(c.logFail), words.P(level+math.Log(c.share)), words.Count(tested, "metric"))
}

// pass gives an equivalent metric its PASS unless something else forbids it.
func (a *assessment) pass(alpha float64, tested int) {
	per := a.m.StepSeconds / 60
	if len(a.s.blockers) > 0 {
		a.inconclusive("it looks equivalent, but "+strings.Join(a.s.blockers, "; "), math.Inf(1))
		return
	}
	if c := a.suspect(alpha); c != nil {
		a.inconclusive(fmt.Sprintf("its level is equivalent, but %s, with p = %s", c.says, words.P(c.logFail)), float64(a.s.length)*per)
		return
	}
	if a.logShape > math.Log(a.policy.FalsePass) {
		a.inconclusive(fmt.Sprintf("its level is equivalent, but the observations are too few to rule out that %g %% of them have moved", 100*shapeMargin),
			math.Ceil(float64(a.s.length)*(a.shapeGrowth-1))*per)
		return
	}
	a.v.Verdict = Pass
	a.v.Reason = fmt.Sprintf("the canary %s, and %s", a.change(), a.within())
}

func (a *assessment) inconclusive(why string, wait float64) {
	a.v.Verdict, a.v.MinutesNeeded = Inconclusive, wait
	next := "more of the same will not decide it"
	if !math.IsInf(wait, 1) {
		next = fmt.Sprintf("about %s more would decide it", words.Minutes(wait))
		if math.IsNaN(a.v.Interval[0]) {
			next = fmt.Sprintf("at least %s more are needed", words.Minutes(wait))
		}
	}
	if len(a.s.blockers) > 0 {
		a.v.MinutesNeeded = math.Inf(1)
		next = "it cannot pass: " + strings.Join(a.s.blockers, "; ")
		if strings.HasSuffix(why, strings.Join(a.s.blockers, "; ")) {
			next = "it cannot pass until the samples are complete"
		}
	}
	a.v.Reason = why + "; " + next
}

// detectable notes the smallest effect that the plan's last look would see four
// times in five.
func (a *assessment) detectable(tested int) {
	if !(a.se > 0) || math.IsNaN(a.v.Interval[0]) || a.first.name == chMissing {
		return
	}
	growth := max(1, 1/a.plan.share)
	if a.plan.looks > 0 && a.plan.share >= 1 || math.IsInf(growth, 1) {
		growth = 1
	}
	z := a.plan.at(growth).score(a.failLevel(tested), a.m.Direction == Either) + fourInFive
	if a.df > 0 {
		z = nearStudent(z, a.df*growth)
	}
	a.v.Detectable = z * a.se / math.Sqrt(growth)
}

// fourInFive is the normal quantile of 0.8.
const fourInFive = 0.8416212335729143

// failLevel is the log of what the first channel's p-value must reach when all
// tested metrics are undecided: Holm's first step.
func (a *assessment) failLevel(tested int) float64 {
	return math.Log(a.policy.FalseFail * a.first.share / float64(max(1, tested)))
}

// undecided says what the interval does not exclude.
func (a *assessment) undecided(alpha float64) string {
	if a.guard != "" && (math.IsNaN(a.v.Interval[0]) || a.first.weighted() <= alpha) {
		return "the canary " + a.change() + ", but " + a.guard
	}
	if a.unlike != "" {
		return "the canary " + a.change() + ", but " + a.unlike
	}
	return fmt.Sprintf("the canary %s: neither no change nor a change of the margin %s (%s) can be ruled out", a.change(), words.Number(a.margin), a.marginSource())
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
	if a.first.name == chCount {
		per = " events per sample"
	}
	if a.first.name == chConstant {
		return fmt.Sprintf("is %s by exactly %s at every instant", word, words.Number(math.Abs(e)))
	}
	if math.IsNaN(a.v.Interval[0]) {
		return fmt.Sprintf("is %s by %s%s", word, words.Number(math.Abs(e)), per)
	}
	return fmt.Sprintf("is %s by %s%s (interval %s to %s)", word, words.Number(math.Abs(e)), per, words.Number(a.v.Interval[0]), words.Number(a.v.Interval[1]))
}

func (a *assessment) within() string {
	if a.margin == 0 {
		return "neither side ever moves"
	}
	return fmt.Sprintf("no change as large as the margin %s (%s) fits the data", words.Number(a.margin), a.marginSource())
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
	if a.m.Kind == Count || a.first.name == chMissing {
		need = MinPairs
	}
	if a.first.name == chMissing || math.IsNaN(a.v.Interval[0]) {
		return max(1, need-n) * per
	}
	if a.first.name == chConstant {
		return max(1, 2*MinPairs-n) * per
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
	failBand := unit.score(a.failLevel(tested), a.m.Direction == Either)
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

// nearStudent is the inverse of nearNormal.
func nearStudent(z, df float64) float64 {
	u := z * (8*df + 3) / (8*df + 1)
	return math.Sqrt(df * math.Expm1(u*u/df))
}

// conclude draws the verdict on the canary: FAIL if any gate or metric fails;
// NO_DATA if no metric, or not a critical one, has data; INCONCLUSIVE if any
// metric is not decided or a gate is silent; PASS only if every metric passes.
func (v *Verdict) conclude() {
	count, gates := map[Outcome]int{}, map[Outcome]int{}
	deaf := len(v.Metrics) == 0
	for _, m := range v.Metrics {
		count[m.Verdict]++
		deaf = deaf || m.Critical && m.Verdict == NoData
	}
	for _, g := range v.Gates {
		gates[g.Verdict]++
	}
	if count[NoData] == len(v.Metrics) {
		deaf = true
	}
	switch {
	case count[Fail]+gates[Fail] > 0:
		v.Verdict = Fail
	case deaf:
		v.Verdict = NoData
	case count[NoData]+count[Inconclusive]+gates[NoData] > 0:
		v.Verdict = Inconclusive
	default:
		v.Verdict = Pass
	}
	v.explain(count)
}

// explain writes the reasons: gates first, then the metrics that decide.
func (v *Verdict) explain(count map[Outcome]int) {
	for _, g := range v.Gates {
		if g.Verdict == Fail || g.Verdict == NoData {
			v.Reasons = append(v.Reasons, fmt.Sprintf("%s gate: %s", g.Verdict, g.Reason))
		}
		if g.Verdict == v.Verdict && v.Limiting == "" || g.Verdict == NoData && v.Verdict == Inconclusive {
			v.Limiting, v.MinutesNeeded = "objective "+g.Objective, 0
			if g.Verdict == NoData {
				v.MinutesNeeded = math.Inf(1)
			}
		}
	}
	if len(v.Metrics) == 0 {
		v.Reasons = append(v.Reasons, "there are no metrics to judge")
		return
	}
	if v.Verdict == Pass {
		v.Reasons = []string{fmt.Sprintf("PASS: %s within the margin", words.Count(count[Pass], "metric"))}
		v.Limiting = ""
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
