package stat

import (
	"math"
	"slices"
)

// Bands around a whole distribution: the empirical distribution of n
// independent observations lies nowhere further than DKWEpsilon from the true
// one, with the stated chance, at every point at once and for any n (Dvoretzky,
// Kiefer & Wolfowitz 1956, with the constant of Massart, Annals of Probability
// 1990). At the ends of buckets nothing is lost, so histograms use it as is.

// DKWEpsilon is the half-width sqrt(log(2/alpha)/(2n)) of the band of level
// 1-alpha for n observations, at most 1. n may be fractional (an effective
// number). 1 for n <= 0 or NaN, and for alpha outside (0,1).
func DKWEpsilon(n, alpha float64) float64 {
	if !(n > 0) || !(alpha > 0 && alpha < 1) {
		return 1
	}
	return min(1, math.Sqrt(math.Log(2/alpha)/(2*n)))
}

// DKWBand bounds the true share of observations up to the end of every bucket
// of a histogram, all buckets at once with chance 1-alpha. nil for a histogram
// without observations.
func DKWBand(counts []float64, alpha float64) (low, high []float64) {
	f := CumulativeShares(counts)
	if f == nil {
		return nil, nil
	}
	e := DKWEpsilon(total(counts), alpha)
	low, high = make([]float64, len(f)), make([]float64, len(f))
	for i, v := range f {
		low[i], high[i] = max(0, v-e), min(1, v+e)
	}
	// The last bucket has no end: everything lies below it, without doubt.
	low[len(f)-1] = 1
	return low, high
}

// DKWDifference bounds F_x - F_y at the end of every bucket, all at once with
// chance 1-alpha, half of alpha spent on each side. A bucket where low > 0 has
// shown x to lie below y there; one where high < 0, above. nil for a side
// without observations or unequal lengths.
func DKWDifference(x, y []float64, alpha float64) (low, high []float64) {
	fx, fy := CumulativeShares(x), CumulativeShares(y)
	if len(x) != len(y) || fx == nil || fy == nil {
		return nil, nil
	}
	e := DKWEpsilon(total(x), alpha/2) + DKWEpsilon(total(y), alpha/2)
	low, high = make([]float64, len(fx)), make([]float64, len(fx))
	for i := range fx[:len(fx)-1] {
		low[i], high[i] = max(-1, fx[i]-fy[i]-e), min(1, fx[i]-fy[i]+e)
	}
	return low, high // At the last, without end, the difference is 0.
}

// HistogramQuantile estimates the q-quantile, q in [0,1], of a histogram with
// an interval of level 1-alpha. The estimate interpolates inside its bucket from
// lowest, the lower bound of the first. The interval reaches to the ends of the
// buckets that hold the order statistics a binomial test does not refuse, so it
// holds wherever observations lie inside them; low is -Inf, high +Inf where they
// fall into a bucket without end. NaN for no observations or invalid input.
func HistogramQuantile(bounds, counts []float64, q, alpha, lowest float64) (est, low, high float64) {
	nan := math.NaN()
	f := CumulativeShares(counts)
	if f == nil || !validBuckets(bounds, counts) || !(q >= 0 && q <= 1) || !(alpha > 0 && alpha < 1) || lowest != lowest {
		return nan, nan, nan
	}
	n := total(counts)
	at := bucketOf(f, q)
	switch from := lowerEnd(bounds, at, lowest); {
	case at == len(bounds) || math.IsInf(from, -1):
		est = upperEnd(bounds, at) // No width to interpolate in.
		if at == len(bounds) {
			est = from
		}
	default:
		before := 0.0
		if at > 0 {
			before = f[at-1]
		}
		est = from
		if f[at] > before {
			est += (bounds[at] - from) * min(1, max(0, (q-before)/(f[at]-before)))
		}
	}
	// Bucket i's end lies above the quantile, surely, once P(K <= F n) is high:
	// with k observations up to a point below the quantile, k ~ at most B(n, q).
	la := math.Log(alpha / 2)
	first := len(f) - 1
	for i := range f {
		if BinomialP(math.Round(f[i]*n), math.Round(n), q, Less) >= la {
			first = i
			break
		}
	}
	last := 0
	for i := len(f) - 1; i > 0; i-- {
		if BinomialP(math.Round(f[i-1]*n), math.Round(n), q, Greater) >= la {
			last = i
			break
		}
	}
	last = max(last, first)
	return est, lowerEnd(bounds, first, math.Inf(-1)), upperEnd(bounds, last)
}

// QuantileBucket is the bucket that holds the q-quantile: the first up to whose
// end a share of at least q lies. -1 for no observations or q outside [0,1].
func QuantileBucket(counts []float64, q float64) int {
	f := CumulativeShares(counts)
	if f == nil || !(q >= 0 && q <= 1) {
		return -1
	}
	return bucketOf(f, q)
}

// bucketOf is the first bucket with observations up to whose end a share of at
// least q lies; q is allowed the rounding of the shares.
func bucketOf(f []float64, q float64) int {
	i, _ := slices.BinarySearch(f, max(q-1e-12, math.SmallestNonzeroFloat64))
	return min(i, len(f)-1)
}

func lowerEnd(bounds []float64, i int, lowest float64) float64 {
	if i == 0 {
		if len(bounds) > 0 {
			return min(lowest, bounds[0])
		}
		return lowest
	}
	return bounds[i-1]
}

func upperEnd(bounds []float64, i int) float64 {
	if i >= len(bounds) {
		return math.Inf(1)
	}
	return bounds[i]
}
