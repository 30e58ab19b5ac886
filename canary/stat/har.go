package stat

import "math"

// The variance of a mean when neighbours resemble each other. Treating
// dependent samples as independent is what makes plain rank tests fail a
// healthy canary every second time; these estimates keep the stated error rate,
// and where the series is too dependent for its length their degrees of freedom
// fall so low that no test on them can decide.

// MeanEstimate is a mean with a standard error that allows for dependence.
type MeanEstimate struct {
	Mean float64
	SE   float64 // Standard error of Mean; 0 when the series is constant.
	DF   float64 // Degrees of freedom of SE: compare (Mean-mu)/SE with Student's t.
	Phi  float64 // First-order autocorrelation, bias-corrected, in [0, 0.97].
	NEff float64 // n*(1-Phi)/(1+Phi): independent samples the series is worth.
}

// EWC estimates the long-run variance of x by equal-weighted cosines,
//
//	omega = 1/B sum_{j=1..B} L_j^2,  L_j = sqrt(2/n) sum_t x_t cos(pi j (t-1/2)/n),
//
// so that the mean has standard error sqrt(omega/n) on B degrees of freedom
// (Lazarus, Lewis, Stock & Watson, "HAR Inference", JBES 2018). The cosines are
// orthogonal to a constant, so x need not be centred. b is capped at n-1; it
// returns NaN for n < 2 or b < 1.
func EWC(x []float64, b int) float64 {
	n := len(x)
	b = min(b, n-1)
	if b < 1 {
		return math.NaN()
	}
	mean := Mean(x)
	sum := 0.0
	for j := 1; j <= b; j++ {
		// cos(w(t+1)) = 2 cos(w) cos(wt) - cos(w(t-1)), started at t = 1/2.
		w := math.Pi * float64(j) / float64(n)
		c, prev, twice := math.Cos(w/2), math.Cos(w/2), 2*math.Cos(w)
		l := 0.0
		for _, v := range x {
			l += (v - mean) * c
			c, prev = twice*c-prev, c
		}
		sum += l * l
	}
	return 2 / float64(n) * sum / float64(b)
}

// HARMean estimates the mean of x by EWC after first-order pre-whitening: the
// autocorrelation Phi is removed, the rest measured by b cosines (0 takes
// n/4 within [4, 24]), and Phi put back, as omega/(1-Phi)^2 (Andrews & Monahan,
// Econometrica 1992). Phi is corrected for its small-sample bias by
// (1+3*Phi)/n (Kendall 1954) and never below 0.
//
// Two things make the standard error uncertain, the cosines and Phi, and both
// count: DF = 2/(2/b + 4/NEff), the second term being the delta-method variance
// of log 1/(1-Phi)^2, 4(1+Phi)/(n(1-Phi)). It returns NaN for fewer than 4 values.
func HARMean(x []float64, b int) MeanEstimate {
	n := len(x)
	nan := math.NaN()
	if n < 4 || hasNaN(x) {
		return MeanEstimate{Mean: nan, SE: nan, DF: nan, Phi: nan, NEff: nan}
	}
	mean := Mean(x)
	phi := ar1(x, mean)
	if b <= 0 {
		b = min(24, max(4, n/4))
	}
	b = min(b, n-2)
	e := make([]float64, n-1)
	for t := 1; t < n; t++ {
		e[t-1] = (x[t] - mean) - phi*(x[t-1]-mean)
	}
	omega := EWC(e, b) / ((1 - phi) * (1 - phi))
	neff := float64(n) * (1 - phi) / (1 + phi)
	return MeanEstimate{
		Mean: mean,
		SE:   math.Sqrt(omega / float64(n)),
		DF:   2 / (2/float64(b) + 4/neff),
		Phi:  phi,
		NEff: neff,
	}
}

// AR1 is the first-order autocorrelation of x corrected for small-sample bias
// (Kendall 1954) and held in [0, 0.97]: a negative value would only shrink
// standard errors, and 1 would end them. 0 for fewer than 3 values or a
// constant series.
func AR1(x []float64) float64 {
	return ar1(x, Mean(x))
}

// ar1 is AR1 around a known mean.
func ar1(x []float64, mean float64) float64 {
	n := len(x)
	if n < 3 {
		return 0
	}
	var num, den, last float64
	for _, v := range x {
		d := v - mean
		den += d * d
		num += d * last
		last = d
	}
	if !(den > 0) {
		return 0
	}
	r := num / den
	r += (1 + 3*r) / float64(n)
	return min(0.97, max(0, r))
}

// Mean is the arithmetic mean; 0 for no values.
func Mean(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	s := 0.0
	for _, v := range x {
		s += v
	}
	m := s / float64(len(x))
	c := 0.0
	for _, v := range x {
		c += v - m
	}
	return m + c/float64(len(x))
}

// Variance is the sample variance with n-1; 0 for fewer than 2 values.
func Variance(x []float64) float64 {
	if len(x) < 2 {
		return 0
	}
	m := Mean(x)
	s, c := 0.0, 0.0
	for _, v := range x {
		d := v - m
		s += float64(d * d) // Rounded before it is added, the same on every processor.
		c += d
	}
	return (s - float64(c*c/float64(len(x)))) / float64(len(x)-1)
}
