package fleet

import (
	"slices"
)

// EBH is the e-BH procedure (Wang and Ramdas, "False discovery rate control
// with e-values", J. R. Stat. Soc. B 84, 2022, definition 2): of n hypotheses
// with these e-values, those missing from e counting as 0, it rejects the k
// largest, k the largest number for which the k-th largest e-value is at least
// n/(alpha k). The share of false ones among the rejected is then at most alpha
// times the share of true nulls, in the mean, under any dependence. EBH returns k and the
// e-value from which it rejects; k is 0 and the threshold n/alpha if it rejects
// none. e is not changed; NaN counts as 0.
func EBH(e []float64, n int, alpha float64) (k int, threshold float64) {
	sorted := make([]float64, 0, len(e))
	for _, x := range e {
		if x > 0 { // Not NaN either.
			sorted = append(sorted, x)
		}
	}
	slices.Sort(sorted)
	n = max(n, len(e))
	for i, x := range sorted {
		if left := len(sorted) - i; x*alpha*float64(left) >= float64(n) {
			return left, float64(n) / (alpha * float64(left))
		}
	}
	return 0, float64(max(n, 1)) / alpha
}
