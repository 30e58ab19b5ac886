package detect

import (
	"fmt"
	"math"
	"time"
)

// deploy lets a series change its level where a change was announced.
//
// For deployTime or deploySamples samples after the marker, whichever is
// longer, values far from the baseline are held: no member learns from them,
// and they are judged by the baseline alone against a bar deployRaise higher.
//
//	marker --> near the baseline: judged as ever, at the higher bar
//	       --> far, not settled:  held
//	       --> far, settled:      re-anchored; the series goes on at the new level
//	       --> the time is over:  judged as ever: a step that nobody accepted
//
// Settled means that the last settleLen values lie as close together as the
// series' values usually do. Re-anchoring moves the origin that all memories
// are offsets from, so tails, records, hours of the day and what recurs are kept
// and stand at the new level at once.
//
// Still heard at once: a drop to zero, silence, a value that stopped changing,
// and a change deployRaise beyond the bar, which is 4.6 times larger than what
// would open without a marker.
//
// The birth of a series that inherited is announced likewise (inherit.go).
type deploy struct {
	Ring [settleLen]float32 // The last values held, offsets from the origin.
	At   uint32             // The marker, Unix seconds; 0 if there has been none.
	Held uint16             // Values held in a row.
	// Birth counts the samples down in which an heir must prove to be like its
	// parent; 0 once it has, or never had one.
	Birth     uint8
	Near      uint8 // Values near the baseline in a row, for a birth.
	Anchored  bool  // Re-anchored since the marker or birth.
	Inherited bool  // The baselines came from another series.
	Unseen    bool  // Nobody looked since the last sample: its gap tells nothing (outage.go).
}

const (
	deployTime    = 30 * time.Minute
	deploySamples = 15
	deployRaise   = 2 // Orders of magnitude of chance that a deploy is granted.
	deployAfter   = 4 // Windows in which an anomaly still says "after the deploy".
	settleLen     = 5
)

// MarkDeploy tells the series that a change went out at t (Unix milliseconds),
// in the past or future: its level may move around then. A later marker
// replaces an earlier one; an earlier one is ignored.
func (s *Series) MarkDeploy(t int64) {
	d := &s.s.Deploy
	at := uint32(max(1, min(math.MaxUint32, t/1000)))
	if at > d.At {
		d.At, d.Held, d.Anchored = at, 0, false
	}
}

// Deployed returns the instant of the last deploy marker in Unix milliseconds,
// to the second; 0 if there has been none.
func (s *Series) Deployed() int64 { return int64(s.s.Deploy.At) * 1000 }

// AfterDeploy reports whether a change at t (Unix milliseconds) is to be seen
// with the last deploy marker: it came within four windows after it.
func (s *Series) AfterDeploy(t int64) bool {
	at := s.Deployed()
	return at > 0 && t >= at && t-at <= deployAfter*s.deployWindow()
}

// deployWindow is how long a marker relaxes, in milliseconds.
func (s *Series) deployWindow() int64 {
	return max(deployTime.Milliseconds(), int64(deploySamples*s.s.Hygiene.Step))
}

// relaxing reports whether values at t may change their level.
func (s *Series) relaxing(t int64) bool {
	d := &s.s.Deploy
	if d.At == 0 || d.Birth > 0 {
		return d.Birth > 0
	}
	at := s.Deployed()
	return t >= at && t-at <= s.deployWindow()
}

// temper raises the bar of a moment by what people said and while a deploy
// settles; the latter for every kind of departure that a change of level may
// look like.
func (s *Series) temper(m *moment) {
	st := &s.s
	st.Feedback.weigh(m, noveltyScore(m.novel) >= m.score, st.Episode.Open)
	if !st.Episode.Open && s.relaxing(m.t) {
		switch {
		case st.Deploy.Birth > 0:
			m.bar = math.Inf(1)
			return
		case m.kind != KindFlatline && m.kind != KindCustom:
			m.bar += deployRaise
		}
	}
	st.Last.Bar = m.bar
}

// settle judges a value x at t while a deploy settles. done is false where it
// is to be judged as ever.
func (s *Series) settle(t int64, x float64, closed Transition) (r Result, done bool) {
	st, d := &s.s, &s.s.Deploy
	if !s.relaxing(t) || st.Episode.Open && st.Episode.Start < s.Deployed() {
		d.Held = 0
		return r, false
	}
	med, ok := st.Base.median()
	q := st.Base.Tail.Q
	if !ok || q == 0 {
		return r, false // Too young to have a level.
	}
	if d.Birth > 0 {
		s.grow(t)
	}
	off := x - st.Origin
	ratio := min(ratioMax, math.Abs(off-med)/q)
	if ratio <= guardRatio {
		d.Held = 0
		s.recognise()
		return r, false
	}
	d.Near = 0
	if s.disown() {
		return r, false
	}
	d.Ring[d.Held%settleLen] = float32(off)
	if d.Held++; d.Held == math.MaxUint16/settleLen*settleLen {
		d.Held = settleLen
	}
	tr, alarm := closed, 0.0
	m := s.held(t, off, med, ratio)
	if closed == TransitionNone {
		tr, alarm = st.Episode.step(&m)
	}
	if level, ok := s.settled(med); ok && x != 0 {
		tr, alarm = s.anchor(t, level-med, tr)
	}
	return s.finish(tr, alarm), true
}

