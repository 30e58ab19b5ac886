package kayenta

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/canary/kayenta"
)

// An execution is one judgement of one window: fetch every metric of both
// sides, pair them, judge. It is asked for, carried out in the background and
// read until it is complete.

// The states of an execution and of its stages.
const (
	notStarted = "not_started"
	isRunning  = "running"
	succeeded  = "succeeded"
	terminal   = "terminal"
	canceled   = "canceled"
)

// adHoc is the application and config of executions that bring their config.
const adHoc = "ad-hoc"

// accounts are the account names of a request. There is one store, so any name
// will do; they are given back.
type accounts struct {
	Metrics       string `json:"metricsAccountName,omitempty"`
	Storage       string `json:"storageAccountName,omitempty"`
	Configuration string `json:"configurationAccountName,omitempty"`
}

// execution is the file of an execution, complete or not.
type execution struct {
	accounts
	ID          string            `json:"id"`
	Application string            `json:"application"`
	Parent      string            `json:"parentPipelineExecutionId,omitempty"`
	ConfigID    string            `json:"canaryConfigId,omitempty"`
	Config      json.RawMessage   `json:"config"`
	Request     json.RawMessage   `json:"request"`
	Status      string            `json:"status"`
	Stages      map[string]string `json:"stages"`
	Failure     *failure          `json:"exception,omitempty"`
	PairList    string            `json:"metricSetPairListId,omitempty"`
	Result      json.RawMessage   `json:"judgeResult,omitempty"`
	Duration    string            `json:"canaryDuration,omitempty"`
	Build       int64             `json:"build"`
	Start       int64             `json:"start,omitempty"`
	End         int64             `json:"end,omitempty"`
	Trace       []string          `json:"trace"` // Why it came out as it did, a line a step.

	// The look this is of a standalone analysis, for the native judge; 0: alone.
	Look  int `json:"look,omitempty"`
	Looks int `json:"looks,omitempty"`

	cancel context.CancelFunc // Of the running one.
}

// failure is an exception as Orca writes it.
type failure struct {
	Type      string         `json:"exceptionType"`
	Operation string         `json:"operation"`
	Details   failureDetails `json:"details"`
	Retry     bool           `json:"shouldRetry"`
	At        int64          `json:"timestamp"`
}

type failureDetails struct {
	Error  string   `json:"error"`
	Errors []string `json:"errors"`
}

func newFailure(operation string, at int64, err error) *failure {
	return &failure{Type: "CanaryException", Operation: operation, At: at,
		Details: failureDetails{Error: "Unexpected Task Failure", Errors: strings.Split(err.Error(), "\n")}}
}

// entry is what a list needs to know of an execution without reading it.
type entry struct {
	application, status string
	build               int64
}

func complete(status string) bool {
	return status == succeeded || status == terminal || status == canceled
}

// start checks an execution, keeps it and queues it. It fails with every fault
// of the request at once.
func (s *Service) start(e *execution) (string, error) {
	_, req, err := e.read()
	if err != nil {
		return "", refused{err}
	}
	e.Build, e.Status, e.Duration = s.now(), notStarted, req.duration()
	e.ID = newULID(e.Build)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == cap(s.queue) {
		return "", busy{fmt.Errorf("cannot start a canary execution: %d are waiting, the limit; try again in a minute", cap(s.queue))}
	}
	s.makeRoom(0)
	if err := s.save(e); err != nil {
		return "", err // An execution that a restart would forget was not started.
	}
	s.live[e.ID] = e
	s.queue <- e.ID // There is room: mu is held and only receives happen beside.
	return e.ID, nil
}

// save keeps the file of an execution. The caller holds mu.
func (s *Service) save(e *execution) error {
	data, err := encode(e)
	if err != nil {
		return err
	}
	if err := s.keep(s.canaries, e.ID, data); err != nil {
		return err
	}
	s.index[e.ID] = entry{application: e.Application, status: e.Status, build: e.Build}
	return nil
}

// maxKept bounds the executions remembered, complete ones dropped oldest first.
const maxKept = 10_000

// makeRoom forgets the oldest complete executions and their pairs, at least n of
// them, or as many as exceed maxKept. It returns how many. The caller holds mu.
func (s *Service) makeRoom(n int) int {
	n = max(n, len(s.index)-maxKept+1)
	if n <= 0 {
		return 0
	}
	var ended []string
	for id, e := range s.index {
		if complete(e.status) {
			ended = append(ended, id)
		}
	}
	slices.SortFunc(ended, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.index[a].build, s.index[b].build), strings.Compare(a, b))
	})
	forgotten := 0
	for _, id := range ended[:min(n, len(ended))] {
		if e, err := s.stored(id); err == nil && e.PairList != "" {
			_ = s.pairs.remove(e.PairList) // Gone already is as good.
		}
		if err := s.canaries.remove(id); err != nil {
			s.o.Log.Warn("cannot forget an old canary execution", "execution", id, "err", err)
			continue
		}
		delete(s.index, id)
		forgotten++
	}
	if forgotten > 0 {
		s.o.Log.Info("forgot the oldest canary executions to make room", "executions", forgotten)
	}
	return forgotten
}

// forgetAtOnce is how many executions are forgotten when their files are at a
// bound of space.
const forgetAtOnce = 100

// keep puts an object. If there is no room for it, old executions are forgotten
// once: where others filled the space, that does not cost them all. The caller
// holds mu.
func (s *Service) keep(f *files, id string, data []byte) error {
	err := f.put(id, data)
	if errors.As(err, new(full)) && s.makeRoom(forgetAtOnce) > 0 {
		err = f.put(id, data)
	}
	return err
}

