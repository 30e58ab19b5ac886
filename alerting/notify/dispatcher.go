package notify

// This file hands notifications to their receivers: one bounded queue and one
// worker each, so that a receiver that is down holds up nobody else.

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/bellwether-ts/bellwether/alerting"
	"golang.org/x/time/rate"
)

// Options configure a Dispatcher. Zero values mean the default.
type Options struct {
	Queue   int           // Notifications waiting per receiver; default 1000. One more becomes a dead letter.
	Burst   int           // Sendings in quick succession before the rate limit; default 20.
	Every   time.Duration // Beyond the burst, one sending per Every, holding all that waits; default 5 s.
	Digest  int           // Notifications in one digest at most; default 100.
	Letters int           // Dead letters kept per receiver; default 1000.

	// Done is told the fate of every notification: nil when delivered, the
	// reason when given up. It is called by one goroutine of its own, never
	// from within Send, so it may wait: wire it to the engine's Delivered. If
	// it falls more than 4096 fates behind, further ones are counted as
	// Unreported; those notifications stay in the core's outbox and are sent
	// again at the next start.
	Done func(id string, err error)
}

func (o Options) withDefaults() Options {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&o.Queue, 1000)
	set(&o.Burst, 20)
	set(&o.Digest, 100)
	set(&o.Letters, 1000)
	if o.Every <= 0 {
		o.Every = 5 * time.Second
	}
	if o.Done == nil {
		o.Done = func(string, error) {}
	}
	return o
}

// DeadLetter is a notification that could not be delivered.
type DeadLetter struct {
	Notification alerting.Notification `json:"notification"`
	Reason       string                `json:"reason"`
	At           time.Time             `json:"at"`
}

// Stats counts what a receiver's queue did.
type Stats struct {
	Waiting   int    `json:"waiting"`
	Delivered uint64 `json:"delivered"` // Notifications.
	Sendings  uint64 `json:"sendings"`  // Successful calls; fewer than Delivered when there were digests.
	Dead      uint64 `json:"dead"`
	Forgotten uint64 `json:"forgotten"` // Dead letters pushed out of the list by newer ones.

	Unreported uint64 `json:"unreported"` // Fates that Done was too slow to hear of.
}

// Dispatcher hands notifications to receivers by name. Make one with New.
type Dispatcher struct {
	o      Options
	queues map[string]*queue
	lost   *queue // Dead letters of receivers that do not exist; it has no worker.
	cancel context.CancelFunc
	wg     sync.WaitGroup
	fates  chan fate
	told   chan struct{} // Closed when every fate was reported.
	close  sync.Once
}

// fate is what became of a notification.
type fate struct {
	id  string
	err error
}

// New starts a worker for every receiver. Stages such as Retry are the caller's
// to put around them.
func New(receivers map[string]Receiver, o Options) *Dispatcher {
	o = o.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	d := &Dispatcher{o: o, queues: map[string]*queue{}, cancel: cancel, fates: make(chan fate, 4096), told: make(chan struct{})}
	d.lost = newQueue("", nil, o, d.fates)
	go d.report()
	for name, r := range receivers {
		q := newQueue(name, r, o, d.fates)
		d.queues[name] = q
		d.wg.Go(func() { q.run(ctx) })
	}
	return d
}

// Send queues a notification for its receiver and never blocks. One for a
// receiver that does not exist, or whose queue is full, becomes a dead letter.
func (d *Dispatcher) Send(n alerting.Notification) {
	q := d.queues[n.Receiver]
	if q == nil {
		names := make([]string, 0, len(d.queues))
		for name := range d.queues {
			names = append(names, name)
		}
		slices.Sort(names)
		d.lost.bury(fmt.Errorf("cannot notify %q: no such receiver is configured; there are %q", n.Receiver, names), n)
		return
	}
	q.put(n)
}

// report hands the fates to Done.
func (d *Dispatcher) report() {
	defer close(d.told)
	for f := range d.fates {
		d.o.Done(f.id, f.err)
	}
}

// Close stops the workers, waits for them and reports the last fates; close the
// engine after it. What still waits is neither delivered nor dead: it is in the
// core's outbox for the next start. Send must not be called any more.
func (d *Dispatcher) Close() {
	d.close.Do(func() {
		d.cancel()
		d.wg.Wait()
		close(d.fates)
	})
	<-d.told
}

