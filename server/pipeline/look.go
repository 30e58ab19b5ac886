package pipeline

import (
	"context"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
)

// A look judges the samples so far and decides whether a run is over.

// run looks at every due run until ctx ends.
func (c *Canaries) run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.LookAll(ctx, c.p.Now().UnixMilli())
		}
	}
}

// LookAll gives every run that is due at now (Unix milliseconds) its look.
func (c *Canaries) LookAll(ctx context.Context, now int64) {
	for _, r := range c.List(0) {
		due := r.Spec.Start + int64(r.Looks+1)*r.Spec.LookEvery.Milliseconds()
		if r.State == RunRunning && now >= due && ctx.Err() == nil {
			c.look(ctx, r, now)
		}
	}
}

// look judges the samples of [start, now] and decides whether the run is over.
func (c *Canaries) look(ctx context.Context, r Run, now int64) {
	end := min(now, r.Spec.Start+r.Spec.MaxDuration.Milliseconds())
	looks := max(1, int(r.Spec.MaxDuration/r.Spec.LookEvery))
	// A look missed (a restart, a pause) is not spent: the schedule says which
	// look this is.
	n := min(looks, max(r.Looks+1, int((end-r.Spec.Start)/r.Spec.LookEvery.Milliseconds())))
	var v canary.Verdict
	var req canary.Request
	spec, err := c.p.chooseMetrics(ctx, r.Spec, end)
	if err == nil {
		v, req, err = c.p.JudgeSpec(ctx, spec, end, n, looks, r.Request)
	}
	if err != nil {
		v = canary.Verdict{Verdict: canary.NoData, Reasons: []string{err.Error()}}
	}
	c.mu.Lock()
	cur := c.runs[r.ID]
	if cur == nil || cur.State != RunRunning {
		c.mu.Unlock()
		return
	}
	cur.Looks, cur.Spec, cur.Verdict, cur.Request = n, spec, v, &req
	if v.Verdict == canary.Fail || v.Verdict == canary.Pass || n >= looks {
		cur.State, cur.Ended = RunDone, end
	}
	done := *cur
	err = c.save(cur)
	c.announce()
	c.mu.Unlock()
	if err != nil {
		c.p.opts.Log.Error("cannot keep a canary run; a restart would repeat its looks", "run", r.ID, "err", err)
	}
	if done.State == RunDone {
		c.p.emit(CanaryEvent(done.ID, done.Spec.Name, serviceOf(done.Spec), end, v))
	}
}
