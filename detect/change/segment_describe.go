package change

import (
	"math"
	"slices"
)

// This file finds the best description of a series as stretches of constants
// or lines, by dynamic programming over the number of stretches (Auger and
// Lawrence 1989, "Algorithms for the optimal identification of segment
// neighborhoods").

// squares answers how much of stretches of points a constant or a line leaves,
// in O(1).
type squares struct {
	line bool
	sum  []float64 // sum[i] is that of the points before i,
	sq   []float64 // of their squares
	tsum []float64 // and of index times point.
}

func squaresOf(y []float64, line bool) *squares {
	n := len(y)
	s := &squares{line, make([]float64, n+1), make([]float64, n+1), make([]float64, n+1)}
	for i, v := range y {
		s.sum[i+1] = s.sum[i] + v
		s.sq[i+1] = s.sq[i] + v*v
		s.tsum[i+1] = s.tsum[i] + v*float64(i)
	}
	return s
}

// left returns the sum of squares the best constant or line leaves of the
// points from i to before j.
func (s *squares) left(i, j int) float64 {
	n := float64(j - i)
	sum := s.sum[j] - s.sum[i]
	left := s.sq[j] - s.sq[i] - sum*sum/n
	if s.line && j-i > 1 {
		xy := s.tsum[j] - s.tsum[i] - float64(i+j-1)/2*sum
		left -= xy * xy / (n * (n*n - 1) / 12)
	}
	return max(0, left)
}

// parameters returns how many a stretch has.
func (s *squares) parameters() float64 {
	if s.line {
		return 2
	}
	return 1
}

// description is a series cut into stretches.
type description struct {
	line bool
	cuts []int     // First points of the stretches after the first.
	p    []float64 // Of each cut; see SegmentConfig.Segment.
	cost float64
}

// describe returns the cheaper of the best descriptions by constants and by
// lines of points that are means of width samples each.
func (c SegmentConfig) describe(y []float64, width int) description {
	shortest := min(len(y), max(2, len(y)/100, c.MinLength/width))
	best := c.describeBy(squaresOf(y, false), len(y), shortest)
	if lines := c.describeBy(squaresOf(y, true), len(y), shortest); lines.cost < best.cost {
		best = lines
	}
	s := squaresOf(y, best.line)
	all := append(append([]int{0}, best.cuts...), len(y))
	rss := 0.0
	for i := range all[:len(all)-1] {
		rss += s.left(all[i], all[i+1])
	}
	for i := range best.cuts {
		without := rss - s.left(all[i], all[i+1]) - s.left(all[i+1], all[i+2]) + s.left(all[i], all[i+2])
		gain := c.cost(s, without, len(y), len(best.cuts)-1) - best.cost
		best.p = append(best.p, odds(gain))
	}
	return best
}

// cost is the criterion of SegmentConfig.
func (c SegmentConfig) cost(s *squares, rss float64, n, cuts int) float64 {
	evidence := float64(min(c.Independent, n))
	parameters := float64(cuts+1)*s.parameters() + float64(cuts)*c.ChangeCost
	return evidence*math.Log(rss/float64(n)+c.Resolution*c.Resolution) + math.Log(evidence)*parameters
}

// describeBy returns the best description with the stretches s knows, of at
// least shortest points; shortest is at most n.
func (c SegmentConfig) describeBy(s *squares, n, shortest int) description {
	row := make([]float64, n+1) // row[j]: the least left of the points before j.
	for j := range row {
		row[j] = s.left(0, max(1, j))
		if j < shortest {
			row[j] = math.Inf(1)
		}
	}
	best := description{line: s.line, cost: c.cost(s, row[n], n, 0)}
	var came [][]int32 // came[k][j]: where the last of k+1 cuts before j is.
	for k := 1; shortest*(k+1) <= n && c.cost(s, 0, n, k) < best.cost; k++ {
		next, from := lastCut(s, row, n, k, shortest)
		came, row = append(came, from), next
		if cost := c.cost(s, row[n], n, k); cost < best.cost {
			best.cost, best.cuts = cost, walk(came, n)
		}
	}
	return best
}

// lastCut returns, for each j, the least left of the points before j with k
// cuts, and where the last of them is; row is the same for k-1.
func lastCut(s *squares, row []float64, n, k, shortest int) (next []float64, from []int32) {
	next, from = make([]float64, n+1), make([]int32, n+1)
	for j := range next {
		next[j] = math.Inf(1)
		for i := shortest * k; i <= j-shortest; i++ {
			if row[i] >= next[j] {
				continue
			}
			if v := row[i] + s.left(i, j); v < next[j] {
				next[j], from[j] = v, int32(i)
			}
		}
	}
	return next, from
}

// walk follows the cuts back from n.
func walk(came [][]int32, n int) []int {
	cuts := make([]int, 0, len(came))
	for k := len(came) - 1; k >= 0; k-- {
		n = int(came[k][n])
		cuts = append(cuts, n)
	}
	slices.Reverse(cuts)
	return cuts
}

// samples returns the cuts of a description of points as places among samples.
// Where a point is the mean of several samples, a cut is moved to where the
// samples around it, four points on either side but not past the neighbouring
// cuts, are described best.
func (s *signal) samples(d description) []int {
	n := len(s.smooth)
	cuts := make([]int, len(d.cuts))
	for i, cut := range d.cuts {
		cuts[i] = cut * s.width
	}
	if s.width == 1 {
		return cuts
	}
	for i, cut := range cuts {
		lo, hi := max(0, cut-4*s.width), min(n, cut+4*s.width)
		if i > 0 {
			lo = max(lo, cuts[i-1])
		}
		if i+1 < len(cuts) {
			hi = min(hi, cuts[i+1])
		}
		q := squaresOf(standardisedOr(s.smooth[lo:hi]), d.line)
		best := math.Inf(1)
		for at := max(2, cut-lo-s.width); at <= min(hi-lo-2, cut-lo+s.width); at++ {
			if v := q.left(0, at) + q.left(at, hi-lo); v < best {
				best, cuts[i] = v, lo+at
			}
		}
	}
	return cuts
}

// standardisedOr is standardised, or y where it does not vary.
func standardisedOr(y []float64) []float64 {
	if out := standardised(y); out != nil {
		return out
	}
	return y
}
