package detect

import (
	"fmt"
	"hash/fnv"
	"math"
	"time"
)

// Explain says why the last Step or Tick was judged the way it was. It reads
// the state and changes nothing; it may be called at any time.
func (s *Series) Explain() Trace {
	if s.sky != nil {
		return s.explainSkyline()
	}
	st := &s.s
	l, e := &st.Last, &st.Episode
	t := s.traceHead()
	t.EValue = st.Bets.value()
	t.Effect = effect(l.Observed-l.Expected, st.Base.Tail.Q)
	t.Members = slowLed(l.Slow, l.Score, members(widen(&l.Ratio), float64(l.Fused), float64(l.Novel), st.N, &st.Cal))
	if e.Open && l.Score < l.Bar {
		t.Members = s.atPeak()
	}
	if s.form != nil {
		if s.form.Led { // The others' shares are of evidence that did not lead.
			for i := range t.Members {
				t.Members[i].Share = 0
			}
		}
		t.Members = append(t.Members, s.form.member(l.Score))
	}
	t.Notes = s.notes()
	if s.form != nil {
		if n := s.form.note(e.Open && Kind(e.Kind) == KindShape); n != "" {
			t.Notes = append(t.Notes, n)
		}
	}
	return t
}

// traceHead fills what both profiles share.
func (s *Series) traceHead() Trace {
	st := &s.s
	l, e := &st.Last, &st.Episode
	t := Trace{
		T: l.T, Profile: s.set.profile, Verdict: Verdict(l.Verdict), Transition: Transition(l.Transition),
		Observed: l.Observed, Expected: l.Expected, Lower: l.Expected - l.Half, Upper: l.Expected + l.Half,
		Score: l.Score, Bar: l.Bar, Samples: uint64(st.N),
	}
	if st.N > 0 {
		t.Baseline = st.Hygiene.Last - st.First
	}
	if e.Open || t.Transition == TransitionClosed {
		t.Kind, t.Direction = Kind(e.Kind), Direction(e.Direction)
		t.Since, t.Change = e.Start, e.Change
	}
	h := fnv.New64a()
	h.Write(s.AppendState(nil))
	t.StateHash = h.Sum64()
	return t
}

// Anomaly returns the open anomaly, or the last one closed; ok is false if
// there has been none.
func (s *Series) Anomaly() (a Anomaly, ok bool) {
	a, ok = s.s.Episode.anomaly(s.s.Last.T)
	if !ok {
		return a, false
	}
	a.Trace, a.Members = s.Explain(), s.atPeak()
	if s.sky != nil {
		a.Members = a.Trace.Members
	}
	return a, true
}

// atPeak returns the members at the strongest moment of the anomaly.
func (s *Series) atPeak() []Member {
	e := &s.s.Episode
	switch Kind(e.Kind) {
	case KindFlatline, KindNoData, KindShape:
		return []Member{{Name: Kind(e.Kind).String(), P: math.Pow(10, -e.Peak), Share: 1}}
	}
	return slowLed(e.Slow, e.Peak, members(widen(&e.Ratio), float64(e.Fused), float64(e.Novel), e.PeakN, &s.s.Cal))
}

// slowLed adds the member of persistence that led; the shares of the others are
// then of evidence that did not lead.
func slowLed(slow uint8, evidence float64, others []Member) []Member {
	if slow == 0 || int(slow) >= len(slowNames) {
		return others
	}
	for i := range others {
		others[i].Share = 0
	}
	return append(others, Member{Name: slowNames[slow], P: math.Pow(10, -evidence), Share: 1})
}

// widen returns the ratios in the precision they are computed in.
func widen(in *[memberCount]float32) *[memberCount]float64 {
	var out [memberCount]float64
	for i, x := range in {
		out[i] = float64(x)
	}
	return &out
}

