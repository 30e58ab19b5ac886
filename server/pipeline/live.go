package pipeline

import (
	"context"
	"sync"
	"time"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/metric"
)

// A running pipeline: lanes work, the tap hands over, time passes.

// Run works until ctx ends: it opens the tap, runs the lanes and lets time
// pass. Everything queued when ctx ends is finished first.
func (p *Pipeline) Run(ctx context.Context) error {
	p.running.Store(true)
	sent := make(chan struct{})
	go p.drain(sent)
	p.release()
	var work sync.WaitGroup
	for _, l := range p.lanes() {
		work.Go(func() { l.run(ctx) })
	}
	p.store.SetTap(p.tap)
	p.store.OnSeriesDeleted(p.forget)
	canaries := make(chan struct{})
	go func() { defer close(canaries); p.Canaries.run(ctx) }()
	p.passTime(ctx)
	p.store.SetTap(nil)
	work.Wait()
	<-canaries
	p.running.Store(false) // Whatever comes now goes straight to the journal.
	close(p.outbox)
	<-sent
	return nil
}

// drain submits events until the outbox is closed.
func (p *Pipeline) drain(done chan struct{}) {
	defer close(done)
	for e := range p.outbox {
		p.submit(context.Background(), alerting.Input{Event: &e})
	}
}

// tap receives what the store has committed. It must not block.
func (p *Pipeline) tap(b *metric.Batch) {
	p.tapped.Add(uint64(b.Len()))
	if p.keepAside(b) {
		return
	}
	for _, t := range b.T {
		if t > p.newest.Load() {
			p.newest.Store(t)
		}
	}
	for _, l := range p.lanes() {
		l.offer(b)
	}
}

// How often time is told to the rooms. A second is the alert core's grain; 15 s
// is often enough to notice silence and cheap for many series.
const (
	coreTick = time.Second
	roomTick = 15 * time.Second
)

func (p *Pipeline) passTime(ctx context.Context) {
	core, room := time.NewTicker(coreTick), time.NewTicker(roomTick)
	defer core.Stop()
	defer room.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-core.C:
			p.submit(ctx, alerting.Input{})
		case <-room.C:
			now := p.Now().UnixMilli()
			for _, l := range p.lanes() {
				l.offerTick(now)
			}
			p.writeBack(ctx, now)
		}
	}
}

// forget frees the state of series that left the store's head.
func (p *Pipeline) forget(refs []uint64) {
	for i, l := range p.watchLanes {
		l.view(func() {
			for _, ref := range refs {
				p.watches[i].Remove(ref)
			}
		})
	}
	p.ringLane.view(func() {
		for _, ref := range refs {
			p.rings.Remove(ref)
		}
	})
	p.goalLane.view(func() {
		for _, ref := range refs {
			p.goals.Remove(ref)
		}
	})
}
