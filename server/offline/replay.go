package offline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/detect/custom"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/server/pipeline"
	"github.com/bellwether-ts/bellwether/slo"
)

// How virtual time passes between samples, in milliseconds: often enough for
// the shortest timer of the alert core, and at least as often as its clock
// wants (one minute). After eight days without any sample every timer has run
// out, the longest suppression included, and time goes straight to the next
// sample: a stray timestamp may not cost a year of ticks.
const (
	tickMS      = 15_000
	slowTickMS  = 60_000
	slowAfterMS = 3600_000
	jumpAfterMS = 8 * 24 * 3600_000
	judgeMS     = 60_000 // How often silence is looked for and objectives are judged.
)

// ReplayOptions configures Replay; the zero value replays everything with the
// default configuration.
type ReplayOptions struct {
	From, To     *int64                 // Unix milliseconds; samples before From are history: learned from, not reported. Those after To are not read.
	Config       *config.Config         // nil: config.Default().
	Objectives   []slo.Objective        // Objectives to watch too.
	Detectors    []*custom.Detector     // Users' detectors to run too.
	Suppressions []alerting.Suppression // In force during the replay, to see what they would have muted.
	Progress     func(samples int64)    // Told after every batch; may be nil.
}

// Replay runs the whole pipeline (detection and objectives, then the alert
// core) over past data in virtual time, and hands every event and every
// notification that would have gone out to emit, in time order. It is the code
// of the service, so what it prints is what would have happened. It stops at
// the first error of emit.
func Replay(ctx context.Context, src Source, o ReplayOptions, emit func(Line) error) (Summary, error) {
	r, err := newReplayer(src, o, emit)
	if err != nil {
		return Summary{}, err
	}
	for r.err == nil {
		batch, err := src.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return r.sum.Summary, err
		}
		if done := r.take(batch); done {
			break
		}
		if o.Progress != nil {
			o.Progress(r.sum.Samples)
		}
	}
	return r.finish(), r.err
}

// replayer is one run of Replay.
type replayer struct {
	src       Source
	from, to  int64
	watch     *pipeline.Watch
	admission *pipeline.Admission
	peers     *pipeline.PeerRoom
	goals     *pipeline.Goals
	custom    *pipeline.Custom
	forms     *pipeline.Distributions
	core      *alerting.Core
	seq       uint64
	now       int64 // Virtual time; the instant being worked on.
	nextTick  int64
	sample    int64 // Instant of the last sample.
	judged    int64 // When silence was last looked for.
	began     bool  // The reported part has begun.
	mutes     []alerting.Suppression
	sum       tally
	emit      func(Line) error
	err       error
}

func newReplayer(src Source, o ReplayOptions, emit func(Line) error) (*replayer, error) {
	c := config.Default()
	if o.Config != nil {
		c = *o.Config
	}
	r := &replayer{src: src, emit: emit, mutes: o.Suppressions, now: -maxUnixMS - 1, sum: newTally()}
	r.from, r.to = valueOr(o.From, -maxUnixMS-1), valueOr(o.To, maxUnixMS)
	wo, err := pipeline.WatchOptionsOf(c)
	if err != nil {
		return nil, err
	}
	if r.admission, err = pipeline.NewAdmission(pipeline.AdmissionOptions{Detect: wo.Detect, Tell: r.finding}); err != nil {
		return nil, err
	}
	wo.Emit, wo.Still = r.admission.Found, r.admission.Still
	if r.watch, err = pipeline.NewWatch(wo); err != nil {
		return nil, err
	}
	if r.peers, err = pipeline.NewPeerRoom(wo); err != nil {
		return nil, err
	}
	if r.forms, err = pipeline.NewDistributions(pipeline.DistributionOptionsOf(wo)); err != nil {
		return nil, err
	}
	r.custom, err = pipeline.NewCustom(pipeline.CustomOptions{Detect: wo.Detect, Page: wo.Page, Emit: wo.Emit}, o.Detectors)
	if err != nil {
		return nil, err
	}
	if r.goals, err = pipeline.NewGoals(o.Objectives, func(s slo.Status) { r.event(pipeline.ObjectiveEvent(s)) }); err != nil {
		return nil, err
	}
	policy := pipeline.AlertPolicyOf(c.Alerting)
	for _, m := range o.Suppressions {
		policy.MaxMute = max(policy.MaxMute, m.End-m.Start)
	}
	if r.core, err = alerting.New(alerting.LogID{}, policy); err != nil {
		return nil, err
	}
	return r, nil
}