// held is the moment of a value that is held: judged by the baseline alone. off
// and med are offsets from the origin.
func (s *Series) held(t int64, off, med, ratio float64) moment {
	st := &s.s
	m := moment{
		t: t, n: st.N, kind: KindSpike, dir: DirectionUp, change: t, allowed: true,
		score: claimable(st.Cal.evidence(ratio, calTail), st.N),
		bar:   st.Last.Bar, expected: med + st.Origin, observed: off + st.Origin, fused: ratio,
	}
	m.ratio[memberBaseline] = ratio
	if off < med {
		m.dir = DirectionDown
	}
	dropped := m.observed == 0 && m.expected != 0
	switch {
	case st.Deploy.Birth > 0:
		m.bar = math.Inf(1) // A new copy may begin anywhere; it is compared once it has settled.
	case !dropped:
		m.bar += deployRaise
	}
	half := st.Cal.reach(st.Last.Bar, calTail) * st.Base.Tail.Q
	l := &st.Last
	l.Ratio, l.Score, l.Fused, l.Recurring, l.Novel = [memberCount]float32{}, m.score, float32(ratio), 1, 0
	l.Ratio[memberBaseline] = float32(ratio)
	l.Expected, l.Observed, l.Half = m.expected, m.observed, half
	if st.Deploy.Birth == 0 {
		l.Bar = m.bar
	}
	return m
}

// settled returns the median of the values held and whether they have come to
// rest: neither their moves nor their drift are larger than usual. Where the
// level grew, noise may have grown with it.
func (s *Series) settled(med float64) (level float64, ok bool) {
	st, d := &s.s, &s.s.Deploy
	if d.Held < settleLen {
		return 0, false
	}
	var v, order [settleLen]float64
	for i := range v { // Oldest first.
		v[i] = float64(d.Ring[(int(d.Held)+i)%settleLen])
		j := i
		for ; j > 0 && order[j-1] > v[i]; j-- {
			order[j] = order[j-1]
		}
		order[j] = v[i]
	}
	level = order[settleLen/2]
	grown := 1.0
	if before := math.Abs(med + st.Origin); before > 0 {
		grown = max(1, min(4, math.Abs(level+st.Origin)/before))
	}
	move := guardRatio * grown * max(st.Delta.One.Q, st.Base.Tail.Q)
	for i := 1; i < settleLen; i++ {
		if math.Abs(v[i]-v[i-1]) > move {
			return level, false
		}
	}
	drift := (v[settleLen-1] + v[settleLen-2] - v[0] - v[1]) / 2
	return level, math.Abs(drift) <= grown*st.Base.Tail.Q
}

// anchor moves the level by what the held values moved. An anomaly that opened
// meanwhile closes as accepted.
func (s *Series) anchor(t int64, by float64, tr Transition) (Transition, float64) {
	st, d := &s.s, &s.s.Deploy
	st.Origin += by
	st.Last.Observed = st.Last.Expected + by // What the series moved to, from what.
	d.Held, d.Anchored = 0, true
	d.Birth = 0
	switch {
	case st.Episode.Open:
		return st.Episode.close(t, true), 0
	case tr == TransitionNone:
		return TransitionAdapted, 0
	}
	return tr, 0
}

// deployNotes says what a marker or a birth does to the verdict.
func (s *Series) deployNotes(add func(format string, args ...any)) {
	st, d := &s.s, &s.s.Deploy
	if d.Inherited {
		add("baseline inherited from a series that differs in short-lived labels only")
	}
	switch {
	case d.Birth > 0:
		add("compared with that series for %d samples more; nothing opens meanwhile", d.Birth)
	case d.At == 0:
		return
	case s.relaxing(st.Last.T):
		add("a deploy was marked at %s: until %s a move of the level is held against a bar %d higher, and accepted once it settles", stamp(s.Deployed()), stamp(s.Deployed()+s.deployWindow()), deployRaise)
	}
	if Transition(st.Last.Transition) == TransitionAdapted {
		add("deploy: the level moved from %.6g to %.6g and settled; baselines stand there from here on", st.Last.Expected, st.Last.Observed)
	} else if d.Anchored && s.AfterDeploy(st.Last.T) {
		add("the level was re-anchored after the deploy")
	}
	if e := &st.Episode; (e.Open || Transition(st.Last.Transition) == TransitionClosed) && s.AfterDeploy(e.Change) {
		add("began %s after the deploy marked at %s", time.Duration(e.Change-s.Deployed())*time.Millisecond, stamp(s.Deployed()))
	}
}

// feedbackNote says what a verdict of the past holds back.
func (s *Series) feedbackNote(add func(format string, args ...any)) {
	f := &s.s.Feedback
	if f.Held == 0 || f.Held > feedbackShapes {
		return
	}
	i := int(f.Held) - 1
	size := evidenceOf(f.Peak)
	add("held back: evidence %.2f is above the bar, but the like of it was said to be no anomaly on %s; it is heard again from %s on, or when it is clearly larger",
		size, dateOf(f.Day[i]), stamp(f.until(i, size, s.bar()))[:10])
}

// dateOf renders a day of the feedback memory.
func dateOf(day uint16) string {
	return fmt.Sprint(stamp((int64(day) - 1) * 24 * hourMS)[:10])
}
