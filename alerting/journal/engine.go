package journal

// This file joins the core and the log: inputs are logged, synced, then applied
// in log order by one goroutine. Live and replayed runs apply the same bytes.

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bellwether-ts/bellwether/alerting"
)

// EngineOptions configure an Engine.
type EngineOptions struct {
	Dir     string                  // Where the log and snapshots live. Required.
	Config  alerting.Config         // Policies; a change is logged.
	Deliver func([]alerting.Output) // Called in log order on the engine's goroutine; must not block nor call Submit. Optional.
	Warn    func(error)             // Told what went wrong in the background (a snapshot, a tick). Optional.

	Tick          time.Duration    // How often time is looked at without input; default 1 s, negative = never.
	Queue         int              // Submits waiting at most; default 1024. A full queue makes Submit wait for its context.
	SnapshotEvery int              // Records between snapshots; default 50,000.
	KeepSnapshots int              // Default 3. The log is kept back to the oldest of them.
	RetainBytes   int64            // The log is kept in full while it is smaller; default 64 MiB.
	Ring          int              // Records whose transitions are kept in memory for watchers; default 16,384.
	Now           func() time.Time // Default time.Now.
	Log           Options
}

func (o EngineOptions) withDefaults() EngineOptions {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&o.Queue, 1024)
	set(&o.SnapshotEvery, 50_000)
	set(&o.KeepSnapshots, 3)
	set(&o.Ring, 16_384)
	if o.Tick == 0 {
		o.Tick = time.Second
	}
	if o.RetainBytes == 0 {
		o.RetainBytes = 64 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Deliver == nil {
		o.Deliver = func([]alerting.Output) {}
	}
	if o.Warn == nil {
		o.Warn = func(error) {}
	}
	return o
}

// maxBatch is how many inputs share a commit at most.
const maxBatch = 4096

// Engine joins the core and the log: one goroutine, inputs applied in log order
// after they are synced. Make one with OpenEngine.
type Engine struct {
	o     EngineOptions
	log   *Log
	snaps *snapshots
	feed  *feed

	mu   sync.RWMutex // Guards core: written by the engine's goroutine only.
	core *alerting.Core

	requests  chan *request
	stop      chan struct{}
	stopped   chan struct{}
	closing   sync.Once
	closeErr  error
	sinceSnap int
	snapping  chan struct{} // Holds one token while a snapshot is written.
}

// request is one Submit.
type request struct {
	payloads [][]byte
	inputs   []alerting.Input // Decoded from the payloads.
	reply    chan reply
}

// add encodes an input. What the core will apply is decoded from what is
// logged, so that a replay sees the very same input.
func (r *request) add(in alerting.Input) error {
	b, err := encodeInput(in)
	if err != nil {
		return err
	}
	if in, err = decodeInput(Record{0, b}); err != nil {
		return err
	}
	r.payloads, r.inputs = append(r.payloads, b), append(r.inputs, in)
	return nil
}

type reply struct {
	seq uint64
	err error
}

// RefusedError says that an input was logged and the core refused it: a limit
// or a guard that depends on what came before. Trace holds its reasons.
type RefusedError struct {
	Seq   uint64
	Trace alerting.Trace
}

// Error is the last step of the trace.
func (e *RefusedError) Error() string {
	if n := len(e.Trace.Steps); n > 0 {
		return e.Trace.Steps[n-1].Said
	}
	return fmt.Sprintf("input %d was refused", e.Seq)
}

// Submit logs the inputs in order, all or none, and returns the sequence number
// of the last once all are on disk and applied. An input that is malformed is
// refused before anything is logged; one refused by the state (a limit, the
// world guard) gives a *RefusedError beside the sequence number.
//
// If ctx ends while waiting, the inputs may still be taken in: send them again
// with the same event ids.
func (e *Engine) Submit(ctx context.Context, ins ...alerting.Input) (uint64, error) {
	if len(ins) > maxBatch {
		return 0, fmt.Errorf("cannot submit %d inputs at once: at most %d", len(ins), maxBatch)
	}
	var errs []error
	e.mu.RLock()
	for i := range ins {
		if err := e.core.Check(ins[i]); err != nil {
			errs = append(errs, err)
		}
	}
	e.mu.RUnlock()
	r := &request{reply: make(chan reply, 1)}
	for i := range ins {
		if err := r.add(ins[i]); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return 0, errors.Join(errs...)
	}
	select {
	case <-e.stop:
		return 0, ErrClosed
	default:
	}
	select {
	case e.requests <- r:
	case <-ctx.Done():
		return 0, fmt.Errorf("cannot submit to the alert engine: its queue of %d is full: %w", cap(e.requests), ctx.Err())
	case <-e.stop:
		return 0, ErrClosed
	}
	select {
	case a := <-r.reply:
		return a.seq, a.err
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-e.stopped:
		select {
		case a := <-r.reply:
			return a.seq, a.err
		default:
			return 0, ErrClosed
		}
	}
}

// View runs f on the current state. f must not keep the core, change it, or
// call the engine.
func (e *Engine) View(f func(*alerting.Core)) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	f(e.core)
}

