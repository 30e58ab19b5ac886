package pipeline

import (
	"cmp"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
)

// What a Watch does with its series beside handing them samples: it heeds what
// people and pipelines said (deploys.go, feedback.go), lets new series inherit
// (inherit.go), lets those that ended go (expire.go), and skips what was judged
// before a restart (checkpoint.go).
//
// What was said takes effect between two samples of a series: the first sample
// at or after its instant comes after it. So live and when history is read again
// it is the same.

// tending is the part of a Watch for all that.
type tending struct {
	deploys  []Deploy             // By instant of effect.
	verdicts map[string][]Verdict // By series and view, by instant of effect.
	said     *Verdict             // The one that is being applied.
	kin      kinship
	takingUp bool  // Series are added with their state of before a restart.
	armed    int64 // Silence is counted from here on, Unix milliseconds.
	settled  int64 // Ticks up to here were heard before a restart.
}

// tended is what a Watch remembers of a series for it.
type tended struct {
	kind    Kind
	seen    int64 // Instant of the last sample handed over.
	due     int64 // Something said takes effect at this instant.
	heeded  int64 // Instant of the last thing said that was heeded.
	born    bool  // A sample has come since it was added or restored.
	expired bool  // It ended; the next sample brings it back.
	parent  labels.Labels
	moved   int64 // The deploy after which its level was accepted last.
}

// fresh is a series that has seen nothing.
func fresh(kind Kind) tended {
	return tended{kind: kind, seen: math.MinInt64, due: math.MinInt64, heeded: math.MinInt64}
}

// attend does what is due before a sample at t, and reports whether the sample
// is to be judged: not if it was judged before.
func (w *Watch) attend(ref uint64, s *watched, t int64) bool {
	if t <= s.tend.seen {
		return false
	}
	s.tend.seen = t
	if t >= s.tend.due {
		w.heed(ref, s, t)
	}
	return true
}

// heed lets what was said of a series up to t take effect.
func (w *Watch) heed(ref uint64, s *watched, t int64) {
	from, last := s.tend.heeded, s.tend.heeded
	news := from
	if !s.tend.born {
		s.tend.born = true
		news = max(from, t-deployNews)
	}
	for _, d := range w.tend.deploys {
		if d.effect() <= from || d.effect() > t {
			continue
		}
		last = max(last, d.effect())
		if d.effect() <= news || !metric.Matches(d.matchers, s.labels) {
			continue
		}
		for i := range s.views {
			s.views[i].det.MarkDeploy(d.At)
		}
	}
	for i := range s.views {
		v := &s.views[i]
		for _, said := range w.tend.verdicts[seriesName(s.labels, v.name)] {
			if said.At > from && said.At <= t {
				last = max(last, said.At)
				w.judged(ref, s, v, said)
			}
		}
	}
	s.tend.heeded = last
	s.tend.due = w.nextSaid(s, t)
}

// nextSaid returns the instant of the next thing said of a series after t.
func (w *Watch) nextSaid(s *watched, t int64) int64 {
	next := int64(math.MaxInt64)
	for _, d := range w.tend.deploys {
		if d.effect() > t && d.effect() < next && metric.Matches(d.matchers, s.labels) {
			next = d.effect()
		}
	}
	for i := range s.views {
		for _, said := range w.tend.verdicts[seriesName(s.labels, s.views[i].name)] {
			if said.At > t && said.At < next {
				next = said.At
			}
		}
	}
	return next
}

// judged applies a verdict of a person.
func (w *Watch) judged(ref uint64, s *watched, v *view, said Verdict) {
	if said.Useful {
		v.det.Confirm(said.Anomaly)
		return
	}
	w.tend.said = &said
	w.after(ref, s, v, said.At, v.det.Dismiss(said.Anomaly, said.At))
	w.tend.said = nil
}

// SayDeploy tells the watch of a deploy. The series it touches heed it at its
// instant; if that is not after now, at once.
func (w *Watch) SayDeploy(d Deploy, now int64) {
	at, _ := slices.BinarySearchFunc(w.tend.deploys, d, func(a, b Deploy) int { return cmp.Compare(a.effect(), b.effect()) })
	w.tend.deploys = slices.Insert(w.tend.deploys, at, d)
	if n := len(w.tend.deploys); n > maxDeploys {
		w.tend.deploys = w.tend.deploys[n-maxDeploys:]
	}
	for ref, s := range w.series {
		if s.skip != "" || !metric.Matches(d.matchers, s.labels) {
			continue
		}
		s.tend.due = min(s.tend.due, d.effect())
		if s.tend.born && d.effect() <= now {
			w.heed(ref, s, now)
		}
	}
}

// SayVerdict tells the watch what a person said of an anomaly. It takes effect
// at once if the series is watched here, else when the series comes back.
func (w *Watch) SayVerdict(ref uint64, said Verdict, now int64) {
	if w.tend.verdicts == nil {
		w.tend.verdicts = map[string][]Verdict{}
	}
	of := w.tend.verdicts[said.of()]
	at, _ := slices.BinarySearchFunc(of, said, func(a, b Verdict) int { return cmp.Compare(a.At, b.At+1) })
	w.tend.verdicts[said.of()] = slices.Insert(of, at, said)
	if s := w.series[ref]; s != nil && s.skip == "" && s.tend.born && seriesKnown(s, said) {
		s.tend.due = min(s.tend.due, said.At)
		if said.At <= now {
			w.heed(ref, s, now)
		}
	}
}

// seriesKnown reports whether a verdict is of this series: references are used
// again after a restart.
func seriesKnown(s *watched, said Verdict) bool {
	return metric.FormatSeries(s.labels) == said.Series
}

// Adapted is a level that was accepted after a deploy without an anomaly.
type Adapted struct {
	Ref      uint64
	At       int64
	From, To float64
}

// settledAt notes that a level was accepted after a deploy.
func (w *Watch) settledAt(ref uint64, s *watched, v *view, t int64, r detect.Result) {
	again := s.tend.moved == v.det.Deployed()
	s.tend.moved = v.det.Deployed()
	if w.opts.Adapted != nil && !again { // A rollout may move a series in steps; it is one series.
		w.opts.Adapted(s.labels, Adapted{Ref: ref, At: t, From: r.Expected, To: r.Observed})
	}
}

// said completes a finding by what the detector cannot know: which deploy came
// before it, and whose baselines it was judged by.
func (w *Watch) said(s *watched, v *view, f *Finding) {
	if d, ok := w.deployBefore(s, v, f.Anomaly.Change); ok {
		f.Deploy = d.Name()
	}
	if said := w.tend.said; said != nil {
		f.Verdict = said
	}
	w.note(s, v, &f.Anomaly.Trace)
}

// note adds to a trace what the detector cannot know.
func (w *Watch) note(s *watched, v *view, t *detect.Trace) {
	if v.det.Inherited() && !s.tend.parent.IsEmpty() {
		t.Notes = append(t.Notes, "inherited from "+seriesName(s.tend.parent, v.name))
	}
	if d, ok := w.deployBefore(s, v, t.T); ok {
		t.Notes = append(t.Notes, "deploy: "+d.Name())
	}
}

// deployBefore returns the last deploy whose news a change at t may be.
func (w *Watch) deployBefore(s *watched, v *view, t int64) (Deploy, bool) {
	if !v.det.AfterDeploy(t) {
		return Deploy{}, false
	}
	for _, d := range slices.Backward(w.tend.deploys) {
		if d.At <= t && d.At/1000*1000 == v.det.Deployed() && metric.Matches(d.matchers, s.labels) {
			return d, true
		}
	}
	return Deploy{}, false
}
