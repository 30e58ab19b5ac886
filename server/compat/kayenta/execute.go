package kayenta

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/canary/kayenta"
)

// Carrying an execution out, stage by stage, in a worker's goroutine.

// maxRunTime bounds one execution.
const maxRunTime = 10 * time.Minute

// execute runs the execution of that id, unless it was canceled while it
// waited.
func (s *Service) execute(ctx context.Context, id string) {
	ctx, stop := context.WithTimeout(ctx, maxRunTime)
	defer stop()
	s.mu.Lock()
	e := s.live[id]
	if e == nil || complete(e.Status) {
		s.mu.Unlock()
		return
	}
	e.Status, e.Start, e.cancel = isRunning, s.now(), stop
	s.mu.Unlock()
	err := s.judge(ctx, e)
	switch {
	case err == nil:
		s.end(e, succeeded, nil)
	case ctx.Err() == context.Canceled && e.isLive(s):
		return // The process stops; the next one takes it up.
	default:
		s.end(e, terminal, newFailure("canary", s.now(), err))
	}
	if c, err := s.find(id); err == nil {
		if c.Status == succeeded {
			s.writeScore(ctx, c)
		}
		s.o.Log.Info("a canary execution ended", "execution", id, "application", c.Application, "status", c.Status, "why", last(c.Trace))
	}
}

func (e *execution) isLive(s *Service) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !complete(e.Status)
}

