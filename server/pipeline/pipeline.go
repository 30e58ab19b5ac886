package pipeline

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/alerting/journal"
	"github.com/bellwether-ts/bellwether/correlate"
	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/detect/custom"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/slo"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// Pipeline joins the store's tap to the rooms and the rooms to the alert core.
type Pipeline struct {
	opts      Options
	store     *tsdb.Store
	engine    *journal.Engine
	Anomalies *Anomalies
	Canaries  *Canaries

	watches []*Watch
	rings   *Rings
	goals   *Goals
	custom  *Custom
	forms   *Distributions

	Admission   *Admission
	peers       *PeerRoom
	peerLane    *lane
	reputations *reputations

	watchLanes []*lane
	ringLane   *lane
	goalLane   *lane
	customLane *lane
	formLane   *lane
	lanes      []*lane // All of them, in a fixed order.

	outbox   chan alerting.Event
	virtual  atomic.Int64  // The time while history is fed, Unix milliseconds; 0: the clock.
	quiet    atomic.Int64  // Events observed before this are history and not told, Unix milliseconds.
	running  atomic.Bool   // Events go through the outbox; before, straight to the journal.
	tapped   atomic.Uint64 // Samples handed over by the store.
	newest   atomic.Int64  // Newest instant handed over, Unix milliseconds.
	quietNum atomic.Uint64 // Events not told because they were history.

	failing     atomic.Bool   // The alert log could not be written last time.
	logFailures atomic.Uint64 // How often it could not.
	lost        atomic.Uint64 // Events that found the queue full meanwhile.
	retold      atomic.Uint64 // Of those, how many are made good for.

	reload sync.Mutex // One reload at a time.
	said   *said
	kept   keptState

	holding sync.Mutex      // Guards held and hold.
	hold    bool            // Samples are kept aside while history is read.
	held    []*metric.Batch // What came meanwhile.
	heldNum int             // Samples in held.
}

// Options configures a Pipeline.
type Options struct {
	Store      *tsdb.Store     // Required; closed by its owner.
	Engine     *journal.Engine // Required; closed by its owner. Its own ticks must be off.
	Config     config.Config
	Objectives []slo.Objective
	Detectors  []*custom.Detector // Of users.
	RunsDir    string             // Where canary runs are kept; empty: in memory only.
	StateDir   string             // Where detector state, deploys and verdicts are kept; empty: in memory only.
	KeepBytes  int64              // Memory for the samples of canary runs between looks; 0: 1 GiB, negative: none.
	Shards     int                // Detection lanes; 0: one per processor.
	Log        *slog.Logger
	Now        func() time.Time // Default time.Now.
}

// New builds the rooms, or returns every fault of the configuration.
func New(o Options) (*Pipeline, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Shards <= 0 {
		o.Shards = runtime.GOMAXPROCS(0)
	}
	p := &Pipeline{opts: o, store: o.Store, engine: o.Engine, Anomalies: NewAnomalies(), outbox: make(chan alerting.Event, maxOutbox)}
	var err error
	if p.said, err = openSaid(o.StateDir, o.Now().UnixMilli()); err != nil {
		return nil, err
	}
	if p.reputations, err = newReputations(); err != nil {
		return nil, err
	}
	err = errors.Join(p.buildWatches(), p.buildPeers(), p.buildRings(), p.buildGoals(), p.buildCustom(), p.buildDistributions())
	if err != nil {
		return nil, err
	}
	p.retell()
	p.lanes = append([]*lane{p.peerLane}, p.watchLanes...) // Peers first: a finding says what they do.
	p.lanes = append(p.lanes, p.ringLane, p.goalLane, p.customLane, p.formLane)
	p.Canaries, err = newCanaries(p)
	return p, err
}

func (p *Pipeline) buildWatches() error {
	o, err := WatchOptionsOf(p.opts.Config)
	if err != nil {
		return err
	}
	o.Max = o.Max/p.opts.Shards + 1
	if p.Admission, err = NewAdmission(AdmissionOptions{Detect: o.Detect, Tell: p.tell}); err != nil {
		return err
	}
	o.Emit, o.Still, o.Adapted = p.found, p.Admission.Still, p.adapted
	for i := range p.opts.Shards {
		w, err := NewWatch(o)
		if err != nil {
			return err
		}
		p.watches = append(p.watches, w)
		p.watchLanes = append(p.watchLanes, newLane(fmt.Sprintf("detect-%d", i), p.watchTake(w, uint64(i)), p.watchTick(w, i)))
	}
	return nil
}

