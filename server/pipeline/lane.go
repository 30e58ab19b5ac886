package pipeline

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/bellwether-ts/bellwether/metric"
)

// laneDepth bounds the batches waiting in front of a room. At 2,000 samples a
// batch and 32 bytes a sample a full lane holds 32 MB.
const laneDepth = 512

// lane is a bounded queue with one goroutine that owns a room. Samples may be
// dropped when the room falls behind (and are counted); ticks may be skipped,
// since a later one says the same.
type lane struct {
	name  string
	queue chan laneItem
	take  func(*metric.Batch)
	tick  func(now int64)

	mu      sync.Mutex // Held while the room works and while somebody reads it.
	done    atomic.Uint64
	dropped atomic.Uint64
}

type laneItem struct {
	batch *metric.Batch // nil for a tick.
	now   int64
}

func newLane(name string, take func(*metric.Batch), tick func(int64)) *lane {
	return &lane{name: name, queue: make(chan laneItem, laneDepth), take: take, tick: tick}
}

// offer queues a batch without blocking. The batch is shared by all lanes and
// read only.
func (l *lane) offer(b *metric.Batch) {
	select {
	case l.queue <- laneItem{batch: b}:
	default:
		l.dropped.Add(uint64(b.Len()))
	}
}

// offerTick queues the time, or skips it when the lane is full.
func (l *lane) offerTick(now int64) {
	select {
	case l.queue <- laneItem{now: now}:
	default:
	}
}

// run works until ctx ends, and then finishes what is queued.
func (l *lane) run(ctx context.Context) {
	for {
		select {
		case item := <-l.queue:
			l.work(item)
		case <-ctx.Done():
			for len(l.queue) > 0 {
				l.work(<-l.queue)
			}
			return
		}
	}
}

// work does one item with the room locked.
func (l *lane) work(item laneItem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if item.batch == nil {
		l.tick(item.now)
		return
	}
	l.take(item.batch)
	l.done.Add(uint64(item.batch.Len()))
}

// view runs f while the room stands still.
func (l *lane) view(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}
