package canary

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Upper bounds by R 4.2.2, qbeta(0.95, x+1, n-x).
func TestUpperShare(t *testing.T) {
	for _, c := range []struct {
		x, n int
		want float64
	}{
		{0, 100, 0.0295130496070399}, {1, 100, 0.0465598114535389}, {5, 100, 0.102253377643274},
		{0, 10, 0.258865550893052}, {3, 10, 0.606624216105413}, {17, 1000, 0.0253907487761809}, {999, 1000, 0.999948708021091},
		{10, 10, 1}, {0, 0, 1},
	} {
		if got := upperShare(float64(c.x)/float64(max(1, c.n)), c.n, 0.95); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%d of %d: upper bound %v, R says %v", c.x, c.n, got, c.want)
		}
	}
}

// pastRequest is a past of two sides under the world, one metric.
func (w world) pastRequest(seed uint64, n int) Request {
	b, c := w.draw(rand.New(rand.NewPCG(seed, 3)), n, 0, 0)
	m := Metric{Name: "m", StepSeconds: 60, Direction: w.direction, MinEffect: w.minEffect, History: &History{Baseline: b, Canary: c}}
	if w.rate > 0 {
		m.Kind = Count
	}
	return Request{Metrics: []Metric{m}}
}

// A run of a calibration ends as the judge ends it on the same samples.
func TestCalibrationJudgesAsTheJudge(t *testing.T) {
	w := world{phi: 0.5, shared: 0.5, direction: Increase, minEffect: 1}
	req := w.pastRequest(1, 1440+20*60)
	s := Schedule{Longest: time.Hour, LookEvery: 10 * time.Minute}
	got, err := Calibrate(req, CalibrateOptions{Schedule: s, Runs: 20})
	if err != nil {
		t.Fatal(err)
	}
	want := map[Outcome]int{}
	h := req.Metrics[0].History
	for i := range 20 {
		from := 1440 + i*60
		v, _ := w.ends(h.Baseline[from-1440:from+60], h.Canary[from-1440:from+60], s)
		want[v]++
	}
	if got.Failed != want[Fail] || got.Passed != want[Pass] || got.Undecided != want[Inconclusive] || got.Independent != 20 {
		t.Errorf("calibration found %d failed, %d passed, %d undecided of %d independent; the judge %v", got.Failed, got.Passed, got.Undecided, got.Independent, want)
	}
	again, err := Calibrate(req, CalibrateOptions{Schedule: s, Runs: 20})
	if diff := cmp.Diff(got.Text(), again.Text()); err != nil || diff != "" {
		t.Errorf("the same past gives another answer: %v %s", err, diff)
	}
}

// A past in which the sides are not alike shows: the metric that differs from
// time to time is listed first, with what to do, and the record is not taken
// for chance.
func TestCalibrationFindsTheMetricThatFails(t *testing.T) {
	quiet := world{direction: Increase, minEffect: 1}
	req := quiet.pastRequest(1, 1440+60*60)
	jumpy := quiet.pastRequest(2, 1440+60*60).Metrics[0]
	jumpy.Name = "jumpy"
	for i := range jumpy.History.Canary {
		if i >= 1440 && i/60%4 == 0 { // Now and then the canary's side is worse for an hour.
			jumpy.History.Canary[i] += 6
		}
	}
	req.Metrics = append(req.Metrics, jumpy)
	got, err := Calibrate(req, CalibrateOptions{Runs: 60, Schedule: Schedule{LookEvery: 5 * time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	if got.Metrics[0].Name != "jumpy" || got.Metrics[0].Failed < 3 || got.Metrics[1].Failed > 1 {
		t.Errorf("metrics %+v; want jumpy first, with failures", got.Metrics)
	}
	for _, want := range []string{"jumpy: fails", "raise its min_effect above", "more often than the accepted 1 %"} {
		if !strings.Contains(got.Text(), want) {
			t.Errorf("the text lacks %q:\n%s", want, got.Text())
		}
	}
}

// Runs add up, for any number of them, and a calibration stopped half-way says
// what it has seen.
func TestCalibrationAddsUp(t *testing.T) {
	req := world{phi: 0.8, direction: Either}.pastRequest(4, 2000)
	c, err := NewCalibrator(req, CalibrateOptions{Runs: 30, Schedule: Schedule{Longest: 30 * time.Minute, LookEvery: 10 * time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	for done := 1; ; done++ {
		more := c.Next()
		r := c.Result()
		m := r.Metrics[0]
		if r.Runs != done || r.Failed+r.Passed+r.Undecided != done || m.Failed+m.Passed+m.Undecided != done || r.FalseFailUpper < r.FalseFail {
			t.Fatalf("after %d runs: %+v", done, r)
		}
		if !more {
			break
		}
	}
	if r := c.Result(); r.Runs != 30 || c.Next() {
		t.Errorf("%d runs judged of 30, or one more", r.Runs)
	}
}
