package stat

import (
	"math"
	"slices"
)

// Brunner-Munzel asks whether P(X > Y) + P(X = Y)/2 is one half, without
// assuming equal shapes. Written over its influence series the same statistic
// takes a dependence-proof variance.

// BMResult is a relative effect with its test against 1/2.
type BMResult struct {
	Effect float64 // P(X > Y) + P(X = Y)/2, in [0,1].
	T      float64 // Student statistic of Effect - 1/2.
	DF     float64
	P      float64 // Two-sided.
}

// BrunnerMunzel is the test for independent samples with the variance and
// Welch-Satterthwaite degrees of freedom of Brunner & Munzel (Biometrical
// Journal 2000). NaN for a side with fewer than 2 values. Complete separation
// gives T = +-Inf and P = 0.
func BrunnerMunzel(x, y []float64) BMResult {
	m, n := len(x), len(y)
	nan := math.NaN()
	if m < 2 || n < 2 || hasNaN(x, y) {
		return BMResult{nan, nan, nan, nan}
	}
	px, py := placements(x, y)
	eff := Mean(px)
	vx, vy := Variance(px)/float64(m), Variance(py)/float64(n)
	d := eff - 0.5
	if vx+vy == 0 {
		if d == 0 {
			return BMResult{eff, 0, nan, 1}
		}
		return BMResult{eff, math.Copysign(math.Inf(1), d), nan, 0}
	}
	t := d / math.Sqrt(vx+vy)
	df := (vx + vy) * (vx + vy) / (vx*vx/float64(m-1) + vy*vy/float64(n-1))
	p := math.Exp(min(0, math.Ln2+LogStudentTail(math.Abs(t), df)))
	return BMResult{eff, t, df, p}
}

// BrunnerMunzelHAR is the same effect for paired, dependent series of equal
// length: the influence series psi_t = F_y(x_t) - F_x(y_t) has mean 2*Effect-1,
// and its long-run variance (HARMean) covers autocorrelation, pairing and
// unequal shapes in one step. NaN for unequal lengths or fewer than 4 values.
func BrunnerMunzelHAR(x, y []float64) BMResult {
	nan := math.NaN()
	if len(x) != len(y) || len(x) < 4 || hasNaN(x, y) {
		return BMResult{nan, nan, nan, nan}
	}
	px, py := placements(x, y)
	psi := make([]float64, len(px))
	for i := range psi {
		psi[i] = px[i] - py[i]
	}
	h := HARMean(psi, 0)
	if h.SE == 0 {
		if h.Mean == 0 {
			return BMResult{0.5, 0, h.DF, 1}
		}
		return BMResult{(1 + h.Mean) / 2, math.Copysign(math.Inf(1), h.Mean), h.DF, 0}
	}
	t := h.Mean / h.SE
	return BMResult{(1 + h.Mean) / 2, t, h.DF, math.Exp(min(0, math.Ln2+LogStudentTail(math.Abs(t), h.DF)))}
}

// placements returns F_y at every x and F_x at every y, ties counting half.
func placements(x, y []float64) (px, py []float64) {
	xs, ys := sortedPair(x, y)
	at := func(sorted []float64, v float64) float64 {
		lo, _ := slices.BinarySearch(sorted, v)
		above, _ := slices.BinarySearch(sorted[lo:], math.Nextafter(v, math.Inf(1)))
		if math.IsInf(v, 1) {
			above = len(sorted) - lo
		}
		return float64(2*lo+above) / 2 / float64(len(sorted))
	}
	out := make([]float64, len(x)+len(y))
	px, py = out[:len(x):len(x)], out[len(x):]
	for i, v := range x {
		px[i] = at(ys, v)
	}
	for i, v := range y {
		py[i] = at(xs, v)
	}
	return px, py
}
