package api

import (
	"context"

	"google.golang.org/grpc/codes"

	"github.com/bellwether-ts/bellwether/canary"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// Judge: samples come in, a verdict goes out, nothing is kept.

// Limits of one request.
const (
	maxJudgeMetrics = canary.MaxMetrics
	maxJudgeSamples = canary.MaxSamples // A list.
)

func (s *canaryService) Judge(_ context.Context, r *pb.JudgeRequest) (*pb.JudgeResponse, error) {
	if len(r.Metrics) > maxJudgeMetrics {
		return nil, invalid("cannot judge %d metrics at once: at most %d", len(r.Metrics), maxJudgeMetrics)
	}
	policy, err := judgePolicy(r.Policy)
	if err != nil {
		return nil, err
	}
	req := canary.Request{Policy: policy}
	seen := map[string]bool{}
	for i, m := range r.Metrics {
		if seen[m.Name] {
			return nil, invalid("cannot judge metrics[%d]: the name %q is already taken; names must differ", i, m.Name)
		}
		seen[m.Name] = true
		one, err := samplesIn(m)
		if err != nil {
			return nil, err
		}
		req.Metrics = append(req.Metrics, one)
	}
	switch judge := r.Policy.GetJudge(); judge {
	case "", "native":
		return verdictOf(canary.Judge(req), &req, nil), nil
	case "kayenta":
		return nil, invalid("cannot judge these samples with kayenta: its judge has a request of its own; use Kayenta's REST paths, or bellwether canary judge --judge kayenta on a file")
	default:
		v, err := canary.JudgeNamed(judge, req)
		if err != nil {
			return nil, asStatus(codes.InvalidArgument, err)
		}
		return verdictOf(v, &req, nil), nil
	}
}

// judgePolicy checks the rates the way a run checks them.
func judgePolicy(p *pb.CanaryPolicy) (canary.Policy, error) {
	for _, rate := range []float64{p.GetFalseFail(), p.GetFalsePass()} {
		if !(rate >= 0 && rate <= 0.5) {
			return canary.Policy{}, invalid("cannot judge with an error rate of %v: policy.false_fail and policy.false_pass are chances in (0, 0.5], or 0 for the default", rate)
		}
	}
	if e := p.GetExposure(); !(e >= 0 && e < 1) {
		return canary.Policy{}, invalid("cannot judge with an exposure of %v: policy.exposure is the canary's share of the traffic in (0, 1), or 0 for the default", e)
	}
	return canary.Policy{FalseFail: p.GetFalseFail(), FalsePass: p.GetFalsePass(), Exposure: p.GetExposure(), Named: namedIn(p)}, nil
}

// samplesIn reads the samples of one metric.
func samplesIn(m *pb.CanarySamples) (canary.Metric, error) {
	for _, v := range [][]float64{m.Baseline, m.Canary, m.HistoryBaseline, m.HistoryCanary} {
		if len(v) > maxJudgeSamples {
			return canary.Metric{}, invalid("cannot judge %d samples of metric %q: at most %d a list; use a longer step", len(v), m.Name, maxJudgeSamples)
		}
	}
	if len(m.HistoryBaseline) != len(m.HistoryCanary) {
		return canary.Metric{}, invalid("cannot use the history of metric %q: %d baseline and %d canary samples; history lines up instant by instant, with NaN where there is none",
			m.Name, len(m.HistoryBaseline), len(m.HistoryCanary))
	}
	out := canary.Metric{
		Name: m.Name, Baseline: m.Baseline, Canary: m.Canary, StepSeconds: m.StepSeconds,
		Direction: directionOf(m.Direction), Kind: kindOf(m.Kind), MinEffect: m.GetMinEffect(), Critical: m.Critical,
		Distribution: distributionIn(m.Distribution),
	}
	if len(m.HistoryBaseline) > 0 {
		out.History = &canary.History{Baseline: m.HistoryBaseline, Canary: m.HistoryCanary, SameInstances: m.HistorySameInstances}
	}
	if s := m.Shards; s != nil {
		out.Shards = &canary.Shards{}
		out.Shards.Baseline, out.Shards.BaselineNames = shardsIn(s.Baseline)
		out.Shards.Canary, out.Shards.CanaryNames = shardsIn(s.Canary)
	}
	return out, nil
}

func shardsIn(in []*pb.CanaryShard) (samples [][]float64, names []string) {
	named := false
	for _, s := range in {
		samples, names = append(samples, s.Samples), append(names, s.Name)
		named = named || s.Name != ""
	}
	if !named {
		return samples, nil
	}
	return samples, names
}

func distributionIn(d *pb.CanaryDistribution) *canary.Distribution {
	if d == nil {
		return nil
	}
	return &canary.Distribution{
		Bounds: d.Bounds, Baseline: bucketsIn(d.Baseline), Canary: bucketsIn(d.Canary),
		HistoryBaseline: bucketsIn(d.HistoryBaseline), HistoryCanary: bucketsIn(d.HistoryCanary),
	}
}

// bucketsIn reads a histogram per instant; one without counts is an instant
// without data.
func bucketsIn(in []*pb.CanaryBuckets) [][]float64 {
	if len(in) == 0 {
		return nil
	}
	out := make([][]float64, len(in))
	for i, b := range in {
		if c := b.GetCounts(); len(c) > 0 {
			out[i] = c
		}
	}
	return out
}
