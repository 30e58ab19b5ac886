package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/alerting/journal"
)

// The way of an event from the rooms into the alert log. While the log cannot
// be written (a full disk), events wait in a bounded queue and are tried again;
// when it overflows, further ones are counted as lost, and once the log takes
// inputs again everything that is unhealthy then is told anew. So a disk that
// was full for an hour costs no alert that still matters, and never blocks the
// analyses.

// maxOutbox bounds the events waiting for the log.
const maxOutbox = 4096

// retryEvery is how often a log that failed is tried again.
const retryEvery = time.Second

// emit hands an event to the alert core. It waits while the core is busy.
func (p *Pipeline) emit(e alerting.Event) {
	p.reputations.told(e)
	if e.ObservedAt < p.quiet.Load() {
		p.quietNum.Add(1)
		return
	}
	if !p.running.Load() {
		p.submit(context.Background(), alerting.Input{Event: &e})
		return
	}
	for !p.failing.Load() {
		wait := time.NewTimer(retryEvery)
		select {
		case p.outbox <- e:
			wait.Stop()
			return
		case <-wait.C: // Look whether the log fails by now.
		}
	}
	select {
	case p.outbox <- e:
	default:
		p.lost.Add(1)
	}
}

// drain submits events until stop is closed, then what is left.
func (p *Pipeline) drain(stop <-chan struct{}) {
	for {
		select {
		case e := <-p.outbox:
			p.persist(e, stop)
		case <-stop:
			for len(p.outbox) > 0 {
				e := <-p.outbox
				p.submit(context.Background(), alerting.Input{Event: &e})
			}
			return
		}
	}
}

// persist submits one event until the log has it or stop is closed.
func (p *Pipeline) persist(e alerting.Event, stop <-chan struct{}) {
	for !p.submit(context.Background(), alerting.Input{Event: &e}) {
		select {
		case <-time.After(retryEvery):
		case <-stop:
			p.lost.Add(1)
			p.opts.Log.Error("cannot log an event before the stop; it is told again at the next start if it is still so", "monitor", e.Monitor)
			return
		}
	}
	if p.lost.Load() > p.retold.Load() {
		p.retold.Store(p.lost.Load())
		for _, e := range p.unhealthy(p.Now().UnixMilli()) {
			p.submit(context.Background(), alerting.Input{Event: &e})
		}
	}
}

// submit reports whether the input is settled: logged, or refused for good. If
// not, the log failed, and the same may be tried again.
func (p *Pipeline) submit(ctx context.Context, in alerting.Input) bool {
	_, err := p.engine.Submit(ctx, in)
	if err == nil {
		if p.failing.Swap(false) {
			p.opts.Log.Info("the alert log takes inputs again")
		}
		return true
	}
	var refused *journal.RefusedError
	malformed := false
	p.engine.View(func(c *alerting.Core) { malformed = c.Check(in) != nil })
	switch {
	case ctx.Err() != nil:
	case malformed, errors.As(err, &refused):
		p.opts.Log.Warn("the alert core refused an input", "err", err)
	default:
		p.logFailures.Add(1)
		if !p.failing.Swap(true) { // Once, not once a second.
			p.opts.Log.Error("cannot write the alert log; events wait and are tried again", "err", err)
		}
		return errors.Is(err, journal.ErrClosed)
	}
	return true
}
