package pipeline

import (
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting/journal"
	"github.com/bellwether-ts/bellwether/correlate"
	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/slo"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// What the API reads of a running pipeline.

// Store returns the store.
func (p *Pipeline) Store() *tsdb.Store { return p.store }

// Engine returns the alert core's engine.
func (p *Pipeline) Engine() *journal.Engine { return p.engine }

// Objectives returns the newest status of every objective.
func (p *Pipeline) Objectives() []slo.Status {
	var out []slo.Status
	p.goalLane.view(func() { out = p.goals.Statuses() })
	return out
}

// Search runs a shape search over the live rings.
func (p *Pipeline) Search(q correlate.Query) (res correlate.Result, err error) {
	p.ringLane.view(func() { res, err = p.rings.Index.Search(q) })
	return res, err
}

// Candidates copies the windows from..to of the matching live series.
func (p *Pipeline) Candidates(scope []*labels.Matcher, from, to int64) (out []correlate.Candidate) {
	p.ringLane.view(func() { out = p.rings.Index.Candidates(scope, from, to) })
	return out
}

// Explain returns the present traces of one series, or why there are none.
func (p *Pipeline) Explain(ls labels.Labels) ([]detect.Trace, error) {
	var out []detect.Trace
	p.formLane.view(func() { out = p.forms.Explain(ls) })
	ref, ok := p.store.Ref(ls)
	if !ok && len(out) > 0 {
		return out, nil // A classic histogram: the store knows its buckets, not it.
	}
	if !ok {
		return nil, fmt.Errorf("cannot explain series %s: the store has no such active series", metric.FormatSeries(ls))
	}
	shard := ref % uint64(len(p.watches))
	p.watchLanes[shard].view(func() { out = append(p.watches[shard].Explain(ref), out...) })
	p.customLane.view(func() { out = append(out, p.custom.Explain(ref)...) })
	return out, nil
}

// Coverage says what is watched and what is not, over all shards.
func (p *Pipeline) Coverage() Coverage {
	sum := Coverage{NotWatched: map[string]int{}}
	for i, l := range p.watchLanes {
		l.view(func() {
			c := p.watches[i].Coverage()
			sum.Watched += c.Watched
			sum.WarmingUp += c.WarmingUp
			for reason, n := range c.NotWatched {
				sum.NotWatched[reason] += n
			}
		})
	}
	return sum
}

// Distributions says how many histograms are watched for the form of their
// distribution and which are not, and what of classic ones could not be judged.
func (p *Pipeline) Distributions() (c Coverage, lost DistributionLosses) {
	p.formLane.view(func() { c, lost = p.forms.Coverage(), p.forms.Losses() })
	return c, lost
}

// Lag is how far the analyses are behind the newest sample; 0 when nothing
// waits.
func (p *Pipeline) Lag() time.Duration {
	waiting := 0
	for _, l := range p.lanes {
		waiting = max(waiting, len(l.queue))
	}
	if waiting == 0 || p.newest.Load() == 0 {
		return 0
	}
	return max(0, p.Now().Sub(time.UnixMilli(p.newest.Load())))
}

// Flow is the count of samples at the lanes.
type Flow struct {
	Tapped  uint64
	Done    map[string]uint64 // By lane.
	Dropped map[string]uint64 // By lane: the lane was full.
	Queued  map[string]int    // By lane, batches.
	History uint64            // Events not told because they were history.

	LogFailures uint64 // Times the alert log could not be written.
	Lost        uint64 // Events lost meanwhile; what is still unhealthy is told when it can be.
}

// Flow returns the counts since start.
func (p *Pipeline) Flow() Flow {
	f := Flow{Tapped: p.tapped.Load(), Done: map[string]uint64{}, Dropped: map[string]uint64{}, Queued: map[string]int{}, History: p.quietNum.Load(),
		LogFailures: p.logFailures.Load(), Lost: p.lost.Load()}
	for _, l := range p.lanes {
		f.Done[l.name], f.Dropped[l.name], f.Queued[l.name] = l.done.Load(), l.dropped.Load(), len(l.queue)
	}
	return f
}

// RingStep is the distance of the points in the live rings, milliseconds.
func (p *Pipeline) RingStep() int64 { return p.opts.Config.Correlate.Step.D.Milliseconds() }
