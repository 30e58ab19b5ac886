package detect

import "math"

// calibrate turns the fused ratio into evidence, -log10 of a p-value.
//
// Where the fused ratio S reaches 1, the series itself says how often that
// happens: exceedances are counted, those within ten samples of the last one
// as the same, and the count is shrunk towards a prior worth calWeight
// samples. Beyond 1 the tail is a power law:
//
//	p(S) = p(1) * S^-3,   p(1) in [1e-3, 1e-2]
//
// The exponent is fixed. Estimated per series it overfits: what passes the
// guard is too little and too clean to tell a tail index, and recall at ten
// false alarms per 1000 series-days fell by .07 on AIOPS when it was tried.
// Exponent 3 is the tail of Student's t with three degrees of freedom, the
// heaviest noise commonly met on metrics.
type calibrate struct {
	N, Above float32 // Samples and separate exceedances of S = 1, decayed.
	Last     uint32  // Sample number of the last exceedance; 0 if none.
}

const (
	calWeight = 3_000 // Samples the prior is worth.
	calPrior  = 1e-3  // Prior of p(1).
	calMin    = 1e-3
	calMax    = 1e-2
	calTail   = 3
	calApart  = 10 // Samples within which exceedances are one.
)

// atOne returns p(1), the probability that the fused ratio exceeds 1.
func (c *calibrate) atOne() float64 {
	p := (float64(c.Above) + calPrior*calWeight) / (float64(c.N) + calWeight)
	return max(calMin, min(calMax, p))
}

// evidence returns -log10 p of the fused ratio, >= 0, and counts it.
func (c *calibrate) evidence(fused float64, n uint32) float64 {
	e := 0.0
	if fused > 0 {
		e = max(0, -math.Log10(c.atOne())+calTail*math.Log10(fused))
	}
	if c.N++; c.N > tailHalve {
		c.N, c.Above = c.N/2, c.Above/2
	}
	if fused > 1 {
		if c.Last == 0 || n-c.Last > calApart {
			c.Above++
		}
		c.Last = n
	}
	return e
}

// reach returns the fused ratio at which the evidence reaches the bar.
func (c *calibrate) reach(bar float64) float64 {
	return math.Cbrt(math.Exp(bar*math.Ln10) * c.atOne()) // calTail is 3.
}

// freshSamples is how long a series is fresh: what its members compare with has
// just filled, so a first window that is unlike the rest looks like news.
const freshSamples = 150

// claimable bounds the evidence of a fresh series: n samples do not show a
// chance below 1/(20n). Later the calibration speaks for itself.
func claimable(e float64, n uint32) float64 {
	if n >= freshSamples {
		return e
	}
	return min(e, math.Log10(20*float64(max(1, n))))
}
