package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// What people and pipelines tell the detectors, and what an anomaly says of it.

func (s *detectService) GiveFeedback(_ context.Context, r *pb.GiveFeedbackRequest) (*pb.GiveFeedbackResponse, error) {
	if r.Id == "" {
		return nil, invalid("cannot take feedback without id: name the anomaly; list them with GET /v1/anomalies")
	}
	f, err := s.p.GiveFeedback(r.Id, r.Useful, r.Note)
	switch {
	case errors.Is(err, pipeline.ErrNoAnomaly):
		return nil, notFound("anomaly", r.Id, "it never was, or it ended long ago; list them with GET /v1/anomalies")
	case errors.Is(err, pipeline.ErrBadNote):
		return nil, invalid("%v", err)
	case err != nil:
		return nil, asStatus(codes.Unavailable, err)
	}
	return &pb.GiveFeedbackResponse{Anomaly: anomalyOf(f, false)}, nil
}

func (s *detectService) MarkDeploy(_ context.Context, r *pb.MarkDeployRequest) (*pb.MarkDeployResponse, error) {
	if r.Matcher == "" {
		return nil, invalid("cannot mark a deploy without matcher: name what was deployed, e.g. service=\"cart\"")
	}
	if r.Time != nil && !r.Time.IsValid() {
		return nil, invalid("cannot mark a deploy at that time: it is no valid timestamp")
	}
	d, err := s.p.MarkDeploy(r.Matcher, millis(r.Time, 0), r.Description)
	switch {
	case errors.Is(err, pipeline.ErrBadDeploy):
		return nil, invalid("%v", err)
	case err != nil:
		return nil, asStatus(codes.Unavailable, err)
	}
	return &pb.MarkDeployResponse{Series: int64(d.Series), Deploy: deployOf(d)}, nil
}

func (s *detectService) ListDeploys(_ context.Context, r *pb.ListDeploysRequest) (*pb.ListDeploysResponse, error) {
	all := s.p.Deploys()
	limit := limited(r.Limit, 100, 1000)
	out := &pb.ListDeploysResponse{Truncated: len(all) > limit}
	for _, d := range all[:min(limit, len(all))] {
		out.Deploys = append(out.Deploys, deployOf(d))
	}
	return out, nil
}

func deployOf(d pipeline.Deploy) *pb.Deploy {
	return &pb.Deploy{Id: d.ID, Matcher: d.Matcher, Time: stamp(d.At), Description: d.Description, Series: int64(d.Series), Moved: int64(d.Moved)}
}

// describe fills in what the verdict on an anomaly rests on, and what was said
// of it.
func describe(out *pb.Anomaly, f pipeline.Finding) {
	a := f.Anomaly
	t := a.Trace
	out.Change, out.Effect, out.Deploy = stamp(a.Change), t.Effect, f.Deploy
	out.Baseline = durationpb.New(time.Duration(t.Baseline) * time.Millisecond)
	if t.EValue > 0 {
		out.EValue = finite(t.EValue)
	}
	if t.StateHash != 0 {
		out.StateHash = fmt.Sprintf("%016x", t.StateHash)
	}
	if v := f.Verdict; v != nil {
		out.Feedback = &pb.Feedback{Useful: v.Useful, Note: v.Note, Time: stamp(v.At)}
	}
}
