package detect

import "math"

// The two algorithms on the window in order of size: counts and ranks decide
// them, not sums.

const (
	binCount = 15 // Bins.
	binFew   = 20 // Points of a bin in which t3 is unusual.
)

// bins are the equal bins on [lo, hi], with edges as numpy computes them.
type bins struct{ lo, hi, width float64 }

func (k *skyline) bins() bins {
	lo, hi := k.roll.Low, k.roll.High
	if lo == hi {
		lo, hi = lo-.5, hi+.5
	}
	return bins{lo, hi, (hi - lo) / binCount}
}

func (b bins) edge(i int) float64 {
	if i == binCount {
		return b.hi
	}
	return float64(float64(i)*b.width) + b.lo
}

// holds reports whether Etsy's loop finds t in bin i: in the first one only if
// t is not above its left edge.
func (b bins) holds(i int, t float64) bool {
	if i == 0 {
		return t <= b.lo
	}
	return t >= b.edge(i) && t < b.edge(i+1)
}

// histogramBins: 15 equal bins over [min, max]; fires if t3 lies in a bin of
// at most 20 points. In the first bin only t3 <= min fires; the right edge of
// the last bin is open as published, so t3 = max falls into no bin. Points are
// counted against the edges, as numpy does: on whole numbers an index computed
// by division falls into the bin beside.
func (k *skyline) histogramBins() bool {
	b, t := k.bins(), k.tail
	if b.width <= 16*ulp*max(math.Abs(b.lo), math.Abs(b.hi))+0x1p-1040 {
		return k.exactHistogram(b) // Edges coincide.
	}
	if !(t < b.hi || k.cfg.CorrectedHistogram && t == b.hi) {
		return false
	}
	const end = binCount - 1
	i := min(end, max(0, int((t-b.lo)/b.width)))
	for i > 0 && t < b.edge(i) {
		i--
	}
	for i < end && t >= b.edge(i+1) {
		i++
	}
	if i == 0 && t > b.lo {
		return false
	}
	least, most := k.sorted.within(b.edge(i), b.edge(i+1), i == end)
	if least > binFew || most <= binFew {
		return most <= binFew
	}
	return k.exactHistogram(b)
}

// medianAbsoluteDeviation: |x_n - median| / median(|x - median|) > 6. quiet
// says that the published code returned nothing instead of false. The middle
// half of the window bounds the median deviation: it is at least the nearer
// and at most the farther of the quartiles.
func (k *skyline) medianAbsoluteDeviation(x float64) (fired, quiet bool) {
	s, n := &k.sorted, k.time.n
	median, off := s.median()
	rule := func(least, most float64) ruling {
		dist := about(math.Abs(x-median), off+4*ulp*(math.Abs(x)+math.Abs(median)))
		return dist.above(bounds{6 * least, 6 * most})
	}
	a, offA := s.value(n / 4)
	b, offB := s.value(n - 1 - n/4)
	c, offC := s.value((n - 1) / 4)
	d, offD := s.value(n - 1 - (n-1)/4)
	out := unsure
	if least := min(median-a-offA, b-median-offB) - off; least > 0 {
		out = rule(least, max(median-c+offC, d-median+offD)+off)
	}
	if out == unsure && off == 0 && s.most(median) {
		return false, false
	}
	if out == unsure {
		mad, offM := s.deviation(median)
		switch offM += off; {
		case offM == 0 && mad == 0:
			return false, false
		case offM == 0:
			fired = math.Abs(x-median)/mad > 6
			return fired, !fired
		case mad > 2*offM:
			out = rule(mad-offM, mad+offM)
		}
	}
	if out == unsure {
		return k.exactMAD()
	}
	return out == surelyYes, out == surelyNo
}
