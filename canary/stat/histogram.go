package stat

import "math"

// Two histograms on the same buckets. bounds are upper bounds, inclusive and
// increasing; counts hold the observations per bucket, not cumulative, and one
// more than bounds: the last bucket has no upper bound. Counts may be
// fractional and are never negative. Where an observation lies inside its
// bucket is unknown, so what is computed here is what holds wherever it lies,
// or says by how much it may be off.

// validBuckets reports whether counts fit bounds, and their sum.
func validBuckets(bounds []float64, counts ...[]float64) bool {
	for i, b := range bounds {
		if b != b || math.IsInf(b, -1) || i > 0 && b <= bounds[i-1] {
			return false
		}
	}
	for _, c := range counts {
		if len(c) != len(bounds)+1 || !validCounts(c) {
			return false
		}
	}
	return true
}

// validCounts reports whether every count is finite and not negative.
func validCounts(counts []float64) bool {
	for _, v := range counts {
		if !(v >= 0) || math.IsInf(v, 1) {
			return false
		}
	}
	return len(counts) > 0
}

// CumulativeShares returns the share of observations up to the end of each
// bucket, in [0,1], the last 1: the empirical distribution where it is known.
// It is nil for no observations or a negative, infinite or NaN count.
func CumulativeShares(counts []float64) []float64 {
	if !validCounts(counts) {
		return nil
	}
	out := make([]float64, len(counts))
	sum, top := 0.0, 0.0
	for _, v := range counts {
		top = max(top, v)
	}
	if top == 0 {
		return nil
	}
	for i, v := range counts {
		sum += v / top // A sum of huge counts stays finite.
		out[i] = sum
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// KSDistance is the gap between two binned distributions.
type KSDistance struct {
	D      float64 // Largest |F_x - F_y| at a bucket's end, in [0,1]; never above the distance of the observations themselves.
	Bucket int     // The bucket at whose end it is.
	LogP   float64 // Log p of a gap that wide under one common distribution.
}

// KSHistogram is the Kolmogorov-Smirnov test of two histograms on the same
// buckets. TwoSided takes the asymptotic series of KS; Greater asks only whether
// x lies above y (F_x below F_y somewhere), Less whether below, by
// p = exp(-2 D^2 mn/(m+n)) (Smirnov 1939). Buckets are ties, and ties only make the p-value larger than it
// need be. It assumes independent observations: scale the counts down by an
// over-dispersion factor where they come in bursts. NaN for a side without
// observations or unequal lengths.
func KSHistogram(x, y []float64, alt Alternative) KSDistance {
	fx, fy := CumulativeShares(x), CumulativeShares(y)
	if len(x) != len(y) || fx == nil || fy == nil {
		return KSDistance{D: math.NaN(), Bucket: -1, LogP: math.NaN()}
	}
	k := KSDistance{}
	for i := range fx {
		d := math.Abs(fx[i] - fy[i])
		switch alt {
		case Greater:
			d = fy[i] - fx[i]
		case Less:
			d = fx[i] - fy[i]
		}
		if d > k.D {
			k.D, k.Bucket = d, i
		}
	}
	m, n := total(x), total(y)
	lambda := k.D * k.D * (m / (m + n) * n)
	if alt == TwoSided {
		k.LogP = logKolmogorov(lambda)
	} else {
		k.LogP = -2 * lambda
	}
	return k
}

// HistogramDistance is how far two binned distributions lie apart.
type HistogramDistance struct {
	Area       float64 // 1-Wasserstein distance in the unit of the bounds, observations spread evenly inside each bucket.
	Resolution float64 // The distance of the observations themselves lies within Area +- Resolution.
	Beyond     float64 // |difference| of the shares in the last bucket, without upper bound, which no distance can count.
}

// WassersteinHistogram is the area between two binned distributions on the same
// buckets. lowest is the lower bound of the first bucket (0 for durations and
// sizes); where bounds start below it, the first bucket's width counts as 0.
// NaN for a side without observations or invalid buckets.
func WassersteinHistogram(bounds, x, y []float64, lowest float64) HistogramDistance {
	fx, fy := CumulativeShares(x), CumulativeShares(y)
	if !validBuckets(bounds, x, y) || fx == nil || fy == nil || lowest != lowest {
		nan := math.NaN()
		return HistogramDistance{nan, nan, nan}
	}
	var h HistogramDistance
	from, before := lowest, 0.0 // Difference of the distributions at the bucket's start.
	px, py := 0.0, 0.0
	for i, b := range bounds {
		d := fx[i] - fy[i]
		if math.IsInf(b, 1) || math.IsInf(from, -1) {
			h.Beyond = max(h.Beyond, math.Abs(d-before))
		} else if w := b - from; w > 0 {
			h.Area += w * crossing(before, d)
			h.Resolution += w * min(1, fx[i]-px+fy[i]-py)
		}
		from, before, px, py = b, d, fx[i], fy[i]
	}
	if n := len(bounds); n == 0 || !math.IsInf(bounds[n-1], 1) {
		h.Beyond = max(h.Beyond, math.Abs(before))
	}
	return h
}

// crossing is the mean of |d| along a straight line from a to b.
func crossing(a, b float64) float64 {
	if a*b >= 0 {
		return math.Abs(a+b) / 2
	}
	return (a*a + b*b) / (2 * (math.Abs(a) + math.Abs(b)))
}

// CommonBuckets brings two histograms with different bounds onto the bounds
// they share, the finest on which both distributions are known. The counts are
// new slices, nil with no error meant if either histogram is invalid.
func CommonBuckets(xBounds, x, yBounds, y []float64) (bounds, xCounts, yCounts []float64) {
	if !validBuckets(xBounds, x) || !validBuckets(yBounds, y) {
		return nil, nil, nil
	}
	i, j := 0, 0
	var sx, sy float64
	for i < len(xBounds) || j < len(yBounds) {
		switch {
		case j == len(yBounds) || i < len(xBounds) && xBounds[i] < yBounds[j]:
			sx += x[i]
			i++
		case i == len(xBounds) || yBounds[j] < xBounds[i]:
			sy += y[j]
			j++
		default:
			bounds = append(bounds, xBounds[i])
			xCounts, yCounts = append(xCounts, sx+x[i]), append(yCounts, sy+y[j])
			sx, sy, i, j = 0, 0, i+1, j+1
		}
	}
	return bounds, append(xCounts, sx+x[i]), append(yCounts, sy+y[j])
}

// total is the number of observations.
func total(counts []float64) float64 {
	n := 0.0
	for _, v := range counts {
		n += v
	}
	return n
}
