package pipeline

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/metric"
)

// Before it runs, a pipeline is fed the past: by Learn from its own store
// after a restart or a backfill, or step by step by a simulation. It is the
// same code as live, with the time taken from the data.

// Feed hands a batch to every room and waits. Only before Run. Rooms work side
// by side while what they find is history; once findings are told they work
// one after the other, so that the same samples give the same log.
func (p *Pipeline) Feed(b *metric.Batch) {
	if b.Len() > 0 && b.T[b.Len()-1] < p.quiet.Load() {
		var work sync.WaitGroup
		for _, l := range p.lanes {
			work.Go(func() { l.work(laneItem{batch: b}) })
		}
		work.Wait()
	} else {
		for _, l := range p.lanes {
			l.work(laneItem{batch: b})
		}
	}
	p.tapped.Add(uint64(b.Len()))
	if n := b.Len(); n > 0 && b.T[n-1] > p.newest.Load() {
		p.newest.Store(b.T[n-1])
	}
}

// Advance tells every room and the alert core that the time is now (Unix
// milliseconds). Only before Run.
func (p *Pipeline) Advance(ctx context.Context, now int64) {
	p.virtual.Store(now)
	p.placeOrphans()
	for _, l := range p.lanes {
		l.work(laneItem{now: now})
	}
	p.Admission.Tick(now)
	if now >= p.quiet.Load() {
		p.submit(ctx, alerting.Input{})
	}
}

// QuietBefore makes everything observed before an instant history: learned
// from, remembered, and not told to anyone.
func (p *Pipeline) QuietBefore(t int64) { p.quiet.Store(t) }

// CatchUp ends the feeding: what is unhealthy now is told once (the core drops
// what it already knew), what the core holds unhealthy and is not is told
// healthy, the alert core learns which monitors there are, and
// time is the clock's again. now is Unix milliseconds.
func (p *Pipeline) CatchUp(ctx context.Context, now int64) {
	p.virtual.Store(now)
	p.quiet.Store(0)
	p.resume(now)
	p.reconcile(now)
	for _, l := range p.lanes {
		l.work(laneItem{now: now})
	}
	p.Admission.Tick(now)
	p.admitTold()
	for _, e := range p.unhealthy(now) {
		p.emit(e)
	}
	p.settle(ctx, now, SourceDetect, SourceSLO)
	p.submit(ctx, alerting.Input{Inventory: p.inventory()})
	p.virtual.Store(0)
}

// maxLearned bounds the samples read at start, so that a restart of a large
// store scores within minutes: 60 M samples are about a minute of one core.
const maxLearned = 60_000_000

// learnedHours is how much of the past the detectors of so many series read, at
// a sample every 30 s: a week of up to 3,000 series, two hours of 250,000.
func learnedHours(series int) int {
	const week, samplesAnHour = 7 * 24, 120
	return min(week, max(1, maxLearned/(samplesAnHour*series)))
}

// Learn feeds what the store holds up to now: up to seven days for the
// detectors (less when there are many series), the objectives' own period for
// their series. progress, if set, is told the share done, 0 to 1.
func (p *Pipeline) Learn(ctx context.Context, now int64, progress func(float64)) error {
	stats := p.store.Stats()
	if stats.Series == 0 || stats.MaxT == 0 {
		return nil
	}
	from := max(stats.MinT, now-int64(learnedHours(stats.Series))*time.Hour.Milliseconds())
	forms := from // Distributions keep nothing over a restart: they read all of it again.
	since := p.restore()
	if p.restoreCustom() && since > 0 {
		from = max(from, min(since-p.lookback(), now-p.ringSpan()))
	}
	p.QuietBefore(now)
	err := p.learnGoals(ctx, p.goals, max(stats.MinT, now-p.goals.Period()), from-1, func(b *metric.Batch) { p.goalLane.work(laneItem{batch: b}) })
	if err != nil {
		return err
	}
	if err := p.learnForms(ctx, forms, from-1); err != nil {
		return err
	}
	all := []*labels.Matcher{labels.MustNewMatcher(labels.MatchNotEqual, labels.MetricName, "")}
	const chunk = int64(time.Hour / time.Millisecond)
	heard := newHearing(p)
	for at, end := from, int64(0); at <= now; at = end + 1 {
		end = min(at+chunk-1, now)
		if at <= since && since < end {
			end = since // Ticks up to here were heard; from here on they matter.
		}
		if err := p.learnRange(ctx, all, at, end, heard.feed); err != nil {
			return err
		}
		heard.advance(ctx, end)
		if progress != nil {
			progress(float64(end-from+1) / float64(now-from+1))
		}
	}
	return nil
}

// learnGoals feeds what the store holds in [from, to] of the series that
// objectives need.
func (p *Pipeline) learnGoals(ctx context.Context, g *Goals, from, to int64, feed func(*metric.Batch)) error {
	const chunk = int64(6 * time.Hour / time.Millisecond)
	for at := from; at <= to && ctx.Err() == nil; at += chunk {
		for _, ms := range g.Selectors() {
			if err := p.learnRange(ctx, ms, at, min(at+chunk-1, to), feed); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

func (p *Pipeline) learnRange(ctx context.Context, ms []*labels.Matcher, from, to int64, feed func(*metric.Batch)) error {
	var b metric.Batch
	for s, err := range p.store.Select(ctx, ms, from, to) {
		if err != nil {
			return fmt.Errorf("cannot read history from %s: %w", time.UnixMilli(from).UTC().Format(time.RFC3339), err)
		}
		ref, ok := p.store.Ref(s.Labels)
		if !ok {
			continue // No longer in the head: nothing new will come, so nothing needs its past.
		}
		b.Reset()
		for _, sample := range s.Samples {
			b.Append(ref, sample.T, sample.V, nil)
		}
		for _, h := range s.Histograms {
			b.Append(ref, h.T, 0, h.H)
		}
		feed(&b)
	}
	return nil
}

// inventory lists the monitors our own rooms may send events for, so that the
// guard against muting the world knows the world.
func (p *Pipeline) inventory() *alerting.Inventory {
	inv := &alerting.Inventory{}
	for i, l := range p.watchLanes {
		l.view(func() {
			for _, s := range p.watches[i].list() {
				inv.Things = append(inv.Things, alerting.Thing{Monitor: metric.FormatSeries(s), Labels: withoutName(s)})
			}
		})
	}
	p.customLane.view(func() { inv.Things = append(inv.Things, p.custom.things()...) })
	p.formLane.view(func() { inv.Things = append(inv.Things, p.forms.things()...) })
	for _, s := range p.Objectives() {
		e := ObjectiveEvent(s)
		inv.Things = append(inv.Things, alerting.Thing{Monitor: e.Monitor, Labels: e.Labels})
	}
	return inv
}
