package canary

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/canary/strict"
	"github.com/bellwether-ts/bellwether/canary/words"
	"github.com/bellwether-ts/bellwether/metric"
)

// The named judges are our reading of the four that Twitter described
// (M. Kanne, "Reclaim your time: automating canary analysis", 2018), whose
// formulas are not public. They answer through the same Verdict, but their PASS
// means only "nothing was flagged": none of them shows equivalence or allows
// for dependent samples. They exist for teams who steer by these rules; the
// native judge is the one that keeps its error rates.
//
//	mann-whitney  the interval of the shift clears a share of the estimate
//	mad           canary shards lie further out than the baseline's own
//	dbscan        canary shards are near no baseline shard
//	hdbscan       canary shards cluster with too few baseline shards
//
// A shard is one instance's series, seen through its median over the window
// (Metric.Shards). Without shards every sample stands for one.

// NamedOptions are the settings of the named judges; zero values take the
// default stated at each.
type NamedOptions struct {
	Tolerance               float64 // mann-whitney: share of the estimate the interval must clear; 0.25.
	ConfidenceLevel         float64 // mann-whitney: two-sided level; 0.98.
	MaxPercentile           float64 // mad: percentile of the baseline shards' robust z a canary shard may reach; 95.
	ToleranceFactor         float64 // dbscan: neighbourhood radius in robust sd of the baseline shards; 3.
	MinSimilarShardsPercent float64 // hdbscan: share of baseline shards a canary shard must cluster with; 50.
}

func (o NamedOptions) filled() (NamedOptions, error) {
	var bad []string
	set := func(name string, v *float64, def, lo, hi float64) {
		if *v == 0 {
			*v = def
		}
		if !(*v > lo && *v <= hi) || math.IsInf(*v, 0) {
			bad = append(bad, fmt.Sprintf("%s %v must lie above %v and up to %v", name, *v, lo, hi))
		}
	}
	set("tolerance", &o.Tolerance, 0.25, 0, math.MaxFloat64)
	set("confidence_level", &o.ConfidenceLevel, 0.98, 0, 0.999999)
	set("max_percentile", &o.MaxPercentile, 95, 0, 100)
	set("tolerance_factor", &o.ToleranceFactor, 3, 0, math.MaxFloat64)
	set("min_similar_shards_percent", &o.MinSimilarShardsPercent, 50, 0, 100)
	if bad != nil {
		return o, fmt.Errorf("cannot use judge settings: %s", strings.Join(bad, "; "))
	}
	return o, nil
}

// namedJudge judges one metric whose sides both have samples.
type namedJudge func(m *Metric, o NamedOptions, v *MetricVerdict)

var namedJudges = []struct {
	name  string
	judge namedJudge
}{
	{"mann-whitney", judgeMannWhitney},
	{"mad", judgeMAD},
	{"dbscan", judgeDBSCAN},
	{"hdbscan", judgeHDBSCAN},
}

// Judges lists the names JudgeNamed accepts.
func Judges() []string {
	out := []string{"native"}
	for _, n := range namedJudges {
		out = append(out, n.name)
	}
	return out
}

// JudgeNamed judges a canary by the judge of that name. It fails for an unknown
// name or settings out of range.
func JudgeNamed(name string, req Request) (Verdict, error) {
	if name == "native" {
		return Judge(req), nil
	}
	for _, n := range namedJudges {
		if n.name != name {
			continue
		}
		o, err := req.Policy.Named.filled()
		if err != nil {
			return Verdict{}, err
		}
		return judgeEach(name, req, o, n.judge), nil
	}
	return Verdict{}, fmt.Errorf("cannot use judge %s%s; known are %s", strict.Clip(name), strict.Suggest(name, Judges()), strings.Join(Judges(), ", "))
}

// judgeEach runs a named judge over every metric.
func judgeEach(name string, req Request, o NamedOptions, judge namedJudge) Verdict {
	d := newDigester()
	v := Verdict{Judge: name, Gates: judgeGates(req.Gates), Policy: req.Policy, Warnings: slices.Clone(req.Warnings)}
	v.Policy.Named = o
	nan := math.NaN()
	for _, m := range req.Metrics {
		if m.Direction != Increase && m.Direction != Decrease {
			m.Direction = Either
		}
		mv := MetricVerdict{Name: m.Name, Critical: m.Critical, Effect: nan, Interval: [2]float64{nan, nan}, P: nan, LogP: nan, NEff: nan, Phi: nan, EValue: nan, Detectable: nan, MinEffect: m.MinEffect, Channel: name}
		y, x := points(&m)
		mv.N = [2]int{len(y), len(x)}
		if m.Err != "" {
			mv.Verdict, mv.MinutesNeeded, mv.Reason = NoData, math.Inf(1), "its samples cannot be read: "+m.Err
		} else if len(x) == 0 || len(y) == 0 {
			mv.Verdict, mv.MinutesNeeded = NoData, math.Inf(1)
			mv.Reason = fmt.Sprintf("%d baseline and %d canary samples can be read: there is nothing to compare", len(y), len(x))
		} else if unreadable(m.Baseline) || unreadable(m.Canary) {
			mv.Verdict, mv.MinutesNeeded = NoData, math.Inf(1)
			mv.Reason = "none of the samples of a side as a whole can be read, though those of single shards can"
		} else {
			judge(&m, o, &mv)
		}
		v.Metrics = append(v.Metrics, mv)
	}
	for i := range v.Metrics {
		v.Metrics[i].Digest = d.metric(&req.Metrics[i])
	}
	v.Digest = d.whole(name, v.Policy, &req, v.Metrics)
	v.conclude()
	if v.Verdict == Pass {
		v.Reasons = []string{fmt.Sprintf("PASS: judge %s flagged none of %s; this does not show that they are equivalent", name, words.Count(len(v.Metrics), "metric"))}
	}
	return v
}

// unreadable reports whether there are samples and none is a number.
func unreadable(v []float64) bool { return len(v) > 0 && !slices.ContainsFunc(v, metric.IsFinite) }
