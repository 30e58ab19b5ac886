package custom

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
)

// Runner runs detectors over many series: it finds which look at which, gives
// them their companions, keeps the limits, and lets detectors come and go. It
// has one owner and reads no clock.
type Runner struct {
	opts    Options
	lots    []*lot
	series  map[uint64]*known
	pending []reading
	kept    map[uint64][]byte // Of an earlier process, not yet taken up; keep.go.
	dropped uint64
	bytes   int
}

// Options configures a Runner.
type Options struct {
	Detect detect.Config // The budget and the adaptation time count; each detector has the budget of its own.
	// Emit receives every transition, in order. Required.
	Emit func(Finding)
	// Judged receives every sample of a series that some detector looks at, after
	// the finding it caused. Optional.
	Judged func(Judged)
}

// Judged is what one detector said of one sample.
type Judged struct {
	Ref      uint64
	Detector string
	T        int64
	V        float64
	Result   detect.Result
}

// Finding is a transition of one anomaly that a detector found.
type Finding struct {
	Ref        uint64
	Labels     labels.Labels
	Detector   string
	At         int64 // Unix milliseconds of the sample that caused it.
	Transition detect.Transition
	Anomaly    detect.Anomaly
	Reason     string // What the detector says of it; may be empty.
	Ended      string // Why it was closed without recovery: the series is gone, or the detector.
}

// lot is a detector with its series.
type lot struct {
	d        *Detector
	members  map[uint64]*Series
	groups   []map[string]*group // Companions, by the place of their name.
	leftOut  map[string]int      // Series over a limit, by which.
	stopped  int
	disabled string
	gone     Counts // Of series that are no more.
}

// known is a series the runner has decided about.
type known struct {
	labels labels.Labels
	meta   detect.Meta
	use    []use
	feeds  []*companion
	joined bool // Some of its detectors have companions.
}

// use is one detector at the series.
type use struct {
	lot    *lot
	s      *Series
	groups []*group // Its companions.
	with   []float64
}

// reading is a sample that waits for its companions.
type reading struct {
	ref uint64
	t   int64
	v   float64
}

// NewRunner returns a runner of detectors; names must be unique, and there are
// at most MaxDetectors.
func NewRunner(o Options, detectors []*Detector) (*Runner, error) {
	if err := o.Detect.Validate(); err != nil {
		return nil, err
	}
	if err := Unique(detectors); err != nil {
		return nil, err
	}
	r := &Runner{opts: o, series: map[uint64]*known{}}
	r.lots = newLots(detectors)
	return r, nil
}

// Unique returns an error if two detectors of a set share a name, or there are
// too many.
func Unique(detectors []*Detector) error {
	if n := len(detectors); n > MaxDetectors {
		return fmt.Errorf("cannot use %d detectors: at most %d run beside each other; remove some", n, MaxDetectors)
	}
	seen := map[string]bool{}
	for _, d := range detectors {
		if seen[d.name] {
			return fmt.Errorf("cannot use two detectors named %q: names tell their findings apart; rename one", d.name)
		}
		seen[d.name] = true
	}
	return nil
}

func newLots(detectors []*Detector) []*lot {
	var out []*lot
	for _, d := range detectors {
		l := &lot{d: d, members: map[uint64]*Series{}, leftOut: map[string]int{}}
		for range d.with {
			l.groups = append(l.groups, map[string]*group{})
		}
		out = append(out, l)
	}
	return out
}

// Known reports whether the runner has decided about a series. With no
// detectors there is nothing to decide.
func (r *Runner) Known(ref uint64) bool { return len(r.lots) == 0 || r.series[ref] != nil }

// Add decides which detectors look at a series. A known reference is left as
// it is.
func (r *Runner) Add(ref uint64, ls labels.Labels, meta detect.Meta) {
	if r.Known(ref) {
		return
	}
	k := &known{labels: ls, meta: meta}
	r.series[ref] = k
	for _, l := range r.lots {
		r.place(ref, k, l, nil)
	}
}

// place gives a series to a detector, as its subject, its companion or both. s
// is what the detector knew of it before a reload; nil: nothing.
func (r *Runner) place(ref uint64, k *known, l *lot, s *Series) {
	for i, w := range l.d.with {
		if metric.Matches(w.matchers, k.labels) {
			r.feed(ref, k, l, i)
		}
	}
	if !metric.Matches(l.d.matchers, k.labels) {
		return
	}
	size := l.d.bytes()
	switch {
	case len(l.members) >= MaxSeries:
		l.leftOut[fmt.Sprintf("more than %s series match", grouped(MaxSeries))]++
		return
	case r.bytes+size > MaxBytes:
		l.leftOut[fmt.Sprintf("all detectors together would remember more than %s bytes", grouped(MaxBytes))]++
		return
	}
	if s == nil {
		s = r.takeUp(l, k)
	}
	if s == nil {
		var err error
		if s, err = l.d.NewSeries(r.opts.Detect, k.meta, k.labels); err != nil {
			l.leftOut[err.Error()]++ // Validated in NewRunner: the only faults left are of meta, which is ours.
			return
		}
	}
	u := use{lot: l, s: s, with: make([]float64, len(l.d.with))}
	for i := range l.d.with {
		u.groups = append(u.groups, l.group(i, k.labels))
	}
	r.bytes += size
	l.members[ref] = s
	k.use = append(k.use, u)
	k.joined = k.joined || l.d.Joined()
}

