package metric

import (
	"math"
	"slices"
)

// Window is a run of evenly spaced points: V[i] is the value at
// Start + i*Step. A missing point is NaN.
type Window struct {
	Start int64 // Unix milliseconds of V[0].
	Step  int64 // Milliseconds between points, > 0.
	V     []float64
}

// End returns the instant one step after the last point, in Unix milliseconds.
func (w Window) End() int64 { return w.Start + int64(len(w.V))*w.Step }

// Missing returns the share of missing points in [0,1]; 1 for an empty window.
func (w Window) Missing() float64 {
	if len(w.V) == 0 {
		return 1
	}
	n := 0
	for _, v := range w.V {
		if math.IsNaN(v) {
			n++
		}
	}
	return float64(n) / float64(len(w.V))
}

// Resample places samples (ascending in time) on the grid start, start+step,
// ... up to and excluding end. A grid point holds the mean of the finite
// samples in (point-step, point], and NaN where there is none: a point never
// speaks of what came after it. It returns an empty window if step <= 0 or
// end <= start.
func Resample(samples []Sample, start, end, step int64) Window {
	w := Window{Start: start, Step: step}
	if step <= 0 || end <= start {
		return w
	}
	n := (end - start + step - 1) / step
	w.V = make([]float64, n)
	j, _ := slices.BinarySearchFunc(samples, start-step+1, func(s Sample, t int64) int {
		return int(max(-1, min(1, s.T-t)))
	})
	for i := range w.V {
		point := start + int64(i)*step
		sum, count := 0.0, 0
		for ; j < len(samples) && samples[j].T <= point; j++ {
			if IsFinite(samples[j].V) {
				sum += samples[j].V
				count++
			}
		}
		w.V[i] = math.NaN()
		if count > 0 {
			w.V[i] = sum / float64(count)
		}
	}
	return w
}

// MedianStep returns the median distance between successive timestamps (all in
// milliseconds, ascending), ignoring duplicates; 0 if there are fewer than two
// distinct ones.
func MedianStep(ts []int64) int64 {
	gaps := make([]int64, 0, len(ts))
	for i := 1; i < len(ts); i++ {
		if d := ts[i] - ts[i-1]; d > 0 {
			gaps = append(gaps, d)
		}
	}
	if len(gaps) == 0 {
		return 0
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}
