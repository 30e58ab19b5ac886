package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
)

// Watch owns the detectors of a set of series: one per float series, two (rate
// and mean) per native histogram. It has one owner; it reads no clock.
type Watch struct {
	opts     WatchOptions
	series   map[uint64]*watched
	skipped  map[string]int // Series not watched, by reason.
	watching int
	warming  int // Views without enough data.
	tend     tending
}

// WatchOptions configures a Watch.
type WatchOptions struct {
	Detect detect.Config
	Match  [][]*labels.Matcher // Watched if any matches; empty: all.
	Ignore [][]*labels.Matcher // Never watched.
	Page   [][]*labels.Matcher // Anomalies are HIGH.
	Max    int                 // Series watched at most; 0: 250,000.
	// Emit receives every transition, in order. Required.
	Emit func(Finding)
	// Still receives the samples of an anomaly that is open (admission.go) until
	// it answers that it wants no more; may be nil.
	Still func(id string, at int64, beyond float64) (wanted bool)
	// Adapted receives every level accepted after a deploy; may be nil.
	Adapted func(labels.Labels, Adapted)
}

// Finding is a transition of one anomaly of one series.
type Finding struct {
	ID         string // Content hash of series, view and start: the same over replay and replicas.
	Ref        uint64
	Labels     labels.Labels
	View       string // "", or "rate" or "mean" of a native histogram.
	Page       bool
	At         int64 // Instant of the step that caused it, Unix milliseconds.
	Transition detect.Transition
	Anomaly    detect.Anomaly
	Gone       bool // Closed because the store let the series go, not because it recovered.

	Said  string // What a detector of the user says of it.
	Ended string // Why such a detector ended it without recovery; empty if it did not.

	Deploy  string   // The deploy that came before it, as people call it; empty if none did.
	Verdict *Verdict // What a person said of it; nil: nothing.

	HeldBack string // Why nobody is told (admission.go); empty: it is told.
	Ruling   string // What the fleet says of it, at length.
	Peers    string // What its peers did, one sentence; empty if it has none.
}

// Name returns the series in the notation people read.
func (f Finding) Name() string { return seriesName(f.Labels, f.View) }

// Sentence tells the finding in one sentence, as its event does.
func (f Finding) Sentence() string { return anomalySentence(f) }

// watched is the state of one series.
type watched struct {
	labels labels.Labels
	page   bool
	views  []view
	last   *histogram.FloatHistogram // Native histograms: the sample before, for increases.
	lastT  int64
	skip   string // Why the series is not watched; empty if it is.
	tend   tended
}

type view struct {
	name    string
	det     *detect.Series
	verdict detect.Verdict
	id      string // Of the open anomaly.
	told    bool   // It needs no more samples to be told.
}

// NewWatch returns a watch of no series, or every fault of the configuration.
func NewWatch(o WatchOptions) (*Watch, error) {
	if err := o.Detect.Validate(); err != nil {
		return nil, err
	}
	if o.Max == 0 {
		o.Max = 250_000
	}
	return &Watch{opts: o, series: map[uint64]*watched{}, skipped: map[string]int{}}, nil
}

// Known reports whether the watch has decided about a series, to watch it or
// not.
func (w *Watch) Known(ref uint64) bool { return w.series[ref] != nil }

// Add decides whether a series is watched; kind is what its values mean. A
// known reference is left as it is.
func (w *Watch) Add(ref uint64, ls labels.Labels, kind Kind) {
	if w.series[ref] != nil {
		return
	}
	s := &watched{labels: ls, tend: fresh(kind)}
	w.series[ref] = s
	if reason := w.reasonNotTo(ls, kind); reason != "" {
		w.leaveOut(s, reason)
		return
	}
	w.watching++
	s.page = matchesAny(w.opts.Page, ls)
	names, meta := []string{""}, detect.Meta{Kind: kind.detectKind()}
	if kind == KindHistogram {
		names = []string{"rate", "mean"}
	}
	for _, name := range names {
		det, err := detect.New(w.opts.Detect, meta)
		if err != nil { // Validated in NewWatch: the only faults left are of meta, which is ours.
			w.watching--
			w.leaveOut(s, "detector refused")
			return
		}
		s.views = append(s.views, view{name: name, det: det})
	}
	w.inherit(ref, s)
	w.warming += warmingViews(s)
}

// reasonNotTo names why a series is not watched, in the words of the coverage
// report; empty if it is.
func (w *Watch) reasonNotTo(ls labels.Labels, kind Kind) string {
	name := ls.Get(labels.MetricName)
	switch {
	case w.watching >= w.opts.Max:
		return "limit of watched series reached"
	case isOwnResult(ls):
		return "our own results"
	case kind == KindCounter && strings.HasSuffix(name, "_bucket") && ls.Has("le"):
		return "bucket of a classic histogram (watched as one distribution; its _sum and _count too)"
	case strings.HasSuffix(name, "_created"):
		return "creation time of a counter"
	case matchesAny(w.opts.Ignore, ls):
		return "named in detect.ignore"
	case len(w.opts.Match) > 0 && !matchesAny(w.opts.Match, ls):
		return "not named in detect.match"
	}
	return ""
}

func (w *Watch) leaveOut(s *watched, reason string) {
	s.skip = reason
	w.skipped[reason]++
}