func last(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

// stage marks a stage and says why on the trace.
func (s *Service) stage(e *execution, name, status, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if complete(e.Status) {
		return
	}
	e.Stages[name] = status
	if format != "" {
		e.say(name+": "+format, args...)
	}
}

// judge fetches, pairs and judges.
func (s *Service) judge(ctx context.Context, e *execution) error {
	cfg, req, err := e.read()
	if err != nil {
		return err
	}
	s.begin(e, len(cfg.Metrics))
	var control, experiment []fetched
	for _, side := range []struct {
		stage string
		of    func(scopePair) *scope
		to    *[]fetched
	}{
		{"fetchControl", func(p scopePair) *scope { return p.Control }, &control},
		{"fetchExperiment", func(p scopePair) *scope { return p.Experiment }, &experiment},
	} {
		for i, m := range cfg.Metrics {
			name := fmt.Sprintf("%s%d", side.stage, i)
			s.stage(e, name, isRunning, "")
			got, err := s.fetch(ctx, cfg, m, side.of(req.Scopes[m.ScopeName]))
			if err != nil {
				s.stage(e, name, terminal, "%v", err)
				return err
			}
			s.stage(e, name, succeeded, "%s", got[0].told())
			*side.to = append(*side.to, got...)
		}
	}
	pairs, err := s.mix(e, cfg, control, experiment)
	if err != nil {
		return err
	}
	return s.score(ctx, e, cfg, req, pairs, control, experiment)
}

// begin lists the stages of an execution.
func (s *Service) begin(e *execution, metrics int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Stages = map[string]string{"setupContext": succeeded, "mixMetrics": notStarted, "judge": notStarted}
	for i := range metrics {
		e.Stages[fmt.Sprintf("fetchControl%d", i)] = notStarted
		e.Stages[fmt.Sprintf("fetchExperiment%d", i)] = notStarted
	}
	for _, note := range unknownFields(e.Request, "scopes", "thresholds", "metadata", "siteLocal") {
		e.say("setupContext: the execution request has an %s; it is ignored", note)
	}
	e.say("setupContext: %d metrics, judge %s", metrics, judgeOf(e.Config))
}

// mix pairs the sides and keeps the pairs.
func (s *Service) mix(e *execution, cfg kayenta.Config, control, experiment []fetched) ([]kayenta.Pair, error) {
	s.stage(e, "mixMetrics", isRunning, "")
	names := make([]string, len(cfg.Metrics))
	for i, m := range cfg.Metrics {
		names[i] = m.Name
	}
	pairs, err := kayenta.Mix(names, setsOf(control), setsOf(experiment))
	if err != nil {
		s.stage(e, "mixMetrics", terminal, "%v", err)
		return nil, err
	}
	if len(pairs) > maxPairs {
		err := fmt.Errorf("cannot judge %d pairs of series, the limit is %d: let the queries aggregate", len(pairs), maxPairs)
		s.stage(e, "mixMetrics", terminal, "%v", err)
		return nil, err
	}
	data, err := encode(pairs)
	if err != nil {
		return nil, err
	}
	id := newUUID()
	s.mu.Lock()
	err = s.keep(s.pairs, id, data)
	s.mu.Unlock()
	if err != nil {
		s.stage(e, "mixMetrics", terminal, "%v", err)
		return nil, err
	}
	s.mu.Lock()
	e.PairList = id
	s.mu.Unlock()
	s.stage(e, "mixMetrics", succeeded, "%d pairs kept as metricSetPairList %s", len(pairs), id)
	return pairs, nil
}

// maxPairs bounds the pairs of one execution.
const maxPairs = 10_000

// score judges the pairs.
func (s *Service) score(ctx context.Context, e *execution, cfg kayenta.Config, req executionRequest, pairs []kayenta.Pair, control, experiment []fetched) error {
	s.stage(e, "judge", isRunning, "")
	kr := kayenta.Request{CanaryConfig: cfg, ScoreThresholds: req.Thresholds, MetricSetPairList: pairs}
	res, why, err := s.result(ctx, e, kr, req, control, experiment)
	if err != nil {
		s.stage(e, "judge", terminal, "%v", err)
		return err
	}
	data, err := encode(res)
	if err != nil {
		return err
	}
	s.mu.Lock()
	e.Result = data
	s.mu.Unlock()
	for _, r := range res.Results {
		why = append(why, strings.TrimSpace(fmt.Sprintf("%s is %s. %s", r.Name, r.Classification, r.ClassificationReason)))
	}
	for _, w := range why {
		s.stage(e, "judge", isRunning, "%s", w)
	}
	s.stage(e, "judge", succeeded, "%s. %s", res, res.Score.ClassificationReason)
	return nil
}

// result asks the config's judge. The native one is given aligned samples and
// what the sides were like before the window.
func (s *Service) result(ctx context.Context, e *execution, kr kayenta.Request, req executionRequest, control, experiment []fetched) (kayenta.Result, []string, error) {
	if kr.CanaryConfig.JudgeName() != kayenta.NativeJudgeName {
		res, _, err := kr.JudgeBy(kr.CanaryConfig.JudgeName(), kayenta.Options{})
		return res, nil, err
	}
	native, notes := kr.Native()
	for i := range native.Metrics {
		p := kr.MetricSetPairList[i]
		m := &native.Metrics[i]
		c, x := pick(control, p), pick(experiment, p)
		m.StepSeconds = float64(x.step) / 1000
		m.Baseline, m.Canary = c.until(s.now()), x.until(s.now())
		if c.query == x.query && c.first == x.first {
			m.Doubts = append(m.Doubts, "both sides are the same query over the same window")
		}
		past, err := s.history(ctx, c, x)
		if err != nil {
			return kayenta.Result{}, nil, err
		}
		m.History = past
	}
	native.Policy.Look, native.Policy.Looks = e.Look, e.Looks
	res, v, err := kr.JudgeNative(native)
	return res, append(notes, clipped(v.Text())...), err
}

// maxTold bounds the native trace in that of an execution.
const maxTold = 64 << 10

// clipped is the trace in lines, cut where it is long.
func clipped(text string) []string {
	cut := len(text) > maxTold
	if cut {
		text = strings.ToValidUTF8(text[:maxTold], "")
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if cut {
		lines = append(lines, "... the rest is cut; judge fewer metrics at once to read it all")
	}
	return lines
}
