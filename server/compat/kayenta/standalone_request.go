package kayenta

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/canary/kayenta"
)

// The request of a standalone analysis. It is read strictly: what is misspelt
// here changes which window is judged without any sign of it.

// analysisRequest is the body of POST /standalone_canary_analysis/{config}.
type analysisRequest struct {
	Scopes       []analysisScope     `json:"scopes"`
	Thresholds   *kayenta.Thresholds `json:"thresholds"`
	LifetimeMins *int64              `json:"lifetimeDurationMins"`
	BeginAfter   int64               `json:"beginAfterMins"`
	LookbackMins int64               `json:"lookbackMins"`
	IntervalMins *int64              `json:"analysisIntervalMins"`
	SiteLocal    map[string]any      `json:"siteLocal"`
}

// analysisScope names both sides, and when.
type analysisScope struct {
	Name               string  `json:"scopeName"`
	ControlScope       string  `json:"controlScope"`
	ControlLocation    string  `json:"controlLocation"`
	ControlOffset      int64   `json:"controlOffsetInMinutes"`
	ExperimentScope    string  `json:"experimentScope"`
	ExperimentLocation string  `json:"experimentLocation"`
	Start              instant `json:"startTimeIso"`
	End                instant `json:"endTimeIso"`
	Step               *int64  `json:"step"`
	Params             params  `json:"extendedScopeParams"`
}

var (
	analysisFields = []string{"scopes", "thresholds", "lifetimeDurationMins", "beginAfterMins", "lookbackMins", "analysisIntervalMins", "siteLocal"}
	scopeFields    = []string{"scopeName", "controlScope", "controlLocation", "controlOffsetInMinutes", "experimentScope", "experimentLocation",
		"startTimeIso", "endTimeIso", "step", "extendedScopeParams"}
)

// parseAnalysis reads a request, every fault at once.
func parseAnalysis(data []byte) (analysisRequest, error) {
	var req analysisRequest
	var raw struct {
		Scopes     []json.RawMessage `json:"scopes"`
		Thresholds json.RawMessage   `json:"thresholds"`
	}
	if err := decode(data, "the analysis request", &raw); err != nil {
		return req, err
	}
	var errs []error
	unknown := func(where string, list []string) {
		for _, u := range list {
			errs = append(errs, fmt.Errorf("cannot read %s: %s", where, u))
		}
	}
	unknown("the analysis request", unknownFields(data, analysisFields...))
	for i, s := range raw.Scopes {
		unknown(fmt.Sprintf("scopes[%d]", i), unknownFields(s, scopeFields...))
	}
	unknown("thresholds", unknownFields(raw.Thresholds, "pass", "marginal"))
	if len(errs) > 0 {
		return req, refused{errors.Join(errs...)}
	}
	if err := decode(data, "the analysis request", &req); err != nil {
		return req, err
	}
	return req, req.check()
}

func (r *analysisRequest) check() error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("cannot start an analysis: "+format, args...))
	}
	if len(r.Scopes) == 0 || len(r.Scopes) > 100 {
		fail("scopes has %d entries: give 1 to 100", len(r.Scopes))
	}
	if t := r.Thresholds; t == nil || t.Pass == nil || t.Marginal == nil {
		fail("thresholds.pass and thresholds.marginal are missing")
	}
	var names []string
	for i := range r.Scopes {
		s := &r.Scopes[i]
		if s.Name == "" {
			s.Name = "default"
		}
		if slices.Contains(names, s.Name) {
			fail("two scopes are named %q", s.Name)
		}
		names = append(names, s.Name)
		if s.Step != nil && (*s.Step < 1 || *s.Step > 86_400) {
			fail("scope %q has a step of %d seconds: between 1 and 86400", s.Name, *s.Step)
		}
		if s.ControlOffset < 0 || s.ControlOffset > 366*24*60 {
			fail("scope %q has controlOffsetInMinutes %d: between 0 and a year", s.Name, s.ControlOffset)
		}
	}
	if errs != nil {
		return refused{errors.Join(errs...)}
	}
	return nil
}

// plan is the schedule: the first scope says when, as in Kayenta.
func (r *analysisRequest) plan(now int64) kayenta.Plan {
	p := kayenta.Plan{Start: int64(r.Scopes[0].Start), End: int64(r.Scopes[0].End), BeginAfter: r.BeginAfter, LookbackMins: r.LookbackMins}
	if p.Start == 0 {
		p.Start = now
	}
	if r.LifetimeMins != nil {
		p.LifetimeMins = *r.LifetimeMins
	}
	if r.IntervalMins != nil {
		p.IntervalMins = *r.IntervalMins
	}
	return p
}

// window writes the execution request of one judgement.
func (r *analysisRequest) window(start, end int64) executionRequest {
	step := int64(60) // The first scope's, for all.
	if s := r.Scopes[0].Step; s != nil {
		step = *s
	}
	out := executionRequest{Scopes: map[string]scopePair{}, Thresholds: r.Thresholds}
	for _, s := range r.Scopes {
		back := s.ControlOffset * 60_000
		out.Scopes[s.Name] = scopePair{
			Control:    &scope{Scope: s.ControlScope, Location: s.ControlLocation, Start: instant(start - back), End: instant(end - back), Step: step, Params: s.Params},
			Experiment: &scope{Scope: s.ExperimentScope, Location: s.ExperimentLocation, Start: instant(start), End: instant(end), Step: step, Params: s.Params},
		}
	}
	return out
}

// said is the schedule in words, for the trace.
func said(p kayenta.Plan, n int) string {
	first, end := p.Window(n)
	kind := "growing"
	if p.LookbackMins > 0 {
		kind = fmt.Sprintf("sliding %d-minute", p.LookbackMins)
	}
	how := "as time passes"
	if p.End != 0 {
		how = "at once, the window's end is given"
	}
	return strings.Join([]string{fmt.Sprintf("planned: %d judgements over a %s window", n, kind), how, "the last from " + iso(first) + " to " + iso(end)}, ", ")
}
