package measure

import (
	"math/rand/v2"
	"slices"
)

// Spread says how far a recall depends on which series happened to be
// measured.
type Spread struct{ P10, Median float64 }

// Subsets draws random subsets of the series (seeded, so the report is
// reproducible) and returns the spread of the recall at each budget, each
// subset with its own threshold.
func Subsets(set []Alarms, size, draws int, budgets []float64) []Spread {
	if size >= len(set) {
		size = len(set)
	}
	rng := rand.New(rand.NewPCG(7, uint64(size)))
	got := make([][]float64, len(budgets))
	for range draws {
		perm := rng.Perm(len(set))[:size]
		sub := make([]Alarms, size)
		for i, k := range perm {
			sub[i] = set[k]
		}
		for b, p := range RecallAt(sub, budgets) {
			got[b] = append(got[b], p.Recall)
		}
	}
	out := make([]Spread, len(budgets))
	for b, g := range got {
		slices.Sort(g)
		if len(g) > 0 {
			out[b] = Spread{g[len(g)/10], g[len(g)/2]}
		}
	}
	return out
}
