package detect

import "math"

// calibrate turns the fused ratio into evidence, -log10 of a p-value.
//
// Where the fused ratio S reaches 1, the series itself says how often that
// happens: exceedances are counted, those within ten samples of the last one
// as the same, and the count is shrunk towards a prior worth calWeight
// samples. From there the tail is a power law on either side:
//
//	p(S) = p(1) * S^-a,    p(1) in [1e-3, 1e-2]
//	a = calTail    for S > 1: Student's t with three degrees of freedom, the
//	               heaviest noise commonly met on metrics
//	a = calBody    for S < 1: measured, the body falls faster than the tail
//
// The exponent beyond 1 is not estimated. Per series that overfits: what passes
// the guard is too little and too clean to tell a tail index, and recall at ten
// false alarms per 1000 series-days fell by .05 to .15 on AIOPS and WSD in every
// form that was tried (bench/detection/study.md).
type calibrate struct {
	N, Above float32 // Samples and separate exceedances of S = 1, decayed.
	Last     uint32  // Sample number of the last exceedance; 0 if none.
	Reach    float32 // What band returned last.
}

const (
	calWeight = 3_000 // Samples the prior is worth.
	calPrior  = 1e-3  // Prior of p(1).
	calMin    = 1e-3
	calMax    = 1e-2
	calTail   = 3
	calBody   = 6
	calApart  = 10 // Samples within which exceedances are one.
	calBand   = 16 // Samples between two looks at the width of the band: it moves slowly, and a root is dear.
)

// atOne returns p(1), the probability that the fused ratio exceeds 1.
func (c *calibrate) atOne() float64 {
	p := (float64(c.Above) + calPrior*calWeight) / (float64(c.N) + calWeight)
	return max(calMin, min(calMax, p))
}

// evidence returns -log10 p of a ratio whose tail beyond 1 has exponent a, >= 0.
func (c *calibrate) evidence(ratio, a float64) float64 {
	if ratio <= 0 {
		return 0
	}
	if ratio < 1 {
		a = calBody
	}
	if a == calTail { // The one exponent of every sample: a logarithm saved.
		return max(0, math.Log10(ratio*ratio*ratio/c.atOne()))
	}
	return max(0, -math.Log10(c.atOne())+a*math.Log10(ratio))
}

// count enters the fused ratio of sample n.
func (c *calibrate) count(fused float64, n uint32) {
	if c.N++; c.N > tailHalve {
		c.N, c.Above = c.N/2, c.Above/2
	}
	if fused > 1 {
		if c.Last == 0 || n-c.Last > calApart {
			c.Above++
		}
		c.Last = n
	}
}

// reach returns the ratio at which the evidence reaches the bar: the inverse of
// evidence.
func (c *calibrate) reach(bar, a float64) float64 {
	beyond := bar + math.Log10(c.atOne())
	if beyond < 0 {
		a = calBody
	}
	if a == calTail {
		return min(ratioMax, math.Cbrt(math.Exp(beyond*math.Ln10)))
	}
	return min(ratioMax, math.Pow(10, beyond/a))
}

// band returns the ratio at which the evidence of the consensus reaches the bar,
// as of the last calBand samples.
func (c *calibrate) band(bar float64, n uint32) float64 {
	if c.Reach == 0 || n%calBand == 0 {
		c.Reach = float32(c.reach(bar, calTail))
	}
	return float64(c.Reach)
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
