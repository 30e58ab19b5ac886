package report

import (
	"math"
	"testing"

	"github.com/bellwether-ts/bellwether/canary"
)

// The samples written down are judged alike, bit for bit.
func TestRequestIsJudgedAlike(t *testing.T) {
	q := failing().Request
	q.Policy = canary.Policy{FalseFail: 0.02, Look: 3, Looks: 7, PlannedSamples: 60, Exposure: 0.1, Named: canary.NamedOptions{Tolerance: 0.3}}
	q.Gates = []canary.Gate{{Objective: "a", Burn: math.NaN(), Limit: 14.4}, {Objective: "b", Burn: 2, Limit: 3, Detail: "over 1h"}}
	q.Metrics[0].History = &canary.History{Baseline: wave(99, 1, 0.1, 9), Canary: wave(99, 1, 0.1, 8)}
	q.Metrics[1].Canary[7] = math.Inf(1)
	q.Metrics[3].Distribution.Canary = append(q.Metrics[3].Distribution.Canary, nil)
	q.Metrics[3].Distribution.Baseline = append(q.Metrics[3].Distribution.Baseline, nil)
	q.Metrics[2].Doubts, q.Metrics[2].Notes, q.Warnings = []string{"half of it is missing"}, []string{"read as it came"}, []string{"late"}
	r := &Report{Request: q}
	data, err := r.Render(Request)
	if err != nil {
		t.Fatal(err)
	}
	back, err := canary.ParseRequest(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, judge := range canary.Judges() {
		was, err := canary.JudgeNamed(judge, q)
		if err != nil {
			t.Fatal(err)
		}
		is, _ := canary.JudgeNamed(judge, back)
		if was.Digest != is.Digest || was.Text() != is.Text() {
			t.Errorf("judge %s: digest %s as given, %s as written down", judge, was.Digest, is.Digest)
		}
	}
	if _, err := (&Report{}).Render(Request); err == nil {
		t.Error("samples that are not at hand were written")
	}
}
