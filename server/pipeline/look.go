package pipeline

import (
	"cmp"
	"context"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
)

// A look judges the samples so far and decides whether a run is over.

// lookTimeout bounds one look, whatever the store is asked.
const lookTimeout = time.Minute

// outcome is what a look found, before it is entered.
type outcome struct {
	spec   RunSpec // With its metrics chosen.
	number int
	final  bool // The plan of looks is spent.
	last   Look
	v      canary.Verdict
	req    canary.Request
	reread bool // Nothing of an earlier look was at hand.
}

// look judges the samples of [From, now] as the look the clock says it is. It
// changes nothing.
func (c *Canaries) look(ctx context.Context, r Run, now int64) outcome {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	end := min(now, r.Spec.Until())
	o := outcome{number: r.lookAt(end), reread: r.Request == nil}
	looks := r.Spec.Planned()
	o.final = o.number >= looks
	spec := r.Spec
	spec.readings = c.p.readGates(spec.Gates, end)
	spec, v, req, err := c.p.judgeRun(ctx, spec, end, o.number, looks, r.Request)
	if err != nil {
		v = blind(spec, err)
	}
	judged := v.Verdict
	v = r.Spec.tell(v, o.final)
	o.v, o.req = v, req
	o.last = lookOf(v, judged, end, spec.readings)
	spec.readings = nil
	o.spec = spec
	return o
}

// judgeRun chooses the metrics, where the asker named none, and judges them.
// The spec comes back with its metrics.
func (p *Pipeline) judgeRun(ctx context.Context, s RunSpec, end int64, look, looks int, before *canary.Request) (RunSpec, canary.Verdict, canary.Request, error) {
	readings := s.readings
	s, err := p.chooseMetrics(ctx, s, end)
	s.readings = readings
	if err != nil {
		return s, canary.Verdict{}, canary.Request{}, err
	}
	v, req, err := p.JudgeSpec(ctx, s, end, look, looks, before)
	return s, v, req, err
}

// blind is the verdict of a look that could not read its samples: its gates
// can still fail the canary, nothing can pass it.
func blind(s RunSpec, why error) canary.Verdict {
	v := canary.Judge(canary.Request{Gates: s.readings})
	if v.Verdict != canary.Fail {
		v.Verdict, v.Reasons = canary.NoData, nil
	}
	v.Judge = s.Judge
	v.Reasons = append(v.Reasons, why.Error())
	return v
}

// enterLooks enters what the looks found, keeps it and tells it, in order.
func (c *Canaries) enterLooks(ctx context.Context, due []dueRun, found []outcome) {
	var write []*entry
	var over []Run
	c.mu.Lock()
	for i, d := range due {
		e := d.e
		switch {
		case e.run.State != RunRunning || c.runs[e.run.ID] != e:
			continue // Cancelled while it looked.
		case ctx.Err() != nil:
			c.queue.add(e) // Stopped in the middle: what it read may be half.
			continue
		}
		c.enterLook(e, &found[i])
		if e.run.State != RunRunning {
			done := e.run
			done.Verdict = found[i].v // Whole, whether there was room to keep it or not.
			over = append(over, done)
		} else {
			c.queue.add(e)
		}
		if e.news() {
			write = append(write, e)
		}
		e.announce()
	}
	c.mu.Unlock()
	if err := c.save(write...); err != nil {
		c.p.opts.Log.Error("cannot keep canary runs; a restart would repeat their looks", "runs", len(write), "err", err)
	}
	for _, r := range over {
		c.p.emit(CanaryEvent(r.ID, r.Spec.Name, cmp.Or(r.Spec.Service, serviceOf(r.Spec)), r.Last.At, r.Verdict))
	}
}

// enterLook enters one outcome. The caller holds mu.
func (c *Canaries) enterLook(e *entry, o *outcome) {
	c.looks++
	if o.reread {
		c.reread++
	}
	e.run.Spec, e.run.Looks, e.run.Last = o.spec, o.number, o.last
	e.run.Path = extend(e.run.Path, o.number, o.last)
	c.kept.take(e, o.v, &o.req)
	e.due = e.run.nextLook()
	e.told = 0
	if o.final || o.v.Verdict == canary.Fail || o.v.Verdict == canary.Pass {
		c.end(e, RunDone, o.last.At)
	}
}
