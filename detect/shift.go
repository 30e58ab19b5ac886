package detect

import "math"

// shift is the member that sees the level move: the mean of the last six
// values against the mean of about sixty before, and the record of the mean of
// six itself. A block of six is summed once and kept as one float.
type shift struct {
	Block  [10]float32 // Means of the last ten full blocks of six.
	Blocks uint32      // Blocks completed.
	Sum    float64     // Of the block being filled.
	Fill   uint32
	Move   peak
	Mean   span
}

// observe returns two record ratios: of the move of the level and of the level.
func (s *shift) observe(x float64, r *recent) (move, level float64) {
	if r.N >= 5 {
		m6 := r.mean6(x)
		if s.Blocks >= 11 {
			before := 0.0
			for _, b := range s.Block {
				before += float64(b)
			}
			move = s.Move.observe(math.Abs(m6 - before/10))
			level = s.Mean.observe(m6)
		}
	}
	return move, level
}

// push takes x into the blocks, after it was judged.
func (s *shift) push(x float64) {
	s.Sum += x
	if s.Fill++; s.Fill == 6 {
		s.Block[s.Blocks%10] = float32(s.Sum / 6)
		s.Blocks++
		s.Sum, s.Fill = 0, 0
	}
}
