package detect

import "math"

// histogramJudge makes evidence of distances and decides what is learned.
//
// Six distances are watched: W1 and tail, of the batch at hand ("now"), of the
// last eight or so ("lately") and of the last thirty-two ("long"): the longer
// ones find what is too small, or told by too few observations, to show in one
// batch. Each is divided by what it is in the mean without a change: the
// sampling error of so few observations, and beside it what the series shows
// beyond that on ordinary days. The quotient is compared with its own guarded
// tail, as a residual of a Series is; the largest of the ratios is calibrated
// likewise. Beyond its tail a distance that is all sampling error falls off much
// faster than the power 3 that holds for a series in general: see power.
//
// Two things bound the evidence. It is never more than so few observations can
// show: the better of the KS and the G test, doubled for having chosen. And a
// distance below its least effect is none of anybody's business, however sure.
type histogramJudge struct {
	Window  [histogramScales - 1]histogramWindow // Lately, long.
	Tail    [histogramStats]tail
	Beyond  [histogramStats]float32 // Mean of what squared distances exceed the sampling error by.
	Share   [histogramStats]float32 // Of the sampling error in the squared distance, slowly followed.
	Cal     calibrate
	Recur   recurrence
	Step    float64  // Estimated distance between batches, milliseconds.
	At      int64    // Instant of the last batch.
	First   int64    // Instant of the first batch.
	Suspect [2]int64 // Beginning of the present run of batches suspicious by themselves, and over any length; 0 if the last was none.
	N       uint32   // Batches judged.
	Far     uint16   // Batches beyond the guard in a row, 0 once four in a row were within.
	Near    uint8    // Batches within it since.
	Varied  bool     // A batch differed from the one before.
	Back    bool     // The anomaly is open and the last batch was like what was usual.
}

// histogramWindow is a sum of batches that fade.
type histogramWindow struct {
	Count   cells
	N       float64 // Sum of Count.
	Squares float64 // Sum of squared weights.
}

// worth is the number of independent observations the window is worth.
func (w *histogramWindow) worth() float64 { return w.N * w.N / w.Squares }

// add lets a batch of n observations in; what was there keeps a share.
func (w *histogramWindow) add(batch *cells, n, keep float64) {
	if w.N > 1e18 { // Counts no process makes: keep the sums finite.
		keep = 0
	}
	for i, c := range batch {
		w.Count[i] = w.Count[i]*float32(keep) + c
	}
	w.N = w.N*keep + n
	w.Squares = w.Squares*keep*keep + n
}

// A statistic is a scale and one of two distances: 2*scale, +1 for the tail.
const (
	histogramScales = 3
	histogramStats  = 2 * histogramScales
)

var (
	histogramStatNames = [histogramStats]string{"w1 now", "tail now", "w1 lately", "tail lately", "w1 long", "tail long"}
	// windowKeep is the share of a window that stays when a batch comes.
	windowKeep = [histogramScales - 1]float64{7. / 8, 31. / 32}
)

// suspicious are the ratios from which a batch, and a batch or a window, may be
// the beginning of something. Windows are beyond a half more often than not.
var suspicious = [2]float64{.5, .75}

const (
	histogramWarmup = 100 // Batches before there is a verdict: what a tail needs.
	// leastRatio is the .998 quantile of W1 over its mean when nothing but
	// sampling moves it, roughly: a tail fitted on little promises no less.
	leastRatio  = 2
	leastShift  = 1 // Buckets: 9 %.
	leastTail   = 2 // Buckets: the slowest twentieth 19 % off.
	tellingFrom = 150
	// worse is how much stronger evidence has to get before an open anomaly is
	// news again: windows that fill make it grow by themselves.
	worse       = 1.5
	holdBatches = 12 // Batches an anomaly holds at least before its form is accepted.
	usualExtra  = 1.25
	powerMost   = 8   // The power of the tail where all is sampling error,
	powerFrom   = .5  // from this share of it on,
	powerFull   = .85 // fully from this,
	powerAfter  = 300 // and after so many batches.
	reachMost   = 80  // Buckets a band reaches at most: a thousandfold.
)

// leastEffect returns the distance below which statistic k says nothing.
func leastEffect(k int) float64 {
	if k%2 == 1 {
		return leastTail
	}
	return leastShift
}

