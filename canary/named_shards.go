package canary

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/canary/stat"
	"github.com/bellwether-ts/bellwether/canary/words"
	"github.com/bellwether-ts/bellwether/metric"
)

// The three shard judges. Each flags single canary shards; the metric FAILs
// when more than half of them are flagged, so that one odd shard among many
// does not stop a canary of many shards, and a canary of one stands for itself.

// maxShards bounds the shards a side that the clustering judges take; beyond,
// every k-th is used.
const maxShards = 500

// points reduces each side to one value per shard: the median of the shard's
// samples, or every sample itself where there are no shards.
func points(m *Metric) (baseline, canary []float64) {
	if m.Shards == nil {
		return metric.Finite(m.Baseline), metric.Finite(m.Canary)
	}
	medians := func(series [][]float64) []float64 {
		var out []float64
		for _, s := range series {
			if f := metric.Finite(s); len(f) > 0 {
				out = append(out, stat.Median(f))
			}
		}
		return out
	}
	return medians(m.Shards.Baseline), medians(m.Shards.Canary)
}

// minShards is the number of baseline shards below which no shard judge can say
// what is usual.
const minShards = 3

// flagShards applies the majority rule to flagged canary shards. far is set by
// the judge for each; a shard on the harmless side of the baseline's median
// never counts.
func flagShards(m *Metric, v *MetricVerdict, y, x []float64, far []bool, rule string) {
	center := stat.Median(y)
	v.Effect = stat.Median(x) - center
	v.NEff = float64(min(len(x), len(y)))
	if len(y) < minShards {
		v.Verdict, v.MinutesNeeded = Inconclusive, math.Inf(1)
		v.Reason = fmt.Sprintf("%d baseline shards are too few to say what is usual; %d are needed", len(y), minShards)
		return
	}
	n := 0
	for i, f := range far {
		if f && directed(x[i]-center, m.Direction) > 0 {
			n++
		}
	}
	what := fmt.Sprintf("%d of %d canary shards %s", n, len(x), rule)
	v.Trace.Steps = append(v.Trace.Steps, TraceStep{"shards", fmt.Sprintf("baseline median %s, robust sd %s, %d shards; %s", words.Number(center), words.Number(stat.RobustScale(y)), len(y), what)})
	v.Verdict, v.Reason = Pass, what+", no more than half"
	if 2*n > len(x) {
		v.Verdict, v.Reason = Fail, what+", more than half"
	}
}

// judgeMAD flags a canary shard whose robust z, |x - median|/MAD of the
// baseline's shards, exceeds the maxPercentile-th percentile of the baseline
// shards' own. For metrics whose shards group, such as success rate or latency.
func judgeMAD(m *Metric, o NamedOptions, v *MetricVerdict) {
	y, x := points(m)
	center, spread := stat.Median(y), stat.RobustScale(y)
	away := func(p float64) float64 {
		switch d := math.Abs(p - center); {
		case spread > 0:
			return d / spread
		case d > 0:
			return math.Inf(1)
		}
		return 0
	}
	zs := make([]float64, len(y))
	for i, p := range y {
		zs[i] = away(p)
	}
	limit := stat.Quantile(zs, o.MaxPercentile/100)
	far := make([]bool, len(x))
	for i, p := range x {
		far[i] = away(p) > limit
	}
	flagShards(m, v, y, x, far, fmt.Sprintf("lie beyond robust z %s, percentile %g of the baseline's own", words.Number(limit), o.MaxPercentile))
}

// judgeDBSCAN clusters all shards with radius toleranceFactor robust standard
// deviations of the baseline's and flags a canary shard that is noise or in a
// cluster without a baseline shard.
func judgeDBSCAN(m *Metric, o NamedOptions, v *MetricVerdict) {
	y, x := points(m)
	y, x = thin(y), thin(x)
	eps := o.ToleranceFactor * stat.RobustScale(y)
	labels := stat.DBSCAN(append(append([]float64{}, y...), x...), eps, min(4, len(y)))
	home := map[int]int{}
	for _, l := range labels[:len(y)] {
		home[l]++
	}
	far := make([]bool, len(x))
	for i, l := range labels[len(y):] {
		far[i] = l == stat.Noise || home[l] == 0
	}
	flagShards(m, v, y, x, far, fmt.Sprintf("share no cluster with a baseline shard at radius %s", words.Number(eps)))
}

// judgeHDBSCAN clusters all shards by density and flags a canary shard that is
// noise, or whose cluster holds fewer than minSimilarShardsPercent of the
// baseline's shards.
func judgeHDBSCAN(m *Metric, o NamedOptions, v *MetricVerdict) {
	y, x := points(m)
	y, x = thin(y), thin(x)
	size := max(2, (len(x)+len(y))/10)
	labels := stat.HDBSCAN(append(append([]float64{}, y...), x...), size)
	home := map[int]int{}
	for _, l := range labels[:len(y)] {
		home[l]++
	}
	far := make([]bool, len(x))
	for i, l := range labels[len(y):] {
		far[i] = l == stat.Noise || float64(home[l]) < o.MinSimilarShardsPercent/100*float64(len(y))
	}
	flagShards(m, v, y, x, far, fmt.Sprintf("cluster with fewer than %g %% of the baseline's shards", o.MinSimilarShardsPercent))
}

// thin keeps every k-th value so that at most maxShards remain.
func thin(v []float64) []float64 {
	if len(v) <= maxShards {
		return v
	}
	k := (len(v) + maxShards - 1) / maxShards
	var out []float64
	for i := 0; i < len(v); i += k {
		out = append(out, v[i])
	}
	return out
}
