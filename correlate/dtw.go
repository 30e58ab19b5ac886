package correlate

// Dynamic time warping in a Sakoe-Chiba band, squared costs, for two windows of
// equal length. One row of 2r+1 cells is kept and updated in place: cell k of
// row i stands for the pair (i, i-r+k).
//
//	row i-1:   diag=row[k]   up=row[k+1]
//	row i:     left=row[k-1] cell=row[k]
//
// The float64 kernel gives the answer. The integer kernel gives a lower bound
// several times faster: integer minima compile to conditional moves.
//
// Source: H. Sakoe, S. Chiba, Dynamic programming algorithm optimization for
// spoken word recognition, IEEE TASSP 26 (1978).

import "math"

// dtw returns the squared DTW distance, or +Inf once it must exceed cut.
// rest[i] bounds the cost of rows i.. from below (nil: 0). row has 2r+2 cells.
// The second result is the number of cells computed.
func dtw(x, y []float64, r int, cut float64, rest, row []float64) (float64, int64) {
	n, inf := len(x), math.Inf(1)
	for k := range row {
		row[k] = inf
	}
	cells := int64(0)
	for i, xi := range x {
		lo, hi := max(0, r-i), min(2*r, n-1-i+r)
		left, least := inf, inf
		if i == 0 {
			left = 0
			lo = r
		}
		for k := lo; k <= hi; k++ {
			m := left
			if row[k] < m {
				m = row[k]
			}
			if row[k+1] < m {
				m = row[k+1]
			}
			d := xi - y[i-r+k]
			left = d*d + m
			row[k] = left
			if left < least {
				least = left
			}
		}
		cells += int64(hi - lo + 1)
		if rest != nil && i+1 < n {
			least += rest[i+1]
		}
		if least > cut {
			return inf, cells
		}
	}
	return row[r], cells
}

const (
	intScale = 1 << 13 // Units per standard deviation.
	intInf   = int64(1) << 62
)

// quantise writes v in units of 1/intScale. |v| is at most sqrt(MaxPoints), so
// a squared difference stays under 2^42 and a path under 2^57.
func quantise(dst []int32, v []float64) {
	for i, x := range v {
		dst[i] = int32(math.Round(x * intScale))
	}
}

// intCut returns a cutoff for the integer kernel that no pair with a true
// squared distance <= cut exceeds. A path has fewer than 2n cells, each off by
// at most one unit, so by the triangle inequality the roots of the two sums
// differ by at most sqrt(2n) units.
func intCut(cut float64, n int) int64 {
	c := math.Sqrt(cut)*intScale + math.Sqrt(2*float64(n)) + 1
	if c *= c; c < float64(intInf) {
		return int64(c)
	}
	return intInf - 1
}

// dtwInt is dtw on quantised windows; it returns intInf once the distance must
// exceed cut. rest is as for dtw, in squared units.
func dtwInt(x, y []int32, r int, cut int64, rest, row []int64) (int64, int64) {
	n := len(x)
	for k := range row {
		row[k] = intInf
	}
	cells := int64(0)
	for i, xi := range x {
		lo, hi := max(0, r-i), min(2*r, n-1-i+r)
		left, least := intInf, intInf
		if i == 0 {
			left = 0
			lo = r
		}
		ys := y[i-r+lo : i-r+hi+1]
		cur := row[lo : lo+len(ys)+1]
		diag := cur[0]
		for k, yj := range ys {
			up := cur[k+1]
			d := int64(xi - yj)
			left = d*d + min(left, min(diag, up))
			cur[k] = left
			diag = up
			least = min(least, left)
		}
		cells += int64(len(ys))
		if rest != nil && i+1 < n {
			least += rest[i+1]
		}
		if least > cut {
			return intInf, cells
		}
	}
	return row[r], cells
}

// pathOffset returns the median of j-i over the cells (i of x, j of y) of an
// optimal path, each weighted by the squared step of x into i: where x stands
// still, a path has no offset to tell. Positive: y moves later. Ties prefer the
// diagonal, then the step in x.
func pathOffset(x, y []float64, r int) float64 {
	n, w := len(x), 2*r+1
	cost := make([]float64, n*w)
	inf := math.Inf(1)
	at := func(i, k int) float64 {
		if i < 0 || k < 0 || k >= w {
			return inf
		}
		return cost[i*w+k]
	}
	for i := range n {
		for k := range w {
			j := i - r + k
			if j < 0 || j >= n {
				cost[i*w+k] = inf
				continue
			}
			m := min(at(i-1, k), at(i-1, k+1), at(i, k-1))
			if i == 0 && j == 0 {
				m = 0
			}
			d := x[i] - y[j]
			cost[i*w+k] = d*d + m
		}
	}
	weights, total := make([]float64, w), 0.0
	for i, k := n-1, r; i >= 0 && k >= 0; {
		if i > 0 {
			step := x[i] - x[i-1]
			weights[k] += step * step
			total += step * step
		}
		diag, up, left := at(i-1, k), at(i-1, k+1), at(i, k-1)
		switch {
		case i == 0 && k == r:
			i = -1
		case diag <= up && diag <= left:
			i--
		case up <= left:
			i, k = i-1, k+1
		default:
			k--
		}
	}
	sum := 0.0
	for k, v := range weights {
		if sum += v; sum > total/2 {
			return float64(k - r)
		}
	}
	return 0
}
