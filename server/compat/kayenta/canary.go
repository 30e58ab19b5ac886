package kayenta

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// /canary: start an execution, read its status, list, cancel, and say why.

// created is the answer to a start.
type created struct {
	ID string `json:"canaryExecutionId"`
}

func (s *Service) startByID(r *http.Request) (any, error) {
	config, body, err := s.storedBody(r)
	if err != nil {
		return nil, err
	}
	return s.startFor(r, r.PathValue("id"), config, body, r.FormValue("application"))
}

// storedBody reads the stored config that the path names, and the body.
func (s *Service) storedBody(r *http.Request) (config, request json.RawMessage, err error) {
	if config, err = s.configs.get(r.PathValue("id")); err != nil {
		return nil, nil, err
	}
	request, err = read(r)
	return config, request, err
}

func (s *Service) startWithConfig(r *http.Request) (any, error) {
	config, request, err := adHocBody(r)
	if err != nil {
		return nil, err
	}
	return s.startFor(r, adHoc, config, request, cmp.Or(r.FormValue("application"), adHoc))
}

// adHocBody splits a body that brings its own config.
func adHocBody(r *http.Request) (config, request json.RawMessage, err error) {
	var body struct {
		Config  json.RawMessage `json:"canaryConfig"`
		Request json.RawMessage `json:"executionRequest"`
	}
	data, err := read(r)
	if err != nil {
		return nil, nil, err
	}
	if err := decode(data, "the request", &body); err != nil {
		return nil, nil, err
	}
	for name, raw := range map[string]json.RawMessage{"canaryConfig": body.Config, "executionRequest": body.Request} {
		if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
			return nil, nil, refuse("cannot start without %s: send {\"canaryConfig\":{...},\"executionRequest\":{...}}, or name a stored config in the path", name)
		}
	}
	return body.Config, body.Request, nil
}

func (s *Service) startFor(r *http.Request, configID string, config, request json.RawMessage, application string) (any, error) {
	if err := small(config, request); err != nil {
		return nil, err
	}
	e := &execution{
		accounts: accountsOf(r), Application: cmp.Or(application, "kayenta-bellwether"), Parent: r.FormValue("parentPipelineExecutionId"),
		ConfigID: configID, Config: config, Request: request,
	}
	id, err := s.start(e)
	return created{id}, err
}

// What waits is held in memory, so its parts are bounded.
const (
	maxConfig  = 1 << 20   // A canary config.
	maxRequest = 256 << 10 // An execution or analysis request without its config.
)

// small refuses what is too long to wait in memory.
func small(config, request json.RawMessage) error {
	if len(config) > maxConfig {
		return refuse("cannot use a canary config of %d bytes, the limit is %d: split it", len(config), maxConfig)
	}
	if len(request) > maxRequest {
		return refuse("cannot use a request of %d bytes, the limit is %d", len(request), maxRequest)
	}
	return nil
}

func accountsOf(r *http.Request) accounts {
	return accounts{Metrics: r.FormValue("metricsAccountName"), Storage: r.FormValue("storageAccountName"), Configuration: r.FormValue("configurationAccountName")}
}

// statusBody is Kayenta's CanaryExecutionStatusResponse; what is null there is
// left out.
type statusBody struct {
	Application string            `json:"application"`
	Parent      string            `json:"parentPipelineExecutionId,omitempty"`
	ID          string            `json:"pipelineId"`
	Stages      map[string]string `json:"stageStatus"`
	Complete    bool              `json:"complete"`
	Status      string            `json:"status"`
	Exception   *failure          `json:"exception,omitempty"`
	Result      *statusResult     `json:"result,omitempty"`
	Config      json.RawMessage   `json:"config,omitempty"`
	ConfigID    string            `json:"canaryConfigId,omitempty"`
	Request     json.RawMessage   `json:"canaryExecutionRequest,omitempty"`
	PairList    string            `json:"metricSetPairListId,omitempty"`
	times
	accounts
}

type statusResult struct {
	JudgeResult json.RawMessage `json:"judgeResult"`
	Duration    string          `json:"canaryDuration,omitempty"`
}

// times are the three instants of an execution, in both notations.
type times struct {
	BuildMillis int64  `json:"buildTimeMillis,omitempty"`
	BuildISO    string `json:"buildTimeIso,omitempty"`
	StartMillis int64  `json:"startTimeMillis,omitempty"`
	StartISO    string `json:"startTimeIso,omitempty"`
	EndMillis   int64  `json:"endTimeMillis,omitempty"`
	EndISO      string `json:"endTimeIso,omitempty"`
}

