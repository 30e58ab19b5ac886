package server

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// Plan and Calibrate answer over gRPC and REST from what was pushed, and refuse
// what makes no sense.
func TestPlanAndCalibrate(t *testing.T) {
	s := launch(t, Options{})
	rng := rand.New(rand.NewPCG(3, 4))
	now := time.Now().UnixMilli()
	var both []*pb.Series
	for _, track := range []string{"stable", "canary"} {
		one := &pb.Series{Labels: map[string]string{"__name__": "depth", "track": track}}
		for at := now - 600*60_000; at <= now; at += 60_000 {
			one.Samples = append(one.Samples, &pb.Sample{TimestampMs: at, Value: 100 + rng.NormFloat64()})
		}
		both = append(both, one)
	}
	if r := s.push(t, both...); len(r.Refused) > 0 {
		t.Fatal(r)
	}
	spec := func() *pb.CanarySpec {
		return &pb.CanarySpec{
			Baseline: `track="stable"`, Canary: `track="canary"`, MaxDuration: durationpb.New(30 * time.Minute),
			Metrics: []*pb.CanaryMetric{{Name: "depth", Query: "avg(depth{$side})", MinEffect: new(2.0), Direction: pb.BadDirection_BAD_DIRECTION_INCREASE}},
		}
	}
	canaries := pb.NewCanaryServiceClient(s.conn)
	plan, err := canaries.Plan(timed(t), &pb.PlanRequest{Spec: spec(), Power: 0.8})
	if err != nil {
		t.Fatal(err)
	}
	if m := plan.Metrics[0]; m.Needed.AsDuration() <= 0 || m.Needed.AsDuration() > 30*time.Minute || m.PassNeeded == nil || m.GetVisibleEffect() <= 0 || m.GetVisibleEffect() > 2 || m.MinEffect != 2 {
		t.Errorf("plan %v", plan)
	}
	record, err := canaries.Calibrate(timed(t), &pb.CalibrateRequest{Spec: spec(), Runs: 12})
	if err != nil {
		t.Fatal(err)
	}
	if record.Runs != 12 || record.FalseFail > 0.1 || record.FalseFailUpper <= record.FalseFail || len(record.Metrics) != 1 || record.Metrics[0].Passed < 8 {
		t.Errorf("calibration %v", record)
	}
	const sides = `"spec":{"baseline":"track=\"stable\"","canary":"track=\"canary\"","max_duration":"1800s","metrics":[{"name":"depth","query":"avg(depth{$side})","min_effect":2}]}`
	for path, want := range map[string]string{"plan": "FULL RUN SEES", "calibrate": "wrongly FAILed"} {
		if got := s.post(t, "/v1/canary:"+path, "{"+sides+"}"); got.status != http.StatusOK || !strings.Contains(got.body, want) {
			t.Errorf("POST /v1/canary:%s: %d %.300s", path, got.status, got.body)
		}
	}

	refused := func(err error, want string) {
		t.Helper()
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want INVALID_ARGUMENT with %q", err, want)
		}
	}
	_, err = canaries.Plan(timed(t), &pb.PlanRequest{Spec: spec(), Power: 1})
	refused(err, "a chance in [0.5, 0.99]")
	_, err = canaries.Plan(timed(t), &pb.PlanRequest{})
	refused(err, "cannot")
	_, err = canaries.Calibrate(timed(t), &pb.CalibrateRequest{Spec: spec(), Runs: 1001})
	refused(err, "between 10 and 1000")
	long := spec()
	long.MaxDuration = durationpb.New(23 * time.Hour)
	_, err = canaries.Calibrate(timed(t), &pb.CalibrateRequest{Spec: long})
	refused(err, "bring a longer past or plan a shorter run")
}
