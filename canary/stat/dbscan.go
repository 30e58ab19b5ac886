package stat

import (
	"cmp"
	"slices"
)

// Noise is the cluster of a point that belongs to none.
const Noise = -1

// DBSCAN clusters points on a line (Ester et al., KDD 1996): a point with at
// least minPts points within eps, itself included, is a core; cores within eps
// of each other share a cluster, and a point within eps of a core joins it. A
// border point between two clusters joins the nearer core, the lower on a tie.
// It returns a cluster per point, numbered from 0 in ascending order of
// position, Noise for none. On a line sorting makes this n log n.
func DBSCAN(x []float64, eps float64, minPts int) []int {
	out := make([]int, len(x))
	order := make([]int, len(x))
	for i := range x {
		order[i] = i
		out[i] = Noise
	}
	if hasNaN(x) || !(eps >= 0) {
		return out
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	core := make([]bool, len(x)) // By position in order.
	lo, hi := 0, 0
	for i := range order {
		v := x[order[i]]
		for v-x[order[lo]] > eps {
			lo++
		}
		for hi < len(order) && x[order[hi]]-v <= eps {
			hi++
		}
		core[i] = hi-lo >= minPts
	}
	cluster, last := -1, -1
	for i := range order {
		if !core[i] {
			continue
		}
		if last < 0 || x[order[i]]-x[order[last]] > eps {
			cluster++
		}
		out[order[i]] = cluster
		last = i
	}
	joinBorders(x, order, core, eps, out)
	return out
}

// joinBorders gives every point that is no core the cluster of the nearest core
// within eps.
func joinBorders(x []float64, order []int, core []bool, eps float64, out []int) {
	before := -1
	for i := range order {
		if core[i] {
			before = i
			continue
		}
		after := i + 1
		for after < len(order) && !core[after] && x[order[after]]-x[order[i]] <= eps {
			after++
		}
		best := eps
		if before >= 0 && x[order[i]]-x[order[before]] <= best {
			best = x[order[i]] - x[order[before]]
			out[order[i]] = out[order[before]]
		}
		if after < len(order) && core[after] {
			if d := x[order[after]] - x[order[i]]; d < best || d <= best && out[order[i]] == Noise {
				out[order[i]] = out[order[after]]
			}
		}
	}
}