// Observe judges one sample of a known series: a float, or a histogram where h
// is not nil.
func (w *Watch) Observe(ref uint64, t int64, v float64, h *histogram.FloatHistogram) {
	s := w.series[ref]
	if s != nil && s.tend.expired && !metric.IsStale(v) {
		s = w.revive(ref, s)
	}
	if s == nil || s.skip != "" {
		return
	}
	if !w.attend(ref, s, t) {
		if h != nil && t > s.lastT {
			s.last, s.lastT = h, t // What came before a restart.
		}
		return
	}
	if h == nil {
		if len(s.views) == 1 {
			w.step(ref, s, &s.views[0], t, v)
		}
		return
	}
	rate, mean, ok := increase(s.last, s.lastT, h, t)
	s.last, s.lastT = h, t
	if ok && len(s.views) == 2 {
		w.step(ref, s, &s.views[0], t, rate)
		w.step(ref, s, &s.views[1], t, mean)
	}
}

func (w *Watch) step(ref uint64, s *watched, v *view, t int64, value float64) {
	r := v.det.Step(t, value)
	w.after(ref, s, v, t, r)
	w.persist(v, t, r)
}

// after hands on what a step changed.
func (w *Watch) after(ref uint64, s *watched, v *view, t int64, r detect.Result) {
	if v.verdict == detect.VerdictNotEnoughData && r.Verdict != v.verdict {
		w.warming--
	}
	v.verdict = r.Verdict
	if r.Transition == detect.TransitionNone {
		return
	}
	if r.Transition == detect.TransitionAdapted {
		w.settledAt(ref, s, v, t, r)
		return
	}
	a, ok := v.det.Anomaly()
	if !ok {
		return
	}
	if r.Transition == detect.TransitionOpened || v.id == "" {
		v.id = anomalyID(s.labels, v.name, a.Start)
	}
	f := Finding{ID: v.id, Ref: ref, Labels: s.labels, View: v.name, Page: s.page, At: t, Transition: r.Transition, Anomaly: a}
	w.said(s, v, &f)
	w.opts.Emit(f)
}

// Tick tells every series that the time is now, which is how silence is
// noticed. Series are told in the order of their references, so that a replay
// gives the same findings in the same order.
func (w *Watch) Tick(now int64) {
	if now <= w.tend.settled {
		return // Heard before a restart.
	}
	refs := make([]uint64, 0, len(w.series))
	for ref, s := range w.series {
		if s.skip == "" {
			refs = append(refs, ref)
		}
	}
	slices.Sort(refs)
	for _, ref := range refs {
		s := w.series[ref]
		for i := range s.views {
			w.after(ref, s, &s.views[i], now, s.views[i].det.TickSince(now, w.tend.armed))
		}
	}
	w.expire(now)
}

// Remove forgets a series at now (Unix milliseconds). An open anomaly ends with
// it: nobody else would ever say that it is over.
func (w *Watch) Remove(ref uint64, now int64) {
	s := w.series[ref]
	if s == nil {
		return
	}
	delete(w.series, ref)
	if s.skip != "" {
		w.skipped[s.skip]--
		return
	}
	w.letGo(ref, s, now)
}

// letGo ends the watch of a series.
func (w *Watch) letGo(ref uint64, s *watched, now int64) {
	w.watching--
	for _, v := range s.views {
		if v.verdict == detect.VerdictNotEnoughData {
			w.warming--
		}
		if a, ok := v.det.Anomaly(); ok && a.Open && v.id != "" {
			a.Open, a.End = false, max(now, a.Start)
			w.opts.Emit(Finding{ID: v.id, Ref: ref, Labels: s.labels, View: v.name, Page: s.page, At: now, Transition: detect.TransitionClosed, Anomaly: a, Gone: true})
		}
	}
	w.keepRemnant(ref, s, now)
}

// Explain returns the present trace of a series, one per view; empty if it is
// not watched.
func (w *Watch) Explain(ref uint64) []detect.Trace {
	s := w.series[ref]
	if s == nil {
		return nil
	}
	var out []detect.Trace
	for i := range s.views {
		t := s.views[i].det.Explain()
		w.note(s, &s.views[i], &t)
		out = append(out, t)
	}
	return out
}

// Coverage counts what is watched, warming up and not watched (by reason).
type Coverage struct {
	Watched, WarmingUp int
	NotWatched         map[string]int
}

// Coverage returns the counts now.
func (w *Watch) Coverage() Coverage {
	c := Coverage{WarmingUp: w.warming, NotWatched: map[string]int{}}
	for reason, n := range w.skipped {
		if n > 0 {
			c.NotWatched[reason] = n
		}
	}
	c.Watched = w.watching
	return c
}

func matchesAny(sets [][]*labels.Matcher, ls labels.Labels) bool {
	for _, ms := range sets {
		if metric.Matches(ms, ls) {
			return true
		}
	}
	return false
}

// anomalyID hashes what an anomaly is, so that replicas and replays that see
// the same anomaly name it alike.
func anomalyID(ls labels.Labels, view string, start int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "anomaly/1\x00%s\x00%s\x00%d", metric.FormatSeries(ls), view, start))
	return "an-" + hex.EncodeToString(sum[:8])
}

// list returns the labels of the watched series, in order of reference.
func (w *Watch) list() []labels.Labels {
	var out []labels.Labels
	for _, ref := range slices.Sorted(maps.Keys(w.series)) {
		if s := w.series[ref]; s.skip == "" {
			out = append(out, s.labels)
		}
	}
	return out
}
