package detect

import (
	"errors"
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/metric"
)

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
	return s.sky.say()
}

func (k *skyline) say() []Vote {
	out := make([]Vote, skylineCount)
	for i, v := range k.votes {
		out[i] = Vote{skylineNames[i], v.fired, v.counted}
	}
	return out
}

// SkylineVotes returns the nine votes on the last of the samples, with those of
// the FullDuration before it, and the verdict; of all that Series.Step would
// have said on the way nothing. Samples are taken as raw values in order of
// time; what is not finite or does not advance is left out.
func SkylineVotes(c SkylineConfig, samples []metric.Sample) ([]Vote, Verdict, error) {
	c = c.withDefaults()
	if errs := c.validate(); len(errs) > 0 {
		return nil, 0, errors.Join(errs...)
	}
	k, h := newSkyline(c), hygiene{Kind: uint8(MetricGauge)}
	for _, x := range samples {
		if v, _, in := h.accept(x.T, x.V); in == intakeValue {
			k.push(x.T, v)
		}
	}
	if k.time.n > 0 {
		k.vote()
	}
	return k.say(), k.verdict(), nil
}

// skip is why a series was not judged.
type skip uint8

const (
	skipNone   skip = iota
	skipShort       // Fewer than MinLength points.
	skipStale       // No point for StalePeriod.
	skipBoring      // Too few different values among the last.
)

// pass leaves the series unjudged.
func (k *skyline) pass(why skip) {
	k.skip, k.votes = why, [skylineCount]vote{}
}

// vote runs every algorithm on the window and returns how many votes count.
func (k *skyline) vote() int {
	w := k.window()
	x := w[len(w)-1]
	k.tail = tailMean(w)
	k.pass(skipNone)
	k.ks.follow(k)
	all := k.spread()
	switch {
	case len(w) < k.cfg.MinLength:
		k.pass(skipShort)
		return 0
	case k.bored(w):
		k.pass(skipBoring)
		return 0
	}
	set := func(i int, fired bool) { k.votes[i] = vote{fired, fired} }
	set(skyFirstHour, k.firstHourAverage())
	set(skyMeanSubtraction, k.meanSubtractionCumulation(x))
	set(skyStddev, k.stddevFromAverage(all))
	set(skyMovingAverage, k.stddevFromMovingAverage(x))
	set(skyLeastSquares, k.leastSquares(all))
	set(skyGrubbs, k.grubbs(all))
	set(skyHistogram, k.histogramBins())
	fired, quiet := k.medianAbsoluteDeviation(x)
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

// spread returns what the sums know of the window, and keeps its mean and
// deviation. Where the sums have lost too many digits, to a level or an
// outlier that is gone by now, they are computed anew first.
func (k *skyline) spread() spread {
	r, n := &k.roll, k.time.n
	of := func() spread { return r.spreadOf(n, r.V.value(), r.VV.value(), r.lost()) }
	all := of()
	if worn := all.ss.hi-all.ss.lo > 1e-6*all.ss.hi || r.Error > 1e-7*r.M2; worn && r.Age > slack && r.Low < r.High {
		k.rebuild()
		all = of()
	}
	k.mean, k.std = all.mean, 0
	if n > 1 {
		k.std = math.Sqrt(max(0, all.ss.lo+all.ss.hi) / 2 / float64(n-1))
	}
	return all
}

// bored reports whether the last values are so few different ones, one by
// default, that the published analyzer skips the series.
func (k *skyline) bored(w []float64) bool {
	if k.cfg.CorrectedBoredom && len(w) > k.cfg.Boredom {
		return false
	}
	var seen [10]float64
	n := 0
	for _, v := range slices.Backward(w[max(0, len(w)-k.cfg.Boredom):]) {
		if slices.Contains(seen[:n], v) {
			continue
		}
		if n == k.cfg.BoredomSet {
			return false
		}
		seen[n] = v
		n++
	}
	return n == k.cfg.BoredomSet
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
	l, e := &st.Last, &st.Episode
	l.Score, l.Bar = float64(n), float64(k.cfg.Consensus)
	l.Observed, l.Expected = x, k.mean
	l.Half = 3 * k.std
	dir := DirectionUp
	if k.tail < k.mean {
		dir = DirectionDown
	}
	tr := closed
	anomalous := n >= k.cfg.Consensus && (!k.cfg.SecondOrder || k.second.judge(t, x))
	switch {
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

// tickSkyline is Tick as published: a series without a point for StalePeriod is
// skipped, so it is not anomalous any more, and its silence is not told.
func (s *Series) tickSkyline(now int64) Result {
	h, e := &s.s.Hygiene, &s.s.Episode
	tr := TransitionNone
	if h.Started && now-h.Last > s.sky.cfg.StalePeriod.Milliseconds() {
		s.sky.pass(skipStale)
		if e.Open {
			tr = e.close(now, false)
		}
	}
	return s.finish(tr, 0)
}

// verdict says the state of a series without an open anomaly.
func (k *skyline) verdict() Verdict {
	switch {
	case k.skip == skipStale:
		return VerdictNoData
	case k.time.n < 2, k.skip == skipShort:
		return VerdictNotEnoughData
	case k.skip == skipBoring:
		return VerdictConstant
	}
	return VerdictHealthy
}

// explainSkyline is the trace of the vote.
func (s *Series) explainSkyline() Trace {
	t, k := s.traceHead(), s.sky
	n := 0.0
	for _, v := range k.votes {
		if v.counted {
			n++
		}
	}
	for i, v := range k.votes {
		m := Member{Name: skylineNames[i], P: 1}
		if v.counted {
			m.Share = 1 / n
		}
		t.Members = append(t.Members, m)
	}
	t.Notes = append(s.notes(), "score is the number of votes counted of nine; the vote has no p-value")
	note := func(when bool, text string) {
		if when {
			t.Notes = append(t.Notes, text)
		}
	}
	mad := k.votes[skyMAD]
	note(mad.counted && !mad.fired, "median_absolute_deviation is counted though it did not fire, as published")
	note(k.skip == skipShort, "not judged: the window holds fewer points than the minimum length")
	note(k.skip == skipStale, "not judged: no sample for the stale period, as published")
	note(k.skip == skipBoring, "the last values are all equal: not judged, as published")
	note(k.dropped > 0, "the window is full: the oldest points were dropped early")
	note(k.skip == skipNone && k.cfg.SecondOrder && int(n) >= k.cfg.Consensus && !s.s.Episode.Open,
		"enough votes, but held back: the time since the anomaly before is as usual")
	return t
}
