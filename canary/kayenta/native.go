package kayenta

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/canary/stat"
	"github.com/bellwether-ts/bellwether/metric"
)

// The bridge between Kayenta's vocabulary and the native judge: its request
// asked of ours, and our verdict told in its words. A score has no room for "not
// decided yet", so INCONCLUSIVE becomes a score between marginal and pass.

// NativeJudgeName selects the native judge in canaryConfig.judge.name.
const NativeJudgeName = "Bellwether-native"

// Judges lists the judges a canaryConfig may name, the default first.
func Judges() []string { return []string{JudgeName, NativeJudgeName} }

// JudgeBy judges by the judge of that name: NetflixACAJudge-v1.0, also when it is
// empty or RemoteJudge-v1.0, or Bellwether-native. The verdict is the native one, nil for Kayenta's rules.
func (r Request) JudgeBy(name string, opt Options) (Result, *canary.Verdict, error) {
	switch name {
	case "", JudgeName, remote:
		res, err := r.Judge(opt)
		return res, nil, err
	case NativeJudgeName:
		req, _ := r.Native()
		res, v, err := r.JudgeNative(req)
		return res, &v, err
	}
	return Result{}, nil, fmt.Errorf("cannot judge by %q: the judges are %s", name, strings.Join(Judges(), ", "))
}

// Native asks the native judge what r asks Kayenta's: one metric per pair, in
// order, named as pairNames names them. The notes name every setting that has
// no counterpart. Error rates are the defaults.
func (r Request) Native() (canary.Request, []string) {
	var out canary.Request
	var notes []string
	for i, name := range r.pairNames() {
		p := r.MetricSetPairList[i]
		m := canary.Metric{Name: name, Baseline: p.Values.Control, Canary: p.Values.Experiment}
		if step := p.Scopes["experiment"].StepMillis; step > 0 {
			m.StepSeconds = float64(step) / 1000
		}
		set, err := r.settingsOf(p.Name)
		if err != nil {
			m.Err = err.Error()
			out.Metrics = append(out.Metrics, m)
			continue
		}
		m.Critical = set.critical
		m.Direction = set.direction()
		m.MinEffect = set.nativeMargin(stat.Mean(set.clean(p.Values.Control)))
		for _, n := range set.unported() {
			notes = append(notes, name+": "+n)
		}
		out.Metrics = append(out.Metrics, m)
	}
	return out, notes
}

// pairNames names the pairs, those that share a metric with their tags too.
func (r Request) pairNames() []string {
	count := map[string]int{}
	for _, p := range r.MetricSetPairList {
		count[p.Name]++
	}
	out := make([]string, len(r.MetricSetPairList))
	for i, p := range r.MetricSetPairList {
		out[i] = p.Name
		if count[p.Name] > 1 {
			var tags []string
			for _, k := range slices.Sorted(maps.Keys(p.Tags)) {
				tags = append(tags, fmt.Sprintf("%s=%q", k, p.Tags[k]))
			}
			out[i] += "{" + strings.Join(tags, ",") + "}"
		}
	}
	return out
}

func (r Request) settingsOf(metric string) (settings, error) {
	at := slices.IndexFunc(r.CanaryConfig.Metrics, func(m Metric) bool { return m.Name == metric })
	if at < 0 {
		return settings{}, fmt.Errorf("cannot judge metric %q: canaryConfig.metrics has none of that name", metric)
	}
	return r.CanaryConfig.Metrics[at].settings()
}

func (s settings) direction() canary.Direction {
	switch {
	case s.increase && s.decrease:
		return canary.Either
	case s.increase:
		return canary.Increase
	}
	return canary.Decrease
}

// nativeMargin is the change that Kayenta would still allow, as a size: the
// smaller of what allowedIncrease and allowedDecrease leave of the control's
// mean. 0, the judge's default, where they allow nothing.
func (s settings) nativeMargin(control float64) float64 {
	if s.cles {
		return 0
	}
	margin := math.Inf(1)
	if s.increase && s.allowedIncrease > 1 {
		margin = (s.allowedIncrease - 1) * math.Abs(control)
	}
	if s.decrease && s.allowedDecrease < 1 && s.allowedDecrease >= 0 {
		margin = min(margin, (1-s.allowedDecrease)*math.Abs(control))
	}
	if math.IsInf(margin, 0) || math.IsNaN(margin) {
		return 0
	}
	return margin
}

// unported lists what of the settings the native judge does not take.
func (s settings) unported() []string {
	var out []string
	if s.replaceNaN {
		out = append(out, "nanStrategy replace has no counterpart: what is missing stays missing and is never read as 0")
	}
	if s.removeOutliers {
		out = append(out, "outliers.strategy remove has no counterpart: every sample counts")
	}
	if s.cles {
		out = append(out, "effectSize.measure cles has no counterpart: the margin is a size in the metric's unit")
	}
	return out
}

