package detect

import "math"

// Beyond is how far the last value judged lay from its expectation, as a
// multiple of the distance that the series exceeds twice in a thousand samples;
// 0 while that is unknown, and 1 where the series never moved before and is
// elsewhere now. It is what fleet.Fleet.Still wants of each sample of an anomaly that
// is held back: a new level is beyond at every sample, where the evidence of its
// first moment is gone after one.
func (s *Series) Beyond() float64 {
	l := &s.s.Last
	if s.s.Base.Tail.Q == 0 && l.Observed != l.Expected {
		return 1
	}
	return float64(l.Ratio[memberBaseline])
}

// Bar is the evidence at which an anomaly of this series opens: Config.Open
// false alarms per 1000 series-days at its step.
func (s *Series) Bar() float64 { return s.bar() }

// BeyondChance returns the p-value of a value as far beyond the usual as Beyond
// says: 2 in 1000 at 1, and falling with the third power from there.
func BeyondChance(beyond float64) float64 {
	return min(1, tailProb*math.Pow(max(ratioMin, min(beyond, ratioMax)), -calTail))
}
