package detect

import "math"

// roughness is the member of texture. Curvature is the record of the second
// difference, a kink that the size of a move does not show; Level is the record
// of the mean move over the last twelve samples, a change of variance without a
// change of level. The twelve are kept in blocks of three.
type roughness struct {
	Block  [4]float32 // Sums of |x - x1| over the last full blocks of three.
	Blocks uint32
	Sum    float32 // Of the block being filled.
	Fill   uint32
	Kink   peak
	Level  peak
}

// observe returns the record ratios of curvature and of the mean move.
func (g *roughness) observe(x float64, r *recent) (curvature, level float64) {
	if r.N < 2 {
		return 0, 0
	}
	x1 := r.at(1)
	curvature = g.Kink.observe(math.Abs(x - 2*x1 + r.at(2)))
	g.Sum += float32(math.Abs(x - x1))
	if g.Fill++; g.Fill < 3 {
		return curvature, 0
	}
	g.Block[g.Blocks%4] = g.Sum
	g.Blocks++
	g.Sum, g.Fill = 0, 0
	if g.Blocks >= 4 {
		b := &g.Block
		level = g.Level.observe(float64(b[0]+b[1]+b[2]+b[3]) / 12)
	}
	return curvature, level
}
