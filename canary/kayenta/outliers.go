package kayenta

import (
	"math"
)

// Kayenta's outlier detectors: which samples of a list stand out.

// KSigma marks the samples further than k standard deviations (of the
// population, k > 0) from the mean. NaN or an infinity marks nothing.
func KSigma(values []float64, k float64) []bool {
	out := make([]bool, len(values))
	n := float64(len(values))
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	mean := sum / n
	// Two passes, the second takes the rounding of the mean out again.
	squares, rest := 0.0, 0.0
	for _, v := range values {
		d := v - mean
		squares += float64(d * d)
		rest += d
	}
	sigma := math.Sqrt((squares - float64(rest*rest)/n) / n)
	for i, v := range values {
		out[i] = math.Abs(v-mean) > sigma*k
	}
	return out
}

// IQR marks the samples beyond factor (> 0) interquartile ranges from
// the quartiles (Tukey's fences, percentiles of type 7). Gentle widens the
// fences to the 1st and 99th percentile, as the shipped judge does.
func IQR(values []float64, factor float64, gentle bool) []bool {
	out := make([]bool, len(values))
	if len(values) == 0 {
		return out
	}
	q := sortedCopy(values)
	q25, q75 := percentileR7(q, 25), percentileR7(q, 75)
	iqr := q75 - q25
	low, high := q25-float64(factor*iqr), q75+float64(factor*iqr)
	if gentle {
		low, high = min(percentileR7(q, 1), low), max(percentileR7(q, 99), high)
	}
	for i, v := range values {
		out[i] = v > high || v < low
	}
	return out
}

// withoutOutliers keeps the unmarked samples.
func withoutOutliers(values []float64, marked []bool) []float64 {
	kept := make([]float64, 0, len(values))
	for i, v := range values {
		if !marked[i] {
			kept = append(kept, v)
		}
	}
	return kept
}
