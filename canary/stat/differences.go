package stat

import (
	"math"
	"slices"
)

// Order statistics of the mn differences of two sides without forming them. How
// many lie at or below a value is counted by two pointers over the sorted sides;
// the same pass finds the nearest differences on either side of it, so a bracket
// always ends on differences and closes on one, ties or not. Once few are left
// in it they are listed and sorted.

// medianDifference is the median of all x_i - y_j of sorted slices.
func medianDifference(xs, ys []float64) float64 {
	total := len(xs) * len(ys)
	a := kthDifference(xs, ys, (total+1)/2)
	if total%2 == 1 {
		return a
	}
	count, _, next := around(xs, ys, a)
	if count > total/2 {
		return a
	}
	return a + (next-a)/2
}

// kthDifference is the k-th smallest (1-based) of the differences of two
// ascending finite slices, exact to the bit.
func kthDifference(xs, ys []float64, k int) float64 {
	lo, hi := xs[0]-ys[len(ys)-1], xs[len(xs)-1]-ys[0]
	below, upTo := 0, len(xs)*len(ys) // Differences < lo, and <= hi.
	byBits := false
	for lo < hi && upTo-below > (len(xs)+len(ys))/2 {
		pivot := lo + (hi-lo)/2
		if byBits {
			pivot = middleBits(lo, hi)
		}
		if !(pivot < hi) {
			pivot = lo
		}
		within := upTo - below
		count, left, right := around(xs, ys, pivot)
		if count >= k {
			hi, upTo = left, count
		} else {
			lo, below = right, count
		}
		// A few far values can make halving slow; halving the bits is not, and
		// the other way round near zero.
		if upTo-below > within-within/4 {
			byBits = !byBits
		}
	}
	if lo == hi {
		return lo
	}
	return between(xs, ys, lo, hi, upTo-below)[k-below-1]
}

// around counts the differences <= v and finds the largest of them and the
// smallest of the others (-Inf and +Inf where there is none).
func around(xs, ys []float64, v float64) (count int, left, right float64) {
	left, right = math.Inf(-1), math.Inf(1)
	j := 0 // For growing x fewer y satisfy x - y <= v.
	for _, x := range xs {
		for j < len(ys) && x-ys[j] > v {
			j++
		}
		if j > 0 {
			right = min(right, x-ys[j-1])
		}
		if j < len(ys) {
			count += len(ys) - j
			left = max(left, x-ys[j])
		}
	}
	return count, left, right
}

// between lists the differences from lo to hi in order; n is how many there are.
func between(xs, ys []float64, lo, hi float64, n int) []float64 {
	out := make([]float64, 0, n)
	j := 0
	for _, x := range xs {
		for j < len(ys) && x-ys[j] > hi {
			j++
		}
		for i := j; i < len(ys); i++ {
			d := x - ys[i]
			if d < lo {
				break
			}
			out = append(out, d)
		}
	}
	slices.Sort(out)
	return out
}

// middleBits is the float64 halfway between two in the order of float64s, lo or
// above and below hi.
func middleBits(lo, hi float64) float64 {
	a, b := orderedBits(lo), orderedBits(hi)
	return fromOrderedBits(a>>1 + b>>1 + a&b&1) // The span may exceed int64.
}

// orderedBits maps a float64 to an int64 that orders like it; -0 and 0 are one.
func orderedBits(f float64) int64 {
	b := int64(math.Float64bits(f + 0))
	if b < 0 {
		return math.MinInt64 - b
	}
	return b
}

func fromOrderedBits(b int64) float64 {
	if b < 0 {
		b = math.MinInt64 - b
	}
	return math.Float64frombits(uint64(b))
}
