package kayenta

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// The status of a standalone analysis, Kayenta's
// CanaryAnalysisExecutionStatusResponse.

type analysisBody struct {
	Application string          `json:"application"`
	User        string          `json:"user"`
	Parent      string          `json:"parentPipelineExecutionId,omitempty"`
	ID          string          `json:"pipelineId"`
	Stages      []analysisStage `json:"stageStatus"`
	Complete    bool            `json:"complete"`
	Execution   string          `json:"executionStatus"`
	Status      string          `json:"status"`
	Exception   *failure        `json:"exception,omitempty"`
	Result      *analysisResult `json:"canaryAnalysisExecutionResult,omitempty"`
	Request     json.RawMessage `json:"canaryAnalysisExecutionRequest"`
	Config      json.RawMessage `json:"canaryConfig"`
	ConfigID    string          `json:"canaryConfigId,omitempty"`
	times
	accounts
}

type analysisStage struct {
	Type        string `json:"type"`
	Name        string `json:"name"`
	Status      string `json:"status"`
	ExecutionID string `json:"executionId,omitempty"`
}

type analysisResult struct {
	Passed   bool         `json:"didPassThresholds"`
	Warned   bool         `json:"hasWarnings"`
	Message  string       `json:"canaryScoreMessage"`
	Scores   []float64    `json:"canaryScores"`
	Results  []stepResult `json:"canaryExecutionResults"`
	BuildISO string       `json:"buildTimeIso,omitempty"`
	StartISO string       `json:"startTimeIso,omitempty"`
	EndISO   string       `json:"endTimeIso,omitempty"`
}

type stepResult struct {
	ID          string        `json:"executionId"`
	Status      string        `json:"executionStatus"`
	Exception   any           `json:"exception,omitempty"`
	Result      *statusResult `json:"result,omitempty"`
	StartISO    string        `json:"judgementStartTimeIso"`
	StartMillis int64         `json:"judgementStartTimeMillis"`
	EndISO      string        `json:"judgementEndTimeIso"`
	EndMillis   int64         `json:"judgementEndTimeMillis"`
	Warnings    []string      `json:"warnings"`
	PairList    string        `json:"metricSetPairListId,omitempty"`
	times
	Storage       string `json:"storageAccountName,omitempty"`
	Configuration string `json:"configurationAccountName,omitempty"`
}

func (s *Service) getAnalysis(r *http.Request) (any, error) {
	a, err := s.findAnalysis(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	b := analysisBody{
		Application: a.Application, User: a.User, Parent: a.Parent, ID: a.ID, Stages: a.stages(), Complete: complete(a.Status),
		Execution: upper(a.Status), Status: a.Status, Exception: a.Failure, Request: a.Request, Config: a.Config, ConfigID: a.ConfigID,
		times: timesOf(a.Build, a.Build, a.End), accounts: a.accounts,
	}
	if b.Complete {
		b.Result = s.analysisResult(a)
	}
	return b, nil
}

// stages lists the waits and judgements, as Kayenta's pipeline has them.
func (a analysis) stages() []analysisStage {
	setup := isRunning
	if complete(a.Status) {
		setup = a.Status
	}
	out := []analysisStage{{Type: "setupAndExecuteCanariesStage", Name: "Sets up and executes the judgements", Status: upper(setup)}}
	for i := range min(a.Judgements, maxStages) {
		if a.Plan.End == 0 {
			st := notStarted
			switch {
			case i < len(a.Steps):
				st = succeeded
			case i == len(a.Steps) && !complete(a.Status):
				st = isRunning
			}
			out = append(out, analysisStage{Type: "wait", Name: fmt.Sprintf("Interval Wait #%d", i+1), Status: upper(st)})
		}
		one := analysisStage{Type: "runCanary", Name: fmt.Sprintf("Run Canary #%d", i+1), Status: upper(notStarted)}
		if i < len(a.Steps) {
			one.Status, one.ExecutionID = upper(a.Steps[i].Status), a.Steps[i].ExecutionID
		}
		out = append(out, one)
	}
	st := notStarted
	if complete(a.Status) {
		st = succeeded
	}
	return append(out, analysisStage{Type: "generateCanaryAnalysisResultStage", Name: "Generates the result", Status: upper(st)})
}

// maxStages bounds the stages of an answer.
const maxStages = 1000

func (s *Service) analysisResult(a analysis) *analysisResult {
	out := &analysisResult{Scores: []float64{}, Results: []stepResult{}, BuildISO: iso(a.Build), StartISO: iso(a.Build), EndISO: iso(a.End)}
	out.Passed, out.Message = a.final()
	out.Passed = out.Passed && a.Status == succeeded
	for _, j := range a.Steps {
		score := 0.0 // What a judgement without a score counts as.
		if j.Score != nil {
			score = *j.Score
		}
		out.Scores = append(out.Scores, score)
		out.Warned = out.Warned || len(j.Warnings) > 0
		one := stepResult{
			ID: j.ExecutionID, Status: upper(j.Status), Exception: j.Failure, Warnings: j.Warnings,
			StartISO: iso(j.Start), StartMillis: j.Start, EndISO: iso(j.End), EndMillis: j.End,
			Storage: a.Storage, Configuration: a.Configuration,
		}
		if e, err := s.find(j.ExecutionID); err == nil { // Forgotten meanwhile otherwise.
			b := e.body()
			one.Result, one.PairList, one.times = b.Result, e.PairList, b.times
		}
		out.Results = append(out.Results, one)
	}
	return out
}
