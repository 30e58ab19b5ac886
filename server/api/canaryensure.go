package api

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// What a pipeline asks again and again: start the run or find it, and say in
// one flat message what is known. The answer never waits for a look.

func (s *canaryService) EnsureVerdict(ctx context.Context, r *pb.EnsureVerdictRequest) (*pb.EnsureVerdictResponse, error) {
	if r.Key == "" {
		return nil, invalid("cannot ensure a verdict without a key: set key to what names this deploy, such as the hash of the rollout; asking again with the same key finds the same run")
	}
	run, err := s.p.Canaries.Ensure(ctx, r.Key, specIn(r.Spec))
	if err != nil {
		return nil, startStatus(err)
	}
	b := run.Brief()
	return &pb.EnsureVerdictResponse{
		Id: b.ID, Name: b.Name, Verdict: string(b.Verdict), Score: b.Score, Reason: b.Reason, State: string(b.State), Final: b.Final,
		Looks: int32(b.Looks), MinutesNeeded: finite(b.MinutesNeeded), Report: b.Report,
	}, nil
}

func (s *canaryService) GetVerdict(_ context.Context, r *pb.GetVerdictRequest) (*pb.GetVerdictResponse, error) {
	run, ok := s.p.Canaries.Get(r.Id)
	if !ok {
		return nil, noSuchRun(r.Id)
	}
	b := run.Brief()
	return &pb.GetVerdictResponse{
		Id: b.ID, Name: b.Name, Verdict: string(b.Verdict), Score: b.Score, Reason: b.Reason, State: string(b.State), Final: b.Final,
		Looks: int32(b.Looks), MinutesNeeded: finite(b.MinutesNeeded), Report: b.Report,
	}, nil
}

// startStatus is the status of a run that was not started.
func startStatus(err error) error {
	switch {
	case errors.Is(err, pipeline.ErrKeyTaken):
		return status.Error(codes.AlreadyExists, err.Error())
	case errors.Is(err, pipeline.ErrTooManyRuns):
		return status.Error(codes.ResourceExhausted, err.Error())
	}
	return asStatus(codes.InvalidArgument, err)
}

func noSuchRun(id string) error {
	return notFound("canary run", id, "list them with GET /v1/canaries")
}
