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

// leastSquares: values regressed on time; |mean of the last three residuals| >
// 3 population sigma, and, as published, round(sigma) and round(t) not 0.
func (k *skyline) leastSquares(all spread) bool {
	r, n := &k.roll, k.time.n
	if n < 3 {
		return false
	}
	w, fn := k.window(), float64(n)
	f := k.line(all.mean)
	last := 0.0
	for i := n - 3; i < n; i++ {
		last += f.residual(w[i], k.time.at(i)-r.Epoch) / 3
	}
	// Etsy's residuals carry the rounding of slope times Unix time.
	reach := math.Abs(f.slope) * math.Sqrt(f.xx)
	off := all.off + 16*ulp*(math.Abs(k.tail)+math.Abs(f.slope)*math.Abs(float64(r.Epoch)+f.middle)) + 1e-9*reach
	lost, lostV := 64*ulp*(math.Abs(r.VV.Hi)+reach*reach), 16*r.lostV()
	off += lostV
	lost += lostV * (lostV + math.Sqrt(math.Abs(r.VV.Hi)*fn)) * 2
	less := f.slope * (2*f.xy - f.slope*f.xx)
	ss := bounds{all.ss.lo - less - lost, all.ss.hi - less + lost}
	sigma := bounds{ss.lo / fn, ss.hi / fn}.root()
	t := about(math.Abs(last), off)
	if !k.cfg.CorrectedLeastSquares && (t.hi < .5 || sigma.hi < .5) {
		return false
	}
	switch out := t.above(bounds{3 * sigma.lo, 3 * sigma.hi}); {
	case out == surelyNo:
		return false
	case out == surelyYes && k.cfg.CorrectedLeastSquares && sigma.lo > k.grain():
		return true
	case out == surelyYes && t.lo > .5+sure && sigma.lo > .5+sure:
		return true
	}
	return k.exactLeastSquares()
}

// line is a regression of the values on time: slope is in units a millisecond,
// middle the mean time in milliseconds after Epoch, mean the mean value less
// that of the residuals; xx and xy are the sums of products about the means.
type line struct{ slope, middle, mean, xx, xy float64 }

// residual returns the distance of v, x milliseconds after Epoch, from the line.
func (f *line) residual(v float64, x int64) float64 {
	return v - f.mean - f.slope*(float64(x)-f.middle)
}

// line fits the values, whose mean is given, to time, by the rolling sums.
func (k *skyline) line(mean float64) line {
	r := &k.roll
	f := line{middle: float64(r.X) / float64(k.time.n), mean: mean}
	f.xx = r.XX.value() - float64(r.X)*f.middle
	f.xy = r.XV.value() - r.V.value()*f.middle
	k.solve(&f)
	return f
}

// solve finds the slope.
//
// As published the regression is on raw Unix seconds, and numpy takes the
// problem for singular where the smaller singular value, about s(t)/mean(t)^2
// of the larger, is below its precision of 2^-53: today, while s(t) is below
// 340 s, which is twenty minutes of points. It then gives the line through the
// origin of time, whose slope is that of mean(v)/mean(t).
func (k *skyline) solve(f *line) {
	n := float64(k.time.n)
	variance, origin := f.xx/n/1e6, (float64(k.roll.Epoch)+f.middle)/1000
	if norm := origin*origin + variance + 1; !k.cfg.CorrectedSlope && math.Sqrt(variance) <= 0x1p-53*norm {
		covariance := f.xy / n / 1000
		f.slope = (origin*f.mean + covariance) / norm / 1000
		f.mean -= (f.mean*variance - covariance*origin) / norm
	} else if f.xx > 0 {
		f.slope = f.xy / f.xx
	}
}

// grain is the size of residuals that are nothing but rounding.
func (k *skyline) grain() float64 {
	return 256 * ulp * max(math.Abs(k.roll.Low), math.Abs(k.roll.High))
}

