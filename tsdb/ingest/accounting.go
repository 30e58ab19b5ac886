package ingest

import (
	"maps"
	"sync"

	"github.com/bellwether-ts/bellwether/tsdb"
)

// Accounting counts samples by hop since the Sink was made. A sample is one
// float or one native histogram. A request is booked as a whole when it ends,
// so at any moment
//
//	Received = Undecodable + Decoded
//	Decoded  = Appended + Late + Duplicate + Refused (all reasons) + Failed
//
// and Tapped <= Appended, with equality while the store has a tap.
type Accounting struct {
	Received    uint64 // Samples that reached the door.
	Undecodable uint64 // Samples whose series could not be read: bad label references, for example.
	Decoded     uint64
	Appended    uint64                 // Stored as the newest of their series.
	Late        uint64                 // Stored behind the newest of their series; not handed to the tap.
	Duplicate   uint64                 // Already there; not stored again.
	Refused     map[tsdb.Reason]uint64 // Limited: not stored, and the sender was told why.
	Failed      uint64                 // Given back to the sender, who may retry: disk full, scrape broken off.
	Tapped      uint64                 // Handed to the analyses.

	Requests    uint64 // Push batches and remote-write requests, all of them.
	BadRequests uint64 // Of them: not protobuf, too large, wrong type; their samples were never known.
	Overloaded  uint64 // Of them: turned away because too much was in flight.
}

// Limited returns the refused samples of all reasons.
func (a Accounting) Limited() uint64 {
	n := uint64(0)
	for _, c := range a.Refused {
		n += c
	}
	return n
}

// Balance returns what entered minus what is explained, for both identities;
// both are 0 when the books are right.
func (a Accounting) Balance() (door, store int64) {
	door = int64(a.Received) - int64(a.Undecodable) - int64(a.Decoded)
	store = int64(a.Decoded) - int64(a.Appended) - int64(a.Late) - int64(a.Duplicate) - int64(a.Limited()) - int64(a.Failed)
	return door, store
}

// books is an Accounting under a lock, which is taken once per request.
type books struct {
	mu sync.Mutex
	a  Accounting
}

func (b *books) update(f func(a *Accounting)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(&b.a)
}

func (b *books) snapshot() Accounting {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.a
	out.Refused = maps.Clone(b.a.Refused)
	return out
}

// settle books one transaction that was committed.
func (b *books) settle(undecodable int, r tsdb.AppendResult) {
	decoded := uint64(r.Accepted() + r.Refused.Total())
	b.update(func(a *Accounting) {
		a.Received += decoded + uint64(undecodable)
		a.Undecodable += uint64(undecodable)
		a.Decoded += decoded
		a.Appended += uint64(r.New)
		a.Late += uint64(r.Late)
		a.Duplicate += uint64(r.Duplicate)
		a.Tapped += uint64(r.Tapped)
		for _, one := range r.Refused {
			if a.Refused == nil {
				a.Refused = make(map[tsdb.Reason]uint64)
			}
			a.Refused[one.Reason] += uint64(one.Count)
		}
	})
}

// giveBack books samples that were not stored and may come again.
func (b *books) giveBack(undecodable, decoded int) {
	b.update(func(a *Accounting) {
		a.Received += uint64(undecodable + decoded)
		a.Undecodable += uint64(undecodable)
		a.Decoded += uint64(decoded)
		a.Failed += uint64(decoded)
	})
}
