package stat

import (
	"math"
	"slices"
)

// Median returns the median of x, NaN for no values. x is not modified.
func Median(x []float64) float64 { return Quantile(x, 0.5) }

// Quantile returns the q-quantile of x by linear interpolation between order
// statistics (Hyndman & Fan type 7), q in [0,1]; NaN for no values.
func Quantile(x []float64, q float64) float64 {
	if len(x) == 0 || math.IsNaN(q) || hasNaN(x) {
		return math.NaN()
	}
	s := slices.Clone(x)
	slices.Sort(s)
	pos := min(1, max(0, q)) * float64(len(s)-1)
	i := int(pos)
	if i+1 >= len(s) {
		return s[len(s)-1]
	}
	return s[i] + (pos-float64(i))*(s[i+1]-s[i])
}

// MAD returns the median absolute deviation from the median times 1.4826, a
// standard deviation that half the values cannot spoil; NaN for no values.
func MAD(x []float64) float64 {
	m := Median(x)
	d := make([]float64, len(x))
	for i, v := range x {
		d[i] = math.Abs(v - m)
	}
	return 1.4826022185056018 * Median(d)
}

// RobustScale is MAD, or where more than half the values agree and MAD is 0,
// the sample standard deviation.
func RobustScale(x []float64) float64 {
	if s := MAD(x); s > 0 {
		return s
	}
	return math.Sqrt(Variance(x))
}