// stored reads an execution from its file.
func (s *Service) stored(id string) (*execution, error) {
	data, err := s.canaries.get(id)
	if err != nil {
		return nil, err
	}
	var e execution
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, fmt.Errorf("cannot read canary execution %q: %w; move its file away to go on without it", id, err)
	}
	return &e, nil
}

// find returns a copy of an execution, live or kept.
func (s *Service) find(id string) (execution, error) {
	s.mu.Lock()
	if e := s.live[id]; e != nil {
		c := *e
		c.Stages = make(map[string]string, len(e.Stages))
		for k, v := range e.Stages {
			c.Stages[k] = v
		}
		c.Trace = slices.Clone(e.Trace)
		s.mu.Unlock()
		return c, nil
	}
	s.mu.Unlock()
	e, err := s.stored(id)
	if err != nil {
		return execution{}, err
	}
	return *e, nil
}

// loadExecutions indexes what is kept and queues what was left unfinished.
func (s *Service) loadExecutions() error {
	var again []*execution
	for _, k := range s.canaries.keys() {
		e, err := s.stored(k.ID)
		if err != nil {
			s.o.Log.Error("a kept canary execution cannot be read; it is left where it is", "execution", k.ID, "err", err)
			continue
		}
		s.index[e.ID] = entry{application: e.Application, status: e.Status, build: e.Build}
		if !complete(e.Status) {
			again = append(again, e)
		}
	}
	slices.SortFunc(again, func(a, b *execution) int {
		return cmp.Or(cmp.Compare(a.Build, b.Build), strings.Compare(a.ID, b.ID))
	})
	for _, e := range again {
		e.say("resumed: a restart interrupted it, so it begins again; its window is past, the samples are the same")
		_, _, err := e.read()
		if err == nil && len(s.queue) == cap(s.queue) {
			err = errors.New("cannot resume: more executions were interrupted by a restart than may wait")
		}
		if err != nil {
			s.end(e, terminal, newFailure("resume", s.now(), err))
			continue
		}
		e.Status, e.Stages, e.Start = notStarted, nil, 0
		s.live[e.ID] = e
		s.queue <- e.ID
	}
	return nil
}

// end completes an execution. It takes mu.
func (s *Service) end(e *execution, status string, f *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(e, status, f)
}

func (s *Service) endLocked(e *execution, status string, f *failure) {
	if complete(e.Status) {
		return // Canceled meanwhile.
	}
	e.Status, e.Failure, e.End = status, f, s.now()
	for stage, st := range e.Stages {
		if st == isRunning || st == notStarted && status == canceled {
			e.Stages[stage] = status
		}
	}
	if f != nil {
		e.say("%s: %s", status, strings.Join(f.Details.Errors, "; "))
	}
	if err := s.save(e); err != nil {
		s.o.Log.Error("cannot keep a canary execution; a restart would repeat it", "execution", e.ID, "err", err)
		return // It stays readable as a live one.
	}
	delete(s.live, e.ID)
}

func (e *execution) say(format string, args ...any) {
	e.Trace = append(e.Trace, fmt.Sprintf(format, args...))
}

// read parses and checks what an execution was asked.
func (e *execution) read() (kayenta.Config, executionRequest, error) {
	var cfg kayenta.Config
	var req executionRequest
	if err := json.Unmarshal(e.Config, &cfg); err != nil {
		return cfg, req, fmt.Errorf("cannot read the canary config: %w", err)
	}
	if err := json.Unmarshal(e.Request, &req); err != nil {
		return cfg, req, fmt.Errorf("cannot read the execution request: %w", err)
	}
	return cfg, req, e.checkRequest(cfg, &req)
}

// checkRequest completes the request and lists its faults.
func (e *execution) checkRequest(cfg kayenta.Config, req *executionRequest) error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("cannot run a canary execution: "+format, args...))
	}
	if len(cfg.Metrics) == 0 {
		fail("the canary config has no metrics")
	}
	if len(cfg.Metrics) > maxMetrics {
		fail("the canary config has %d metrics, the limit is %d", len(cfg.Metrics), maxMetrics)
	}
	if name := cfg.JudgeName(); !slices.Contains(append(kayenta.Judges(), "", remoteJudge), name) {
		fail("there is no judge %q; the judges are %s", name, strings.Join(kayenta.Judges(), ", "))
	}
	if t := req.Thresholds; t == nil || t.Pass == nil || t.Marginal == nil {
		own := cfg.Classifier.ScoreThresholds
		if own == nil || own.Pass == nil || own.Marginal == nil {
			fail("thresholds.pass and thresholds.marginal are missing, and the config's classifier.scoreThresholds has none")
		}
		req.Thresholds = own
	}
	checked := map[string]bool{}
	for _, m := range cfg.Metrics {
		switch pair, ok := req.Scopes[m.ScopeName]; {
		case m.ScopeName == "":
			fail("metric %q has no scopeName, such as \"default\"", m.Name)
		case !ok:
			fail("metric %q needs the scope %q, which the request does not give", m.Name, m.ScopeName)
		case !checked[m.ScopeName]:
			checked[m.ScopeName] = true
			for _, side := range []struct {
				name string
				s    *scope
			}{{"controlScope", pair.Control}, {"experimentScope", pair.Experiment}} {
				if err := side.s.check(m.ScopeName + "." + side.name); err != nil {
					fail("%w", err)
				}
			}
		}
	}
	return errors.Join(errs...)
}

// maxMetrics bounds one config.
const maxMetrics = 1000

// remoteJudge is the name under which a Kayenta calls a judge elsewhere.
const remoteJudge = "RemoteJudge-v1.0"
