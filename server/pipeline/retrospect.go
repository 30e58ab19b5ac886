package pipeline

import (
	"context"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
)

// Retrospect judges the past window of a spec, as a run that looked once at
// its end; it returns the spec with its defaults filled in as well. MaxDuration
// is the window with its warm-up. Gates can only be read while they happen: for
// a window that ended more than two minutes ago they are NO_DATA and say so.
func (p *Pipeline) Retrospect(ctx context.Context, s RunSpec, end int64) (canary.Verdict, canary.Request, RunSpec, error) {
	orDefault(&s.Step, time.Minute)
	s.MaxDuration -= s.Warmup
	if s.LookEvery <= 0 || s.LookEvery > s.MaxDuration {
		s.LookEvery = s.MaxDuration
	}
	s, err := p.resolveSpec(ctx, s, end)
	if err != nil {
		return canary.Verdict{}, canary.Request{}, s, err
	}
	s.readings = p.readGates(s.Gates, end)
	s, v, req, err := p.judgeRun(ctx, s, end, 1, 1, nil)
	s.readings = nil
	return s.tell(v, true), req, s, err
}
