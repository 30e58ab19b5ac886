package api

import (
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/bellwether-ts/bellwether/canary"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// The spec of a run, from and to the contract.

// specIn reads a spec; 0 and empty fields take the pipeline's defaults.
func specIn(s *pb.CanarySpec) pipeline.RunSpec {
	p := s.GetPolicy()
	out := pipeline.RunSpec{
		Name: s.GetName(), Service: s.GetService(), Baseline: s.GetBaseline(), Canary: s.GetCanary(),
		Start: millis(s.GetStart(), 0), Warmup: s.GetWarmup().AsDuration(),
		MaxDuration: s.GetMaxDuration().AsDuration(), LookEvery: s.GetLookEvery().AsDuration(),
		Step: s.GetStep().AsDuration(), History: s.GetHistory().AsDuration(),
		FalseFail: p.GetFalseFail(), FalsePass: p.GetFalsePass(), Judge: p.GetJudge(), Exposure: p.GetExposure(), Named: namedIn(p),
		OnUndecided: undecidedIn[s.GetOnUndecided()], Previous: s.GetPrevious(), Offset: s.GetOffset().AsDuration(),
	}
	for _, m := range s.GetMetrics() {
		out.Metrics = append(out.Metrics, pipeline.RunMetric{
			Name: m.Name, Query: m.Query, Kind: kindOf(m.Kind), Direction: directionOf(m.Direction),
			MinEffect: m.GetMinEffect(), Critical: m.Critical, Traffic: m.Traffic,
		})
	}
	for _, g := range s.GetGates() {
		out.Gates = append(out.Gates, pipeline.RunGate{Objective: g.Objective, BurnRate: g.BurnRate})
	}
	return out
}

// specOut writes a spec with its defaults filled in.
func specOut(s pipeline.RunSpec) *pb.CanarySpec {
	out := &pb.CanarySpec{
		Name: s.Name, Service: s.Service, Baseline: s.Baseline, Canary: s.Canary, Start: stamp(s.Start), Warmup: durationpb.New(s.Warmup),
		MaxDuration: durationpb.New(s.MaxDuration), LookEvery: durationpb.New(s.LookEvery),
		Step: durationpb.New(s.Step), History: durationpb.New(s.History),
		Policy: &pb.CanaryPolicy{
			FalseFail: s.FalseFail, FalsePass: s.FalsePass, Judge: s.Judge, Exposure: s.Exposure,
			Tolerance: s.Named.Tolerance, ConfidenceLevel: s.Named.ConfidenceLevel, MaxPercentile: s.Named.MaxPercentile,
			ToleranceFactor: s.Named.ToleranceFactor, MinSimilarShardsPercent: s.Named.MinSimilarShardsPercent,
		},
		OnUndecided: undecidedOut[s.OnUndecided], Previous: s.Previous, Offset: durationpb.New(s.Offset),
	}
	for _, m := range s.Metrics {
		one := &pb.CanaryMetric{
			Name: m.Name, Query: m.Query, Kind: kindsOut[m.Kind], Direction: directionsOut[m.Direction], Critical: m.Critical, Traffic: m.Traffic,
		}
		if m.MinEffect > 0 {
			one.MinEffect = finite(m.MinEffect)
		}
		out.Metrics = append(out.Metrics, one)
	}
	for _, g := range s.Gates {
		out.Gates = append(out.Gates, &pb.CanaryGate{Objective: g.Objective, BurnRate: g.BurnRate})
	}
	return out
}

// namedIn reads the settings of the named judges.
func namedIn(p *pb.CanaryPolicy) canary.NamedOptions {
	return canary.NamedOptions{
		Tolerance: p.GetTolerance(), ConfidenceLevel: p.GetConfidenceLevel(), MaxPercentile: p.GetMaxPercentile(),
		ToleranceFactor: p.GetToleranceFactor(), MinSimilarShardsPercent: p.GetMinSimilarShardsPercent(),
	}
}

var (
	undecidedIn = map[pb.UndecidedAction]pipeline.Undecided{
		pb.UndecidedAction_UNDECIDED_ACTION_HOLD: pipeline.UndecidedHold,
		pb.UndecidedAction_UNDECIDED_ACTION_FAIL: pipeline.UndecidedFail,
		pb.UndecidedAction_UNDECIDED_ACTION_PASS: pipeline.UndecidedPass,
	}
	undecidedOut = map[pipeline.Undecided]pb.UndecidedAction{
		pipeline.UndecidedHold: pb.UndecidedAction_UNDECIDED_ACTION_HOLD,
		pipeline.UndecidedFail: pb.UndecidedAction_UNDECIDED_ACTION_FAIL,
		pipeline.UndecidedPass: pb.UndecidedAction_UNDECIDED_ACTION_PASS,
	}
	kindsOut = map[canary.Kind]pb.MetricKind{
		canary.Gauge: pb.MetricKind_METRIC_KIND_GAUGE, canary.Count: pb.MetricKind_METRIC_KIND_COUNT,
		canary.Ratio: pb.MetricKind_METRIC_KIND_RATIO, canary.Latency: pb.MetricKind_METRIC_KIND_LATENCY,
		canary.Histogram: pb.MetricKind_METRIC_KIND_HISTOGRAM,
	}
	directionsOut = map[canary.Direction]pb.BadDirection{
		canary.Increase: pb.BadDirection_BAD_DIRECTION_INCREASE, canary.Decrease: pb.BadDirection_BAD_DIRECTION_DECREASE,
		canary.Either: pb.BadDirection_BAD_DIRECTION_EITHER,
	}
)

// kindOf leaves a kind that was not said empty: a run guesses it from the
// metric, the judge takes a gauge.
func kindOf(k pb.MetricKind) canary.Kind {
	for in, out := range kindsOut {
		if out == k {
			return in
		}
	}
	return ""
}

func directionOf(d pb.BadDirection) canary.Direction {
	for in, out := range directionsOut {
		if out == d {
			return in
		}
	}
	return ""
}
