package pipeline

import (
	"context"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
)

// hearing feeds history in which there are holes of ours: hours without a sample
// of any series are hours in which nobody listened, not silence of everything.
type hearing struct {
	p       *Pipeline
	samples int
	deaf    bool
}

func newHearing(p *Pipeline) *hearing { return &hearing{p: p} }

func (h *hearing) feed(b *metric.Batch) {
	if h.deaf && b.Len() > 0 {
		h.deaf = false
		h.p.resume(b.T[0])
	}
	h.samples += b.Len()
	h.p.Feed(b)
}

// advance passes the time after a stretch of history, unless nothing was heard.
func (h *hearing) advance(ctx context.Context, now int64) {
	h.deaf = h.samples == 0
	h.samples = 0
	if !h.deaf {
		h.p.Advance(ctx, now)
	}
}

// lookback is how far before a checkpoint the store is read again.
func (p *Pipeline) lookback() int64 {
	return (p.opts.Config.Storage.OutOfOrderWindow.D + keepMargin).Milliseconds()
}

// ringSpan is how far back the correlation rings reach.
func (p *Pipeline) ringSpan() int64 {
	c := p.opts.Config.Correlate
	return (time.Duration(c.Slots+1) * c.Step.D).Milliseconds()
}
