package main

import (
	"math"
	"slices"
)

// baselineCuts are the trivial segmentations: none, and the one with the least
// squares around constants plus a fixed penalty for each cut, which is what
// PELT finds (Killick et al. 2012).
func baselineCuts() []segmenter {
	return []segmenter{
		{"cut nowhere", func([]float64) []int { return nil }},
		{"PELT, squares, penalty 10 s^2 log n", func(x []float64) []int { return leastSquares(x, 10, noiseOf) }},
		{"PELT, squares, penalty 300 s^2 log n", func(x []float64) []int { return leastSquares(x, 300, noiseOf) }},
		{"PELT, squares, penalty 10 v log n, v the variance of the series", func(x []float64) []int {
			return leastSquares(x, 10, func([]float64) float64 { return 1 })
		}},
	}
}

// noiseOf estimates the standard deviation of noise of a series of standard
// deviation 1: from the median distance of its steps from their median, and at
// least .05.
func noiseOf(y []float64) float64 {
	steps := make([]float64, len(y)-1)
	for i := range steps {
		steps[i] = y[i+1] - y[i]
	}
	middle := upperMedian(steps)
	for i, d := range steps {
		steps[i] = math.Abs(d - middle)
	}
	return max(0.05, 1.4826*upperMedian(steps)/math.Sqrt2)
}

func upperMedian(x []float64) float64 {
	s := slices.Clone(x)
	slices.Sort(s)
	return s[len(s)/2]
}

// leastSquares cuts x, scaled to standard deviation 1 and with gaps filled from
// before, into stretches of at least 5 samples.
func leastSquares(x []float64, penalty float64, noise func([]float64) float64) []int {
	const shortest = 5
	y := filled(x)
	n := len(y)
	s := noise(y)
	penalty *= s * s * math.Log(float64(n))
	sum, sq := make([]float64, n+1), make([]float64, n+1)
	for i, v := range y {
		sum[i+1], sq[i+1] = sum[i]+v, sq[i]+v*v
	}
	cost, from := make([]float64, n+1), make([]int, n+1)
	cost[0] = -penalty
	for j := 1; j <= n; j++ {
		cost[j] = math.Inf(1)
		for i := 0; i <= j-shortest; i++ {
			d := sum[j] - sum[i]
			if v := cost[i] + sq[j] - sq[i] - d*d/float64(j-i) + penalty; v < cost[j] {
				cost[j], from[j] = v, i
			}
		}
	}
	var cuts []int
	for j := from[n]; j > 0; j = from[j] {
		cuts = append(cuts, j)
	}
	slices.Reverse(cuts)
	return cuts
}

// filled returns x scaled to mean 0 and standard deviation 1, with the last
// sample before it in place of a missing one.
func filled(x []float64) []float64 {
	y, mean, square := slices.Clone(x), 0.0, 0.0
	for i := range y {
		if math.IsNaN(y[i]) && i > 0 {
			y[i] = y[i-1]
		}
		mean += y[i] / float64(len(y))
	}
	for _, v := range y {
		square += (v - mean) * (v - mean) / float64(len(y))
	}
	for i := range y {
		y[i] = (y[i] - mean) / math.Sqrt(square)
	}
	return y
}
