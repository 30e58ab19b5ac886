package pipeline

import (
	"container/heap"
	"context"
	"hash/fnv"
	"runtime"
	"sync"
	"time"
)

// When runs look. Look number k of a run is due at
//
//	start + warmup + k * look_every + phase,  phase in [0, min(look_every, 1 min))
//
// where the phase is drawn from the run's id: ten thousand runs begun by one
// rollout would otherwise all look in the same second. The
// same id has the same phase for ever, so a restart looks when it would have.
// A look may come later than it is due, never earlier; looks missed meanwhile
// are not made up for, the clock says which number the next one has.

// nextLook is when the run is to look again, Unix milliseconds.
func (r *Run) nextLook() int64 {
	every := r.Spec.LookEvery.Milliseconds()
	return r.Spec.From() + int64(r.Looks+1)*every + phase(r.ID, every)
}

// widestPhase bounds how much later than its minute a verdict may come.
const widestPhase = int64(time.Minute / time.Millisecond)

func phase(id string, every int64) int64 {
	every = min(every, widestPhase)
	if every <= 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	return int64(h.Sum64() % uint64(every))
}

// lookAt is the number of the look that judges [From, end]: what the clock
// says, but never one that was already taken.
func (r *Run) lookAt(end int64) int {
	return min(r.Spec.Planned(), max(r.Looks+1, int((end-r.Spec.From())/r.Spec.LookEvery.Milliseconds())))
}

// run looks at every due run until ctx ends.
func (c *Canaries) run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			now := c.p.Now().UnixMilli()
			c.LookAll(ctx, now)
			c.p.writeVerdicts(ctx, now)
		}
	}
}

// batchLooks is how many looks are taken before their outcome is entered: few
// enough that a cancelled run is noticed soon.
const batchLooks = 64

// LookAll gives every run that is due at now (Unix milliseconds) its look. The
// looks run on all processors; their outcomes are entered, kept and told in
// the order in which they were due.
func (c *Canaries) LookAll(ctx context.Context, now int64) {
	for ctx.Err() == nil {
		due := c.takeDue(now, batchLooks)
		if len(due) == 0 {
			return
		}
		found := make([]outcome, len(due))
		var work sync.WaitGroup
		next := make(chan int)
		for range min(runtime.GOMAXPROCS(0), len(due)) {
			work.Go(func() {
				for i := range next {
					found[i] = c.look(ctx, due[i].run, now)
				}
			})
		}
		for i := range due {
			next <- i
		}
		close(next)
		work.Wait()
		c.enterLooks(ctx, due, found)
	}
}

// dueRun is a run taken from the queue, as it was.
type dueRun struct {
	e   *entry
	run Run
}

func (c *Canaries) takeDue(now int64, most int) []dueRun {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []dueRun
	for len(c.queue) > 0 && c.queue[0].due <= now && len(out) < most {
		e := heap.Pop(&c.queue).(*entry)
		c.lateness = now - e.due
		out = append(out, dueRun{e, e.run})
	}
	return out
}

// queue holds the waiting runs, the one due first on top.
type queue []*entry

// Len, Less, Swap, Push and Pop make it a heap.Interface.
func (q queue) Len() int { return len(q) }

// Less breaks ties by id, so that the order is the same in every process.
func (q queue) Less(i, j int) bool {
	if q[i].due != q[j].due {
		return q[i].due < q[j].due
	}
	return q[i].run.ID < q[j].run.ID
}

// Swap exchanges two runs.
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push appends a run.
func (q *queue) Push(x any) {
	e := x.(*entry)
	e.place = len(*q)
	*q = append(*q, e)
}

// Pop takes the last run.
func (q *queue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	e.place = -1
	return e
}

func (q *queue) add(e *entry) {
	if e.place < 0 {
		heap.Push(q, e)
	}
}

func (q *queue) remove(e *entry) {
	if e.place >= 0 {
		heap.Remove(q, e.place)
	}
}