// watchTake returns the work of one shard: the samples whose reference falls
// to it. Walking the whole batch costs a compare a sample and no lock.
func (p *Pipeline) watchTake(w *Watch, shard uint64) func(*metric.Batch) {
	n := uint64(p.opts.Shards)
	return func(b *metric.Batch) {
		for i, ref := range b.Refs {
			if ref%n != shard {
				continue
			}
			if !w.Known(ref) {
				if ls, kind, ok := p.describe(ref); ok {
					w.Add(ref, ls, kind)
				}
			}
			w.Observe(ref, b.T[i], b.V[i], b.H[i])
		}
	}
}

// room is what a lane feeds: it is asked whether it knows a series, and told of
// one that it does not.
type room interface {
	Known(ref uint64) bool
	Add(ref uint64, ls labels.Labels, kind Kind)
	Observe(ref uint64, t int64, v float64, h *histogram.FloatHistogram)
}

// feed returns the work of a lane whose room hears every sample.
func (p *Pipeline) feed(r room) func(*metric.Batch) {
	return func(b *metric.Batch) {
		for i, ref := range b.Refs {
			if !r.Known(ref) {
				if ls, kind, ok := p.describe(ref); ok {
					r.Add(ref, ls, kind)
				}
			}
			r.Observe(ref, b.T[i], b.V[i], b.H[i])
		}
	}
}

func (p *Pipeline) buildRings() error {
	c := p.opts.Config.Correlate
	rings, err := NewRings(correlate.IndexConfig{
		Tiers:     []correlate.Tier{{Step: c.Step.D.Milliseconds(), Slots: c.Slots}},
		MaxSeries: p.opts.Config.Limits.MaxWatched,
	})
	if err != nil {
		return err
	}
	p.rings = rings
	p.ringLane = newLane("correlate", p.feed(rings), func(int64) {})
	return nil
}

func (p *Pipeline) buildGoals() error {
	goals, err := NewGoals(p.opts.Objectives, func(s slo.Status) { p.emit(ObjectiveEvent(s)) })
	if err != nil {
		return err
	}
	p.goals = goals
	p.goalLane = newLane("slo", func(b *metric.Batch) { p.goalsTake(p.goals, b) }, func(now int64) { p.goals.Evaluate(now) })
	return nil
}

// goalsTake hands a batch to objectives: those in force, or those that are to
// be.
func (p *Pipeline) goalsTake(g *Goals, b *metric.Batch) {
	for i, ref := range b.Refs {
		if !g.Known(ref) {
			if ls, _, ok := p.describe(ref); ok {
				g.Add(ref, ls)
			}
		}
		g.Observe(ref, b.T[i], b.V[i], b.H[i])
	}
}

// describe asks the store what a series is.
func (p *Pipeline) describe(ref uint64) (labels.Labels, Kind, bool) {
	m, ok := p.store.SeriesMeta(ref)
	switch {
	case !ok:
		return labels.EmptyLabels(), KindUnknown, false
	case m.Kind == tsdb.KindHistogram:
		return m.Labels, KindHistogram, true
	case m.Kind == tsdb.KindCounter:
		return m.Labels, KindCounter, true
	case m.Kind == tsdb.KindGauge && !m.Guessed:
		return m.Labels, KindGauge, true
	}
	return m.Labels, KindByName(m.Labels), true
}

// watchTick returns what a shard does with the time.
func (p *Pipeline) watchTick(w *Watch, shard int) func(now int64) {
	return func(now int64) {
		w.Tick(now)
		p.Admission.Watching(fmt.Sprintf("detect-%d", shard), w.Classes())
	}
}

// found takes a transition from a detector: admission rules on it.
func (p *Pipeline) found(f Finding) { p.Admission.Found(p.withPeers(f)) }

// tell remembers a transition, and emits it unless it is history or held back.
func (p *Pipeline) tell(f Finding) {
	p.Anomalies.Add(f)
	p.reputations.found(f)
	if f.HeldBack != "" {
		return
	}
	if f.Transition == detect.TransitionEscalated && !f.Page {
		return // The group already says so; an escalation of a cause is not news.
	}
	p.emit(AnomalyEvent(f))
}

// Now is the pipeline's time: the clock, or the virtual time while history is
// fed.
func (p *Pipeline) Now() time.Time {
	if v := p.virtual.Load(); v != 0 {
		return time.UnixMilli(v)
	}
	return p.opts.Now()
}

func parseSelectors(list []string) ([][]*labels.Matcher, error) {
	var out [][]*labels.Matcher
	var errs []error
	for _, s := range list {
		ms, err := metric.ParseMatchers(s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, ms)
	}
	return out, errors.Join(errs...)
}
