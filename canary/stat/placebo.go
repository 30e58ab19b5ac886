package stat

import "math"

// Placebo windows: how far do window means of the two sides differ when nothing
// was deployed? Every window of history answers once. The answer needs no model
// of the dependence, which is why a canary judged against its own history holds
// its error rate at any autocorrelation.

// Placebo is the variance of a window mean measured on history.
type Placebo struct {
	Mean    float64 // Mean of the history.
	SE      float64 // Standard error of (window mean - Mean) for a new window of n samples.
	DF      float64 // Degrees of freedom of SE.
	Windows float64 // Windows of n samples that fit into the history.
	Max     float64 // Largest |window mean - Mean| among all windows of the history.
	Phi     float64 // First-order autocorrelation of the history.
}

// MinPlaceboWindows is how many windows must fit into a history for its
// placebo variance to be used; below, the variance needs a model.
const MinPlaceboWindows = 6

// PlaceboVariance measures the variance of means over n consecutive samples on
// the history h, from all overlapping windows. With H samples,
//
//	S^2 = mean over windows of (window mean - Mean)^2
//	SE^2 = S^2 (1 + n/H)/(1 - n/H)
//
// the denominator undoing that Mean is taken from the same data, the numerator
// adding the error of Mean itself. DF = 1.2 H/(n + 2 Phi/(1-Phi)): overlapping
// windows carry about 1.5 H/n degrees of freedom, of which four fifths keep the
// far tail honest. It returns NaN if fewer than MinPlaceboWindows fit.
func PlaceboVariance(h []float64, n int) Placebo {
	total := len(h)
	nan := math.NaN()
	if n < 1 || total < MinPlaceboWindows*n || hasNaN(h) {
		return Placebo{Mean: nan, SE: nan, DF: nan, Max: nan, Phi: nan}
	}
	mean := Mean(h)
	sum, ss, worst := 0.0, 0.0, 0.0
	for i, v := range h {
		sum += v - mean
		if i >= n {
			sum -= h[i-n] - mean
		}
		if i >= n-1 {
			w := sum / float64(n)
			ss += w * w
			worst = max(worst, math.Abs(w))
		}
	}
	phi := ar1(h, mean)
	share := float64(n) / float64(total)
	s2 := ss / float64(total-n+1)
	return Placebo{
		Mean:    mean,
		SE:      math.Sqrt(s2 * (1 + share) / (1 - share)),
		DF:      1.2 * float64(total) / (float64(n) + 2*phi/(1-phi)),
		Windows: 1 / share,
		Max:     worst,
		Phi:     phi,
	}
}

// RoughnessRatio compares how much two series move from sample to sample: the
// mean squared step of x over that of reference. A slow change of level hardly
// moves it, a noisier process does, so it tells whether a variance measured on
// reference still applies to x. NaN without two samples on each side; +Inf if
// only reference never moves.
func RoughnessRatio(x, reference []float64) float64 {
	if len(x) < 2 || len(reference) < 2 {
		return math.NaN()
	}
	a, b := stepVariance(x), stepVariance(reference)
	if b == 0 {
		if a == 0 {
			return 1
		}
		return math.Inf(1)
	}
	return a / b
}

func stepVariance(x []float64) float64 {
	s := 0.0
	for i := 1; i < len(x); i++ {
		d := x[i] - x[i-1]
		s += d * d
	}
	return s / float64(len(x)-1)
}
