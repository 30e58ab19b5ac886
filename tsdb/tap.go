package tsdb

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// The tap decides, after a commit, which samples are new, and hands those on.
//
// References start at 1 and only grow, so what is known per series lies in
// pages indexed by reference and not in a map:
//
//	pages[ref / 4096] -> page{ last[4096], flags[4096] }
//
// A page whose series are all gone is freed. One mutex covers claiming and
// handing on, so that for every series the analyses see instants that strictly
// ascend, however many senders commit at once.

const (
	pageBits = 12
	pageSize = 1 << pageBits
	never    = math.MinInt64 // The last instant of a series without a sample.
)

const flagHistogram uint8 = 1 // The newest sample of the series was a histogram.

type page struct {
	last  [pageSize]int64
	flags [pageSize]uint8
	live  int // Entries of last that are not never.
}

func newPage() *page {
	p := &page{}
	for i := range p.last {
		p.last[i] = never
	}
	return p
}

type tap struct {
	mu     sync.Mutex
	pages  []*page
	f      func(*metric.Batch)
	gone   []func(refs []uint64)
	tapped atomic.Uint64
	panics atomic.Uint64
}

// slot returns the page of ref and the place in it, making the page if needed.
func (t *tap) slot(ref uint64) (*page, int) {
	i := int(ref >> pageBits)
	for i >= len(t.pages) {
		t.pages = append(t.pages, nil)
	}
	if t.pages[i] == nil {
		t.pages[i] = newPage()
	}
	return t.pages[i], int(ref & (pageSize - 1))
}

// restore records what the write-ahead log knew of a series.
func (t *tap) restore(ref uint64, last int64, isHistogram bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.claim(ref, last, isHistogram)
}

// claim makes at the last instant of ref if it is newer, and says how it
// compares with the one before: 1 newer, 0 equal, -1 older.
func (t *tap) claim(ref uint64, at int64, isHistogram bool) int {
	p, i := t.slot(ref)
	last := p.last[i]
	if at < last {
		return -1
	}
	if at == last {
		return 0
	}
	if last == never {
		p.live++
	}
	p.last[i] = at
	if isHistogram {
		p.flags[i] |= flagHistogram
	} else {
		p.flags[i] &^= flagHistogram
	}
	return 1
}

// commit sorts the committed samples into new, late and duplicate, and hands
// the new ones on. It takes ownership of batch.
func (t *tap) commit(batch *metric.Batch, r *AppendResult) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for i, ref := range batch.Refs {
		switch t.claim(ref, batch.T[i], batch.H[i] != nil) {
		case 1:
			batch.Refs[n], batch.T[n], batch.V[n], batch.H[n] = ref, batch.T[i], batch.V[i], batch.H[i]
			n++
		case 0:
			r.Duplicate++
		default:
			r.Late++
		}
	}
	clear(batch.H[n:])
	batch.Refs, batch.T, batch.V, batch.H = batch.Refs[:n], batch.T[:n], batch.V[:n], batch.H[:n]
	r.New += n
	if t.f != nil && n > 0 {
		r.Tapped += n
		t.hand(batch)
	}
}

// hand calls the tap; a panic there must not cost the sender its samples.
func (t *tap) hand(batch *metric.Batch) {
	n := uint64(batch.Len()) // The receiver may change the batch.
	defer func() {
		if recover() != nil {
			t.panics.Add(1)
		}
	}()
	t.tapped.Add(n)
	t.f(batch)
}

// forget frees what is known of deleted series and tells who keeps more.
func (t *tap) forget(deleted map[chunks.HeadSeriesRef]labels.Labels) {
	if len(deleted) == 0 {
		return
	}
	refs := make([]uint64, 0, len(deleted))
	t.mu.Lock()
	for ref := range deleted {
		refs = append(refs, uint64(ref))
		i := uint64(ref) >> pageBits
		if i >= uint64(len(t.pages)) || t.pages[i] == nil {
			continue
		}
		p := t.pages[i]
		if at := uint64(ref) & (pageSize - 1); p.last[at] != never {
			p.last[at] = never
			p.flags[at] = 0
			p.live--
		}
		if p.live == 0 {
			t.pages[i] = nil
		}
	}
	gone := t.gone
	t.mu.Unlock()
	for _, f := range gone {
		f(refs)
	}
}

// isHistogram reports whether the newest sample of ref was a histogram.
func (t *tap) isHistogram(ref uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := ref >> pageBits
	return i < uint64(len(t.pages)) && t.pages[i] != nil && t.pages[i].flags[ref&(pageSize-1)]&flagHistogram != 0
}

// newest returns the newest instant claimed for ref.
func (t *tap) newest(ref uint64) (int64, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := ref >> pageBits
	if i >= uint64(len(t.pages)) || t.pages[i] == nil {
		return 0, false
	}
	last := t.pages[i].last[ref&(pageSize-1)]
	return last, last != never
}
