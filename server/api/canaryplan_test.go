package api

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/bellwether-ts/bellwether/canary"
)

// The offline commands write the same JSON as the service: field by field, with
// the same fields left out.
func TestForecastsReadAlikeOnAndOffline(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	noise := func(n int, mean, sd float64) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = mean + sd*rng.NormFloat64()
		}
		return v
	}
	req := canary.Request{Metrics: []canary.Metric{
		{Name: "latency", Direction: canary.Increase, MinEffect: 0.5, History: &canary.History{Baseline: noise(2400, 10, 1), Canary: noise(2400, 10, 1)}},
		{Name: "hopeless", MinEffect: 1e-9, History: &canary.History{Baseline: noise(2400, 10, 1), Canary: noise(2400, 10, 1)}},
		{Name: "unknown"},
	}}
	f, err := canary.Foresee(req, canary.ForesightOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, f, planOut(f))
	c, err := canary.Calibrate(req, canary.CalibrateOptions{Runs: 10, Schedule: canary.Schedule{LookEvery: 10 * time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, c, calibrationOut(c))
	if got := planOut(f); got.Metrics[0].Needed == nil || got.Metrics[1].Needed != nil || got.Metrics[2].VisibleEffect != nil || got.Metrics[1].EventsNeeded != 0 {
		t.Errorf("plan %v", got)
	}
}

func sameJSON(t *testing.T, offline json.Marshaler, online proto.Message) {
	t.Helper()
	a, err := json.Marshal(offline)
	if err != nil {
		t.Fatal(err)
	}
	b, err := protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}.Marshal(online)
	if err != nil {
		t.Fatal(err)
	}
	var docA, docB map[string]any
	if err := json.Unmarshal(a, &docA); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &docB); err != nil {
		t.Fatal(err)
	}
	delete(docB["trace"].(map[string]any), "lines") // The text has no stages.
	if diff := cmp.Diff(docB, docA); diff != "" {
		t.Errorf("offline differs from the service (-service +offline):\n%s", diff)
	}
}

func TestNumbersThatAreNone(t *testing.T) {
	if durationOf(canary.Never) != nil || durationOf(0) != nil || durationOf(time.Minute).AsDuration() != time.Minute {
		t.Error("a time that never comes must be absent")
	}
	if orZero(math.NaN()) != 0 || orZero(math.Inf(1)) != 0 || orZero(2) != 2 {
		t.Error("a number that does not exist must be 0")
	}
}
