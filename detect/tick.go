package detect

import "math"

// The way of a moment without a sample: time passed, and nothing came.

// Tick tells the series that the time is now (Unix milliseconds) and no sample
// came: the only way to notice silence. It may be called at any rate.
func (s *Series) Tick(now int64) Result { return s.tick(now, math.MinInt64) }

func (s *Series) tick(now, since int64) Result {
	st := &s.s
	st.Last = s.blank(now, intakeNone)
	if s.sky != nil && !s.sky.cfg.CorrectedStale {
		return s.tickSkyline(now)
	}
	l := &st.Last
	h := &st.Hygiene
	if !h.Started || now <= h.Last {
		return s.finish(TransitionNone, 0)
	}
	silent := float64(now) - float64(max(h.Last, since))
	evidence := st.Quiet.silence(silent, h.Step)
	if ttl := s.set.ttl; ttl > 0 {
		evidence = st.Quiet.silentFor(silent, float64(ttl), l.Bar)
	}
	e := &st.Episode
	if evidence < l.Bar || (e.Open && Kind(e.Kind) == KindNoData) {
		return s.finish(TransitionNone, 0)
	}
	tr := TransitionOpened
	if e.Open {
		tr = TransitionEscalated // The anomaly went silent.
		e.Kind, e.Told = uint8(KindNoData), max(e.Told, evidence)
	} else {
		*e = episode{Open: true, Count: e.Count + 1, Start: now, Change: h.Last, Told: evidence,
			Kind: uint8(KindNoData), Expected: l.Expected, Observed: l.Observed}
	}
	e.Peak, e.PeakT = max(e.Peak, evidence), now
	return s.finish(tr, evidence)
}
