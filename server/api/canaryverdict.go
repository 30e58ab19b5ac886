package api

import (
	"math"

	"github.com/bellwether-ts/bellwether/canary"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// Verdicts, as the contract writes them.

var statesOut = map[pipeline.RunState]pb.AnalysisState{
	pipeline.RunRunning:  pb.AnalysisState_ANALYSIS_STATE_RUNNING,
	pipeline.RunDone:     pb.AnalysisState_ANALYSIS_STATE_DONE,
	pipeline.RunCanceled: pb.AnalysisState_ANALYSIS_STATE_CANCELED,
}

func analysisOf(r pipeline.Run) *pb.Analysis {
	out := &pb.Analysis{
		Id: r.ID, Key: r.Key, Spec: specOut(r.Spec), State: statesOut[r.State], Looks: int32(r.Looks),
		Started: stamp(r.Started), Ended: stamp(r.Ended),
	}
	if r.Verdict.Verdict != "" {
		out.Result = verdictOf(r.Verdict, r.Request, &r.Spec)
		out.Result.Score = r.Last.Score // Known also when the metrics are not at hand.
	}
	return out
}

// canaryPreview is the most samples of a side that travel for a plot.
const canaryPreview = 240

// verdictOf translates a verdict; req and spec, where known, add the samples
// and the queries.
func verdictOf(v canary.Verdict, req *canary.Request, spec *pipeline.RunSpec) *pb.JudgeResponse {
	out := &pb.JudgeResponse{
		Verdict: verdictsOut[v.Verdict], VerdictWord: string(v.Verdict), Reasons: v.Reasons, Trace: traceText(v.Text()),
		LimitingMetric: v.Limiting, MinutesNeeded: minutesOut(v.Verdict, v.MinutesNeeded), Score: v.Score(), Warnings: v.Warnings, Digest: v.Digest,
	}
	for i, m := range v.Metrics {
		one := metricOut(m)
		if req != nil && i < len(req.Metrics) {
			one.BaselinePreview = present(thin(req.Metrics[i].Baseline, canaryPreview))
			one.CanaryPreview = present(thin(req.Metrics[i].Canary, canaryPreview))
		}
		if spec != nil && i < len(spec.Metrics) {
			one.BaselineQuery, one.CanaryQuery = spec.Queries(i)
		}
		out.Metrics = append(out.Metrics, one)
	}
	for _, g := range v.Gates {
		out.Gates = append(out.Gates, &pb.GateVerdict{
			Objective: g.Objective, Verdict: verdictsOut[g.Verdict], BurnRate: finite(g.Burn), Limit: g.Limit, Reason: g.Reason,
		})
	}
	return out
}

func metricOut(m canary.MetricVerdict) *pb.MetricVerdict {
	out := &pb.MetricVerdict{
		Name: m.Name, Verdict: verdictsOut[m.Verdict], Effect: finite(m.Effect), Reason: m.Reason, Channel: m.Channel, Critical: m.Critical,
		IntervalLow: finite(m.Interval[0]), IntervalHigh: finite(m.Interval[1]), P: finite(m.P), LogP: finite(m.LogP),
		BaselineSamples: int32(m.N[0]), CanarySamples: int32(m.N[1]),
		EffectiveSamples: positiveOnly(m.NEff), Autocorrelation: finite(m.Phi), EValue: finite(m.EValue),
		MinEffect: positiveOnly(m.MinEffect), DetectableEffect: positiveOnly(m.Detectable),
		MinutesNeeded: minutesOut(m.Verdict, m.MinutesNeeded), Calibration: m.Calibration, Digest: m.Digest,
	}
	for _, c := range m.Channels {
		out.Channels = append(out.Channels, &pb.ChannelEvidence{
			Name: c.Channel, Verdict: verdictsOut[c.Verdict], Effect: finite(c.Effect),
			IntervalLow: finite(c.Interval[0]), IntervalHigh: finite(c.Interval[1]), P: finite(math.Exp(c.LogP)), Reason: c.Reason,
		})
	}
	return out
}

// minutesOut is absent when nothing is undecided and when more time will not
// help.
func minutesOut(v canary.Outcome, minutes float64) *float64 {
	if v != canary.Inconclusive {
		return nil
	}
	return finite(minutes)
}

// positiveOnly is absent where a size is unknown, which some judges write as 0.
func positiveOnly(v float64) *float64 {
	if v > 0 {
		return finite(v)
	}
	return nil
}

// present drops missing samples: JSON has no NaN.
func present(v []float64) []float64 {
	out := make([]float64, 0, len(v))
	for _, x := range v {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			out = append(out, x)
		}
	}
	return out
}

var verdictsOut = map[canary.Outcome]pb.CanaryVerdict{
	canary.Pass: pb.CanaryVerdict_CANARY_VERDICT_PASS, canary.Fail: pb.CanaryVerdict_CANARY_VERDICT_FAIL,
	canary.Inconclusive: pb.CanaryVerdict_CANARY_VERDICT_INCONCLUSIVE, canary.NoData: pb.CanaryVerdict_CANARY_VERDICT_NO_DATA,
}
