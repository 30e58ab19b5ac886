package kayenta

import (
	"fmt"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/canary/words"
)

// Two judges on the same samples: Kayenta's rules and the native judge. Where
// they differ the report says why, and a cause is only named when it was
// computed: the judge is asked again with that one thing changed, and the cause
// stands if the answer turns.

// Cause is one reason why two judges differ on a metric.
type Cause struct {
	Name   CauseName
	Detail string // One sentence with the numbers it rests on.
}

// CauseName names a cause in a word or two, for a count over many reports.
type CauseName string

// The causes. Of the first group Kayenta fails what the native judge does not,
// of the second it passes what the native judge does not.
const (
	CauseDependence   CauseName = "dependence"          // Its samples depend on each other and are counted as if they did not.
	CauseMultiplicity CauseName = "multiplicity"        // One of many metrics strays by chance; only the native judge corrects for their number.
	CauseLooks        CauseName = "repeated looks"      // The native judge keeps its error over every look, Kayenta per look.
	CauseErrorRate    CauseName = "error rate"          // At the native judge's chance of error Kayenta's own interval would not fail it.
	CauseMargin       CauseName = "margin"              // A difference, but shown to be smaller than what matters.
	CauseJitter       CauseName = "jitter"              // Two constants; Kayenta's label rests on noise it adds.
	CauseFewSamples   CauseName = "few samples"         // Too few to judge.
	CauseTolerance    CauseName = "tolerance"           // It asks the interval to clear a share of the estimate, which grows with it.
	CauseEffectSize   CauseName = "effect size"         // allowedIncrease or allowedDecrease lets it through.
	CausePairing      CauseName = "pairing"             // Seen only when the instants of both sides are paired.
	CauseChannel      CauseName = "channel"             // Seen in something Kayenta does not look at.
	CauseEquivalence  CauseName = "equivalence"         // No difference was shown, and no equivalence either.
	CauseSilence      CauseName = "no data passes"      // It passes what it has no samples of.
	CauseZeros        CauseName = "missing read as 0"   // nanStrategy replace.
	CauseUnit         CauseName = "unit"                // Its label depends on the unit of the samples.
	CauseError        CauseName = "error not counted"   // Its test failed, and the score leaves that out.
	CauseOutliers     CauseName = "outliers removed"    // outliers.strategy remove.
	CauseStatistic    CauseName = "different statistic" // Ranks against means; nothing else was found.
)

// MetricDisagreement is one metric judged by both.
type MetricDisagreement struct {
	Name    string
	Label   string         // Kayenta's classification.
	Verdict canary.Outcome // The native verdict.
	Reason  string         // The native judge's.
	Agree   bool
	Causes  []Cause // Empty when they agree.
}

// Disagreement is a canary judged by both.
type Disagreement struct {
	Kayenta Result
	Native  canary.Verdict
	Agree   bool                 // On the canary as a whole.
	Whole   []string             // Why the whole differs, beyond its metrics.
	Metrics []MetricDisagreement // In the order of the pairs.
	Notes   []string             // Settings the native judge does not take.
}

// Compare judges a Kayenta request by both judges and explains every
// difference. It fails where Kayenta's judge does.
func Compare(r Request, opt Options) (Disagreement, error) {
	res, err := r.Judge(opt)
	if err != nil {
		return Disagreement{}, err
	}
	if opt, err = opt.filled(); err != nil {
		return Disagreement{}, err
	}
	req, notes := r.Native()
	_, v, err := r.JudgeNative(req)
	if err != nil {
		return Disagreement{}, err
	}
	d := Disagreement{Kayenta: res, Native: v, Notes: notes}
	counted := v.Metrics
	for i, pair := range r.MetricSetPairList {
		label := res.Results[i]
		c := comparison{opt: opt, pair: pair, metric: req.Metrics[i], policy: req.Policy, metrics: len(v.Metrics), label: label.Classification}
		if c.set, err = r.settingsOf(pair.Name); err != nil {
			return Disagreement{}, err
		}
		if c.set.muted {
			c.verdict = c.alone(c.metric, c.policy)
		} else {
			c.verdict, counted = counted[0], counted[1:]
		}
		m := MetricDisagreement{Name: req.Metrics[i].Name, Label: label.Classification, Verdict: c.verdict.Verdict, Reason: c.verdict.Reason}
		if m.Agree = agree(m.Label, m.Verdict); !m.Agree {
			m.Causes = c.causes()
		}
		d.Metrics = append(d.Metrics, m)
	}
	d.Agree = agreeWhole(res.Score.Classification, v.Verdict)
	if !d.Agree {
		d.Whole = r.wholeCauses(res)
	}
	return d, nil
}

// agree says whether a label and a verdict mean the same.
func agree(label string, v canary.Outcome) bool {
	switch label {
	case kPass:
		return v == canary.Pass
	case kHigh, kLow:
		return v == canary.Fail
	case kNodata, kNodataFailMetric:
		return v == canary.NoData
	}
	return false
}

func agreeWhole(class string, v canary.Outcome) bool {
	switch v {
	case canary.Pass:
		return class == "Pass"
	case canary.Inconclusive:
		return class == "Marginal"
	}
	return class == "Fail"
}

// wholeCauses finds the scoring rules that shaped Kayenta's score.
func (r Request) wholeCauses(res Result) []string {
	var out []string
	type tally struct{ scored, failed, unscored []string }
	groups := map[string]*tally{}
	var order []string
	errored := 0
	for _, m := range res.Results {
		if m.Muted {
			continue
		}
		if m.Classification == kError {
			errored++
		}
		for _, g := range m.Groups {
			if groups[g] == nil {
				groups[g] = &tally{}
				order = append(order, g)
			}
			t := groups[g]
			switch m.Classification {
			case kHigh, kLow, kNodataFailMetric:
				t.failed = append(t.failed, m.Name)
				t.scored = append(t.scored, m.Name)
			case kPass:
				t.scored = append(t.scored, m.Name)
			default:
				t.unscored = append(t.unscored, m.Name)
			}
		}
	}
	passed := res.Score.Classification == "Pass"
	for _, g := range order {
		t := groups[g]
		if len(t.scored) == 0 {
			out = append(out, fmt.Sprintf("group %s counts as 100 in Kayenta's score though none of its %s could be judged", g, words.Count(len(t.unscored), "metric")))
		}
		if passed && len(t.failed) > 0 {
			out = append(out, fmt.Sprintf("Kayenta's score lets %d of the %s of group %s fail", len(t.failed), words.Count(len(t.scored), "metric"), g))
		}
	}
	if errored > 0 {
		out = append(out, fmt.Sprintf("%s ended in an error, which Kayenta's score leaves out, critical or not", words.Count(errored, "metric")))
	}
	if sum := sumWeights(r.CanaryConfig.Classifier.GroupWeights); sum > 100 {
		out = append(out, fmt.Sprintf("the group weights add up to %v, so Kayenta's score can exceed 100", sum))
	}
	return out
}
