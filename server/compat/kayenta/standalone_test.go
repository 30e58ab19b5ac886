package kayenta

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// step lets virtual time pass a minute at a time and carries out what is due.
func (s *site) step(t *testing.T, minutes int) {
	t.Helper()
	for range minutes {
		s.clock.Add(60_000)
		s.Step(s.clock.Load())
		s.Drain(context.Background())
		s.Step(s.clock.Load())
	}
}

type analysisAnswer struct {
	Application, User, Status, ExecutionStatus, PipelineID string
	Complete                                               bool
	StageStatus                                            []struct{ Type, Name, Status, ExecutionID string }
	Exception                                              map[string]any
	CanaryAnalysisExecutionResult                          *struct {
		DidPassThresholds, HasWarnings bool
		CanaryScoreMessage             string
		CanaryScores                   []float64
		CanaryExecutionResults         []struct {
			ExecutionID, ExecutionStatus                     string
			JudgementStartTimeMillis, JudgementEndTimeMillis int64
			Warnings                                         []string
			MetricSetPairListID                              string
			Result                                           struct{ CanaryDuration string }
		}
	}
}

func (s *site) analyze(t *testing.T, id, body string) string {
	t.Helper()
	var made map[string]string
	s.must(t, "POST", "/standalone_canary_analysis/"+id+"?application=shop&user=ann", body, &made)
	if made["canaryAnalysisExecutionId"] == "" {
		t.Fatalf("started %v", made)
	}
	return made["canaryAnalysisExecutionId"]
}

func (s *site) analysis(t *testing.T, id string) analysisAnswer {
	t.Helper()
	var a analysisAnswer
	s.must(t, "GET", "/standalone_canary_analysis/"+id+"?storageAccountName=x", "", &a)
	return a
}

func analysisOf(experiment, more string) string {
	return fmt.Sprintf(`{"scopes":[{"controlScope":"stable","controlLocation":"eu","experimentScope":%q,"experimentLocation":"eu"%s}],
		"thresholds":{"pass":90,"marginal":50}`, experiment, more)
}

// An analysis follows real time: three judgements, ten minutes apart, each when
// its window is over, through a restart in between.
func TestStandaloneFollowsTime(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	s.clock.Store(t0)
	id := s.analyze(t, s.create(t, configOf("", `{"direction":"increase"}`)), analysisOf("good", "")+`,"lifetimeDurationMins":30,"analysisIntervalMins":10,"siteLocal":{"a":1}}`)
	s.step(t, 9)
	if a := s.analysis(t, id); a.Complete || a.Status != "running" || a.ExecutionStatus != "RUNNING" || a.StageStatus[1].Status != "RUNNING" {
		t.Errorf("after 9 minutes %+v", a)
	}
	s.step(t, 5)
	s.open(t)
	s.step(t, 6)
	if a := s.analysis(t, id); a.Complete || len(a.StageStatus) != 8 || a.StageStatus[4].Status != "SUCCEEDED" {
		t.Errorf("after 20 minutes %+v", a)
	}
	s.step(t, 10)
	a := s.analysis(t, id)
	r := a.CanaryAnalysisExecutionResult
	if !a.Complete || a.Status != "succeeded" || a.Application != "shop" || a.User != "ann" || r == nil || !r.DidPassThresholds || !r.HasWarnings ||
		!slices.Equal(r.CanaryScores, []float64{100, 100, 100}) || r.CanaryScoreMessage != "Final canary score 100.0 met or exceeded the pass score threshold." {
		t.Fatalf("after 30 minutes %+v %+v", a, r)
	}
	for i, j := range r.CanaryExecutionResults { // The window grows.
		if j.JudgementStartTimeMillis != t0 || j.JudgementEndTimeMillis != t0+int64(i+1)*600_000 || j.ExecutionStatus != "SUCCEEDED" ||
			j.Result.CanaryDuration != fmt.Sprintf("PT%dM", 10*(i+1)) || j.MetricSetPairListID == "" {
			t.Errorf("judgement %d: %+v", i+1, j)
		}
		s.must(t, "GET", "/canary/"+j.ExecutionID, "", nil)
	}
	if _, data := s.ask(t, "GET", "/canary/"+id+"/trace", ""); !strings.Contains(string(data), "planned: 3 judgements over a growing window") || !strings.Contains(string(data), "resumed after a restart") {
		t.Errorf("trace %s", data)
	}
}

// A window that is over is judged at once, and slides by lookbackMins.
func TestStandaloneRetrospective(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	body := analysisOf("good", fmt.Sprintf(`,"startTimeIso":%q,"endTimeIso":%q,"controlOffsetInMinutes":0`, iso(t0), iso(t0+3_600_000)))
	id := s.analyze(t, s.create(t, configOf("", `{"direction":"increase"}`)), body+`,"analysisIntervalMins":20,"lookbackMins":15,"beginAfterMins":99}`)
	for range 3 {
		s.Step(s.clock.Load())
		s.Drain(context.Background())
	}
	s.Step(s.clock.Load())
	a := s.analysis(t, id)
	if a.CanaryAnalysisExecutionResult == nil || len(a.CanaryAnalysisExecutionResult.CanaryExecutionResults) != 3 {
		t.Fatalf("%+v", a)
	}
	for i, j := range a.CanaryAnalysisExecutionResult.CanaryExecutionResults {
		if end := t0 + int64(i+1)*1_200_000; j.JudgementEndTimeMillis != end || j.JudgementStartTimeMillis != end-900_000 {
			t.Errorf("judgement %d over %s to %s", i+1, iso(j.JudgementStartTimeMillis), iso(j.JudgementEndTimeMillis))
		}
	}
}

// A score that does not exceed marginal ends the analysis at once.
func TestStandaloneFailsEarly(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	s.clock.Store(t0)
	id := s.analyze(t, s.create(t, configOf("", `{"direction":"increase"}`)), analysisOf("bad", "")+`,"lifetimeDurationMins":30,"analysisIntervalMins":10}`)
	s.step(t, 11)
	a := s.analysis(t, id)
	if r := a.CanaryAnalysisExecutionResult; !a.Complete || a.Status != "terminal" || r == nil || r.DidPassThresholds || !slices.Equal(r.CanaryScores, []float64{0}) ||
		!strings.Contains(r.CanaryScoreMessage, "marginal") {
		t.Errorf("%+v %+v", a, r)
	}
}

func TestStandaloneCancel(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	s.clock.Store(t0)
	id := s.analyze(t, s.create(t, configOf("", `{"direction":"increase"}`)), analysisOf("good", "")+`,"lifetimeDurationMins":30}`)
	s.step(t, 3)
	if code, data := s.ask(t, "PUT", "/pipelines/"+id+"/cancel", ""); code != 202 {
		t.Fatalf("%d %s", code, data)
	}
	s.open(t)
	s.step(t, 30)
	if a := s.analysis(t, id); !a.Complete || a.Status != "canceled" || a.CanaryAnalysisExecutionResult.DidPassThresholds {
		t.Errorf("%+v", a)
	}
}
