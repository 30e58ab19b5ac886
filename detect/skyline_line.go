package detect

import "math"

// The algorithm that fits a line: values are regressed on time by the rolling
// sums of their products.

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
