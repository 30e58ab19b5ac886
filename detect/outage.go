package detect

// A series can only be called silent by somebody who listened. While our own
// process is down nothing is heard, and that says nothing of the series.

// TickSince is Tick for an observer who has listened since an instant (Unix
// milliseconds): silence is counted from then on, or from the last sample if
// that is later.
func (s *Series) TickSince(now, since int64) Result { return s.tick(now, since) }

// Resume tells the series at now (Unix milliseconds) that nobody has listened
// since its last sample. If that is longer than it is usually silent, its next
// gap is not remembered as its own.
func (s *Series) Resume(now int64) {
	h := &s.s.Hygiene
	if h.Started && now > h.Last && s.s.Quiet.silence(float64(now)-float64(h.Last), h.Step) > 0 {
		s.s.Deploy.Unseen = true
	}
}

// unseen reports, once, whether the gap before this sample fell into an outage.
func (s *Series) unseen() bool {
	was := s.s.Deploy.Unseen
	s.s.Deploy.Unseen = false
	return was
}

// Last returns the instant of the last sample in Unix milliseconds; ok is false
// if there has been none.
func (s *Series) Last() (t int64, ok bool) { return s.s.Hygiene.Last, s.s.Hygiene.Started }

// Ended reports whether the last thing seen was the marker of the series' end.
func (s *Series) Ended() bool { return s.s.Quiet.Ended }

// Verdict returns the state of the series after the last step.
func (s *Series) Verdict() Verdict { return Verdict(s.s.Last.Verdict) }

// Opened returns when the open anomaly opened, in Unix milliseconds; ok is false
// if none is open.
func (s *Series) Opened() (start int64, ok bool) { return s.s.Episode.Start, s.s.Episode.Open }
