package kayenta

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/canary/kayenta"
)

// A standalone analysis is a series of executions on a schedule. Its state is a
// file, so a restart goes on with the judgement that is next.

// analysis is the file of an analysis.
type analysis struct {
	accounts
	ID          string          `json:"id"`
	User        string          `json:"user"`
	Application string          `json:"application"`
	Parent      string          `json:"parentPipelineExecutionId,omitempty"`
	ConfigID    string          `json:"canaryConfigId,omitempty"`
	Config      json.RawMessage `json:"config"`
	Request     json.RawMessage `json:"request"`
	Plan        kayenta.Plan    `json:"plan"`
	Judgements  int             `json:"judgements"`
	Status      string          `json:"status"`
	Steps       []judgement     `json:"steps"`
	Failure     *failure        `json:"exception,omitempty"`
	Build       int64           `json:"build"`
	End         int64           `json:"end,omitempty"`
	Trace       []string        `json:"trace"`
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
	config, body, err := s.storedBody(r)
	if err != nil {
		return nil, err
	}
	return s.analyze(r, r.PathValue("id"), config, body)
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