// Delivered reports a notification as sent (err nil) or given up, which takes
// it out of the outbox.
func (e *Engine) Delivered(ctx context.Context, id string, err error) error {
	d := &alerting.Delivered{Sent: []string{id}}
	if err != nil {
		d = &alerting.Delivered{Failed: map[string]string{id: err.Error()}}
	}
	_, serr := e.Submit(ctx, alerting.Input{Delivered: d})
	return serr
}

// Log returns the log under the engine, for its id and size.
func (e *Engine) Log() *Log { return e.log }

// run is the engine's goroutine.
func (e *Engine) run() {
	defer close(e.stopped)
	var ticks <-chan time.Time
	if e.o.Tick > 0 {
		t := time.NewTicker(e.o.Tick)
		defer t.Stop()
		ticks = t.C
	}
	for {
		select {
		case r := <-e.requests:
			e.commit(e.gather(r))
		case <-ticks:
			e.tick()
		case <-e.stop:
			for { // What was queued before Close is still taken in.
				select {
				case r := <-e.requests:
					e.commit(e.gather(r))
				default:
					return
				}
			}
		}
	}
}

// gather takes along what else waits: one fsync for all.
func (e *Engine) gather(first *request) []*request {
	group, n := []*request{first}, len(first.payloads)
	for n < maxBatch {
		select {
		case r := <-e.requests:
			group = append(group, r)
			n += len(r.payloads)
		default:
			return group
		}
	}
	return group
}

// tick logs the passing of time if the core needs to know.
func (e *Engine) tick() {
	if !e.core.TickNeeded(e.o.Now().UnixMilli()) {
		return
	}
	r := &request{reply: make(chan reply, 1)}
	err := r.add(alerting.Input{})
	if err == nil {
		e.commit([]*request{r})
		err = (<-r.reply).err
	}
	if err != nil {
		e.o.Warn(fmt.Errorf("cannot log the passing of time: %w", err))
	}
}

// commit logs a group of requests, applies it and answers.
func (e *Engine) commit(group []*request) {
	at := e.o.Now().UnixMilli()
	var all [][]byte
	for _, r := range group {
		for _, p := range r.payloads {
			stamp(p, at)
			all = append(all, p)
		}
	}
	last, err := e.log.Append(context.Background(), all...)
	if err != nil {
		for _, r := range group {
			r.reply <- reply{0, err}
		}
		return
	}
	seq := last - uint64(len(all))
	var outs []alerting.Output
	answers := make([]reply, len(group))
	e.mu.Lock()
	for i, r := range group {
		var errs []error
		for _, in := range r.inputs {
			seq++
			in.Seq, in.At = seq, at
			got, err := e.apply(in)
			if err != nil {
				errs = append(errs, err)
			}
			outs = append(outs, got...)
		}
		answers[i] = reply{seq, errors.Join(errs...)}
	}
	e.mu.Unlock()
	e.feed.publish(outs, seq)
	e.o.Deliver(outs)
	for i, r := range group {
		r.reply <- answers[i]
	}
	e.snapshotIfDue(len(all))
}

// apply applies one input; the error says that the core refused it.
func (e *Engine) apply(in alerting.Input) (outs []alerting.Output, err error) {
	outs = e.core.Apply(in)
	for _, o := range outs {
		if d := o.Decision; d != nil && !d.Timer && d.Verdict == alerting.Refused {
			err = &RefusedError{in.Seq, d.Trace}
		}
	}
	return outs, err
}

// snapshotIfDue takes a snapshot every SnapshotEvery records. The state is
// written out here, the file beside.
func (e *Engine) snapshotIfDue(n int) {
	e.sinceSnap += n
	if e.sinceSnap < e.o.SnapshotEvery {
		return
	}
	select {
	case e.snapping <- struct{}{}:
	default:
		return // The last one is still being written; try at the next commit.
	}
	e.sinceSnap = 0
	seq, state := e.core.Seq(), e.core.Snapshot()
	go func() {
		defer func() { <-e.snapping }()
		if err := e.store(seq, state); err != nil {
			e.o.Warn(err)
		}
	}()
}

// store writes a snapshot and forgets the part of the log nobody needs.
func (e *Engine) store(seq uint64, state []byte) error {
	if seq == 0 {
		return nil
	}
	if err := e.snaps.write(seq, state); err != nil {
		return err
	}
	if e.log.Bytes() < e.o.RetainBytes {
		return nil
	}
	seqs, err := e.snaps.list()
	if err != nil || len(seqs) == 0 {
		return err
	}
	return e.log.Forget(seqs[0] + 1)
}

// Close takes in what is queued, writes a snapshot and stops. It may be called
// more than once.
func (e *Engine) Close() error {
	e.closing.Do(func() {
		close(e.stop)
		<-e.stopped
		e.snapping <- struct{}{} // Wait for a snapshot under way.
		e.feed.close()
		e.closeErr = errors.Join(e.store(e.core.Seq(), e.core.Snapshot()), e.log.Close())
	})
	return e.closeErr
}
