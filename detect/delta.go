package detect

import "math"

// delta is the member that knows how far the series moves in one and in two
// samples. It sees steps and glitches at their first sample.
type delta struct {
	One, Two tail
}

// observe compares the moves |x - x1| and |x - x2| with their tails.
func (d *delta) observe(x float64, r *recent, n uint32) (one, two float64) {
	if r.N < 2 {
		return 0, 0
	}
	one = d.One.ratio(math.Abs(x-r.at(1)), n)
	two = d.Two.ratio(math.Abs(x-r.at(2)), n)
	return one, two
}
