package main

import (
	"math"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/canary/kayenta"
	"github.com/bellwether-ts/bellwether/canary/stat"
)

// The peers, in the same run on the same samples. Each fails a canary as soon
// as one metric fails, as a critical metric does in Kayenta.

// kayentaJudge is Kayenta's own rule at its shipped settings.
func kayentaJudge(ms []canary.Metric) canary.Outcome {
	req := kayenta.Request{ScoreThresholds: &kayenta.Thresholds{Pass: new(float64), Marginal: new(float64)}}
	*req.ScoreThresholds.Pass = 95
	for _, m := range ms {
		dir := string(m.Direction)
		if dir == "" {
			dir = "either"
		}
		req.CanaryConfig.Metrics = append(req.CanaryConfig.Metrics, kayenta.Metric{
			Name: m.Name, Groups: []string{"g"},
			AnalysisConfigurations: map[string]map[string]any{"canary": {"direction": dir, "critical": true}},
		})
		p := kayenta.Pair{Name: m.Name}
		p.Values.Control, p.Values.Experiment = m.Baseline, m.Canary
		req.MetricSetPairList = append(req.MetricSetPairList, p)
	}
	r, err := req.Judge(kayenta.Options{})
	if err != nil {
		return canary.NoData
	}
	for _, m := range r.Results {
		if m.Classification == "High" || m.Classification == "Low" {
			return canary.Fail
		}
	}
	return canary.Inconclusive // A pass that shows nothing: keep looking.
}

// plainMannWhitney fails at p < 0.02 per metric, Kayenta's level without its
// tolerance.
func plainMannWhitney(ms []canary.Metric) canary.Outcome {
	for _, m := range ms {
		alt := stat.TwoSided
		if m.Direction == canary.Increase {
			alt = stat.Greater
		}
		if r := stat.MannWhitney(m.Canary, m.Baseline, alt, stat.Asymptotic); r.P < 0.02 {
			return canary.Fail
		}
	}
	return canary.Inconclusive
}

// threshold fails where the means differ by more than a tenth.
func threshold(ms []canary.Metric) canary.Outcome {
	for _, m := range ms {
		b, c := stat.Mean(m.Baseline), stat.Mean(m.Canary)
		d := (c - b) / math.Abs(b)
		if d > 0.1 || d < -0.1 && m.Direction != canary.Increase {
			return canary.Fail
		}
	}
	return canary.Inconclusive
}

type peer struct {
	name  string
	judge judge
}

var peers = []peer{{"Kayenta", kayentaJudge}, {"Mann-Whitney 2 %", plainMannWhitney}, {"threshold 10 %", threshold}}
