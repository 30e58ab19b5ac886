package detect

import (
	"math"
	"slices"
)

// An e-value measures evidence as a bet: it is never negative and its mean is
// at most 1 where nothing is wrong, so e >= 20 happens there with a chance of
// at most 1/20 (Markov). Unlike p-values, e-values of dependent series may be
// averaged, and a procedure on them needs no word about how the series depend
// on each other. On metrics that is what counts: one deploy moves a thousand
// series.

// calibrators are the exponents of EValue's mixture.
var calibrators = [...]float64{.1, .3, .5, .7, .9}

// EValue turns a p-value into an e-value: the mean over kappa in {.1, .3, .5,
// .7, .9} of kappa p^(kappa-1), each of which integrates to 1 over [0, 1]
// (Vovk and Wang, "E-values: calibration, combination and applications", Ann.
// Statist. 49, 2021, section 2). p outside (0, 1] is taken as the nearest that
// is inside; NaN as 1.
func EValue(p float64) float64 {
	switch {
	case math.IsNaN(p) || p >= 1:
		p = 1
	case p < math.SmallestNonzeroFloat64:
		p = math.SmallestNonzeroFloat64
	}
	sum, log := 0.0, math.Log(p)
	for _, k := range calibrators {
		sum += k * math.Exp((k-1)*log)
	}
	return sum / float64(len(calibrators))
}

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
