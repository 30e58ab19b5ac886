package kayenta

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/canary"
)

// A standalone analysis is a series of executions on a schedule. Step moves
// every analysis on that can move; the state is a file, so a restart goes on
// with the judgement that is next.

// analysis is the file of an analysis.
type analysis struct {
	accounts
	ID          string             `json:"id"`
	User        string             `json:"user"`
	Application string             `json:"application"`
	Parent      string             `json:"parentPipelineExecutionId,omitempty"`
	ConfigID    string             `json:"canaryConfigId,omitempty"`
	Config      json.RawMessage    `json:"config"`
	Request     json.RawMessage    `json:"request"`
	Plan        canary.KayentaPlan `json:"plan"`
	Judgements  int                `json:"judgements"`
	Status      string             `json:"status"`
	Steps       []judgement        `json:"steps"`
	Failure     *failure           `json:"exception,omitempty"`
	Build       int64              `json:"build"`
	End         int64              `json:"end,omitempty"`
	Trace       []string           `json:"trace"`
}

// judgement is one execution of an analysis.
type judgement struct {
	ExecutionID string   `json:"executionId"`
	Start       int64    `json:"start"` // Window.
	End         int64    `json:"end"`
	Status      string   `json:"status"`
	Score       *float64 `json:"score,omitempty"`
	Warnings    []string `json:"warnings"`
	Failure     any      `json:"exception,omitempty"`
}

func (a *analysis) say(format string, args ...any) {
	a.Trace = append(a.Trace, fmt.Sprintf(format, args...))
}

// maxAnalyses bounds those that run at the same time.
const maxAnalyses = 1000

func (s *Service) analyzeByID(r *http.Request) (any, error) {
	id := r.PathValue("id")
	config, err := s.configs.get(id)
	if err != nil {
		return nil, err
	}
	body, err := read(r)
	if err != nil {
		return nil, err
	}
	return s.analyze(r, id, config, body)
}

func (s *Service) analyzeWithConfig(r *http.Request) (any, error) {
	config, request, err := adHocBody(r)
	if err != nil {
		return nil, err
	}
	return s.analyze(r, "", config, request)
}

// analyze checks an analysis as far as it can be before its first window, and
// keeps it.
func (s *Service) analyze(r *http.Request, configID string, config, request json.RawMessage) (any, error) {
	if err := small(config, request); err != nil {
		return nil, err
	}
	req, err := parseAnalysis(request)
	if err != nil {
		return nil, err
	}
	now := s.now()
	a := &analysis{
		accounts: accountsOf(r), ID: newULID(now), User: cmp.Or(r.FormValue("user"), "anonymous"),
		Application: cmp.Or(r.FormValue("application"), adHoc), Parent: r.FormValue("parentPipelineExecutionId"),
		ConfigID: configID, Config: config, Request: request, Plan: req.plan(now), Status: isRunning, Build: now,
	}
	if a.Judgements, err = a.Plan.Judgements(); err != nil {
		return nil, refused{err}
	}
	start, end := a.Plan.Window(a.Judgements)
	if _, _, err := a.execution(req, start, end).read(); err != nil {
		return nil, refused{err}
	}
	a.say("%s", said(a.Plan, a.Judgements))
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.running) >= maxAnalyses {
		return nil, busy{fmt.Errorf("cannot start a canary analysis: %d are running, the limit; wait for one to end", len(s.running))}
	}
	if err := s.saveAnalysis(a); err != nil {
		return nil, err
	}
	s.running[a.ID] = a
	return map[string]string{"canaryAnalysisExecutionId": a.ID}, nil
}

// execution is the one that judges a window.
func (a *analysis) execution(req analysisRequest, start, end int64) *execution {
	body, err := encode(req.window(start, end))
	if err != nil {
		body = nil // Every field is plain; read reports the empty request.
	}
	return &execution{
		accounts: a.accounts, Application: a.Application, Parent: a.Parent, ConfigID: cmp.Or(a.ConfigID, adHoc),
		Config: a.Config, Request: body, Look: len(a.Steps) + 1, Looks: a.Judgements,
	}
}

// saveAnalysis keeps the file. The caller holds mu.
func (s *Service) saveAnalysis(a *analysis) error {
	data, err := encode(a)
	if err != nil {
		return err
	}
	if !s.analyses.has(a.ID) {
		s.forgetAnalyses()
	}
	return s.analyses.put(a.ID, data)
}

// forgetAnalyses drops the oldest complete analysis when there is no room for
// another: ids sort by time. The caller holds mu.
func (s *Service) forgetAnalyses() {
	keys := s.analyses.keys()
	if len(keys) < s.analyses.max {
		return
	}
	for _, k := range keys {
		if s.running[k.ID] == nil {
			s.o.Log.Info("forgot the oldest canary analysis to make room", "analysis", k.ID)
			_ = s.analyses.remove(k.ID) // The put that follows says what is wrong with the disk.
			return
		}
	}
}

// loadAnalyses takes up what an earlier process was at.
func (s *Service) loadAnalyses() error {
	for _, k := range s.analyses.keys() {
		a, err := s.findAnalysis(k.ID)
		if err != nil {
			s.o.Log.Error("a kept canary analysis cannot be read; it is left where it is", "analysis", k.ID, "err", err)
			continue
		}
		if !complete(a.Status) {
			a.say("resumed after a restart")
			s.running[a.ID] = &a
		}
	}
	return nil
}

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
	return canary.KayentaFinal(*last, req.Thresholds.Marginal, req.Thresholds.Pass)
}

// cancelAnalysis ends a running analysis and its execution; false if there is
// none of that id running.
func (s *Service) cancelAnalysis(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.running[id]
	if a == nil {
		return false
	}
	a.Status, a.End = canceled, s.now()
	a.say("canceled by request")
	if n := len(a.Steps); n > 0 && !complete(a.Steps[n-1].Status) {
		a.Steps[n-1].Status = canceled
		if e := s.live[a.Steps[n-1].ExecutionID]; e != nil {
			s.stopLocked(e)
		}
	}
	if err := s.saveAnalysis(a); err != nil {
		s.o.Log.Error("cannot keep a canceled canary analysis; a restart would resume it", "analysis", id, "err", err)
	}
	delete(s.running, id)
	return true
}

// findAnalysis returns a copy of an analysis, running or kept.
func (s *Service) findAnalysis(id string) (analysis, error) {
	s.mu.Lock()
	if a := s.running[id]; a != nil {
		c := *a
		c.Steps, c.Trace = slices.Clone(a.Steps), slices.Clone(a.Trace)
		s.mu.Unlock()
		return c, nil
	}
	s.mu.Unlock()
	data, err := s.analyses.get(id)
	if err != nil {
		return analysis{}, err
	}
	var a analysis
	if err := json.Unmarshal(data, &a); err != nil {
		return a, fmt.Errorf("cannot read canary analysis %q: %w", id, err)
	}
	return a, nil
}

func upper(s string) string { return strings.ToUpper(s) }
