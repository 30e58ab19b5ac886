package api

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bellwether-ts/bellwether/canary"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// Every field of a spec comes back as it went in: none is forgotten on the way.
func TestSpecGoesInAndOut(t *testing.T) {
	in := &pb.CanarySpec{
		Name: "n", Service: "s", Baseline: "b", Canary: "c", Previous: "p",
		Start: timestamppb.New(time.UnixMilli(5000)), MaxDuration: durationpb.New(1), LookEvery: durationpb.New(2), Step: durationpb.New(3),
		History: durationpb.New(4), Warmup: durationpb.New(5), Offset: durationpb.New(6), OnUndecided: pb.UndecidedAction_UNDECIDED_ACTION_PASS,
		Policy:  &pb.CanaryPolicy{FalseFail: .1, FalsePass: .2, Judge: "mad", Exposure: .3, Tolerance: .4, ConfidenceLevel: .5, MaxPercentile: 6, ToleranceFactor: 7, MinSimilarShardsPercent: 8},
		Metrics: []*pb.CanaryMetric{{Name: "m", Query: "q", Kind: pb.MetricKind_METRIC_KIND_HISTOGRAM, Direction: pb.BadDirection_BAD_DIRECTION_DECREASE, MinEffect: proto.Float64(9), Critical: true, Traffic: "t"}, {Name: "bare", Query: "q"}},
		Gates:   []*pb.CanaryGate{{Objective: "o", BurnRate: 10}},
	}
	for i := range in.ProtoReflect().Descriptor().Fields().Len() { // A field added to the contract is added here.
		if f := in.ProtoReflect().Descriptor().Fields().Get(i); !in.ProtoReflect().Has(f) {
			t.Errorf("%s is not tested", f.Name())
		}
	}
	if d := cmp.Diff(in, specOut(specIn(in)), protocmp.Transform()); d != "" {
		t.Error(d)
	}
}

// Numbers that do not exist are absent, and what does exist is all there.
func TestVerdictOut(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	v := canary.Verdict{
		Verdict: canary.Inconclusive, Reasons: []string{"r"}, Limiting: "a", MinutesNeeded: inf, Digest: "d", Warnings: []string{"w"},
		Metrics: []canary.MetricVerdict{
			{Name: "a", Verdict: canary.Inconclusive, Effect: nan, Interval: [2]float64{math.Inf(-1), inf}, P: nan, LogP: nan, Phi: nan, EValue: nan, Detectable: nan, MinutesNeeded: 7},
			{Name: "b", Verdict: canary.Pass, Critical: true, Effect: 1, Interval: [2]float64{0, 2}, P: 0, LogP: -800, N: [2]int{60, 59}, NEff: 30, Phi: 0, EValue: 2, Detectable: 3,
				MinEffect: 4, Calibration: "history", Digest: "e", Channel: "location",
				Channels: []canary.Evidence{{Channel: "tail", Verdict: canary.Pass, Effect: nan, Interval: [2]float64{nan, 1}, LogP: 0, Reason: "x"}}},
		},
		Gates: []canary.GateVerdict{{Gate: canary.Gate{Objective: "o", Burn: nan, Limit: 14.4}, Verdict: canary.NoData, Reason: "silent"}},
	}
	got := verdictOf(v, nil, nil)
	if got.MinutesNeeded != nil || got.Score != 50 || got.LimitingMetric != "a" || got.Digest != "d" || got.VerdictWord != "INCONCLUSIVE" || len(got.Warnings) != 1 {
		t.Errorf("%v", got)
	}
	a, b, g := got.Metrics[0], got.Metrics[1], got.Gates[0]
	if a.Effect != nil || a.IntervalLow != nil || a.P != nil || a.LogP != nil || a.EValue != nil || a.DetectableEffect != nil || a.GetMinutesNeeded() != 7 {
		t.Errorf("numbers out of nothing: %v", a)
	}
	if b.GetLogP() != -800 || b.P == nil || b.Autocorrelation == nil || b.GetEffectiveSamples() != 30 || b.BaselineSamples != 60 || b.CanarySamples != 59 || !b.Critical ||
		b.Calibration != "history" || b.GetMinEffect() != 4 || b.MinutesNeeded != nil || b.Channels[0].GetP() != 1 || b.Channels[0].Effect != nil || b.Channels[0].IntervalHigh == nil {
		t.Errorf("%v", b)
	}
	if g.BurnRate != nil || g.Limit != 14.4 || g.Verdict != pb.CanaryVerdict_CANARY_VERDICT_NO_DATA || g.Reason != "silent" {
		t.Errorf("%v", g)
	}
}

// Requests that could only be misread are refused with what to do.
func TestJudgeRefuses(t *testing.T) {
	s := &canaryService{}
	one := func(change func(*pb.JudgeRequest)) *pb.JudgeRequest {
		r := &pb.JudgeRequest{Policy: &pb.CanaryPolicy{}, Metrics: []*pb.CanarySamples{{Name: "m", Baseline: []float64{1, 2}, Canary: []float64{1, 2}}}}
		change(r)
		return r
	}
	for _, f := range []struct {
		r    *pb.JudgeRequest
		want string
	}{
		{one(func(r *pb.JudgeRequest) { r.Policy.Judge = "kayenta" }), "a request of its own"},
		{one(func(r *pb.JudgeRequest) { r.Policy.Judge = "nativ" }), "did you mean"},
		{one(func(r *pb.JudgeRequest) { r.Policy.FalseFail = 0.7 }), "false_fail"},
		{one(func(r *pb.JudgeRequest) { r.Policy.Exposure = 1 }), "policy.exposure"},
		{one(func(r *pb.JudgeRequest) { r.Metrics = append(r.Metrics, r.Metrics[0]) }), "already taken"},
		{one(func(r *pb.JudgeRequest) { r.Metrics[0].HistoryBaseline = []float64{1} }), "instant by instant"},
		{one(func(r *pb.JudgeRequest) { r.Metrics = make([]*pb.CanarySamples, maxJudgeMetrics+1) }), "at most 10000"},
	} {
		_, err := s.Judge(context.Background(), f.r)
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), f.want) {
			t.Errorf("%v, want %q", err, f.want)
		}
	}
}

// Shards, histograms and their history reach the judge.
func TestSamplesIn(t *testing.T) {
	m, err := samplesIn(&pb.CanarySamples{
		Name: "m", Kind: pb.MetricKind_METRIC_KIND_HISTOGRAM, HistoryBaseline: []float64{1}, HistoryCanary: []float64{2}, HistorySameInstances: true,
		Shards:       &pb.CanaryShards{Baseline: []*pb.CanaryShard{{Samples: []float64{3}}}, Canary: []*pb.CanaryShard{{Samples: []float64{4}, Name: "pod-1"}}},
		Distribution: &pb.CanaryDistribution{Bounds: []float64{1}, Baseline: []*pb.CanaryBuckets{{Counts: []float64{5, 6}}, {}}, Canary: []*pb.CanaryBuckets{{Counts: []float64{7, 8}}}},
	})
	want := canary.Metric{
		Name: "m", Kind: canary.Histogram, History: &canary.History{Baseline: []float64{1}, Canary: []float64{2}, SameInstances: true},
		Shards:       &canary.Shards{Baseline: [][]float64{{3}}, Canary: [][]float64{{4}}, CanaryNames: []string{"pod-1"}},
		Distribution: &canary.Distribution{Bounds: []float64{1}, Baseline: [][]float64{{5, 6}, nil}, Canary: [][]float64{{7, 8}}},
	}
	if d := cmp.Diff(want, m); d != "" || err != nil {
		t.Error(d, err)
	}
}
