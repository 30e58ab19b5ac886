package pipeline

import (
	"cmp"
	"slices"
	"sync"
)

// maxAnomalies bounds the anomalies remembered; the oldest closed one makes
// room.
const maxAnomalies = 10_000

// Anomalies remembers what the detectors found, newest last, and tells
// listeners. It is safe for concurrent use.
type Anomalies struct {
	mu        sync.Mutex
	byID      map[string]*Finding
	order     []string // By first seen.
	open      int
	listeners map[chan Finding]bool
	forgotten uint64
	version   uint64              // Grows with every change.
	verdicts  map[string]*Verdict // What people said, by id; also of anomalies not found yet.
	inherited map[string]bool     // Open ones of an earlier process that nobody has found again.
}

// NewAnomalies returns an empty memory.
func NewAnomalies() *Anomalies {
	return &Anomalies{byID: map[string]*Finding{}, listeners: map[chan Finding]bool{}}
}

// Add records a transition and tells listeners. A listener that does not keep
// up misses transitions; its channel is closed so that it knows.
func (a *Anomalies) Add(f Finding) {
	a.mu.Lock()
	defer a.mu.Unlock()
	old := a.byID[f.ID]
	a.version++
	delete(a.inherited, f.ID)
	if f.Verdict == nil {
		f.Verdict = a.verdicts[f.ID]
	}
	if old == nil {
		a.order = append(a.order, f.ID)
	}
	if old == nil || !old.Anomaly.Open {
		if f.Anomaly.Open {
			a.open++
		}
	} else if !f.Anomaly.Open {
		a.open--
	}
	a.byID[f.ID] = &f
	a.makeRoom()
	for c := range a.listeners {
		select {
		case c <- f:
		default:
			close(c)
			delete(a.listeners, c)
		}
	}
}

func (a *Anomalies) makeRoom() {
	if len(a.order) <= maxAnomalies {
		return
	}
	i := slices.IndexFunc(a.order, func(id string) bool { return !a.byID[id].Anomaly.Open })
	if i < 0 {
		i = 0
		a.open--
	}
	delete(a.byID, a.order[i])
	a.order = slices.Delete(a.order, i, i+1)
	a.forgotten++
}

// Get returns an anomaly by id.
func (a *Anomalies) Get(id string) (Finding, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.byID[id]
	if f == nil {
		return Finding{}, false
	}
	return *f, true
}

// List returns the anomalies keep accepts, open ones first, then newest first.
func (a *Anomalies) List(keep func(Finding) bool) []Finding {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []Finding
	for _, id := range slices.Backward(a.order) {
		if f := a.byID[id]; keep(*f) {
			out = append(out, *f)
		}
	}
	slices.SortStableFunc(out, func(x, y Finding) int {
		if x.Anomaly.Open != y.Anomaly.Open {
			if x.Anomaly.Open {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(y.Anomaly.Start, x.Anomaly.Start), cmp.Compare(x.ID, y.ID))
	})
	return out
}

// Open returns how many anomalies are open.
func (a *Anomalies) Open() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open
}

// Listen returns a channel of transitions from now on, and the function that
// ends it. The channel closes early if its reader falls 1,000 behind.
func (a *Anomalies) Listen() (<-chan Finding, func()) {
	c := make(chan Finding, 1000)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.listeners[c] = true
	return c, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.listeners[c] {
			delete(a.listeners, c)
			close(c)
		}
	}
}
