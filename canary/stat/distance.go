package stat

import (
	"math"
	"slices"
)

// Distances between two whole distributions.

// KS returns the two-sample Kolmogorov-Smirnov distance, the largest gap
// between the empirical distributions, and its asymptotic p-value
// 2 sum_k (-1)^(k-1) exp(-2 k^2 D^2 mn/(m+n)). NaN for an empty side.
func KS(x, y []float64) (d, p float64) {
	if len(x) == 0 || len(y) == 0 || hasNaN(x, y) {
		return math.NaN(), math.NaN()
	}
	walk(x, y, func(_, fx, fy, _ float64) { d = max(d, math.Abs(fx-fy)) })
	m, n := float64(len(x)), float64(len(y))
	return d, math.Exp(logKolmogorov(d * d * m * n / (m + n)))
}

// logKolmogorov is the log of 2 sum_k (-1)^(k-1) exp(-2 k^2 lambda).
func logKolmogorov(lambda float64) float64 {
	if lambda < 0.04 {
		return 0 // The series has not begun to fall; p is 1 to 10 digits.
	}
	sum := 0.0 // In units of the first term, which may underflow.
	for k := 1.0; k <= 100; k++ {
		term := math.Exp(-2 * (k*k - 1) * lambda)
		if int(k)%2 == 0 {
			term = -term
		}
		sum += term
		if math.Abs(term) < 1e-17 {
			break
		}
	}
	return min(0, math.Ln2-2*lambda+math.Log(max(sum, 0)))
}

// Wasserstein returns the 1-Wasserstein distance, the area between the two
// empirical distributions, in the unit of the values. NaN for an empty side.
func Wasserstein(x, y []float64) float64 {
	if len(x) == 0 || len(y) == 0 || hasNaN(x, y) {
		return math.NaN()
	}
	area := 0.0
	walk(x, y, func(v, fx, fy, next float64) {
		if fx != fy && !math.IsNaN(next) {
			area += math.Abs(fx-fy) * (next - v)
		}
	})
	return area
}

// walk visits the distinct pooled values in order with both distribution
// functions there and the next value (NaN at the last).
func walk(x, y []float64, visit func(v, fx, fy, next float64)) {
	xs, ys := slices.Clone(x), slices.Clone(y)
	slices.Sort(xs)
	slices.Sort(ys)
	i, j := 0, 0
	for i < len(xs) || j < len(ys) {
		v := math.Inf(1)
		if i < len(xs) {
			v = xs[i]
		}
		if j < len(ys) {
			v = min(v, ys[j])
		}
		for i < len(xs) && xs[i] == v {
			i++
		}
		for j < len(ys) && ys[j] == v {
			j++
		}
		next := math.NaN()
		switch {
		case i < len(xs) && j < len(ys):
			next = min(xs[i], ys[j])
		case i < len(xs):
			next = xs[i]
		case j < len(ys):
			next = ys[j]
		}
		visit(v, float64(i)/float64(len(xs)), float64(j)/float64(len(ys)), next)
	}
}