// judgeBatch judges the batch that is full.
func (s *HistogramSeries) judgeBatch(t int64) Result {
	st := &s.s
	in, j, u := &st.Intake, &st.Judge, &st.Usual
	in.Full = true
	s.widen()
	span := float64(t - in.From)
	if j.N > 0 {
		span = float64(t - j.At)
	} else {
		j.First = t
	}
	if span > 0 {
		j.pace(span)
	}
	j.At = t
	j.N++
	u.turn(t)
	if u.N == 0 {
		u.learn(&in.Batch, in.Filled, span)
		for i := range j.Window {
			j.Window[i].add(&in.Batch, in.Filled, 0)
		}
		return s.finish(TransitionNone, 0)
	}
	var recent, hourly histogramForm
	s.form(&recent, (*[histogramCells]float32)(&u.Recent), u.N, u.worth())
	if n := u.atHour(t, &s.slot); n > 0 {
		s.form(&hourly, &s.slot, 1, n)
	}
	var r, effect, one [histogramStats]float64
	var shift [histogramScales]histogramShift
	for scale := range shift {
		x, sum, n := &in.Batch, in.Filled, in.Filled
		if scale > 0 {
			w := &j.Window[scale-1]
			w.add(&in.Batch, in.Filled, windowKeep[scale-1])
			x, sum, n = &w.Count, w.N, w.worth()
		}
		sh := s.nearest(x, sum, n, &recent, &hourly)
		k := 2 * scale
		shift[scale], effect[k], effect[k+1] = sh, sh.w1, sh.tail
		r[k], one[k] = s.ratio(k, sh.w1, sh.usual)
		r[k+1], one[k+1] = s.ratio(k+1, sh.tail, sh.usualTl)
		if scale == 0 {
			s.turnBack(sh.w1, max(r[0], r[1]))
		}
	}
	j.Varied = j.Varied || shift[0].w1 > 0
	s.s.Last.Reach = j.reach(s.s.Last.Bar, &one)
	return s.conclude(t, span, &r, &effect, &shift)
}

// pace moves the estimate of the distance between batches towards its median.
func (j *histogramJudge) pace(ms float64) {
	h := hygiene{Step: j.Step}
	h.pace(ms)
	j.Step = h.Step
}

// widen makes the grid coarser if too much of the batch lies beyond it.
func (s *HistogramSeries) widen() {
	in, g := &s.s.Intake, &s.s.Grid
	low, high := in.Low > outsideShare*in.Filled, in.High > outsideShare*in.Filled
	if (low || high) && !g.Custom && g.Schema > coarsest {
		s.coarsen(g.Schema-1, low, high)
		in.Wider++
	}
}

// nearest compares x with what was usual just before and with what is usual at
// this hour, where that is known, and returns the smaller distance.
func (s *HistogramSeries) nearest(x *cells, sum, n float64, recent, hourly *histogramForm) histogramShift {
	out := s.compare(x, sum, n, recent)
	if hourly.n > 0 {
		h := s.compare(x, sum, n, hourly)
		if max(h.w1/h.usual, h.tail/h.usualTl) < max(out.w1/out.usual, out.tail/out.usualTl) {
			out = h
			out.hourly = true
		}
	}
	return out
}

// turnBack lets what was lately begin anew with the first batch that is like
// what was usual and unlike the anomaly: so the way back is judged by what came
// after it.
func (s *HistogramSeries) turnBack(w1, ratio float64) {
	j := &s.s.Judge
	if !s.s.Episode.Open {
		j.Back = false
		return
	}
	in := &s.s.Intake
	back := ratio <= 1
	if back && !j.Back {
		w := &j.Window[0]
		var anomaly histogramForm
		s.form(&anomaly, (*[histogramCells]float32)(&w.Count), w.N, w.worth())
		d := s.compare(&in.Batch, in.Filled, in.Filled, &anomaly)
		if back = w1 < d.w1; back {
			j.Window = [histogramScales - 1]histogramWindow{}
		}
	}
	j.Back = back
}

// fused is what six ratios come to.
type histogramFused struct {
	ratio float64 // The largest whose distance has its least effect.
	top   float64 // The largest of all.
	lead  int     // Whose it is: of ratio, else of top.
	far   bool    // One is beyond the guard, and its distance beyond half its least effect.
}

func fuseHistogram(r, effect *[histogramStats]float64) (f histogramFused) {
	highest := 0
	for k, x := range r {
		if x > f.top {
			f.top, highest = x, k
		}
		if effect[k] >= leastEffect(k) && x > f.ratio {
			f.ratio, f.lead = x, k
		}
		f.far = f.far || (x > guardRatio && effect[k] >= leastEffect(k)/2)
	}
	if f.ratio == 0 {
		f.lead = highest
	}
	return f
}

