package canary

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/canary/stat"
	"github.com/bellwether-ts/bellwether/canary/words"
	"github.com/bellwether-ts/bellwether/metric"
)

// mann-whitney: tolerance, confidenceLevel, direction, after Kayenta, with an
// exact interval in place of a root search: FAIL when the interval of the
// Hodges-Lehmann shift lies beyond tolerance times the estimate on the worse
// side. For metrics that oscillate without grouping, such as memory.

func judgeMannWhitney(m *Metric, o NamedOptions, v *MetricVerdict) {
	x, y := metric.Finite(m.Canary), metric.Finite(m.Baseline)
	if len(x) == 0 || len(y) == 0 {
		v.Verdict, v.Reason, v.MinutesNeeded = NoData, "mann-whitney reads baseline and canary samples, and a side has none", math.Inf(1)
		return
	}
	h := stat.HodgesLehmann(x, y, o.ConfidenceLevel, stat.Auto)
	t := stat.MannWhitney(x, y, alternative(m.Direction), stat.Auto)
	v.Effect, v.Interval, v.P, v.LogP = h.Estimate, [2]float64{h.Low, h.High}, t.P, t.LogP
	v.NEff = float64(min(len(x), len(y)))
	bound := o.Tolerance * math.Abs(h.Estimate)
	high := m.Direction != Decrease && h.Low > bound
	low := m.Direction != Increase && h.High < -bound
	span := fmt.Sprintf("shift %s, %g %% interval %s to %s, tolerance %s", words.Number(h.Estimate), 100*o.ConfidenceLevel, words.Number(h.Low), words.Number(h.High), words.Number(bound))
	v.Trace.Steps = append(v.Trace.Steps, TraceStep{"rank test", fmt.Sprintf("U = %v of %d pairs, p = %s; %s", t.U, len(x)*len(y), words.P(t.LogP), span)})
	switch {
	case neverRejects(len(x), len(y), o.ConfidenceLevel):
		v.Verdict, v.MinutesNeeded = Inconclusive, math.Max(1, m.StepSeconds/60)
		v.Reason = fmt.Sprintf("%d against %d samples cannot reach the confidence level whatever they are", len(y), len(x))
	case high || low:
		v.Verdict, v.Reason = Fail, "the interval lies beyond the tolerance: "+span
	default:
		v.Verdict, v.Reason = Pass, "the interval reaches inside the tolerance: "+span
	}
}

// neverRejects reports whether even full separation of m and n samples is
// likelier than the level allows: 2/C(m+n,m) > 1-level.
func neverRejects(m, n int, level float64) bool {
	la, _ := math.Lgamma(float64(m + n + 1))
	lb, _ := math.Lgamma(float64(m + 1))
	lc, _ := math.Lgamma(float64(n + 1))
	return math.Ln2-(la-lb-lc) > math.Log(1-level)
}