// grubbs: (t3 - mean)/sigma_pop > (n-1)/sqrt(n) * sqrt(q/(n-2+q)), with
// q = t_isf(.05/(2n), n-2)^2. One-sided as published.
func (k *skyline) grubbs(all spread) bool {
	if all.n < 3 || k.tail < all.mean-all.off && !k.cfg.CorrectedGrubbs {
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

const (
	binCount = 15 // Bins.
	binFew   = 20 // Points of a bin in which t3 is unusual.
)

// bins are the equal bins on [lo, hi], with edges as numpy computes them.
type bins struct{ lo, hi, width float64 }

func (k *skyline) bins() bins {
	lo, hi := k.roll.Low, k.roll.High
	if lo == hi {
		lo, hi = lo-.5, hi+.5
	}
	return bins{lo, hi, (hi - lo) / binCount}
}

func (b bins) edge(i int) float64 {
	if i == binCount {
		return b.hi
	}
	return float64(float64(i)*b.width) + b.lo
}

// holds reports whether Etsy's loop finds t in bin i: in the first one only if
// t is not above its left edge.
func (b bins) holds(i int, t float64) bool {
	if i == 0 {
		return t <= b.lo
	}
	return t >= b.edge(i) && t < b.edge(i+1)
}

// histogramBins: 15 equal bins over [min, max]; fires if t3 lies in a bin of
// at most 20 points. In the first bin only t3 <= min fires; the right edge of
// the last bin is open as published, so t3 = max falls into no bin. Points are
// counted against the edges, as numpy does: on whole numbers an index computed
// by division falls into the bin beside.
func (k *skyline) histogramBins() bool {
	b, t := k.bins(), k.tail
	if b.width <= 16*ulp*max(math.Abs(b.lo), math.Abs(b.hi))+0x1p-1040 {
		return k.exactHistogram(b) // Edges coincide.
	}
	if !(t < b.hi || k.cfg.CorrectedHistogram && t == b.hi) {
		return false
	}
	const end = binCount - 1
	i := min(end, max(0, int((t-b.lo)/b.width)))
	for i > 0 && t < b.edge(i) {
		i--
	}
	for i < end && t >= b.edge(i+1) {
		i++
	}
	if i == 0 && t > b.lo {
		return false
	}
	least, most := k.sorted.within(b.edge(i), b.edge(i+1), i == end)
	if least > binFew || most <= binFew {
		return most <= binFew
	}
	return k.exactHistogram(b)
}

// medianAbsoluteDeviation: |x_n - median| / median(|x - median|) > 6. quiet
// says that the published code returned nothing instead of false. The middle
// half of the window bounds the median deviation: it is at least the nearer
// and at most the farther of the quartiles.
func (k *skyline) medianAbsoluteDeviation(x float64) (fired, quiet bool) {
	s, n := &k.sorted, k.time.n
	median, off := s.median()
	rule := func(least, most float64) ruling {
		dist := about(math.Abs(x-median), off+4*ulp*(math.Abs(x)+math.Abs(median)))
		return dist.above(bounds{6 * least, 6 * most})
	}
	a, offA := s.value(n / 4)
	b, offB := s.value(n - 1 - n/4)
	c, offC := s.value((n - 1) / 4)
	d, offD := s.value(n - 1 - (n-1)/4)
	out := unsure
	if least := min(median-a-offA, b-median-offB) - off; least > 0 {
		out = rule(least, max(median-c+offC, d-median+offD)+off)
	}
	if out == unsure && off == 0 && s.most(median) {
		return false, false
	}
	if out == unsure {
		mad, offM := s.deviation(median)
		switch offM += off; {
		case offM == 0 && mad == 0:
			return false, false
		case offM == 0:
			fired = math.Abs(x-median)/mad > 6
			return fired, !fired
		case mad > 2*offM:
			out = rule(mad-offM, mad+offM)
		}
	}
	if out == unsure {
		return k.exactMAD()
	}
	return out == surelyYes, out == surelyNo
}
