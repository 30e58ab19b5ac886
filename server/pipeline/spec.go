package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
)

// From what was asked to what is compared: a service is put before both
// sides, an earlier run becomes a baseline of another time, gates get their
// limits. completeSpec (comparison.go) then fills in the rest.

// resolveSpec completes a spec, or returns all its faults at once.
func (p *Pipeline) resolveSpec(ctx context.Context, s RunSpec, now int64) (RunSpec, error) {
	orDefault(&s.Start, now)
	s, errSides := resolveSides(s)
	var errPrevious error
	if errSides == nil {
		orDefault(&s.Name, cmp.Or(s.Service, serviceOf(s)))
		s, errPrevious = p.resolvePrevious(s)
	}
	gates, errGates := p.completeGates(s.Gates)
	s.Gates = gates
	orDefault(&s.OnUndecided, UndecidedHold)
	errs := []error{errSides, errPrevious, errGates, checkTimes(s), checkStart(s, now)}
	if !slices.Contains([]Undecided{UndecidedHold, UndecidedFail, UndecidedPass}, s.OnUndecided) {
		errs = append(errs, fmt.Errorf("cannot use on_undecided %q: known are hold, fail and pass", s.OnUndecided))
	}
	if errSides == nil && errPrevious == nil { // Else the sides are not what they will be.
		var err error
		s, err = p.completeSpec(s, now)
		errs = append(errs, err)
	}
	return s, errors.Join(errs...)
}

// maxLooks is the most looks a plan may have.
const maxLooks = 10_000

// maxOffset is how long ago a baseline may be.
const maxOffset = 400 * 24 * time.Hour

// maxAhead is how far in the future a run may start.
const maxAhead = 7 * 24 * time.Hour

// checkTimes checks what this file adds to a spec, and that its looks can be
// planned.
func checkTimes(s RunSpec) error {
	var errs []error
	if s.Warmup < 0 || s.Warmup > 24*time.Hour {
		errs = append(errs, fmt.Errorf("cannot use warmup %s: between 0 and 24h", s.Warmup))
	}
	if s.Offset < 0 || s.Offset > maxOffset {
		errs = append(errs, fmt.Errorf("cannot use offset %s: how long ago the baseline was, up to %s", s.Offset, maxOffset))
	}
	if s.LookEvery > 0 && s.MaxDuration/s.LookEvery > maxLooks {
		errs = append(errs, fmt.Errorf("cannot look every %s for %s: at most %d looks; look less often", s.LookEvery, s.MaxDuration, maxLooks))
	}
	return errors.Join(errs...)
}

// checkStart refuses a start nobody can mean.
func checkStart(s RunSpec, now int64) error {
	if s.Start-now > maxAhead.Milliseconds() {
		return fmt.Errorf("cannot start a canary run at %s: at most %s ahead; is start in milliseconds?", clock(s.Start), maxAhead)
	}
	if s.Start < 0 {
		return fmt.Errorf("cannot start a canary run at %d: before 1970", s.Start)
	}
	return nil
}

// resolveSides puts the service before both sides, and lets the baseline be
// the canary itself where another time is compared.
func resolveSides(s RunSpec) (RunSpec, error) {
	if strings.Trim(s.Baseline, "{} ") == "" && (s.Offset > 0 || s.Previous != "") {
		s.Baseline = s.Canary
	}
	if s.Service == "" {
		return s, nil
	}
	var errB, errC error
	s.Baseline, errB = withService(s.Service, "baseline", s.Baseline)
	s.Canary, errC = withService(s.Service, "canary", s.Canary)
	return s, errors.Join(errB, errC)
}

// withService puts service="x" before matchers, unless they say so already.
func withService(service, which, matchers string) (string, error) {
	inner := strings.Trim(matchers, "{}, ")
	if inner == "" {
		return "", fmt.Errorf("cannot use an empty %s of service %q: say what tells the sides apart, such as track=%q", which, service, which)
	}
	ms, err := metric.ParseMatchers(inner)
	if err != nil {
		return "", fmt.Errorf("cannot read the %s: %w", which, err)
	}
	for _, m := range ms {
		if m.Name == "service" && m.Type == labels.MatchEqual {
			if m.Value != service {
				return "", fmt.Errorf("cannot use %s %q with service %q: it names another service", which, matchers, service)
			}
			return matchers, nil
		}
	}
	return fmt.Sprintf("service=%q,%s", service, inner), nil
}

// differing names the fields in which two specs differ, as the JSON of run
// files calls them.
func differing(a, b *RunSpec) []string {
	fields := func(s *RunSpec) map[string]json.RawMessage {
		var m map[string]json.RawMessage
		if s != nil {
			if data, err := json.Marshal(s); err == nil {
				_ = json.Unmarshal(data, &m) // What was just marshalled.
			}
		}
		return m
	}
	x, y := fields(a), fields(b)
	var out []string
	for k := range x {
		if !bytes.Equal(x[k], y[k]) {
			out = append(out, k)
		}
	}
	for k := range y {
		if _, ok := x[k]; !ok {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}