// DeadLetters returns the dead letters of all receivers, oldest first per
// receiver, receivers by name; letters to receivers that do not exist come
// first.
func (d *Dispatcher) DeadLetters() []DeadLetter {
	var out []DeadLetter
	for _, q := range d.byName() {
		q.mu.Lock()
		out = append(out, q.dead...)
		q.mu.Unlock()
	}
	return out
}

// Resend queues a dead letter again and reports whether there was one with
// that notification id.
func (d *Dispatcher) Resend(id string) bool {
	for _, q := range d.byName() {
		q.mu.Lock()
		i := slices.IndexFunc(q.dead, func(l DeadLetter) bool { return l.Notification.ID == id })
		if i < 0 {
			q.mu.Unlock()
			continue
		}
		n := q.dead[i].Notification
		q.dead = slices.Delete(q.dead, i, i+1)
		q.mu.Unlock()
		d.Send(n)
		return true
	}
	return false
}

// Stats returns the counters by receiver name; "" stands for receivers that do
// not exist.
func (d *Dispatcher) Stats() map[string]Stats {
	out := map[string]Stats{}
	for _, q := range d.byName() {
		q.mu.Lock()
		s := q.stats
		s.Waiting = len(q.waiting)
		out[q.name] = s
		q.mu.Unlock()
	}
	return out
}

func (d *Dispatcher) byName() []*queue {
	qs := []*queue{d.lost}
	for _, q := range d.queues {
		qs = append(qs, q)
	}
	slices.SortFunc(qs, func(a, b *queue) int { return slices.Compare([]byte(a.name), []byte(b.name)) })
	return qs
}

// queue is one receiver with what waits for it.
type queue struct {
	name    string
	r       Receiver
	o       Options
	limit   *rate.Limiter
	waiting chan alerting.Notification
	fates   chan<- fate

	mu    sync.Mutex
	dead  []DeadLetter
	stats Stats
}

func newQueue(name string, r Receiver, o Options, fates chan<- fate) *queue {
	return &queue{name: name, r: r, o: o, fates: fates,
		limit: rate.NewLimiter(rate.Every(o.Every), o.Burst), waiting: make(chan alerting.Notification, o.Queue)}
}

// report queues fates for Done and never blocks. The caller holds q.mu.
func (q *queue) report(err error, ns []alerting.Notification) {
	for _, n := range ns {
		select {
		case q.fates <- fate{n.ID, err}:
		default:
			q.stats.Unreported++
		}
	}
}

func (q *queue) put(n alerting.Notification) {
	select {
	case q.waiting <- n:
	default:
		q.bury(fmt.Errorf("cannot notify %q: %d notifications wait already; it is down or too slow", q.name, q.o.Queue), n)
	}
}

// bury makes dead letters.
func (q *queue) bury(why error, ns ...alerting.Notification) {
	q.mu.Lock()
	for _, n := range ns {
		q.dead = append(q.dead, DeadLetter{n, why.Error(), time.Now()})
		q.stats.Dead++
	}
	if over := len(q.dead) - q.o.Letters; over > 0 {
		q.dead = slices.Delete(q.dead, 0, over)
		q.stats.Forgotten += uint64(over)
	}
	q.report(why, ns)
	q.mu.Unlock()
}

// run is the worker: one sending at a time, in order.
func (q *queue) run(ctx context.Context) {
	for {
		var batch []alerting.Notification
		select {
		case n := <-q.waiting:
			batch = append(batch, n)
		case <-ctx.Done():
			return
		}
		if !q.limit.Allow() {
			// Over the rate: wait for a turn, then send all that came
			// meanwhile as one digest.
			if q.limit.Wait(ctx) != nil {
				return
			}
			batch = q.gather(batch)
		}
		err := q.r.Notify(ctx, batch...)
		if ctx.Err() != nil && err != nil {
			return // Neither delivered nor given up: the outbox has it.
		}
		if err != nil {
			q.bury(fmt.Errorf("cannot notify %q: %w", q.name, err), batch...)
			continue
		}
		q.mu.Lock()
		q.stats.Delivered += uint64(len(batch))
		q.stats.Sendings++
		q.report(nil, batch)
		q.mu.Unlock()
	}
}

func (q *queue) gather(batch []alerting.Notification) []alerting.Notification {
	for len(batch) < q.o.Digest {
		select {
		case n := <-q.waiting:
			batch = append(batch, n)
		default:
			return batch
		}
	}
	return batch
}