// members turns ratios into p-values and shares. A movement ratio of 1 is the
// value exceeded with probability tailProb; a record ratio of 1 has
// probability 1/(n+1). Shares are of the side of the consensus that led.
func members(ratio *[memberCount]float64, fused, novel float64, n uint32, cal *calibrate) []Member {
	movement := cal.evidence(fused, calTail) >= noveltyScore(novel)
	out := make([]Member, memberCount)
	for i := range out {
		out[i] = Member{Name: memberNames[i], P: 1}
		r := ratio[i]
		switch {
		case i < movementMembers && r > 0:
			out[i].P = BeyondChance(r)
		case i >= movementMembers && r > 1:
			out[i].P = min(1, math.Pow(r, -noveltySlope)/float64(n+1))
		}
	}
	shareOut(out, func(i int) bool { return movement == (i < movementMembers) })
	return out
}

// shareOut gives each member that has one its share of the evidence.
func shareOut(all []Member, has func(i int) bool) {
	sum := 0.0
	for i := range all {
		if has(i) {
			all[i].Share = -math.Log10(all[i].P)
			sum += all[i].Share
		}
	}
	for i := range all {
		if sum > 0 {
			all[i].Share /= sum
		}
	}
}

// effect returns a difference in units of the usual largest residual.
func effect(diff, q float64) float64 {
	if q <= 0 {
		return 0
	}
	return diff / q
}

// notes says what weakens the verdict and what would change it.
func (s *Series) notes() []string {
	st := &s.s
	l, e, h := &st.Last, &st.Episode, &st.Hygiene
	var n []string
	add := func(format string, args ...any) { n = append(n, fmt.Sprintf(format, args...)) }
	switch intake(l.Intake) {
	case intakeRefused:
		add("sample refused: its time does not advance past %s", stamp(h.Last))
	case intakeUnusable:
		add("sample not judged: not a number, or beyond %g", maxValue)
	case intakeStale:
		add("series marked as ended; silence is expected until the next sample")
	case intakeRestart:
		add("read as a %s from here on; baselines begin anew", MetricKind(h.Kind))
	}
	switch Verdict(l.Verdict) {
	case VerdictNotEnoughData:
		add("%d of %d samples needed before the first score", st.N, noveltyWarmup+1)
	case VerdictConstant:
		add("every value so far is the same; any change will be judged as a record")
	case VerdictNoData:
		add("closes with the next sample")
	case VerdictAnomalous:
		if s.sky != nil {
			add("closes when fewer than %d votes are counted", s.sky.cfg.Consensus)
			break
		}
		held := time.Duration(float64(s.hold()) * st.Hygiene.Step * float64(time.Millisecond))
		add("closes after %d samples in a row within the usual range, or after %s as the new normal", calmToClose, held.Round(time.Second))
	case VerdictHealthy:
		if st.N < shortHistory && s.sky == nil {
			add("history of %d samples is short: until %d an anomaly opens only on a value that is also novel", st.N, shortHistory)
		}
	}
	if e.Gated {
		add("evidence is above the bar but the value is not novel; short history holds it back")
	}
	s.feedbackNote(add)
	s.deployNotes(add)
	if Transition(l.Transition) == TransitionClosed && e.Adapted {
		add("closed because the new level lasted; it is now the baseline")
	}
	if l.Recurring > 1 {
		add("movement divided by %.3g: as large at this time of day on each of the last two days", l.Recurring)
	}
	if st.Recur.Doubted && intake(l.Intake) == intakeValue {
		add("not told at the default budget: an excursion as large began at this minute a day, three days or a week ago, so this may be scheduled work")
	}
	st.Slow.notes(add)
	if h.Resets > 0 {
		add("counter, judged as rate per second; %d restarts so far", h.Resets)
	}
	if h.Refused > 0 || h.Unusable > 0 {
		add("not judged so far: %d samples out of order, %d unusable", h.Refused, h.Unusable)
	}
	return n
}

// stamp renders Unix milliseconds for people.
func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05") }
