package detect

import "math"

// seasonal is the member that knows what is usual at this hour: a mean per
// hour of the day and, once two weeks were seen and it predicts better, apart
// for working days and for weekends. It votes through the record of its
// residual: a value that is usual, but not at this hour.
type seasonal struct {
	Day   hours
	Class [2]hours   // Working days, weekends (Saturday and Sunday, UTC).
	Error [2]float32 // Running mean of |residual|: by hour of day, by class.
	Miss  peak
}

// hours holds a mean per hour of the day, offset by the origin.
type hours struct {
	Mean [24]float32
	N    [24]uint8
}

const (
	hourMS     = 3600_000
	hourMin    = 3   // Values in an hour before it predicts.
	classMin   = 200 // Values in an hour of a class before it may predict.
	classGain  = .8  // Share of the error by hour below which the class is used.
	hourUsual  = 3   // Times the mean residual within which a value is usual.
	hourForget = .02 // Weight of a new value once fifty were seen.
)

// observe returns the record ratio of the residual of x at instant t, 0 while
// the hour is new, and whether x is usual at this hour; then it learns x. While
// values are far from the baseline the size of the residual is not learned.
func (s *seasonal) observe(t int64, x float64, far bool) (ratio float64, usual bool) {
	hour := uint64(t / hourMS)
	h, class := hour%24, &s.Class[0]
	if day := (hour/24 + 4) % 7; day == 0 || day == 6 { // Day 0 of Unix time was a Thursday.
		class = &s.Class[1]
	}
	if s.Day.N[h] >= hourMin {
		by := 0
		miss := math.Abs(x - float64(s.Day.Mean[h]))
		s.learnError(0, miss, far)
		if class.N[h] >= classMin {
			m := math.Abs(x - float64(class.Mean[h]))
			s.learnError(1, m, far)
			if s.Error[1] < classGain*s.Error[0] {
				miss, by = m, 1
			}
		}
		usual = miss <= hourUsual*float64(s.Error[by])
		ratio = s.Miss.observe(miss)
	}
	s.Day.learn(h, x)
	class.learn(h, x)
	return ratio, usual
}

// usualAt reports whether x is usual at the hour of t.
func (s *seasonal) usualAt(t int64, x float64) bool {
	h := uint64(t/hourMS) % 24
	return s.Day.N[h] >= hourMin && math.Abs(x-float64(s.Day.Mean[h])) <= hourUsual*float64(s.Error[0])
}

// learnError moves the running size of a residual.
func (s *seasonal) learnError(by int, miss float64, far bool) {
	if !far {
		s.Error[by] += .01 * (float32(miss) - s.Error[by])
	}
}

// learn moves the mean of an hour toward x: the plain mean of the first fifty
// values, exponentially weighted after.
func (s *hours) learn(h uint64, x float64) {
	if s.N[h] < math.MaxUint8 {
		s.N[h]++
	}
	a := max(hourForget, 1/float64(s.N[h]))
	s.Mean[h] += float32(a * (x - float64(s.Mean[h])))
}