func timesOf(build, start, end int64) times {
	text := func(ms int64) string {
		if ms == 0 {
			return ""
		}
		return iso(ms)
	}
	return times{build, text(build), start, text(start), end, text(end)}
}

func (e execution) body() statusBody {
	b := statusBody{
		Application: e.Application, Parent: e.Parent, ID: e.ID, Stages: e.Stages, Complete: complete(e.Status), Status: e.Status,
		Exception: e.Failure, Config: e.Config, ConfigID: e.ConfigID, Request: e.Request, PairList: e.PairList,
		times: timesOf(e.Build, e.Start, e.End), accounts: e.accounts,
	}
	if b.Stages == nil {
		b.Stages = map[string]string{"setupContext": notStarted}
	}
	if e.Status == succeeded && e.Result != nil {
		b.Result = &statusResult{JudgeResult: e.Result, Duration: e.Duration}
	}
	return b
}

// getExecution reads an execution, else an archived result of that id.
func (s *Service) getExecution(r *http.Request) (any, error) {
	id := r.PathValue("id")
	e, err := s.find(id)
	if err == nil {
		return e.body(), nil
	}
	if data, aerr := s.archive.get(id); aerr == nil {
		return json.RawMessage(data), nil
	}
	return nil, err
}

// trace says why an execution or an analysis came out as it did, a line a step.
func (s *Service) trace(r *http.Request) (any, error) {
	id := r.PathValue("id")
	if a, err := s.findAnalysis(id); err == nil {
		return fmt.Sprintf("analysis %s, application %s: %s\n  %s\n", a.ID, a.Application, a.Status, strings.Join(a.Trace, "\n  ")), nil
	}
	e, err := s.find(id)
	if err != nil {
		return nil, err
	}
	return fmt.Sprintf("execution %s, application %s: %s\n  %s\n", e.ID, e.Application, e.Status, strings.Join(e.Trace, "\n  ")), nil
}

// listExecutions lists an application's executions, newest first.
func (s *Service) listExecutions(r *http.Request) (any, error) {
	limit, page, err := paging(r)
	if err != nil {
		return nil, err
	}
	application := cmp.Or(r.PathValue("application"), r.FormValue("application"), adHoc)
	var statuses []string
	for _, st := range strings.Split(strings.ToLower(r.FormValue("statuses")), ",") {
		if st = strings.TrimSpace(st); st != "" {
			statuses = append(statuses, st)
		}
	}
	var ids []string
	s.mu.Lock()
	for id, e := range s.index {
		st := e.status
		if live := s.live[id]; live != nil {
			st = live.Status
		}
		if e.application == application && (len(statuses) == 0 || slices.Contains(statuses, st)) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.index[b].build, s.index[a].build), strings.Compare(b, a))
	})
	s.mu.Unlock()
	from := min(len(ids), (page-1)*limit)
	out := []statusBody{}
	for _, id := range ids[from:min(len(ids), from+limit)] {
		if e, err := s.find(id); err == nil { // Forgotten meanwhile otherwise.
			out = append(out, e.body())
		}
	}
	return out, nil
}

// paging reads limit and page, which counts from 1.
func paging(r *http.Request) (limit, page int, err error) {
	limit, page = 20, 1
	for _, p := range []struct {
		name string
		to   *int
		max  int
	}{{"limit", &limit, 1000}, {"page", &page, 100_000}} {
		text := r.FormValue(p.name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > p.max {
			return 0, 0, refuse("cannot list with %s=%.20q: a whole number from 1 to %d", p.name, text, p.max)
		}
		*p.to = n
	}
	return limit, page, nil
}

// cancel ends an execution or an analysis; one that is complete stays as it is.
func (s *Service) cancel(r *http.Request) (any, error) {
	id := r.PathValue("id")
	done := status{http.StatusAccepted, map[string]any{}}
	if s.cancelAnalysis(id) {
		return done, nil
	}
	s.mu.Lock()
	e := s.live[id]
	if e != nil {
		s.stopLocked(e)
	}
	s.mu.Unlock()
	if e == nil {
		if _, err := s.find(id); err != nil {
			if _, aerr := s.findAnalysis(id); aerr != nil {
				return nil, err
			}
		}
	}
	return done, nil
}

// stopLocked cancels a live execution. The caller holds mu.
func (s *Service) stopLocked(e *execution) {
	e.say("canceled by request")
	s.endLocked(e, canceled, nil)
	if e.cancel != nil {
		e.cancel()
	}
}
