package detect

import "math"

// secondOrder is the filter that Etsy calls is_anomalously_anomalous, off by
// default: an anomaly is told only if the time since the one before is unusual,
// more than three sample deviations from the mean of all such times. The first
// is always told; the same value again within 300 s is the same anomaly. What
// Etsy keeps as a list that grows without end is kept as three sums.
type secondOrder struct {
	N     uint32 // Anomalies so far.
	Last  int64  // Instant of the last, Unix milliseconds,
	Value float64
	First float64 // The first interval, seconds: sums are of distances from it.
	Sum   sum
	Sum2  sum
}

const secondOrderSame = 300_000

// judge reports whether the anomaly at t (Unix milliseconds) of value v is told.
func (s *secondOrder) judge(t int64, v float64) bool {
	if s.N > 0 && v == s.Value && t-s.Last <= secondOrderSame {
		return false
	}
	gap := float64(t-s.Last) / 1000
	s.N++
	s.Last, s.Value = t, v
	if s.N == 1 {
		return true
	}
	if s.N == 2 {
		s.First = gap
	}
	d := gap - s.First
	s.Sum.add(d)
	s.Sum2.add(d * d)
	if s.N == 2 { // One interval has no deviation.
		return false
	}
	n := float64(s.N - 1)
	mean := s.Sum.value() / n
	variance := max(0, s.Sum2.value()-s.Sum.value()*mean) / (n - 1)
	return math.Abs(d-mean) > 3*math.Sqrt(variance)
}
