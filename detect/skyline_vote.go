package detect

// The vote of the skyline profile. An anomaly is where at most nine minus
// Consensus algorithms said false: Etsy counts the refusals, not the votes, and
// the silence of median_absolute_deviation is not a refusal (the "None bug").

const (
	skyFirstHour = iota
	skyMeanSubtraction
	skyStddev
	skyMovingAverage
	skyLeastSquares
	skyGrubbs
	skyHistogram
	skyMAD
	skyKS
	skylineCount
)

var skylineNames = [skylineCount]string{
	"first_hour_average", "mean_subtraction_cumulation", "stddev_from_average",
	"stddev_from_moving_average", "least_squares", "grubbs", "histogram_bins",
	"median_absolute_deviation", "ks_test",
}

// boredom is the number of equal values in a row after which Etsy Skyline does
// not look at a series.
const boredom = 100

// vote is the outcome of one algorithm.
type vote struct{ fired, counted bool }

// Vote is the outcome of one skyline algorithm on the last sample.
type Vote struct {
	Name string `json:"name"`
	// Fired is true where the formula's condition holds.
	Fired bool `json:"fired"`
	// Counted is true where the consensus took it as a vote: it fired, or it
	// is the silent median_absolute_deviation, which the published code counts.
	Counted bool `json:"counted"`
}

// Votes returns the nine votes on the last sample, in Etsy's order of the
// documentation; nil unless the profile is skyline.
func (s *Series) Votes() []Vote {
	if s.sky == nil {
		return nil
	}
	out := make([]Vote, skylineCount)
	for i, v := range s.sky.votes {
		out[i] = Vote{skylineNames[i], v.fired, v.counted}
	}
	return out
}

// vote runs every algorithm on the window and returns how many votes count.
func (k *skyline) vote() int {
	k.votes = [skylineCount]vote{}
	k.tail = tailMean(k.v)
	mean, std := meanStd(k.v)
	k.mean = mean
	if k.boring = k.bored(); k.boring {
		return 0
	}
	set := func(i int, fired bool) { k.votes[i] = vote{fired, fired} }
	set(skyFirstHour, k.firstHourAverage())
	set(skyMeanSubtraction, k.meanSubtractionCumulation())
	set(skyStddev, k.stddevFromAverage(mean, std))
	set(skyMovingAverage, k.stddevFromMovingAverage())
	set(skyLeastSquares, k.leastSquares(mean))
	set(skyGrubbs, k.grubbs(mean, std))
	set(skyHistogram, k.histogramBins())
	fired, quiet := k.medianAbsoluteDeviation()
	k.votes[skyMAD] = vote{fired, fired || quiet && !k.cfg.CorrectedMAD}
	set(skyKS, k.ksTest())
	n := 0
	for _, v := range k.votes {
		if v.counted {
			n++
		}
	}
	return n
}

// bored reports whether the last values are all equal, in which case the
// published analyzer skips the series.
func (k *skyline) bored() bool {
	if k.cfg.CorrectedBoredom && len(k.v) > boredom {
		return false
	}
	last := k.v[max(0, len(k.v)-boredom):]
	for _, v := range last {
		if v != last[0] {
			return false
		}
	}
	return true
}

// stepSkyline judges one value by the vote. closed is set if the value ended a
// silence. Score is the number of votes
// counted, 0 to 9, and no p-value: the vote has no calibration.
func (s *Series) stepSkyline(t int64, x float64, closed Transition) Result {
	st, k := &s.s, s.sky
	if st.N == 0 {
		st.First = t
	}
	st.N++
	k.push(t, x)
	n := k.vote()
	_, std := meanStd(k.v)
	if len(k.v) < 2 {
		std = 0
	}
	l, e := &st.Last, &st.Episode
	l.Score, l.Bar = float64(n), float64(k.cfg.Consensus)
	l.Observed, l.Expected = x, k.mean
	l.Half = 3 * std
	dir := DirectionUp
	if k.tail < k.mean {
		dir = DirectionDown
	}
	tr := closed
	switch anomalous := n >= k.cfg.Consensus; {
	case closed != TransitionNone:
	case anomalous && !e.Open:
		*e = episode{Open: true, Count: e.Count + 1, Start: t, Change: t, Kind: uint8(KindConsensus),
			Direction: uint8(dir), Peak: float64(n), Expected: k.mean, Observed: x}
		tr = TransitionOpened
	case anomalous && float64(n) > e.Peak:
		e.Peak, e.Expected, e.Observed, e.Direction = float64(n), k.mean, x, uint8(dir)
		tr = TransitionEscalated
	case !anomalous && e.Open:
		tr = e.close(t, false)
	}
	alarm := 0.0
	if tr == TransitionOpened || tr == TransitionEscalated {
		alarm = float64(n)
	}
	return s.finish(tr, alarm)
}

// verdict says the state of a series without an open anomaly.
func (k *skyline) verdict() Verdict {
	switch {
	case len(k.v) < 2:
		return VerdictNotEnoughData
	case k.boring:
		return VerdictConstant
	}
	return VerdictHealthy
}

// explainSkyline is the trace of the vote.
func (s *Series) explainSkyline() Trace {
	t := s.traceHead()
	n := 0.0
	for _, v := range s.sky.votes {
		if v.counted {
			n++
		}
	}
	for i, v := range s.sky.votes {
		m := Member{Name: skylineNames[i], P: 1}
		if v.counted {
			m.Share = 1 / n
		}
		t.Members = append(t.Members, m)
	}
	t.Notes = append(s.notes(), "score is the number of votes counted of nine; the vote has no p-value")
	if v := s.sky.votes[skyMAD]; v.counted && !v.fired {
		t.Notes = append(t.Notes, "median_absolute_deviation is counted though it did not fire, as published")
	}
	if s.sky.boring {
		t.Notes = append(t.Notes, "the last values are all equal: not judged, as published")
	}
	if s.sky.dropped > 0 {
		t.Notes = append(t.Notes, "the window is full: the oldest points were dropped early")
	}
	return t
}
