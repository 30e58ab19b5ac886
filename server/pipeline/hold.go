package pipeline

import (
	"github.com/bellwether-ts/bellwether/metric"
)

// What comes while history is read is kept aside, so that nothing is missed
// between the past and the present.

// maxHeld bounds the samples kept aside while history is read.
const maxHeld = 10_000_000

// Hold opens the tap and keeps what comes aside until Run, so that nothing is
// missed between the history and the live samples: detectors ignore what they
// have already seen.
func (p *Pipeline) Hold() {
	p.holding.Lock()
	p.hold = true
	p.holding.Unlock()
	p.store.SetTap(p.tap)
}

// release feeds what was kept aside. The lanes do not run yet.
func (p *Pipeline) release() {
	for {
		p.holding.Lock()
		held := p.held
		p.held, p.heldNum = nil, 0
		if len(held) == 0 {
			p.hold = false
			p.holding.Unlock()
			return
		}
		p.holding.Unlock()
		for _, b := range held {
			for _, l := range p.lanes {
				l.work(laneItem{batch: b})
			}
		}
	}
}

// keepAside reports whether the batch was kept (or dropped and counted) while
// history is read.
func (p *Pipeline) keepAside(b *metric.Batch) bool {
	p.holding.Lock()
	defer p.holding.Unlock()
	if !p.hold {
		return false
	}
	if p.heldNum+b.Len() > maxHeld {
		for _, l := range p.lanes {
			l.dropped.Add(uint64(b.Len()))
		}
		return true
	}
	p.held = append(p.held, b)
	p.heldNum += b.Len()
	return true
}
