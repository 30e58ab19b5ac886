package api

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// canaryService judges samples and runs. The messages are translated beside
// it: specs in canaryspec.go, verdicts in canaryverdict.go, samples in
// canaryjudge.go.
type canaryService struct {
	pb.UnimplementedCanaryServiceServer
	p *pipeline.Pipeline
}

func (s *canaryService) StartAnalysis(ctx context.Context, r *pb.StartAnalysisRequest) (*pb.StartAnalysisResponse, error) {
	run, err := s.p.Canaries.Ensure(ctx, r.Key, specIn(r.Spec))
	if err != nil {
		return nil, startStatus(err)
	}
	return &pb.StartAnalysisResponse{Id: run.ID}, nil
}

func (s *canaryService) GetAnalysis(ctx context.Context, r *pb.GetAnalysisRequest) (*pb.GetAnalysisResponse, error) {
	run, ok := s.p.Canaries.Full(ctx, r.Id)
	if !ok {
		return nil, noSuchRun(r.Id)
	}
	return &pb.GetAnalysisResponse{Analysis: analysisOf(run)}, nil
}

func (s *canaryService) WatchAnalysis(r *pb.WatchAnalysisRequest, stream grpc.ServerStreamingServer[pb.WatchAnalysisResponse]) error {
	looks := -1
	for {
		changed := s.p.Canaries.Changed(r.Id)
		run, ok := s.p.Canaries.Full(stream.Context(), r.Id)
		if !ok {
			return noSuchRun(r.Id)
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
	switch {
	case errors.Is(err, pipeline.ErrNoRun):
		return nil, noSuchRun(r.Id)
	case err != nil:
		return nil, asStatus(codes.Unavailable, err)
	}
	return &pb.CancelAnalysisResponse{Analysis: analysisOf(run)}, nil
}

func (s *canaryService) ListAnalyses(_ context.Context, r *pb.ListAnalysesRequest) (*pb.ListAnalysesResponse, error) {
	f := pipeline.RunFilter{Name: r.Name, After: r.PageToken, Limit: limited(r.Limit, 50, 1000)}
	for state, number := range statesOut {
		if number == r.State {
			f.State = state
		}
	}
	runs, more := s.p.Canaries.Find(f)
	out := &pb.ListAnalysesResponse{}
	for _, run := range runs {
		out.Analyses = append(out.Analyses, analysisOf(run))
	}
	if more {
		out.NextPageToken = runs[len(runs)-1].ID
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
