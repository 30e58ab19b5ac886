package detect

import "math"

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
