package stat

import "math"

// Spending. Where looks come at any shares of information, a spending function
// says how much of the level may be gone by each, and the recursion finds the
// band that spends exactly that.

// SpentOBF is the level spent up to information t by the O'Brien-Fleming-type
// spending function of Lan & DeMets (Biometrika 1983), 2(1-Phi(z/sqrt(t))) with
// z the two-sided alpha point: increasing, alpha at t >= 1. 0 for alpha outside
// (0,1).
func SpentOBF(alpha, t float64) float64 {
	if !(t > 0) || !(alpha > 0 && alpha < 1) {
		return 0
	}
	z := NormalFromLogTail(math.Log(alpha / 2))
	return 2 * NormalTail(z/math.Sqrt(min(t, 1)))
}

// SpendingBands returns the two-sided or one-sided bands for S at the given
// looks such that the level spent up to look k is SpentOBF(alpha, info[k]), for
// looks at any increasing shares of information. A look that may spend nothing,
// because what it could spend has no float64, has band +Inf. Invalid info gives
// nil. The cost grows with the square of the looks: 1,440 take seconds.
func SpendingBands(alpha float64, info []float64, twoSided bool) []float64 {
	if len(info) == 0 {
		return nil
	}
	band := make([]float64, 0, len(info))
	w := newBandWalk(twoSided)
	spent := 0.0
	for k, t := range info {
		if !w.ahead(t) {
			return nil
		}
		want := SpentOBF(alpha, t) - spent
		b := math.Inf(1)
		if want > 1e-300 {
			spent += want
			b = w.bandFor(t, want)
		}
		band = append(band, b)
		if k < len(info)-1 {
			w.carry(t, b)
		}
	}
	return band
}

// bandFor is the band that the walk is outside of at time t with chance want.
func (w *bandWalk) bandFor(t, want float64) float64 {
	lo, hi := 0.0, 40*math.Sqrt(t)
	for range 60 {
		mid := (lo + hi) / 2
		if w.exit(t, mid) > want {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}
