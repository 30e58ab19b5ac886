package pipeline

import (
	"context"
	"slices"
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
	var sending sync.WaitGroup
	stopSending := make(chan struct{})
	sending.Go(func() { p.drain(stopSending) })
	p.release()
	var work sync.WaitGroup
	for _, l := range p.lanes {
		work.Go(func() { l.run(ctx) })
	}
	p.store.SetTap(p.tap)
	p.store.OnSeriesDeleted(p.forget)
	canaries := make(chan struct{})
	go func() { defer close(canaries); p.Canaries.run(ctx) }()
	stopKeeping := p.keepState(ctx)
	p.passTime(ctx)
	p.store.SetTap(nil)
	work.Wait()
	stopKeeping()
	<-canaries
	p.running.Store(false) // Whatever comes now goes straight to the journal.
	close(stopSending)
	sending.Wait()
	return nil
}

// tap receives what the store has committed. It must not block.
func (p *Pipeline) tap(b *metric.Batch) {
	p.tapped.Add(uint64(b.Len()))
	if p.keepAside(b) {
		return
	}
	if b.Len() == 0 {
		return
	}
	if newest := slices.Max(b.T); newest > p.newest.Load() { // The store calls the tap one at a time.
		p.newest.Store(newest)
	}
	for _, l := range p.lanes {
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
			p.tick(ctx)
		case <-room.C:
			now := p.Now().UnixMilli()
			p.placeOrphans()
			for _, l := range p.lanes {
				l.offerTick(now)
			}
			p.Admission.Tick(now)
			p.writeBack(ctx, now)
		}
	}
}

// tick tells the alert core the time, if it needs to know: an idle server does
// not write its log every second.
func (p *Pipeline) tick(ctx context.Context) {
	needed := false
	p.engine.View(func(c *alerting.Core) { needed = c.TickNeeded(p.Now().UnixMilli()) })
	if needed {
		p.submit(ctx, alerting.Input{})
	}
}

// forget frees the state of series that left the store's head.
func (p *Pipeline) forget(refs []uint64) {
	now := p.Now().UnixMilli()
	for i, l := range p.watchLanes {
		l.view(func() {
			for _, ref := range refs {
				p.watches[i].Remove(ref, now)
			}
		})
	}
	p.customLane.view(func() {
		for _, ref := range refs {
			p.custom.Remove(ref, now)
		}
	})
	p.formLane.view(func() {
		for _, ref := range refs {
			p.forms.Remove(ref, now)
		}
	})
	p.peerLane.view(func() {
		for _, ref := range refs {
			p.peers.Remove(ref, now)
		}
	})
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
