package kayenta

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/bellwether-ts/bellwether/canary/kayenta"
)

// How an analysis moves on: a judgement is started when its window is over, its
// score is taken when it has ended, and the last score decides.

// Step moves every analysis on as far as it can at now (Unix milliseconds):
// reads the judgement that has ended, starts the one that is due.
func (s *Service) Step(now int64) {
	s.mu.Lock()
	ids := make([]string, 0, len(s.running))
	for id := range s.running {
		ids = append(ids, id)
	}
	s.mu.Unlock()
	slices.Sort(ids)
	for _, id := range ids {
		s.stepAnalysis(id, now)
	}
}

func (s *Service) stepAnalysis(id string, now int64) {
	s.mu.Lock()
	a := s.running[id]
	s.mu.Unlock()
	if a == nil {
		return
	}
	if n := len(a.Steps); n > 0 && !complete(a.Steps[n-1].Status) {
		e, err := s.find(a.Steps[n-1].ExecutionID)
		if err == nil && !complete(e.Status) {
			return
		}
		s.mu.Lock()
		a.collect(e, err, now)
		s.mu.Unlock()
	}
	s.mu.Lock()
	over := complete(a.Status)
	next := len(a.Steps) + 1
	if !over && next > a.Judgements {
		a.Status, over = succeeded, true
	}
	if over {
		a.End = now
		_, message := a.final()
		a.say("%s: %s", a.Status, message)
		if err := s.saveAnalysis(a); err != nil {
			s.o.Log.Error("cannot keep a canary analysis; a restart would repeat its end", "analysis", id, "err", err)
		} else {
			delete(s.running, id)
		}
		s.mu.Unlock()
		s.o.Log.Info("a canary analysis ended", "analysis", id, "application", a.Application, "status", a.Status, "why", message)
		return
	}
	s.mu.Unlock()
	if a.Plan.End == 0 && now < a.Plan.Due(next) {
		return
	}
	s.startJudgement(a, next, now)
}

// startJudgement starts the n-th execution of an analysis.
func (s *Service) startJudgement(a *analysis, n int, now int64) {
	req, err := parseAnalysis(a.Request)
	start, end := a.Plan.Window(n)
	j := judgement{Status: isRunning, Warnings: []string{}}
	if err == nil {
		back := req.Scopes[0].ControlOffset * 60_000 // A judgement is dated by its control.
		j.Start, j.End = start-back, end-back
		j.ExecutionID, err = s.start(a.execution(req, start, end))
	}
	if _, later := err.(busy); later {
		return // Tried again at the next step.
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		a.Status, a.Failure = terminal, newFailure("runCanary", now, err)
		a.say("judgement %d could not start: %v", n, err)
		return
	}
	if complete(a.Status) { // Canceled meanwhile.
		if e := s.live[j.ExecutionID]; e != nil {
			s.stopLocked(e)
		}
		return
	}
	a.Steps = append(a.Steps, j)
	a.say("judgement %d of %d: execution %s over %s to %s", n, a.Judgements, j.ExecutionID, iso(start), iso(end))
	if err := s.saveAnalysis(a); err != nil {
		s.o.Log.Error("cannot keep a canary analysis; a restart would repeat a judgement", "analysis", a.ID, "err", err)
	}
}

// fewPoints is below which a score is worth a warning.
const fewPoints = 50

// collect takes the result of the newest execution. A score that does not
// exceed marginal ends the analysis, as does an execution that failed.
func (a *analysis) collect(e execution, err error, now int64) {
	j := &a.Steps[len(a.Steps)-1]
	n := len(a.Steps)
	if err != nil {
		j.Status, a.Status = terminal, terminal
		a.Failure = newFailure("monitorCanary", now, fmt.Errorf("cannot read judgement %d: %w", n, err))
		a.say("judgement %d was lost: %v", n, err)
		return
	}
	j.Status = e.Status
	if e.Status != succeeded {
		a.Status = terminal
		a.Failure = e.Failure
		if e.Status == canceled {
			a.Failure = newFailure("monitorCanary", now, errors.New("the canary execution of this judgement was canceled"))
		}
		j.Failure = a.Failure
		a.say("judgement %d is %s", n, e.Status)
		return
	}
	score, few := e.scored()
	j.Score = &score
	if few {
		j.Warnings = append(j.Warnings, fmt.Sprintf("A metric has fewer than %d samples, which makes the score less certain.", fewPoints))
	}
	a.say("judgement %d scored %v", n, score)
	req, perr := parseAnalysis(a.Request)
	if perr == nil && !(score > *req.Thresholds.Marginal) {
		a.Status = terminal
		a.say("judgement %d does not exceed the marginal threshold %v, so the analysis ends", n, *req.Thresholds.Marginal)
	}
}

// scored reads the score of a succeeded execution, and whether a metric has few
// samples.
func (e execution) scored() (score float64, few bool) {
	var res struct {
		Score struct {
			Score float64 `json:"score"`
		} `json:"score"`
		Results []struct {
			Control struct {
				Stats struct {
					Count int `json:"count"`
				} `json:"stats"`
			} `json:"controlMetadata"`
		} `json:"results"`
	}
	if json.Unmarshal(e.Result, &res) != nil {
		return 0, true // A score that is no number fails.
	}
	for _, r := range res.Results {
		few = few || r.Control.Stats.Count < fewPoints
	}
	return res.Score.Score, few
}

// final is what the last score means.
func (a *analysis) final() (bool, string) {
	req, err := parseAnalysis(a.Request)
	var last *float64
	for _, j := range a.Steps {
		if j.Score != nil {
			last = j.Score
		}
	}
	if err != nil || last == nil || a.Steps[len(a.Steps)-1].Score == nil {
		return false, "There is no score of a last judgement to go by."
	}
	return kayenta.FinalScore(*last, req.Thresholds.Marginal, req.Thresholds.Pass)
}
