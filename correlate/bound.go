package correlate

// Lower bounds of the squared DTW distance, cheapest first. Each only ever
// excludes a candidate that cannot be among the k nearest.
//
//	LB_Kim    first and last pair: every path contains them.
//	LB_PAA    segment means against the means of the query's envelope.
//	LB_Keogh  points against the query's envelope.
//
// Sources: Kim, Park, Chu, ICDE 2001; Zhu, Shasha, SIGMOD 2003 (envelope
// means); Keogh, Ratanamahatana, KAIS 7 (2005).

import "math"

// envelope returns the running minimum and maximum of q over +-r points, with a
// monotone queue of indices, in O(n).
func envelope(q []float64, r int) (lower, upper []float64) {
	n := len(q)
	lower, upper = make([]float64, n), make([]float64, n)
	var lo, hi []int
	for j := range n + r {
		if j < n {
			for len(lo) > 0 && q[lo[len(lo)-1]] >= q[j] {
				lo = lo[:len(lo)-1]
			}
			for len(hi) > 0 && q[hi[len(hi)-1]] <= q[j] {
				hi = hi[:len(hi)-1]
			}
			lo, hi = append(lo, j), append(hi, j)
		}
		i := j - r
		if i < 0 {
			continue
		}
		for lo[0] < i-r {
			lo = lo[1:]
		}
		for hi[0] < i-r {
			hi = hi[1:]
		}
		lower[i], upper[i] = q[lo[0]], q[hi[0]]
	}
	return lower, upper
}

// segments is the number of PAA segments for a window of n points.
func segments(n int) int { return min(48, n) }

// means writes the segment means of v. Segment s covers the points
// [s*n/m, (s+1)*n/m), so lengths differ by at most one.
func means(dst, v []float64) {
	n, m := len(v), len(dst)
	for s := range m {
		lo, hi := s*n/m, (s+1)*n/m
		sum := 0.0
		for _, x := range v[lo:hi] {
			sum += x
		}
		dst[s] = sum / float64(hi-lo)
	}
}

// query is the target prepared for both signs.
type query struct {
	z            []float64
	zi           []int32
	lower, upper []float64
	pl, pu       []float64 // Segment means of the envelope.
	width        []float64 // Points per segment.
	r            int
}

func newQuery(z []float64, r int) *query {
	q := &query{z: z, r: r, zi: make([]int32, len(z))}
	quantise(q.zi, z)
	q.lower, q.upper = envelope(z, r)
	n, m := len(z), segments(len(z))
	q.pl, q.pu, q.width = make([]float64, m), make([]float64, m), make([]float64, m)
	means(q.pl, q.lower)
	means(q.pu, q.upper)
	for s := range m {
		q.width[s] = float64((s+1)*n/m - s*n/m)
	}
	return q
}

// negated returns the query turned upside down.
func (q *query) negated() *query {
	z := make([]float64, len(q.z))
	for i, v := range q.z {
		z[i] = -v
	}
	return newQuery(z, q.r)
}

// kim is the cost of the first and the last pair (one pair if n is 1).
func (q *query) kim(x []float64) float64 {
	n := len(x)
	a, b := x[0]-q.z[0], x[n-1]-q.z[n-1]
	if n == 1 {
		return a * a
	}
	return a*a + b*b
}

// paa sums the squared exceedances of segment means over the envelope means,
// times the segment length: by convexity at most keogh, exactly as by Jensen.
func (q *query) paa(m []float64) float64 {
	sum := 0.0
	for s, v := range m {
		if d := v - q.pu[s]; d > 0 {
			sum += q.width[s] * d * d
		} else if d := q.pl[s] - v; d > 0 {
			sum += q.width[s] * d * d
		}
	}
	return sum
}

// keogh sums the squared exceedances of points over the envelope. rest[i]
// receives the sum over points i.., which bounds what a path still has to pay
// from row i on; it is complete only if the result is at most cut.
func (q *query) keogh(x, rest []float64, cut float64) float64 {
	sum := 0.0
	for i := len(x) - 1; i >= 0; i-- {
		v := x[i]
		if d := v - q.upper[i]; d > 0 {
			sum += d * d
		} else if d := q.lower[i] - v; d > 0 {
			sum += d * d
		}
		rest[i] = sum
		if sum > cut {
			return sum
		}
	}
	return sum
}

// loosen makes a cutoff safe against rounding in the bounds.
func loosen(cut float64) float64 {
	if math.IsInf(cut, 1) {
		return cut
	}
	return cut*(1+1e-9) + 1e-9
}
