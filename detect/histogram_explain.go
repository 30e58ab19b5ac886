package detect

import (
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"time"
)

// Explain says why the last Step or Tick was judged the way it was. Of the
// numbers in it, Observed, Expected and the band are of the quantile that moved
// most; Effect is how far an observation moved, in bucket widths of 9 %. It
// changes nothing.
func (s *HistogramSeries) Explain() Trace {
	l, e := &s.s.Last, &s.s.Episode
	j, m := &s.s.Judge, &l.Moved
	t := Trace{
		T: l.T, Verdict: Verdict(l.Verdict), Transition: Transition(l.Transition),
		Expected: float64(m.Before[m.Most]), Observed: float64(m.After[m.Most]),
		Score: l.Score, Bar: l.Bar, Samples: uint64(j.N), Notes: s.notes(),
	}
	t.Lower, t.Upper = t.Expected*math.Exp2(-l.Reach/8), t.Expected*math.Exp2(l.Reach/8)
	if j.N > 0 {
		t.Baseline = j.At - j.First
		t.Members = histogramMembers(&l.Ratio)
	}
	if l.Reach > 0 {
		t.Effect = 8 * octaves(m.Before[m.Most], m.After[m.Most]) / l.Reach
	}
	if e.Open || t.Transition == TransitionClosed {
		t.Kind, t.Direction = Kind(e.Kind), Direction(e.Direction)
		t.Since, t.Change = e.Start, e.Change
	}
	if e.Open || l.Score > 0 {
		t.Summary = m.sentence(s.meta.Unit)
	}
	if e.Open && l.Score < l.Bar {
		t.Members = s.atPeak()
	}
	h := fnv.New64a()
	h.Write(s.AppendState(nil))
	t.StateHash = h.Sum64()
	return t
}

// histogramMembers turns ratios into p-values and shares, as members does.
func histogramMembers(ratio *[histogramStats]float32) []Member {
	out := make([]Member, histogramStats)
	for i, r := range ratio {
		out[i] = Member{Name: histogramStatNames[i], P: 1}
		if r > 0 {
			out[i].P = BeyondChance(float64(r))
		}
	}
	shareOut(out, func(int) bool { return true })
	return out
}

// atPeak returns the members at the strongest moment of the anomaly.
func (s *HistogramSeries) atPeak() []Member {
	var r [histogramStats]float32
	copy(r[:], s.s.Episode.Ratio[:])
	return histogramMembers(&r)
}

// Anomaly returns the open anomaly, or the last one closed; ok is false if
// there has been none. Expected and Observed are of the quantile that had moved
// most at the peak.
func (s *HistogramSeries) Anomaly() (a Anomaly, ok bool) {
	a, ok = s.s.Episode.anomaly(s.s.Last.T)
	if ok {
		a.Members, a.Trace = s.atPeak(), s.Explain()
	}
	return a, ok
}

// notes says what the batch looks like, what weakens the verdict, and what would
// change it.
func (s *HistogramSeries) notes() []string {
	st := &s.s
	l, in, j := &st.Last, &st.Intake, &st.Judge
	var n []string
	add := func(format string, args ...any) { n = append(n, fmt.Sprintf(format, args...)) }
	switch intake(l.Intake) {
	case intakeRefused:
		add("sample refused: its time does not advance past %s", stamp(in.Last))
	case intakeUnusable:
		add("sample not judged: its buckets, spans and counts contradict each other")
	case intakeStale:
		add("histogram marked as ended; silence is expected until the next sample")
	case intakeRestart:
		add("its bounds changed; what was usual on the old ones cannot be compared, all begins anew")
	}
	if st.Episode.Open || l.Score > 0 {
		n = append(n, s.pictures()...)
	}
	if Verdict(l.Verdict) == VerdictNotEnoughData || (st.Episode.Open && l.T-j.At > histogramPatience) {
		add("%s", s.lacking())
	}
	switch {
	case st.Episode.Open:
		held := time.Duration(float64(s.hold()) * j.Step * float64(time.Millisecond))
		add("closes after %d batches in a row as usual, or after %s as the new normal", calmToClose, held.Round(time.Second))
	case Transition(l.Transition) == TransitionClosed && st.Episode.Adapted:
		add("closed because the new form lasted; it is now what is usual")
	}
	if l.KS > 0 || l.G > 0 {
		add("sampling error alone: KS p=%.2g, G p=%.2g", math.Pow(10, -l.KS), math.Pow(10, -l.G))
	}
	if l.Recurring > 1 {
		add("distance divided by %.3g: as large at this time of day on each of the last two days", l.Recurring)
	}
	if s.hidden() {
		add("most observations are at or below zero, or too small to tell apart: only their share is judged")
	}
	n = append(n, s.counted()...)
	return n
}

// pictures says the quantiles and the modes, before and after.
func (s *HistogramSeries) pictures() []string {
	l := &s.s.Last
	m := &l.Moved
	var q []string
	for i, name := range picturedName {
		q = append(q, fmt.Sprintf("%s %s -> %s", name, withUnit(m.Before[i], s.meta.Unit), withUnit(m.After[i], s.meta.Unit)))
	}
	out := []string{strings.Join(q, ", ")}
	g := &s.s.Grid
	x, _ := s.scale(int(l.Shown))
	after, before := g.modes((*[histogramCells]float32)(x), &s.gap), g.modes((*[histogramCells]float32)(&s.s.Usual.Recent), &s.gap)
	if len(after) > 1 && len(after) > len(before) {
		var at []string
		for _, d := range after {
			at = append(at, fmt.Sprintf("%s near %s", percent(float32(d.share)), withUnit(finite32(d.at), s.meta.Unit)))
		}
		out = append(out, fmt.Sprintf("%d modes, usually %d: %s", len(after), max(1, len(before)), strings.Join(at, ", ")))
	}
	return out
}

// lacking says what is missing for a verdict.
func (s *HistogramSeries) lacking() string {
	in, j := &s.s.Intake, &s.s.Judge
	switch {
	case s.s.Grid.Len == 0:
		return fmt.Sprintf("fewer than %d observations above zero so far", histogramBatch)
	case j.N > 0 && s.s.Last.T-j.At > histogramPatience:
		n := in.Filled
		if in.Full {
			n = 0
		}
		return fmt.Sprintf("last judged at %s; of the %d observations within an hour that a batch needs there are %.0f", stamp(j.At), histogramBatch, n)
	}
	return fmt.Sprintf("%d of %d batches of %d observations needed for a verdict", j.N, histogramWarmup, histogramBatch)
}

// hidden reports whether most of what is usual is in the lowest cell.
func (s *HistogramSeries) hidden() bool {
	u := &s.s.Usual
	return !s.s.Grid.Custom && u.N > 0 && float64(u.Recent[s.s.Grid.Floor]) > .5*u.N
}

// counted says what was left out so far.
func (s *HistogramSeries) counted() []string {
	in := &s.s.Intake
	var parts []string
	add := func(n uint32, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(in.Refused, "samples out of order")
	add(in.Unusable, "unusable")
	add(in.Resets, "restarts of the counter")
	add(in.Gaps, "increases over more than an hour")
	add(in.Sparse, "batches of too few observations")
	add(in.Rebuilt, "changes of bounds")
	if len(parts) == 0 {
		return nil
	}
	return []string{"not judged so far: " + strings.Join(parts, ", ")}
}
