package api

import (
	"context"
	"math"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/bellwether-ts/bellwether/canary"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// canaryService judges samples and runs.
type canaryService struct {
	pb.UnimplementedCanaryServiceServer
	p *pipeline.Pipeline
}

// maxJudgeMetrics bounds one request.
const maxJudgeMetrics = 10_000

func (s *canaryService) Judge(_ context.Context, r *pb.JudgeRequest) (*pb.JudgeResponse, error) {
	if len(r.Metrics) > maxJudgeMetrics {
		return nil, invalid("cannot judge %d metrics at once: at most %d", len(r.Metrics), maxJudgeMetrics)
	}
	for _, rate := range []float64{r.Policy.GetFalseFail(), r.Policy.GetFalsePass()} {
		if !(rate >= 0 && rate <= 0.5) {
			return nil, invalid("cannot judge with an error rate of %v: policy.false_fail and policy.false_pass are chances in (0, 0.5], or 0 for the default", rate)
		}
	}
	req := canary.Request{Policy: canary.Policy{FalseFail: r.Policy.GetFalseFail(), FalsePass: r.Policy.GetFalsePass()}}
	for _, m := range r.Metrics {
		one := canary.Metric{
			Name: m.Name, Baseline: m.Baseline, Canary: m.Canary, StepSeconds: m.StepSeconds,
			Direction: directionOf(m.Direction), Kind: kindOf(m.Kind), MinEffect: m.GetMinEffect(), Critical: m.Critical,
		}
		if len(m.HistoryBaseline) > 0 && len(m.HistoryCanary) > 0 {
			one.History = &canary.History{Baseline: m.HistoryBaseline, Canary: m.HistoryCanary}
		}
		req.Metrics = append(req.Metrics, one)
	}
	if judge := r.Policy.GetJudge(); judge != "" && judge != "native" {
		v, err := canary.JudgeNamed(judge, req)
		if err != nil {
			return nil, asStatus(codes.InvalidArgument, err)
		}
		return verdictOf(v, &req, nil), nil
	}
	return verdictOf(canary.Judge(req), &req, nil), nil
}

func (s *canaryService) StartAnalysis(_ context.Context, r *pb.StartAnalysisRequest) (*pb.StartAnalysisResponse, error) {
	run, err := s.p.Canaries.Start(specIn(r.Spec))
	if err != nil {
		return nil, asStatus(codes.InvalidArgument, err)
	}
	return &pb.StartAnalysisResponse{Id: run.ID}, nil
}

func (s *canaryService) GetAnalysis(_ context.Context, r *pb.GetAnalysisRequest) (*pb.GetAnalysisResponse, error) {
	run, ok := s.p.Canaries.Get(r.Id)
	if !ok {
		return nil, notFound("canary run", r.Id, "list them with GET /v1/canaries")
	}
	return &pb.GetAnalysisResponse{Analysis: analysisOf(run)}, nil
}

func (s *canaryService) WatchAnalysis(r *pb.WatchAnalysisRequest, stream grpc.ServerStreamingServer[pb.WatchAnalysisResponse]) error {
	looks := -1
	for {
		changed := s.p.Canaries.Changed()
		run, ok := s.p.Canaries.Get(r.Id)
		if !ok {
			return notFound("canary run", r.Id, "list them with GET /v1/canaries")
		}
		if run.Looks != looks || run.State != pipeline.RunRunning {
			looks = run.Looks
			if err := stream.Send(&pb.WatchAnalysisResponse{Analysis: analysisOf(run)}); err != nil {
				return err
			}
		}
		if run.State != pipeline.RunRunning {
			return nil
		}
		select {
		case <-changed:
		case <-stream.Context().Done():
			return nil
		}
	}
}

func (s *canaryService) CancelAnalysis(_ context.Context, r *pb.CancelAnalysisRequest) (*pb.CancelAnalysisResponse, error) {
	run, err := s.p.Canaries.Cancel(r.Id)
	if err != nil {
		return nil, asStatus(codes.NotFound, err)
	}
	return &pb.CancelAnalysisResponse{Analysis: analysisOf(run)}, nil
}

func (s *canaryService) ListAnalyses(_ context.Context, r *pb.ListAnalysesRequest) (*pb.ListAnalysesResponse, error) {
	out := &pb.ListAnalysesResponse{}
	for _, run := range s.p.Canaries.List(limited(r.Limit, 50, 1000)) {
		out.Analyses = append(out.Analyses, analysisOf(run))
	}
	return out, nil
}

func (s *canaryService) Retrospect(ctx context.Context, r *pb.RetrospectRequest) (*pb.RetrospectResponse, error) {
	if r.Window.GetStart() == nil {
		return nil, invalid("cannot judge the past without a window: set window.start")
	}
	from, to, err := rangeOf(r.Window, 0, s.p.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	spec := specIn(r.Spec)
	spec.Start, spec.MaxDuration = from, time.Duration(to-from)*time.Millisecond
	spec.LookEvery = min(spec.LookEvery, spec.MaxDuration)
	v, req, used, err := s.p.Retrospect(ctx, spec, to)
	if err != nil {
		return nil, asStatus(codes.InvalidArgument, err)
	}
	return &pb.RetrospectResponse{Result: verdictOf(v, &req, &used)}, nil
}

// specIn reads a spec; 0 and empty fields take the pipeline's defaults.
func specIn(s *pb.CanarySpec) pipeline.RunSpec {
	out := pipeline.RunSpec{
		Name: s.GetName(), Baseline: s.GetBaseline(), Canary: s.GetCanary(), Start: millis(s.GetStart(), 0),
		MaxDuration: s.GetMaxDuration().AsDuration(), LookEvery: s.GetLookEvery().AsDuration(),
		Step: s.GetStep().AsDuration(), History: s.GetHistory().AsDuration(),
		FalseFail: s.GetPolicy().GetFalseFail(), FalsePass: s.GetPolicy().GetFalsePass(), Judge: s.GetPolicy().GetJudge(),
	}
	for _, m := range s.GetMetrics() {
		out.Metrics = append(out.Metrics, pipeline.RunMetric{
			Name: m.Name, Query: m.Query, Kind: kindOf(m.Kind), Direction: directionOf(m.Direction),
			MinEffect: m.GetMinEffect(), Critical: m.Critical,
		})
	}
	return out
}

func specOut(s pipeline.RunSpec) *pb.CanarySpec {
	out := &pb.CanarySpec{
		Name: s.Name, Baseline: s.Baseline, Canary: s.Canary, Start: stamp(s.Start),
		MaxDuration: durationpb.New(s.MaxDuration), LookEvery: durationpb.New(s.LookEvery),
		Step: durationpb.New(s.Step), History: durationpb.New(s.History),
		Policy: &pb.CanaryPolicy{FalseFail: s.FalseFail, FalsePass: s.FalsePass, Judge: s.Judge},
	}
	for _, m := range s.Metrics {
		out.Metrics = append(out.Metrics, &pb.CanaryMetric{
			Name: m.Name, Query: m.Query, Kind: kindsOut[m.Kind], Direction: directionsOut[m.Direction], Critical: m.Critical,
		})
	}
	return out
}

func analysisOf(r pipeline.Run) *pb.Analysis {
	states := map[pipeline.RunState]pb.AnalysisState{
		pipeline.RunRunning:  pb.AnalysisState_ANALYSIS_STATE_RUNNING,
		pipeline.RunDone:     pb.AnalysisState_ANALYSIS_STATE_DONE,
		pipeline.RunCanceled: pb.AnalysisState_ANALYSIS_STATE_CANCELED,
	}
	out := &pb.Analysis{Id: r.ID, Spec: specOut(r.Spec), State: states[r.State], Looks: int32(r.Looks), Started: stamp(r.Started), Ended: stamp(r.Ended)}
	if r.Verdict.Verdict != "" {
		out.Result = verdictOf(r.Verdict, r.Request, &r.Spec)
	}
	return out
}

// canaryPreview is the most samples of a side that travel for a plot.
const canaryPreview = 240

// verdictOf translates a verdict; req and spec, where known, add the samples
// and the queries.
func verdictOf(v canary.Verdict, req *canary.Request, spec *pipeline.RunSpec) *pb.JudgeResponse {
	out := &pb.JudgeResponse{Verdict: verdictsOut[v.Verdict], Reasons: v.Reasons, Trace: traceText(v.Text()), VerdictWord: string(v.Verdict)}
	for i, m := range v.Metrics {
		one := &pb.MetricVerdict{
			Name: m.Name, Verdict: verdictsOut[m.Verdict], Effect: finite(m.Effect),
			IntervalLow: finite(m.Interval[0]), IntervalHigh: finite(m.Interval[1]), P: finite(m.P), Reason: m.Reason,
		}
		if req != nil && i < len(req.Metrics) {
			one.BaselinePreview = present(thin(req.Metrics[i].Baseline, canaryPreview))
			one.CanaryPreview = present(thin(req.Metrics[i].Canary, canaryPreview))
		}
		if spec != nil && i < len(spec.Metrics) {
			one.BaselineQuery, one.CanaryQuery = spec.Queries(i)
		}
		out.Metrics = append(out.Metrics, one)
	}
	return out
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

var (
	verdictsOut = map[canary.Outcome]pb.CanaryVerdict{
		canary.Pass: pb.CanaryVerdict_CANARY_VERDICT_PASS, canary.Fail: pb.CanaryVerdict_CANARY_VERDICT_FAIL,
		canary.Inconclusive: pb.CanaryVerdict_CANARY_VERDICT_INCONCLUSIVE, canary.NoData: pb.CanaryVerdict_CANARY_VERDICT_NO_DATA,
	}
	kindsOut = map[canary.Kind]pb.MetricKind{
		canary.Gauge: pb.MetricKind_METRIC_KIND_GAUGE, canary.Count: pb.MetricKind_METRIC_KIND_COUNT,
		canary.Ratio: pb.MetricKind_METRIC_KIND_RATIO, canary.Latency: pb.MetricKind_METRIC_KIND_LATENCY,
	}
	directionsOut = map[canary.Direction]pb.BadDirection{
		canary.Increase: pb.BadDirection_BAD_DIRECTION_INCREASE, canary.Decrease: pb.BadDirection_BAD_DIRECTION_DECREASE,
		canary.Either: pb.BadDirection_BAD_DIRECTION_EITHER,
	}
)

func kindOf(k pb.MetricKind) canary.Kind {
	for in, out := range kindsOut {
		if out == k {
			return in
		}
	}
	return canary.Gauge
}

func directionOf(d pb.BadDirection) canary.Direction {
	for in, out := range directionsOut {
		if out == d {
			return in
		}
	}
	return canary.Either
}
