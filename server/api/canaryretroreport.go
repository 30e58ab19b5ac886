package api

import (
	"math"

	"google.golang.org/grpc/codes"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/canary/report"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// The report of a verdict that no run keeps: what Retrospect answered is read
// back and written down by whoever asked. It has what the answer has: previews
// for plots, no histograms, no single instances.

// RetrospectReport writes the answer to a Retrospect as a document; forms are
// those of GetReport, without the samples.
func RetrospectReport(asked *pb.RetrospectRequest, answer *pb.RetrospectResponse, form string) ([]byte, error) {
	res, spec := answer.GetResult(), asked.GetSpec()
	if report.Form(form) == report.Text {
		return []byte(res.GetTrace().GetText()), nil
	}
	r := &report.Report{Verdict: verdictIn(res), Meta: report.Meta{
		Name: spec.GetName(), From: millis(asked.GetWindow().GetStart(), 0), To: millis(asked.GetWindow().GetEnd(), 0),
	}}
	if r.Meta.Name == "" {
		r.Meta.Name = spec.GetService()
	}
	if r.Verdict.Judge = spec.GetPolicy().GetJudge(); r.Verdict.Judge == "" {
		r.Verdict.Judge = "native"
	}
	thinned := false
	for _, m := range res.GetMetrics() {
		thinned = thinned || max(len(m.BaselinePreview), len(m.CanaryPreview)) >= canaryPreview
		r.Request.Metrics = append(r.Request.Metrics, canary.Metric{Name: m.Name, Baseline: m.BaselinePreview, Canary: m.CanaryPreview, MinEffect: m.GetMinEffect()})
		r.Meta.Queries = append(r.Meta.Queries, [2]string{m.BaselineQuery, m.CanaryQuery})
	}
	if thinned {
		r.Meta.Notes = append(r.Meta.Notes, "The plots are drawn from a part of the samples; all of them were judged.")
	}
	out, err := r.Render(report.Form(form))
	return out, asStatus(codes.InvalidArgument, err)
}

// verdictIn reads a verdict as the contract writes it.
func verdictIn(res *pb.JudgeResponse) canary.Verdict {
	v := canary.Verdict{Verdict: outcomeIn(res.GetVerdict()), Reasons: res.GetReasons(), Warnings: res.GetWarnings(), Limiting: res.GetLimitingMetric(), Digest: res.GetDigest()}
	v.MinutesNeeded = minutesIn(v.Verdict, res.MinutesNeeded)
	for _, m := range res.GetMetrics() {
		one := canary.MetricVerdict{
			Name: m.Name, Critical: m.Critical, Verdict: outcomeIn(m.Verdict), Effect: orNaN(m.Effect), Interval: [2]float64{orNaN(m.IntervalLow), orNaN(m.IntervalHigh)},
			P: orNaN(m.P), LogP: orNaN(m.LogP), Channel: m.Channel, N: [2]int{int(m.BaselineSamples), int(m.CanarySamples)}, NEff: orNaN(m.EffectiveSamples),
			Reason: m.Reason, MinEffect: m.GetMinEffect(), Phi: orNaN(m.Autocorrelation), EValue: orNaN(m.EValue), Detectable: orNaN(m.DetectableEffect),
			Calibration: m.Calibration, Digest: m.Digest,
		}
		one.MinutesNeeded = minutesIn(one.Verdict, m.MinutesNeeded)
		for _, c := range m.Channels {
			one.Channels = append(one.Channels, canary.Evidence{Channel: c.Name, Verdict: outcomeIn(c.Verdict), Effect: orNaN(c.Effect),
				Interval: [2]float64{orNaN(c.IntervalLow), orNaN(c.IntervalHigh)}, LogP: math.Log(orNaN(c.P)), Reason: c.Reason})
		}
		v.Metrics = append(v.Metrics, one)
	}
	for _, g := range res.GetGates() {
		v.Gates = append(v.Gates, canary.GateVerdict{Gate: canary.Gate{Objective: g.Objective, Burn: orNaN(g.BurnRate), Limit: g.Limit}, Verdict: outcomeIn(g.Verdict), Reason: g.Reason})
	}
	return v
}

// outcomeIn reads an unknown verdict as one without data.
func outcomeIn(v pb.CanaryVerdict) canary.Outcome {
	for o, number := range verdictsOut {
		if number == v {
			return o
		}
	}
	return canary.NoData
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// minutesIn reads an absent figure of an INCONCLUSIVE as "time will not help".
func minutesIn(o canary.Outcome, v *float64) float64 {
	switch {
	case o != canary.Inconclusive:
		return 0
	case v == nil:
		return math.Inf(1)
	}
	return *v
}
