package journal

// This file is the fan-out: the transitions of the last records in memory, for
// any number of watchers. Publishing never waits for a reader; a reader that
// falls behind the ring goes back to the log.

import (
	"sort"
	"sync"

	"github.com/bellwether-ts/bellwether/alerting"
)

// entry is the transitions of one record.
type entry struct {
	seq         uint64
	transitions []alerting.Transition
}

// feed holds the transitions of all records in (floor, head].
type feed struct {
	mu      sync.Mutex
	ring    []entry // Oldest at start, wrapping around; seq rises.
	start   int
	n       int
	floor   uint64
	head    uint64
	changed chan struct{} // Closed and replaced at every publish.
	closed  bool
}

func newFeed(size int, head uint64) *feed {
	return &feed{ring: make([]entry, size), floor: head, head: head, changed: make(chan struct{})}
}

// publish adds what the records up to head led to.
func (f *feed) publish(outs []alerting.Output, head uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := 0; i < len(outs); {
		seq := outs[i].Seq
		var ts []alerting.Transition
		for ; i < len(outs) && outs[i].Seq == seq; i++ {
			if t := outs[i].Transition; t != nil {
				ts = append(ts, *t)
			}
		}
		if len(ts) > 0 {
			f.put(entry{seq, ts})
		}
	}
	f.head = head
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *feed) put(e entry) {
	if f.n == len(f.ring) {
		f.floor = f.ring[f.start].seq
		f.ring[f.start] = entry{}
		f.start = (f.start + 1) % len(f.ring)
		f.n--
	}
	f.ring[(f.start+f.n)%len(f.ring)] = e
	f.n++
}

// look is what a reader standing at seq sees.
type look struct {
	behind  bool    // The ring no longer holds what comes next.
	entries []entry // Up to 64 records after seq.
	head    uint64  // The feed's head.
	changed <-chan struct{}
	closed  bool
}

func (f *feed) after(seq uint64) look {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := look{head: f.head, changed: f.changed, closed: f.closed, behind: seq < f.floor}
	if l.behind {
		return l
	}
	from := sort.Search(f.n, func(i int) bool { return f.ring[(f.start+i)%len(f.ring)].seq > seq })
	for i := from; i < f.n && len(l.entries) < 64; i++ {
		l.entries = append(l.entries, f.ring[(f.start+i)%len(f.ring)])
	}
	return l
}

func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	close(f.changed)
	f.changed = make(chan struct{})
}