// Observe takes one sample of a known series. Detectors without companions
// judge it now; those with companions at the next Tick.
func (r *Runner) Observe(ref uint64, t int64, v float64) {
	k := r.series[ref]
	if k == nil {
		return
	}
	for i := range k.use {
		if u := &k.use[i]; !u.lot.d.Joined() {
			r.judge(ref, k, u, t, v)
		}
	}
	if k.joined || len(k.feeds) > 0 {
		if len(r.pending) >= maxPending {
			r.dropped++
			return
		}
		r.pending = append(r.pending, reading{ref, t, v})
	}
}

// judge hands one sample to one detector and tells what it changed.
func (r *Runner) judge(ref uint64, k *known, u *use, t int64, v float64) {
	if u.lot.disabled != "" {
		return
	}
	was := u.s.Stopped()
	res := u.s.Step(t, v, u.with)
	now := u.s.Stopped()
	if res.Transition != detect.TransitionNone {
		r.tell(ref, u.s, t, res.Transition, now)
	}
	if r.opts.Judged != nil {
		r.opts.Judged(Judged{ref, u.lot.d.name, t, v, res})
	}
	if now != "" && was == "" {
		if u.lot.stopped++; u.lot.stopped >= maxStopped {
			r.disable(u.lot, t)
		}
	}
}

// disable ends a detector that fails at many series until it is loaded again.
func (r *Runner) disable(l *lot, t int64) {
	l.disabled = fmt.Sprintf("detector %s is disabled: it was stopped on %d series; mend it and reload", l.d.name, l.stopped)
	for _, ref := range slices.Sorted(maps.Keys(l.members)) {
		if s := l.members[ref]; s.End(t) {
			r.tell(ref, s, t, detect.TransitionClosed, l.disabled)
		}
	}
}

func (r *Runner) tell(ref uint64, s *Series, t int64, tr detect.Transition, ended string) {
	a, ok := s.Anomaly()
	if !ok {
		return
	}
	r.opts.Emit(Finding{Ref: ref, Labels: s.labels, Detector: s.d.name, At: t, Transition: tr, Anomaly: a, Reason: s.Reason(), Ended: ended})
}

// Remove forgets a series at now (Unix milliseconds). An open anomaly ends
// with it.
func (r *Runner) Remove(ref uint64, now int64) {
	k := r.series[ref]
	if k == nil {
		return
	}
	delete(r.series, ref)
	for i := range k.use {
		u := &k.use[i]
		r.release(ref, u.lot)
		if u.s.End(now) {
			r.tell(ref, u.s, now, detect.TransitionClosed, "the series is gone")
		}
	}
	for _, c := range k.feeds {
		c.leave()
	}
}

// release takes a series away from a detector and keeps its counts.
func (r *Runner) release(ref uint64, l *lot) {
	s := l.members[ref]
	delete(l.members, ref)
	r.bytes -= l.d.bytes()
	if s.Stopped() != "" {
		l.stopped--
	}
	l.gone = l.gone.plus(s.Counts())
}

// Explain returns the traces of the detectors that look at a series, by name.
func (r *Runner) Explain(ref uint64) map[string]detect.Trace {
	k := r.series[ref]
	if k == nil || len(k.use) == 0 {
		return nil
	}
	out := map[string]detect.Trace{}
	for _, u := range k.use {
		out[u.lot.d.name] = u.s.Explain()
	}
	return out
}

// Dropped returns how many samples did not find room among those that wait for
// companions.
func (r *Runner) Dropped() uint64 { return r.dropped }

// plus adds what became of samples.
func (c Counts) plus(o Counts) Counts {
	return Counts{
		Judged: c.Judged + o.Judged, Undecided: c.Undecided + o.Undecided, Failed: c.Failed + o.Failed,
		LeftOut: c.LeftOut + o.LeftOut, Cost: c.Cost + o.Cost, MaxCost: max(c.MaxCost, o.MaxCost),
	}
}

// MeanCost returns what a sample cost on average, in steps; 0 before the first.
func (c Counts) MeanCost() float64 {
	return float64(c.Cost) / float64(max(1, c.Judged+c.Undecided+c.Failed))
}
