package kayenta

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// The Kayenta judge: NetflixACAJudge-v1.0 rule for rule, so that a team can
// move here without its verdicts changing under it. That includes what the
// native judge exists to repair; each is a rule here, not an oversight:
//
//   - a metric whose test cannot be computed is an Error that no score counts,
//     critical or not;
//   - no data passes where nanStrategy is "replace";
//   - the tolerance grows with the estimate, so a larger regression can be
//     harder to flag;
//   - the interval is searched to an absolute 1e-4, so labels depend on the unit;
//   - samples count as independent, and neither p-value nor interval is told.
//
// One thing cannot be copied: Kayenta adds unseeded noise where both sides are
// constant and different. Here the noise is drawn from a fixed seed, so that a
// verdict can be repeated.

// JudgeName is the judge whose rules these are, as its results name it.
const JudgeName = "NetflixACAJudge-v1.0"

// Options are the constants of Kayenta's judge, for those who run a
// patched one.
type Options struct {
	Tolerance  float64 // Share of the estimate the interval must clear; 0.25 when 0.
	Confidence float64 // Two-sided level of the interval, in (0,1); 0.98 when 0.
	Classifier string  // MannWhitney when empty.
}

func (o Options) filled() (Options, error) {
	if o.Tolerance == 0 {
		o.Tolerance = 0.25
	}
	if o.Confidence == 0 {
		o.Confidence = 0.98
	}
	switch o.Classifier {
	case "", MannWhitney, MeanInequality:
	default:
		return o, fmt.Errorf("cannot classify by %q: the classifiers are %s and %s", o.Classifier, MannWhitney, MeanInequality)
	}
	if !(o.Tolerance >= 0) || !(o.Confidence > 0 && o.Confidence < 1) {
		return o, fmt.Errorf("cannot use Kayenta tolerance %v, confidence %v: the tolerance must not be negative and the confidence must lie between 0 and 1", o.Tolerance, o.Confidence)
	}
	return o, nil
}

// Judge takes a Kayenta RemoteJudge request (canaryConfig,
// scoreThresholds, metricSetPairList) and returns its CanaryJudgeResult, field
// for field. Unknown fields are ignored, as Kayenta does. It fails where
// Kayenta's judge throws: a pair without a metric of its name, a setting of the
// wrong type.
func Judge(data []byte, opt Options) ([]byte, error) {
	req, err := ParseRequest(data)
	if err != nil {
		return nil, err
	}
	res, err := req.Judge(opt)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(res); err != nil {
		return nil, fmt.Errorf("cannot write Kayenta result: %w", err)
	}
	return b.Bytes(), nil
}

// Judge classifies every pair and scores the canary. Options take their
// defaults where zero.
func (r Request) Judge(opt Options) (Result, error) {
	opt, err := opt.filled()
	if err != nil {
		return Result{}, err
	}
	results := make([]MetricResult, 0, len(r.MetricSetPairList))
	for _, pair := range r.MetricSetPairList {
		res, err := judgeMetric(r.CanaryConfig, pair, opt)
		if err != nil {
			return Result{}, err
		}
		results = append(results, res)
	}
	return scoreOf(r.CanaryConfig, *r.ScoreThresholds, results), nil
}
