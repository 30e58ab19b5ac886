package pipeline

import (
	"fmt"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
)

// Comparison with an earlier run, for those who have no baseline beside the
// canary: the canary of now against the canary of then, at the same age. Where
// there is no earlier run the answer is an error, not a pass: a first release
// has been compared with nothing.

// resolvePrevious turns Previous into a baseline and an offset.
func (p *Pipeline) resolvePrevious(s RunSpec) (RunSpec, error) {
	if s.Previous == "" {
		return s, nil
	}
	if s.Offset != 0 {
		return s, fmt.Errorf("cannot use previous %q and offset %s together: previous sets the offset", s.Previous, s.Offset)
	}
	then, err := p.earlierRun(s)
	if err != nil {
		return s, err
	}
	if then.Spec.Start >= s.Start {
		return s, fmt.Errorf("cannot compare with canary run %s: it started at %s, not before this one (%s)", then.ID, clock(then.Spec.Start), clock(s.Start))
	}
	s.Previous = then.ID
	s.Baseline = then.Spec.Canary
	s.Offset = time.Duration(s.Start-then.Spec.Start) * time.Millisecond
	return s, nil
}

// earlierRun finds the run that Previous names.
func (p *Pipeline) earlierRun(s RunSpec) (Run, error) {
	if strings.EqualFold(s.Previous, "last") {
		if then, ok := p.Canaries.lastPassed(s.Name); ok {
			return then, nil
		}
		return Run{}, fmt.Errorf("cannot compare with the last run of %q: no run of that name has passed; judge this release against a baseline beside it, or against an earlier time with offset, and the next can use previous", s.Name)
	}
	then, ok := p.Canaries.Get(s.Previous)
	switch {
	case !ok:
		return Run{}, fmt.Errorf("cannot compare with canary run %q: there is no such run; give the id of one (GET /v1/canaries), or \"last\"", s.Previous)
	case then.State == RunRunning:
		return Run{}, fmt.Errorf("cannot compare with canary run %s: it is still running", then.ID)
	case then.Last.Verdict == canary.Fail:
		return Run{}, fmt.Errorf("cannot compare with canary run %s: it FAILed, so being like it says nothing good", then.ID)
	}
	return then, nil
}
