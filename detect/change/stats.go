package change

import "math"

// Stats are the descriptive statistics of a stretch of samples.
type Stats struct {
	mean, variance float64
	n              int
}

// Mean returns the mean of the stretch.
func (s Stats) Mean() float64 { return s.mean }

// Var returns the sample variance (divisor n-1) of the stretch; 0 for fewer
// than two samples, and the largest float where it is larger than any.
func (s Stats) Var() float64 { return s.variance }

// Stddev returns the square root of Var.
func (s Stats) Stddev() float64 { return math.Sqrt(s.variance) }

// Len returns the number of samples in the stretch, without skipped ones.
func (s Stats) Len() int { return s.n }

// frame is the unit a window is computed in: (x - origin) * scale. The first
// sample as origin makes an offset of 1e12 vanish before anything is summed,
// and the scale, a power of two, keeps squares inside the range of floats.
type frame struct{ origin, scale float64 }

// frameOf returns the frame of w; ok is false if all samples are equal. All of
// w is finite and w is not empty.
func frameOf(w []float64) (f frame, ok bool) {
	lo, hi := w[0], w[0]
	for _, x := range w {
		if x < lo {
			lo = x
		}
		if x > hi {
			hi = x
		}
	}
	return frame{w[0], scaleOf(hi - lo)}, hi != lo
}

// scaleOf returns the scale for a window that spans so much.
func scaleOf(span float64) float64 {
	switch {
	case span > 0x1p+300:
		return 0x1p-600
	case span < 0x1p-300:
		return 0x1p+600
	}
	return 1
}

// in returns x in the frame.
func (f frame) in(x float64) float64 { return x*f.scale - f.origin*f.scale }

// out returns statistics in the frame in the unit of the series.
func (f frame) out(s Stats) Stats {
	if f.scale == 1 {
		s.mean += f.origin
	} else {
		s.mean = saturate((f.origin*f.scale + s.mean) / f.scale)
	}
	s.variance = saturate(s.variance / f.scale / f.scale)
	return s
}

// saturate replaces an infinity by the largest float of its sign.
func saturate(x float64) float64 { return max(-math.MaxFloat64, min(x, math.MaxFloat64)) }

// statsOf returns the statistics of w in the frame, in two passes.
func (f frame) statsOf(w []float64) Stats {
	s := Stats{n: len(w)}
	if s.n == 0 {
		return s
	}
	for _, x := range w {
		s.mean += f.in(x)
	}
	s.mean /= float64(s.n)
	for _, x := range w {
		d := f.in(x) - s.mean
		s.variance += d * d
	}
	s.variance /= float64(max(1, s.n-1))
	return s
}

// finite says that x is a number.
func finite(x float64) bool { return x-x == 0 }
