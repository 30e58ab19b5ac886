package detect

// The way of one clean value through the default profile: every member hears it,
// the consensus joins what they say, what may speak beside the consensus is
// asked, and the episode decides what is told.

// judge is the default profile on one clean value.
func (s *Series) judge(t int64, x float64, closed Transition) Result {
	st := &s.s
	if r, done := s.settle(t, x, closed); done {
		return r
	}
	if st.N == 0 {
		st.Origin, st.First = x, t
	}
	st.N++
	x -= st.Origin
	st.Varied = st.Varied || x != 0
	m := moment{t: t, n: st.N, bar: st.Last.Bar, kind: KindSpike}
	s.observe(&m, x)
	flat := st.Quiet.value(x)
	if st.N <= noveltyWarmup || !st.Varied {
		st.Last.Score = 0
		return s.finish(closed, 0)
	}
	st.Bets.observe(st.Last.Score)
	m.score = st.Last.Score
	s.askBeside(&m, x, flat)
	if closed != TransitionNone {
		return s.finish(closed, 0)
	}
	s.temper(&m)
	tr, alarm := st.Episode.step(&m)
	if tr == TransitionNone {
		tr, alarm = st.Episode.freeze(flat, st.Quiet.Run, &m)
	}
	if tr == TransitionClosed && st.Base.Far > 0 {
		st.Base.restart(x) // Recovered to what is usual at this hour, not to the level before.
	}
	return s.finish(tr, alarm)
}

// observe lets every member see x (offset by the origin) and fills the moment
// and the last step.
func (s *Series) observe(m *moment, x float64) {
	st := &s.s
	r := reading{t: m.t, first: st.First, n: st.N, x: x, prev: x, expected: x, season: &st.Seasonal.Day,
		bar: m.bar, step: st.Hygiene.Step, hold: s.hold(), open: st.Episode.Open}
	if med, ok := st.Base.median(); ok {
		r.expected = med
	}
	if st.Recent.N > 0 {
		r.prev = st.Recent.at(1)
	}
	away, usual := s.hear(m, &r)
	recurring := s.join(m, &r, away)
	said := st.Slow.observe(&r)
	if l := &st.Last; said.evidence > l.Score {
		l.Score, m.kind, m.dir, m.change = said.evidence, said.kind, said.dir, said.change
		m.allowed, m.slow, l.Slow = true, said.member, said.member
	}
	m.calm = (m.ratio[memberBaseline] <= 1 || usual) && !said.held
	m.adapted = m.adapted || said.adapted
	m.expected, m.observed = r.expected+st.Origin, x+st.Origin
	l := &st.Last
	for i, ratio := range m.ratio {
		l.Ratio[i] = float32(ratio)
	}
	l.Fused, l.Recurring, l.Novel = float32(m.fused), float32(recurring), float32(m.novel)
	l.Expected, l.Observed = m.expected, m.observed
	l.Half = st.Cal.band(m.bar, st.N) * st.Base.Tail.Q * recurring
}

// hear asks every member for its ratio, and lets it learn the value. It returns
// whether the last move led away from the usual level, and whether the value is
// usual at this hour.
func (s *Series) hear(m *moment, v *reading) (away, usual bool) {
	st, r := &s.s, &m.ratio
	r[memberDelta], r[memberDelta2] = st.Delta.observe(v.x, &st.Recent, st.N)
	r[memberFast] = st.Fast.observe(v.x, &st.Recent, st.N)
	away = r[memberDelta] > awayLeast && st.Base.away(v.x, v.prev)
	r[memberBaseline], m.adapted = st.Base.observe(v.x, st.N, v.hold)
	v.reach, v.far = st.Base.Tail.Q, r[memberBaseline] > guardRatio
	r[memberRange] = st.Range.observe(v.x)
	r[memberShift], r[memberLevel] = st.Shift.observe(v.x, &st.Recent)
	r[memberCurvature], r[memberRoughness] = st.Rough.observe(v.x, &st.Recent)
	r[memberSeasonal], usual = st.Seasonal.observe(m.t, v.x, v.far)
	st.Shift.push(v.x)
	st.Recent.push(v.x)
	if st.Base.Far == 1 || st.FarSince == 0 {
		st.FarSince = m.t
	}
	m.change = m.t
	if st.Base.Far > 0 {
		m.change = st.FarSince
	}
	return away, usual
}

// join makes one evidence of the ratios, and returns what recurs at this time of
// day, by which movement was divided.
func (s *Series) join(m *moment, v *reading, away bool) (recurring float64) {
	st := &s.s
	fused := fuseMovement(&m.ratio, away)
	recurring = st.Recur.usual(m.t)
	st.Recur.note(fused)
	m.fused, m.novel = fused/recurring, fuseNovelty(&m.ratio)
	e := st.Cal.evidence(m.fused, calTail)
	st.Cal.count(m.fused, st.N)
	if n := noveltyScore(m.novel); n > e {
		e, m.kind = n, noveltyKind(&m.ratio)
	}
	st.Last.Score = st.Recur.doubt(claimable(e, st.N), m.t, fused, v.step)
	v.usual = st.Recur.Doubted || (recurring > 1 && fused <= guardRatio*recurring)
	m.dir = DirectionUp
	if v.x < v.expected {
		m.dir = DirectionDown
	}
	m.allowed = st.N >= shortHistory || m.novel >= noveltyGate
	return recurring
}

// askBeside asks those who speak beside the consensus: the member of form, and a
// value that does not change; flat is the evidence of that.
func (s *Series) askBeside(m *moment, x, flat float64) {
	st := &s.s
	if s.form != nil {
		if e := s.form.observe(m.t, x, st.Hygiene.Step, m.score); e > m.score {
			m.score, m.kind, m.allowed, m.calm = e, KindShape, true, false
			st.Last.Score, s.form.Led = e, true
		}
	}
	if flat < m.bar {
		return
	}
	m.calm = false
	if e := min(flat, m.bar+flatTold); e > m.score && (!st.Episode.Open || Kind(st.Episode.Kind) == KindFlatline) {
		m.score, m.kind, m.allowed = e, KindFlatline, true
		m.change = m.t - int64(float64(st.Quiet.Run-1)*st.Hygiene.Step)
	}
}
