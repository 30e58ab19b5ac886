package correlate

// Lead and lag by normalised cross-correlation: at lag l the candidate's point
// i+l is laid over the target's point i. A positive lag means that the
// candidate moves later. The sum is divided by n, not by the overlap, so a long
// lag has to earn its place (the coefficient of shape-based distance,
// Paparrizos and Gravano, k-Shape, SIGMOD 2015).

import (
	"math"
	"slices"
)

// crossCorrelation returns the coefficient at lag l of two z-normalised windows.
func crossCorrelation(q, x []float64, l int) float64 {
	if l < 0 {
		q, x, l = x, q, -l
	}
	sum := 0.0
	for i, v := range x[l:] {
		sum += q[i] * v
	}
	return sum / float64(len(q))
}

// bestLag returns the lag of the largest coefficient in +-limit and the
// coefficient; ties go to the smaller lag, then to the negative one.
func bestLag(q, x []float64, limit int) (int, float64) {
	best, at := math.Inf(-1), 0
	for m := 0; m <= limit; m++ {
		for _, l := range [2]int{-m, m} {
			if c := crossCorrelation(q, x, l); c > best {
				best, at = c, l
			}
		}
	}
	return at, best
}

// bestLagSigned looks at both signs as sought: the coefficient is that of the
// better sign, always the larger the better.
func (s *scan) bestLagSigned() (float64, int8) {
	z := s.z()
	best, sign := math.Inf(-1), int8(1)
	for l := -s.t.lag; l <= s.t.lag; l++ {
		c := crossCorrelation(z, s.x, l)
		if s.same != nil && c > best {
			best, sign = c, 1
		}
		if s.anti != nil && -c > best {
			best, sign = -c, -1
		}
	}
	return best, sign
}

// lagged compares every candidate by cross-correlation.
func (s *scan) lagged() {
	st, budget := &s.res.Stats, s.t.opts.Budget
	if budget > 0 { // The cut must not depend on the order of the candidates.
		slices.SortFunc(s.todo, func(a, b bounded) int { return s.byName(a.i, b.i) })
	}
	s.res.Exact = true
	for at, b := range s.todo {
		if budget > 0 && st.Work >= budget {
			s.res.Exact = false
			st.Unreached = len(s.todo) - at
			break
		}
		s.load(b.i)
		c, sign := s.bestLagSigned()
		st.Work += int64((2*s.t.lag + 1) * s.t.n)
		st.Compared++
		s.keep(hit{i: b.i, d: 1 - c, sign: sign})
	}
	if s.res.Exact {
		s.res.Radius = min(s.cut(), 2)
	}
}
