package detect

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Eight of Etsy Skyline's nine algorithms, each with its exact formula
// (etsy/skyline src/analyzer/algorithms.py, 2015-10, read as Python 3). t3 is
// the mean of the last three values, n the number of points, s a sample
// standard deviation. The baselines include the point under test except where
// the formula says otherwise.

// meanStd returns the mean and the sample standard deviation; NaN of fewer
// than two values, which makes every comparison with it false.
func meanStd(x []float64) (mean, std float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	ss := 0.0
	for _, v := range x {
		ss += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(ss / float64(len(x)-1))
}

// tailMean returns the mean of the last three values, or the last value of a
// shorter series.
func tailMean(x []float64) float64 {
	n := len(x)
	if n < 3 {
		return x[n-1]
	}
	return (x[n-1] + x[n-2] + x[n-3]) / 3
}

// firstHourAverage: |t3 - mean(H)| > 3 s(H), H being the points older than
// now - (FullDuration - 1 h): "this hour yesterday".
func (k *skyline) firstHourAverage() bool {
	now := k.t[len(k.t)-1]
	end := 0
	for end < len(k.t) && k.t[end] < now-k.cfg.FullDuration.Milliseconds()+hourMS {
		end++
	}
	mean, std := meanStd(k.v[:end])
	return math.Abs(k.tail-mean) > 3*std
}

// stddevFromAverage: |t3 - mean| > 3 s over the window.
func (k *skyline) stddevFromAverage(mean, std float64) bool {
	return math.Abs(k.tail-mean) > 3*std
}

// stddevFromMovingAverage: |x_n - EWMA| > 3 EWMSTD, centre of mass 50, weights
// (50/51)^age, adjusted, with the unbiased weighted variance.
func (k *skyline) stddevFromMovingAverage() bool {
	const keep = 50. / 51.
	var w, sw, sw2, mean, m2 float64
	w = 1
	for i := len(k.v) - 1; i >= 0 && w > 1e-18; i-- { // West (1979), weighted updating.
		sw += w
		sw2 += w * w
		d := k.v[i] - mean
		mean += d * w / sw
		m2 += w * d * (k.v[i] - mean)
		w *= keep
	}
	std := math.Sqrt(m2 * sw / (sw*sw - sw2))
	return math.Abs(k.v[len(k.v)-1]-mean) > 3*std
}

// meanSubtractionCumulation: |x_n - mean(x_1..n-1)| > 3 s(x_1..n-1). Nothing
// is cumulated; the name is Etsy's.
func (k *skyline) meanSubtractionCumulation() bool {
	n := len(k.v) - 1
	mean, std := meanStd(k.v[:n])
	return math.Abs(k.v[n]-mean) > 3*std
}

// leastSquares: values regressed on time; |mean of the last three residuals| >
// 3 population sigma, and, as published, round(sigma) and round(t) not 0.
func (k *skyline) leastSquares(mean float64) bool {
	n := len(k.v)
	if n < 3 {
		return false
	}
	t0, mt := k.t[0], 0.0
	for _, t := range k.t {
		mt += float64(t - t0)
	}
	mt /= float64(n)
	var sxy, sxx float64
	for i, t := range k.t {
		d := float64(t-t0) - mt
		sxy += d * (k.v[i] - mean)
		sxx += d * d
	}
	slope := sxy / sxx
	var ss, last float64
	for i, t := range k.t {
		e := k.v[i] - mean - slope*(float64(t-t0)-mt)
		ss += e * e
		if i >= n-3 {
			last += e / 3
		}
	}
	sigma := math.Sqrt(ss / float64(n))
	if !k.cfg.CorrectedLeastSquares && (math.RoundToEven(sigma) == 0 || math.RoundToEven(last) == 0) {
		return false
	}
	return math.Abs(last) > 3*sigma
}

// grubbs: (t3 - mean)/sigma_pop > (n-1)/sqrt(n) * sqrt(q/(n-2+q)), with
// q = t_isf(.05/(2n), n-2)^2. One-sided as published.
func (k *skyline) grubbs(mean, std float64) bool {
	n := len(k.v)
	if n < 3 {
		return false
	}
	if k.isfN != n {
		t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 2)}
		k.isfN, k.isf = n, -t.Quantile(.05/(2*float64(n)))
	}
	q, fn := k.isf*k.isf, float64(n)
	z := (k.tail - mean) / (std * math.Sqrt((fn-1)/fn))
	if k.cfg.CorrectedGrubbs {
		z = math.Abs(z)
	}
	return z > (fn-1)/math.Sqrt(fn)*math.Sqrt(q/(fn-2+q))
}

// histogramBins: 15 equal bins over [min, max]; fires if t3 lies in a bin of
// at most 20 points. In the first bin only t3 <= min fires; the right edge of
// the last bin is open as published, so t3 = max falls into no bin. Points are
// counted against the edges, as numpy does: on whole numbers an index computed
// by division falls into the bin beside.
func (k *skyline) histogramBins() bool {
	const bins = 15
	lo, hi := k.sorted[0], k.sorted[len(k.sorted)-1]
	if lo == hi {
		lo, hi = lo-.5, hi+.5
	}
	width := (hi - lo) / bins
	begin := 0
	for i := range bins {
		a, b := float64(i)*width+lo, float64(i+1)*width+lo
		end, _ := slices.BinarySearch(k.sorted, b)
		if i == bins-1 {
			b, end = hi, len(k.sorted)
		}
		in := k.tail >= a && k.tail < b
		switch {
		case i == 0:
			in = k.tail <= a
		case i == bins-1 && k.cfg.CorrectedHistogram:
			in = in || k.tail == b
		}
		if in && end-begin <= 20 {
			return true
		}
		begin = end
	}
	return false
}

// medianAbsoluteDeviation: |x_n - median| / median(|x - median|) > 6. quiet
// says that the published code returned nothing instead of false.
func (k *skyline) medianAbsoluteDeviation() (fired, quiet bool) {
	median := k.median()
	mad := k.deviation(median)
	if mad == 0 {
		return false, false
	}
	fired = math.Abs(k.v[len(k.v)-1]-median)/mad > 6
	return fired, !fired
}
