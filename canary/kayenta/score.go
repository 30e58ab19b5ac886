package kayenta

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
)

// From labels to a score: groups, weights, critical failures, thresholds.

// group counts the labels of one group.
type group struct {
	name           string
	passed, scored int
}

func (g group) score() float64 {
	if g.scored == 0 {
		return 0
	}
	return float64(g.passed) / float64(g.scored) * 100
}

// scoreOf scores the classified metrics. Groups are listed in the order
// their first metric appears; Kayenta's order is that of a hash table.
func scoreOf(cfg Config, th Thresholds, results []MetricResult) Result {
	var groups []*group
	byName := map[string]*group{}
	live, nodata := 0, 0
	var critical *MetricResult
	for i := range results {
		r := &results[i]
		if r.Muted {
			continue
		}
		live++
		if r.Classification == kNodata {
			nodata++
		}
		if critical == nil && r.Critical && r.Classification != kPass {
			critical = r
		}
		for _, name := range r.Groups {
			g := byName[name]
			if g == nil {
				g = &group{name: name}
				byName[name] = g
				groups = append(groups, g)
			}
			switch r.Classification {
			case kPass:
				g.passed++
				g.scored++
			case kHigh, kLow, kNodataFailMetric:
				g.scored++
			}
		}
	}
	out := Result{JudgeName: JudgeName, Results: results, GroupScores: []GroupScore{}}
	for _, g := range groups {
		out.GroupScores = append(out.GroupScores, GroupScore{Name: g.name, Score: javaDouble(g.score())})
	}
	score, reason := 0.0, ""
	switch {
	case critical != nil:
		reason = "Canary Failed: " + critical.ClassificationReason
	case live > 0 && float64(nodata)/float64(live)*100 >= 50:
		reason = "Canary Failed: 50% or more metrics returned NODATA"
	default:
		score = weightedScore(cfg.Classifier.GroupWeights, groups)
	}
	out.Score = Score{Score: javaDouble(score), Classification: "Fail", ClassificationReason: reason}
	switch {
	case score >= *th.Pass:
		out.Score.Classification = "Pass"
	case score >= *th.Marginal:
		out.Score.Classification = "Marginal"
	}
	return out
}

// weightedScore weighs group scores; groups without a weight share what the
// weights leave of 100, and a group without scored metrics counts as 100.
func weightedScore(weights map[string]float64, groups []*group) float64 {
	given := sumWeights(weights)
	without := 0
	for _, g := range groups {
		if _, ok := weights[g.name]; !ok {
			without++
		}
	}
	share := 0.0
	if without > 0 {
		share = (100 - given) / float64(without)
	}
	total := 0.0
	for _, g := range groups {
		score := g.score()
		if g.scored == 0 {
			score = 100
		}
		w, ok := weights[g.name]
		if !ok {
			w = share
		}
		total += float64(score * (w / 100))
	}
	return roundHalfUp(total, 2)
}

// sumWeights adds the weights in a fixed order.
func sumWeights(weights map[string]float64) float64 {
	sum := 0.0
	for _, k := range slices.Sorted(maps.Keys(weights)) {
		sum += weights[k]
	}
	return sum
}

// roundHalfUp rounds the shortest decimal form of v to the given decimals, half
// away from zero, as Java's BigDecimal does.
func roundHalfUp(v float64, decimals int) float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(v, 'g', -1, 64))
	if !ok {
		return v
	}
	f, err := strconv.ParseFloat(r.FloatString(decimals), 64) // FloatString rounds half away from zero.
	if err != nil {
		return v
	}
	return f
}

// String is the one-line summary of a result.
func (r Result) String() string {
	return fmt.Sprintf("%s: score %v, %s", r.JudgeName, float64(r.Score.Score), r.Score.Classification)
}