// JudgeNative judges req, which must have a metric per pair in order (as Native
// gives), and tells the verdict in Kayenta's words. Muted metrics are judged
// apart and do not count.
func (r Request) JudgeNative(req canary.Request) (Result, canary.Verdict, error) {
	if len(req.Metrics) != len(r.MetricSetPairList) {
		return Result{}, canary.Verdict{}, fmt.Errorf("cannot judge %d metrics for %d pairs", len(req.Metrics), len(r.MetricSetPairList))
	}
	live, muted := req, canary.Request{Policy: req.Policy}
	live.Metrics = nil
	quiet := make([]bool, len(req.Metrics))
	for i, p := range r.MetricSetPairList {
		set, err := r.settingsOf(p.Name)
		if quiet[i] = err == nil && set.muted; quiet[i] {
			muted.Metrics = append(muted.Metrics, req.Metrics[i])
		} else {
			live.Metrics = append(live.Metrics, req.Metrics[i])
		}
	}
	v := canary.Judge(live)
	aside := canary.Judge(muted).Metrics
	counted := v.Metrics
	results := make([]MetricResult, len(req.Metrics))
	for i, p := range r.MetricSetPairList {
		from := &counted
		if quiet[i] {
			from = &aside
		}
		var m canary.MetricVerdict
		if len(*from) > 0 { // A policy out of range leaves none.
			m, *from = (*from)[0], (*from)[1:]
		} else {
			m = canary.MetricVerdict{Verdict: canary.NoData, Reason: strings.Join(v.Reasons, "; ")}
		}
		results[i] = r.nativeResult(p, m)
	}
	return r.nativeScore(results, v), v, nil
}

// nativeResult tells one metric's verdict as a CanaryAnalysisResult.
func (r Request) nativeResult(p Pair, m canary.MetricVerdict) MetricResult {
	set, _ := r.settingsOf(p.Name) // A metric without readable settings is NO_DATA with that reason.
	res := MetricResult{
		Name: p.Name, ID: p.ID, Tags: p.Tags, Groups: []string{}, Muted: set.muted,
		ExperimentMetadata: stats(metric.Finite(p.Values.Experiment)), ControlMetadata: stats(metric.Finite(p.Values.Control)),
		ClassificationReason: string(m.Verdict) + ": " + m.Reason,
	}
	for _, c := range r.CanaryConfig.Metrics {
		if c.Name == p.Name && c.Groups != nil {
			res.Groups = c.Groups
			break
		}
	}
	if c, e := metric.Finite(p.Values.Control), metric.Finite(p.Values.Experiment); len(c) > 0 && len(e) > 0 {
		res.ResultMetadata = &ratio{Ratio: javaDouble(meanRatio(c, e))}
	}
	switch m.Verdict {
	case canary.Pass:
		res.Classification = kPass
	case canary.Fail:
		res.Classification = kHigh
		if m.Effect < 0 || math.IsNaN(m.Effect) && !set.increase {
			res.Classification = kLow
		}
		res.Critical = set.critical
	default:
		res.Classification = kNodata // The word they have for "no answer"; the reason says which.
		if m.Verdict == canary.NoData {
			res.Critical = set.critical
			if set.mustHaveData && !set.critical {
				res.Classification = kNodataFailMetric
			}
		}
	}
	return res
}

// nativeScore scores a verdict: PASS 100, FAIL and NO_DATA 0, INCONCLUSIVE
// between the thresholds. Group scores are shares of PASS, as in Kayenta.
func (r Request) nativeScore(results []MetricResult, v canary.Verdict) Result {
	th := Thresholds{}
	if r.ScoreThresholds != nil {
		th = *r.ScoreThresholds
	}
	if th.Pass == nil || th.Marginal == nil {
		pass, marginal := 100.0, 50.0
		th = Thresholds{Pass: &pass, Marginal: &marginal}
	}
	out := scoreOf(r.CanaryConfig, th, results)
	out.JudgeName = NativeJudgeName
	score := 0.0
	class := "Fail"
	switch v.Verdict {
	case canary.Pass:
		score, class = 100, "Pass"
	case canary.Inconclusive:
		score = undecidedScore(*th.Marginal, *th.Pass)
		class = "Marginal"
		if score < *th.Marginal {
			class = "Fail"
		}
	}
	reason := string(v.Verdict)
	if len(v.Reasons) > 0 {
		reason = strings.Join(v.Reasons, "; ")
		if !strings.HasPrefix(reason, string(v.Verdict)) {
			reason = string(v.Verdict) + ": " + reason
		}
	}
	out.Score = Score{Score: javaDouble(score), Classification: class, ClassificationReason: reason}
	return out
}

// undecidedScore lies above marginal and below pass, a whole number since Argo
// and Orca cut scores to one; Orca fails at marginal itself. Where the
// thresholds leave no room it is the highest whole number below pass: an
// undecided canary never passes.
func undecidedScore(marginal, pass float64) float64 {
	below := math.Ceil(pass) - 1
	return max(0, min(below, max(math.Floor((marginal+pass)/2), math.Floor(marginal)+1)))
}
