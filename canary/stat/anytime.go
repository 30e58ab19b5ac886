package stat

import "math"

// Bands for looking as often and as long as one likes. A constant band ends with
// the plan; a band on Z that is strict early and widens late never ends, and the
// chance that a Brownian motion ever leaves it is still a small multiple of one
// normal tail. Here that multiple is derived.

// PowerBand is the band |Z| >= c t^-Early up to the planned information t = 1 and
// |Z| >= c t^Late beyond, Z = S/sqrt(t) (early part: Wang & Tsiatis, Biometrics
// 1987). Early lies in (0, 0.5], Late above 0.
type PowerBand struct{ Early, Late float64 }

// scale is the band over c at t, on Z.
func (b PowerBand) scale(t float64) float64 {
	if t > 1 {
		return math.Pow(t, b.Late)
	}
	return math.Pow(t, -b.Early)
}

// The times a power band is followed over and the ratio of two looks. What
// happens between the looks is met by moving the band in by what they miss.
const (
	powerFrom  = 1e-3
	powerTo    = 1e4
	powerRatio = 1.05
)

// Exit is the chance that a Brownian motion watched without pause from t = 1e-3
// to 1e4 ever leaves the band at c > 0, by the recursion. It is right to a few
// parts in a hundred, NaN for a band that is out of range.
func (b PowerBand) Exit(c float64, twoSided bool) float64 { return b.exitUntil(c, powerTo, twoSided) }

// exitUntil is Exit with the watching stopped at a time from 1 on.
func (b PowerBand) exitUntil(c, end float64, twoSided bool) float64 {
	if !(c > 0) || !(b.Early > 0 && b.Early <= 0.5) || !(b.Late > 0) || math.IsInf(c, 1) {
		return math.NaN()
	}
	w := newBandWalk(twoSided)
	sum := 0.0
	for t := powerFrom; t < end*powerRatio; t *= powerRatio {
		if t > 1 && t < powerRatio {
			t = 1 // The narrowest place is looked at.
		}
		t = min(t, end)
		band := c * b.scale(t) * math.Sqrt(t)
		band -= missedStep(band/t, math.Sqrt(t-w.time))
		sum += w.exit(t, band)
		w.carry(t, band)
	}
	return sum
}

// missedStep is what two looks a step apart miss of a path that reaches the band
// at a speed (paths that get there go there straight): missed, for a hundred
// looks at the band the same number of steps away.
func missedStep(speed, step float64) float64 {
	s := min(looksHigh, max(looksLow, 10*speed*step))
	return step * missedSteps(s, 100, false)
}

// Factor is the least F with Exit(c) <= F (1-Phi(c)) for every c whose tail
// 1-Phi(c) lies between 0.02 and 1e-9, the levels a judge works at. A log
// p-value of log F + LogNormalTail(c) then holds whenever the looking stops. It
// takes seconds: it is for tests that derive constants. Early 0.3, Late 0.12 has
// 5.6 one-sided and 11.1 two-sided.
func (b PowerBand) Factor(twoSided bool) float64 {
	worst := 0.0
	for c := 2.0; c <= 6; c++ {
		f := b.Exit(c, twoSided) / NormalTail(c)
		if f != f {
			return f
		}
		worst = max(worst, f)
	}
	return worst
}
