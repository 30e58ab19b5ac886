package kayenta

import "github.com/bellwether-ts/bellwether/canary/stat"

// Kayenta's Mann-Whitney interval. The search itself, shared with R, is
// stat.SearchShift; here is only what Kayenta asks of it.

// interval is the interval and estimate of the shift experiment - control.
type interval struct{ low, high, estimate float64 }

// shiftScore is the score of the shift mu, less a quantile.
func shiftScore(mu, quantile float64, x, y []float64) (float64, error) {
	s, err := stat.ShiftScore(x, y, mu, stat.KayentaRules.TotalOrder)
	return s - quantile, err
}

// shiftOf computes the interval of x - y at a confidence level.
func shiftOf(x, y []float64, confidence float64) (interval, error) {
	s, err := stat.SearchShift(x, y, confidence, stat.KayentaRules)
	return interval{low: s.Low, high: s.High, estimate: s.Estimate}, err
}
