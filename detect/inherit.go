package detect

import "math"

// A new pod is not a new thing: its series goes on where the series of the pod
// before it, or of the pod beside it, stands. So it need not learn for days what
// is known already.
//
//	inherited  tails, calibration, the window of the baseline, records, hours of
//	           the day, what recurs, what was dismissed, a deploy marker
//	not        the open anomaly, what is about time (gaps, runs, onsets) and
//	           what is half gathered
//
// An heir claims half of its parent's history, in samples and in the weight of
// its tails: what it sees itself counts double, and heirs of heirs claim ever
// less.
//
// That it is like its parent is a hypothesis, tested in its first birthSamples
// samples, in which nothing opens:
//
//	birthNear near the parent's baseline in a row --> it is; judged from here on
//	far and settled                              --> it is, at another level
//	neither                                      --> it is not; it begins anew
const (
	birthSamples = 15
	birthNear    = 3
)

// Inherit takes over the baselines of a series that differs only in which copy
// of a thing it is of. It reports whether there was something to inherit: from
// a series of the same configuration and metadata in the default profile, with
// freshSamples judged, by one that has judged fewer than birthSamples. What s
// had seen itself is given up; the time of its last sample is kept.
func (s *Series) Inherit(from *Series) bool {
	a, b := &from.s, &s.s
	if s.sky != nil || from.sky != nil || s == from || s.set.hash != from.set.hash ||
		a.N < freshSamples || b.N >= birthSamples || a.Base.Len == 0 || a.Base.Tail.Q == 0 {
		return false
	}
	own, last := b.Hygiene, b.Last
	*b = *a
	b.Hygiene, b.Last = own, blankLast(last)
	b.Hygiene.Kind, b.Hygiene.Fell = a.Hygiene.Kind, a.Hygiene.Fell
	if b.Hygiene.Step == 0 || b.Hygiene.Raw < birthSamples {
		b.Hygiene.Step = a.Hygiene.Step
	}
	if MetricKind(own.Kind) != MetricKind(a.Hygiene.Kind) && own.Started && MetricKind(a.Hygiene.Kind) == MetricCounter {
		b.Hygiene.Rises = a.Hygiene.Rises // Proven by the parent; the next sample gives the first rate.
	}
	b.Recent, b.Quiet, b.Episode, b.Slow, b.Bets = recent{}, quiet{}, episode{}, persistence{}, eprocess{}
	b.Recur.At, b.Recur.Known, b.Recur.Takes, b.Recur.Doubted = 0, 0, 0, false
	b.FarSince, b.First = 0, 0
	b.Base.Far, b.Base.Near = 0, 0
	b.Shift.Sum, b.Shift.Fill = 0, 0
	b.Rough.Sum, b.Rough.Fill = 0, 0
	b.N /= 2
	for _, h := range []*tail{&b.Delta.One, &b.Delta.Two, &b.Fast.Tail, &b.Base.Tail} {
		h.halve()
		h.Open, h.Last = 0, 0
	}
	b.Cal.N, b.Cal.Above, b.Cal.Last = b.Cal.N/2, b.Cal.Above/2, 0
	for _, h := range []*hours{&b.Seasonal.Day, &b.Seasonal.Class[0], &b.Seasonal.Class[1]} {
		for i := range h.N {
			h.N[i] = (h.N[i] + 1) / 2
		}
	}
	b.Feedback.Held = 0
	at := b.Deploy.At
	b.Deploy = deploy{At: at, Birth: birthSamples, Inherited: true}
	if s.form != nil && from.form != nil {
		*s.form = *from.form
	}
	return true
}

// blankLast keeps of a step what does not rest on baselines.
func blankLast(l last) last {
	return last{T: l.T, Observed: l.Observed, Expected: l.Observed}
}

// Inherited reports whether the baselines came from another series and still
// stand.
func (s *Series) Inherited() bool { return s.s.Deploy.Inherited }

// grow counts a sample of an heir.
func (s *Series) grow(t int64) {
	st := &s.s
	if st.First == 0 {
		st.First = t
	}
	if st.Deploy.Birth > 1 {
		st.Deploy.Birth--
	}
}

// recognise takes a value near the parent's baseline; after birthNear in a row
// the heir is judged as ever.
func (s *Series) recognise() {
	d := &s.s.Deploy
	if d.Birth == 0 {
		return
	}
	if d.Near = min(d.Near+1, math.MaxUint8); d.Near >= birthNear {
		d.Birth, d.Near = 0, 0
	}
}

// disown begins anew if the time to prove a likeness is over, and reports
// whether it did.
func (s *Series) disown() bool {
	if s.s.Deploy.Birth != 1 {
		return false
	}
	at, f := s.s.Deploy.At, s.s.Feedback
	s.restart()
	s.s.Deploy.At, s.s.Feedback = at, f
	return true
}

// Samples returns how many samples the baselines rest on.
func (s *Series) Samples() uint64 { return uint64(s.s.N) }