// take works on a batch; done is true when the end of the range is reached.
func (r *replayer) take(b *metric.Batch) (done bool) {
	for i, ref := range b.Refs {
		t := b.T[i]
		if t > r.to || r.err != nil {
			return true
		}
		if r.sum.Samples == 0 {
			r.now, r.sample, r.nextTick, r.judged = t, t, t+tickMS, t
		}
		r.advance(t)
		r.sum.Samples++
		if !r.watch.Known(ref) {
			ls := r.src.Labels(ref)
			kind := pipeline.KindByName(ls)
			if b.H[i] != nil {
				kind = pipeline.KindHistogram
			}
			r.watch.Add(ref, ls, kind)
			r.peers.Add(ref, ls, kind)
			r.goals.Add(ref, ls)
			r.custom.Add(ref, ls, kind)
			r.forms.Add(ref, ls, kind)
			r.sum.Series++
		}
		r.watch.Observe(ref, t, b.V[i], b.H[i])
		r.peers.Observe(ref, t, b.V[i], b.H[i])
		r.goals.Observe(ref, t, b.V[i], b.H[i])
		r.custom.Observe(ref, t, b.V[i], b.H[i])
		r.forms.Observe(ref, t, b.V[i], b.H[i])
	}
	return false
}

// advance lets virtual time pass up to t.
func (r *replayer) advance(t int64) {
	for r.nextTick <= t && r.err == nil {
		r.now = r.nextTick
		switch quiet := r.now - r.sample; {
		case quiet < slowAfterMS:
			r.nextTick += tickMS
		case quiet < jumpAfterMS:
			r.nextTick += slowTickMS
		default:
			r.nextTick = t + tickMS
		}
		r.begin()
		if r.now-r.judged >= judgeMS {
			r.judged = r.now
			r.judge()
			r.goals.Evaluate(r.now)
			r.custom.Tick(r.now)
			r.forms.Tick(r.now)
		}
		if r.began {
			r.apply(alerting.Input{})
		}
	}
	r.now, r.sample = max(r.now, t), t
	r.begin()
}

// begin starts the reported part once history is over.
func (r *replayer) begin() {
	if r.began || r.now < r.from {
		return
	}
	r.began = true
	r.sum.from = r.now
	for i := range r.mutes {
		m := r.mutes[i]
		m.Confirmed = true
		r.apply(alerting.Input{Suppress: &m})
	}
}

// finding takes what admission rules on.
func (r *replayer) finding(f pipeline.Finding) {
	switch {
	case f.HeldBack == "":
		r.event(pipeline.AnomalyEvent(f))
	case f.Transition == detect.TransitionClosed && r.began:
		r.sum.Suppressed["held-back"]++
	}
}

// judge lets the detectors notice silence and what has come together.
func (r *replayer) judge() {
	r.peers.Tick(r.now)
	r.watch.Tick(r.now)
	r.admission.Watching("replay", r.watch.Classes())
	r.admission.Tick(r.now)
}

// event takes what an analysis says. What it says about history is not told.
func (r *replayer) event(e alerting.Event) {
	if !r.began || r.err != nil {
		return
	}
	r.apply(alerting.Input{Event: &e})
}

// apply gives an input to the alert core and reports what follows.
func (r *replayer) apply(in alerting.Input) {
	r.seq++
	in.Seq, in.At = r.seq, r.now
	outs := r.core.Apply(in)
	if in.Suppress != nil && r.err == nil {
		r.err = refusal(in.Suppress, outs)
	}
	if in.Event != nil {
		r.send(r.sum.event(in, outs))
	}
	for i := range outs {
		if line, ok := r.sum.output(&outs[i]); ok {
			r.send(line)
		}
	}
}

// refusal is the error of a suppression that the alert core would not take.
func refusal(s *alerting.Suppression, outs []alerting.Output) error {
	for i := range outs {
		if d := outs[i].Decision; d != nil && d.Verdict == alerting.Refused {
			return fmt.Errorf("cannot suppress %q: %s", s.Targets, strings.TrimSpace(d.Trace.String()))
		}
	}
	return nil
}

func (r *replayer) send(l Line) {
	if r.err == nil {
		r.err = r.emit(l)
	}
}

// finish lets the last tick pass and closes the account.
func (r *replayer) finish() Summary {
	if r.sum.Samples > 0 {
		r.judge()
		r.goals.Evaluate(r.now)
		r.custom.Finish()
		if r.began {
			r.apply(alerting.Input{})
		}
	}
	return r.sum.close(r.began, r.now)
}
