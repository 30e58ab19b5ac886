package change

import "math"

// Stats are the descriptive statistics of a stretch of samples.
type Stats struct {
	mean, variance float64
	n              int
}

// Mean returns the mean of the stretch.
func (s Stats) Mean() float64 { return s.mean }

// Var returns the sample variance (divisor n-1) of the stretch.
func (s Stats) Var() float64 { return s.variance }

// Stddev returns the square root of Var.
func (s Stats) Stddev() float64 { return math.Sqrt(s.variance) }

// Len returns the number of samples in the stretch, without skipped ones.
func (s Stats) Len() int { return s.n }
