package stat

import (
	"cmp"
	"math"
	"slices"
)

// Many metrics, one decision. A p-value that is small for one metric is
// expected somewhere among a thousand; these adjust for that. All of them take
// logarithms or plain values in the order given and answer in that order.

// HolmLog adjusts log p-values so that rejecting those <= log alpha keeps the
// chance of any false rejection at alpha under any dependence (Holm,
// Scandinavian Journal of Statistics 1979): sorted ascending,
// adj_(i) = max_{j<=i} min(1, (m-j+1) p_(j)). NaN entries do not count and stay NaN.
func HolmLog(logp []float64) []float64 {
	order, m := ascending(logp)
	adj := slices.Clone(logp)
	running := math.Inf(-1)
	for rank, i := range order {
		running = max(running, min(0, logp[i]+math.Log(float64(m-rank))))
		adj[i] = running
	}
	return adj
}

// BH adjusts p-values so that rejecting those <= q keeps the expected share of
// false rejections at q for independent or positively dependent metrics
// (Benjamini & Hochberg, JRSS B 1995). NaN entries do not count and stay NaN.
func BH(p []float64) []float64 {
	order, m := ascending(p)
	adj := slices.Clone(p)
	running := 1.0
	for rank := m - 1; rank >= 0; rank-- {
		i := order[rank]
		running = min(running, p[i]*float64(m)/float64(rank+1))
		adj[i] = running
	}
	return adj
}

// EBH reports which e-values to reject so that the expected share of false
// rejections is at most q under any dependence: the k largest, for the largest
// k with k-th e-value >= m/(k q) (Wang & Ramdas, JRSS B 2022). NaN never rejects.
func EBH(e []float64, q float64) []bool {
	neg := make([]float64, len(e))
	for i, v := range e {
		neg[i] = -v
	}
	order, m := ascending(neg)
	last := 0
	for rank, i := range order {
		if e[i]*q*float64(rank+1) >= float64(m) {
			last = rank + 1
		}
	}
	reject := make([]bool, len(e))
	for _, i := range order[:last] {
		reject[i] = true
	}
	return reject
}

// ascending returns the indices of the numbers in x from least to greatest,
// ties in order of index, and how many there are.
func ascending(x []float64) ([]int, int) {
	order := make([]int, 0, len(x))
	for i, v := range x {
		if v == v {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	return order, len(order)
}
