package detect

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Eight of Etsy Skyline's nine algorithms, each with its exact formula
// (etsy/skyline src/analyzer/algorithms.py, 2015-10, read as Python 3). t3 is
// the mean of the last three values, n the number of points, s a sample
// standard deviation. The baselines include the point under test except where
// the formula says otherwise.
//
// Each is decided by the rolling sums or the window in order of size, with a
// bound on what these have lost to rounding; where the bound leaves the vote
// open, the algorithm is run on the whole window (exact...).

// spread is what rolling sums know of a set of values.
type spread struct {
	n    int
	mean float64
	off  float64 // The mean may be off by this,
	ss   bounds  // and the sum of squared distances from it lies here.
}

// spreadOf returns the spread of n values with the sums v and vv around the
// anchor, vv off by lost.
func (r *rolling) spreadOf(n int, v, vv, lost float64) spread {
	m, lostV := v/float64(n), r.lostV()
	return spread{n: n, mean: r.Anchor + m,
		off: 8*ulp*(math.Abs(r.Anchor)+math.Abs(m)+math.Sqrt(math.Abs(vv)/float64(n))) + lostV,
		ss:  about(vv-v*m, lost+4*ulp*(math.Abs(vv)+math.Abs(v*m))+lostV*(2*math.Abs(m)+lostV))}
}

// std returns the standard deviation with n-free in the denominator.
func (s spread) std(free int) bounds {
	d := 1 / float64(s.n-free)
	return bounds{s.ss.lo * d, s.ss.hi * d}.root()
}

// from returns the distance of x from the mean.
func (s spread) from(x float64) bounds {
	return about(math.Abs(x-s.mean), s.off+8*ulp*(math.Abs(x)+math.Abs(s.mean)))
}

// beyond rules on: x is more than three sample deviations from the mean.
func (s spread) beyond(x float64) ruling {
	if s.n < 2 {
		return surelyNo
	}
	d := s.std(1)
	return s.from(x).above(bounds{3 * d.lo, 3 * d.hi})
}

// firstHourAverage: |t3 - mean(H)| > 3 s(H), H being the points older than
// now - (FullDuration - 1 h): "this hour yesterday".
func (k *skyline) firstHourAverage() bool {
	r := &k.roll
	n := int(r.Late)
	if n < 2 && k.cfg.CorrectedFirstHour {
		start := k.time.at(0)
		if k.time.last()-start < 2*hourMS {
			return false
		}
		hour := k.window()[:k.time.before(start+hourMS)]
		return len(hour) > 1 && k.exactFirstHour(hour)
	}
	if n == 0 {
		return false
	}
	vv := r.HVV.value()
	switch r.spreadOf(n, r.HV.value(), vv, 4*ulp*math.Abs(vv)+float64(r.Age+8)*0x1p-100*r.Peak).beyond(k.tail) {
	case surelyYes:
		return true
	case surelyNo:
		return false
	}
	return k.exactFirstHour(k.window()[:n])
}

// stddevFromAverage: |t3 - mean| > 3 s over the window.
func (k *skyline) stddevFromAverage(all spread) bool {
	switch all.beyond(k.tail) {
	case surelyYes:
		return true
	case surelyNo:
		return false
	}
	return k.exactStddev()
}

// stddevFromMovingAverage: |x_n - EWMA| > 3 EWMSTD, centre of mass 50, weights
// (50/51)^age, adjusted, with the unbiased weighted variance.
func (k *skyline) stddevFromMovingAverage(x float64) bool {
	r := &k.roll
	if k.time.n < 2 {
		return false
	}
	gone := 1 - (1-decay)*r.W // decay^n
	w2 := (1 - gone*gone) / (1 - decay*decay)
	bias := r.W / (r.W*r.W - w2)
	std := bounds{(r.M2 - 2*r.Error) * bias, (r.M2 + 2*r.Error) * bias}.root()
	off := 256*ulp*(math.Abs(x)+math.Abs(r.Mean)) + math.Sqrt(r.Error)
	switch about(math.Abs(x-r.Mean), off).above(bounds{3 * std.lo, 3 * std.hi}) {
	case surelyYes:
		return true
	case surelyNo:
		return false
	}
	return k.exactMovingAverage()
}

// meanSubtractionCumulation: |x_n - mean(x_1..n-1)| > 3 s(x_1..n-1). Nothing
// is cumulated; the name is Etsy's.
func (k *skyline) meanSubtractionCumulation(x float64) bool {
	r := &k.roll
	d := x - r.Anchor
	switch r.spreadOf(k.time.n-1, r.V.less(d), r.VV.less(d*d), r.lost()).beyond(x) {
	case surelyYes:
		return true
	case surelyNo:
		return false
	}
	return k.exactMeanSubtraction()
}

// grubbs: (t3 - mean)/sigma_pop > (n-1)/sqrt(n) * sqrt(q/(n-2+q)), with
// q = t_isf(.05/(2n), n-2)^2. One-sided as published.
func (k *skyline) grubbs(all spread) bool {
	if all.n < 3 || k.tail < all.mean-all.off-tiny && !k.cfg.CorrectedGrubbs {
		return false
	}
	g := grubbsBounds(all.n)
	std := all.std(0)
	switch all.from(k.tail).above(bounds{g.lo * std.lo, g.hi * std.hi}) {
	case surelyYes:
		return true
	case surelyNo:
		return false
	}
	return k.exactGrubbs()
}

// grubbsCritical returns the score that z has to exceed; NaN for n < 3.
func (k *skyline) grubbsCritical(n int) float64 {
	if k.isfN != n {
		k.isfN, k.isf = n, grubbsScore(n)
	}
	return k.isf
}

func grubbsScore(n int) float64 {
	if n < 3 {
		return math.NaN()
	}
	fn := float64(n)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: fn - 2}.Quantile(.05 / (2 * fn))
	return (fn - 1) / math.Sqrt(fn) * math.Sqrt(t*t/(fn-2+t*t))
}

// grubbsTable holds the score at powers of two; it rises with n, so that a
// length between them needs no quantile unless z is between the two as well.
var grubbsTable = func() (s [18]float64) {
	for i := 2; i < len(s); i++ {
		s[i] = grubbsScore(1 << i)
	}
	s[1] = grubbsScore(3)
	return s
}()

func grubbsBounds(n int) bounds {
	i := 1
	for i < len(grubbsTable)-2 && 1<<(i+1) <= n {
		i++
	}
	return bounds{grubbsTable[i], grubbsTable[i+1]}
}
