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
	err = p.learnGoals(ctx, next, max(p.store.Stats().MinT, now-next.Period()), now, func(b *metric.Batch) { p.goalsTake(next, b) })
	if err != nil {
		return fmt.Errorf("cannot apply objectives: %w; the old ones stay", err)
	}
	next.Evaluate(now)
	// Samples that came since now are in the store but not in the new state: at
	// most one batch, and the next sample of a counter brings its increase.
	p.goalLane.view(func() { p.goals = next })
	p.settle(ctx, now, SourceSLO)
	return nil
}
