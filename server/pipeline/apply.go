package pipeline

import (
	"context"
	"fmt"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/slo"
)

// ApplyObjectives replaces the objectives while the pipeline works. The new
// ones are first fed their period from the store, so that they can be judged at
// once; on an error the old ones stay.
func (p *Pipeline) ApplyObjectives(ctx context.Context, objectives []slo.Objective) error {
	p.reload.Lock()
	defer p.reload.Unlock()
	next, err := NewGoals(objectives, func(s slo.Status) { p.emit(ObjectiveEvent(s)) })
	if err != nil {
		return fmt.Errorf("cannot apply objectives: %w", err)
	}
	now := p.Now().UnixMilli()
	feed := func(b *metric.Batch) {
		for i, ref := range b.Refs {
			if !next.Known(ref) {
				if ls, _, ok := p.describe(ref); ok {
					next.Add(ref, ls)
				}
			}
			next.Observe(ref, b.T[i], b.V[i], b.H[i])
		}
	}
	const chunk = int64(6 * 60 * 60 * 1000)
	for at := max(p.store.Stats().MinT, now-next.Period()); at <= now && ctx.Err() == nil; at += chunk {
		for _, ms := range next.Selectors() {
			if err := p.learnRange(ctx, ms, at, min(at+chunk-1, now), feed); err != nil {
				return err
			}
		}
	}
	// Samples that come between the reading above and this exchange are in the
	// store but not in the new state: at most one batch, and the next sample of
	// a counter brings its increase.
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("cannot apply objectives: %w; the old ones stay", err)
	}
	next.Evaluate(now)
	p.goalLane.view(func() { p.goals = next })
	p.settle(ctx, now, SourceSLO)
	return nil
}
