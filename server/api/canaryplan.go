package api

import (
	"context"
	"math"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/bellwether-ts/bellwether/canary"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// Plan and Calibrate: what a run could show, and how the judge did on the past.

func (s *canaryService) Plan(ctx context.Context, r *pb.PlanRequest) (*pb.PlanResponse, error) {
	if p := r.Power; p != 0 && !(p >= 0.5 && p <= 0.99) {
		return nil, invalid("cannot plan for a power of %v: power is a chance in [0.5, 0.99], or 0 for 0.9", p)
	}
	f, _, err := s.p.Plan(ctx, specIn(r.Spec), r.Power)
	if err != nil {
		return nil, asStatus(codes.InvalidArgument, err)
	}
	return planOut(f), nil
}

func planOut(f canary.Foresight) *pb.PlanResponse {
	out := &pb.PlanResponse{Trace: traceText(f.Text())}
	for _, m := range f.Metrics {
		one := &pb.MetricPlan{
			Name: m.Name, Reason: m.Reason, Needed: durationOf(m.Fail), PassNeeded: durationOf(m.Pass),
			MinEffect: orZero(m.MinEffect), EventsNeeded: orZero(m.Events),
		}
		if m.Known {
			one.VisibleEffect, one.Power, one.PassPower = finite(m.Visible), finite(m.Power), finite(m.Passes)
		}
		out.Metrics = append(out.Metrics, one)
	}
	return out
}

func (s *canaryService) Calibrate(ctx context.Context, r *pb.CalibrateRequest) (*pb.CalibrateResponse, error) {
	if r.Runs != 0 && (r.Runs < canary.MinCalibrationRuns || r.Runs > canary.MaxCalibrationRuns) {
		return nil, invalid("cannot calibrate on %d runs: runs is between %d and %d, or 0 for 100", r.Runs, canary.MinCalibrationRuns, canary.MaxCalibrationRuns)
	}
	c, _, err := s.p.Calibrate(ctx, specIn(r.Spec), int(r.Runs))
	if err != nil {
		return nil, asStatus(codes.InvalidArgument, err)
	}
	return calibrationOut(c), nil
}

func calibrationOut(c canary.Calibration) *pb.CalibrateResponse {
	n := float64(max(1, c.Runs))
	out := &pb.CalibrateResponse{
		Runs: int32(c.Runs), FalseFail: c.FalseFail, FalseFailUpper: c.FalseFailUpper,
		Passed: float64(c.Passed) / n, Undecided: float64(c.Undecided) / n, Trace: traceText(c.Text()),
	}
	for _, m := range c.Metrics {
		out.Metrics = append(out.Metrics, &pb.MetricCalibration{Name: m.Name, Failed: int32(m.Failed), Passed: int32(m.Passed), Undecided: int32(m.Undecided)})
	}
	return out
}

// durationOf leaves out times that never come.
func durationOf(d time.Duration) *durationpb.Duration {
	if d <= 0 {
		return nil
	}
	return durationpb.New(d)
}

// orZero is v, or 0 where there is no such number.
func orZero(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}