// conclude makes evidence of the ratios, moves the episode and learns.
func (s *HistogramSeries) conclude(t int64, span float64, r, effect *[histogramStats]float64, shift *[histogramScales]histogramShift) Result {
	st := &s.s
	j, l, in := &st.Judge, &st.Last, &st.Intake
	f := fuseHistogram(r, effect)
	for i, x := range [2]float64{max(r[0], r[1]), f.top} {
		if x <= suspicious[i] {
			j.Suspect[i] = 0
		} else if j.Suspect[i] == 0 {
			j.Suspect[i] = in.From
		}
	}
	adapted := s.guard(f.far)
	recurring := j.Recur.usual(t)
	j.Recur.note(f.ratio)
	x := f.ratio / recurring
	e := claimable(j.Cal.evidence(x, j.power(f.lead)), j.N)
	j.Cal.count(x, j.N)
	l.KS, l.G = 0, 0
	if e > 1 {
		e = min(e, s.shown(&shift[f.lead/2], f.lead))
	}
	l.Score, l.Fused, l.Recurring = e, float32(x), recurring
	for k, x := range r {
		l.Ratio[k] = float32(x)
	}
	scale := j.telling(r, effect, shift, f.lead)
	s.picture(&shift[scale], scale, f.lead%2 == 1)
	l.Reach = min(l.Reach*recurring, reachMost)
	l.Lower, l.Upper = l.Expected*math.Exp2(-l.Reach/8), l.Expected*math.Exp2(l.Reach/8)
	m := s.moment(t, &f, &shift[f.lead/2])
	m.adapted = adapted
	copy(m.ratio[:], r[:])
	tr, alarm := st.Episode.step(&m)
	if adapted {
		st.Usual.restart(&j.Window[0])
	} else if !f.far && !st.Episode.Open {
		st.Usual.learn(&in.Batch, in.Filled, span)
	}
	return s.finish(tr, alarm)
}

// moment is what the episode is told about the batch.
func (s *HistogramSeries) moment(t int64, f *histogramFused, sh *histogramShift) moment {
	j, l, e := &s.s.Judge, &s.s.Last, &s.s.Episode
	m := moment{t: t, n: j.N, score: l.Score, bar: l.Bar, kind: KindDistribution, dir: direction(sh), change: t,
		expected: float64(l.Moved.Before[l.Moved.Most]), observed: float64(l.Moved.After[l.Moved.Most]),
		calm: j.Back && f.top <= 1, allowed: true, fused: float64(l.Fused)}
	for _, at := range j.Suspect {
		if at > 0 {
			m.change = at
			break
		}
	}
	if e.Open && l.Score < e.Told+worse {
		m.score = min(l.Score, max(e.Told, l.Bar))
	}
	return m
}

// guard counts batches beyond the guard and says when the adaptation time is
// over: what lasted so long is the new normal.
func (s *HistogramSeries) guard(far bool) (adapted bool) {
	j := &s.s.Judge
	if far {
		j.Near = 0
		if j.Far++; j.Far > s.hold() {
			j.Far = 0
			return true
		}
		return false
	}
	if j.Near < math.MaxUint8 {
		j.Near++
	}
	if j.Near > baseNear {
		j.Far = 0
	}
	return false
}

// hold returns the adaptation time in batches.
func (s *HistogramSeries) hold() uint16 {
	step := s.s.Judge.Step
	if step <= 0 {
		return guardHold
	}
	return uint16(max(holdBatches, min(guardHold, float64(s.cfg.Adapt.Milliseconds())/step)))
}

// telling returns the scale whose batches show best what moved: the shortest
// that shows it with observations enough for its quantiles, since the longer ones
// still hold what was before. While nothing is suspicious that is the batch at
// hand.
func (j *histogramJudge) telling(r, effect *[histogramStats]float64, shift *[histogramScales]histogramShift, lead int) int {
	for k, x := range r {
		if x > 1 && effect[k] >= leastEffect(k) && shift[k/2].n >= tellingFrom {
			return k / 2
		}
	}
	if j.Suspect[1] == 0 {
		return 0
	}
	return lead / 2
}

// scale returns the observations of a scale: the batch, or a window.
func (s *HistogramSeries) scale(scale int) (x *cells, sum float64) {
	if scale > 0 {
		w := &s.s.Judge.Window[scale-1]
		return &w.Count, w.N
	}
	return &s.s.Intake.Batch, s.s.Intake.Filled
}

// against returns what the shift was measured from.
func (s *HistogramSeries) against(sh *histogramShift) (form *[histogramCells]float32, sum float64) {
	if sh.hourly {
		return &s.slot, 1
	}
	return (*[histogramCells]float32)(&s.s.Usual.Recent), s.s.Usual.N
}

// direction is where the mass went on the whole; none if as much went up as
// down.
func direction(sh *histogramShift) Direction {
	switch {
	case sh.net > .25*sh.w1:
		return DirectionUp
	case sh.net < -.25*sh.w1:
		return DirectionDown
	}
	return DirectionNone
}
