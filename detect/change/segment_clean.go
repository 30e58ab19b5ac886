package change

import (
	"math"
	"slices"
)

// This file makes of a series the points Segment describes: finite, without
// spikes and season, at most 1000, with mean 0 and standard deviation 1.

// maxPoints bounds what is described; its square is the cost.
const maxPoints = 1000

// signal is a series made ready.
type signal struct {
	at     []int     // Where in the series the finite samples are.
	smooth []float64 // Those samples without spikes and season, in any unit.
	width  int       // Samples a point is the mean of.
	points []float64
}

// cleaned returns x made ready, or nil if it has fewer than two different
// numbers.
func cleaned(x []float64, c SegmentConfig) *signal {
	s := &signal{width: 1}
	top, origin := 0.0, math.NaN()
	for i, v := range x {
		if finite(v) {
			if len(s.at) == 0 {
				origin = v / 2
			}
			h := v/2 - origin // Halves: no difference of two is infinite.
			s.at, s.smooth, top = append(s.at, i), append(s.smooth, h), max(top, math.Abs(h))
		}
	}
	if top == 0 {
		return nil
	}
	_, exp := math.Frexp(top)
	for i, v := range s.smooth {
		s.smooth[i] = math.Ldexp(v, -exp)
	}
	if !c.KeepSpikes {
		s.smooth = withoutSpikes(s.smooth)
	}
	if s.width = (len(s.smooth) + maxPoints - 1) / maxPoints; s.width == 0 {
		s.width = 1
	}
	s.points = averaged(s.smooth, s.width)
	if !c.KeepSeason {
		s.points = withoutSeason(s.points)
		if s.width == 1 {
			s.smooth = s.points
		}
	}
	if s.points = standardised(s.points); s.points == nil {
		return nil
	}
	return s
}

// withoutSpikes replaces samples more than eight scales off the median of the
// five around them by that median. The scale is that of all those distances,
// the larger of their mean and of their median made consistent with a standard
// deviation, so that a series of few different values keeps its steps.
func withoutSpikes(y []float64) []float64 {
	const far, consistent = 8, 1.4826
	n := len(y)
	if n < 7 {
		return y
	}
	around, off := make([]float64, n), make([]float64, n)
	sum := 0.0
	for i := range y {
		var five [5]float64
		near := append(five[:0], y[max(0, i-2):min(n, i+3)]...)
		slices.Sort(near)
		around[i] = (near[len(near)/2] + near[(len(near)-1)/2]) / 2
		off[i] = math.Abs(y[i] - around[i])
		sum += off[i]
	}
	sorted := slices.Clone(off)
	slices.Sort(sorted)
	bar := far * max(consistent*sorted[n/2], sum/float64(n))
	out := slices.Clone(y)
	for i := range out {
		if off[i] > bar {
			out[i] = around[i]
		}
	}
	return out
}

// averaged returns the means of stretches of width samples; what is left over
// at the end joins the last.
func averaged(y []float64, width int) []float64 {
	if width == 1 {
		return slices.Clone(y)
	}
	out := make([]float64, len(y)/width)
	for i := range out {
		end := (i + 1) * width
		if i == len(out)-1 {
			end = len(y)
		}
		for _, v := range y[i*width : end] {
			out[i] += v
		}
		out[i] /= float64(end - i*width)
	}
	return out
}

// standardised returns y with mean 0 and standard deviation 1, or nil if it
// does not vary.
func standardised(y []float64) []float64 {
	mean, square, top := 0.0, 0.0, 0.0
	for _, v := range y {
		mean += v / float64(len(y))
		top = max(top, math.Abs(v))
	}
	for _, v := range y {
		square += (v - mean) * (v - mean) / float64(len(y))
	}
	if square <= 1e-24*top*top {
		return nil
	}
	scale := 1 / math.Sqrt(square)
	out := make([]float64, len(y))
	for i, v := range y {
		out[i] = (v - mean) * scale
	}
	return out
}
