package detect

import "math"

// What a distance is worth: compared with the past of the series and with what
// so many observations can show.

// ratio compares a distance with how large it usually gets; one is the distance
// that would be 1.
func (s *HistogramSeries) ratio(k int, w, usual float64) (r, one float64) {
	j := &s.s.Judge
	u2 := usual * usual
	all := u2 + max(0, float64(j.Beyond[k]))
	z := w / math.Sqrt(all)
	h := &j.Tail[k]
	q := max(h.Q, leastRatio)
	r, one = min(ratioMax, z/q), q*math.Sqrt(all)
	if h.Q == 0 { // The tail has no guard of its own yet.
		h.ratio(min(z, guardRatio*leastRatio), j.N)
	} else {
		h.ratio(z, j.N)
	}
	if r <= guardRatio && !s.s.Episode.Open {
		// In the mean the square of W1 is a quarter more than the square of its mean.
		a := float32(max(1./200, 1/float64(j.N)))
		j.Beyond[k] += a * (float32(w*w-usualExtra*u2) - j.Beyond[k])
		j.Share[k] += a * (float32(u2/all) - j.Share[k])
	}
	return r, one
}

// power is the power by which the chance of a ratio falls beyond 1: calTail
// where ordinary days move the distance more than sampling does, up to powerMost
// where sampling is all there is, whose tails are those of a normal.
func (j *histogramJudge) power(k int) float64 {
	if j.N < powerAfter {
		return calTail
	}
	sure := (float64(j.Share[k]) - powerFrom) / (powerFull - powerFrom)
	return calTail + (powerMost-calTail)*max(0, min(1, sure))
}

// reach is how far the slowest twentieth may move, in buckets, before that alone
// reaches the bar, if it lasts for eight batches or so: the tail of one batch of
// few observations may be anywhere. one are the distances at which ratios are 1.
func (j *histogramJudge) reach(bar float64, one *[histogramStats]float64) float64 {
	const lately = 3
	return max(leastTail, one[lately]*j.Cal.reach(bar, j.power(lately)))
}

// shown is the evidence that so many observations can show: of the better of
// two tests.
func (s *HistogramSeries) shown(sh *histogramShift, lead int) float64 {
	l := &s.s.Last
	x, sum := s.scale(lead / 2)
	form, sum0 := s.against(sh)
	l.KS = ksEvidence(sh.ks, sh.n*sh.n0/(sh.n+sh.n0))
	g, df := gTest(x, sum, sh.n, form, sum0, sh.n0)
	l.G = chiEvidence(g, df)
	return max(0, max(l.KS, l.G)-math.Log10(2))
}
