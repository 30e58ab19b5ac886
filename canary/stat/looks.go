package stat

import "math"

// K equal looks at a constant band. The recursion (ExactLooksP) is right but too
// slow for a judge that asks a thousand times. What it gives is what watching
// without pause gives for a band moved out by a little,
//
//	LooksP(s) = BandP(s + g(s,K)/sqrt(K)),
//
// since who looks only now and then misses what happens in between (Siegmund,
// Sequential Analysis, 1985, section 10.2). g is smooth: it goes to
// -zeta(1/2)/sqrt(2 pi) as K grows and to sqrt(K) log(2)/s far out. The table in
// looks_table.go holds it, as the recursion gives it, at Chebyshev points of s
// and some K; between them polynomials in s and in 1/sqrt(K) are right to five
// digits of p and mostly to eight. A test remakes it.

// The table spans s from looksLow to looksHigh.
const (
	looksLow  = 0.5
	looksHigh = 8.0
)

// neverPaused is g for looks without number, -zeta(1/2)/sqrt(2 pi) (Chernoff,
// Annals of Mathematical Statistics 1965).
const neverPaused = 0.58259715793901

// looksRow is g at the Chebyshev points of s for one number of looks.
type looksRow struct {
	looks int
	g     [looksPoints]float64
}

// looksPoint is the i-th of the points of s, ascending.
func looksPoint(i int) float64 {
	return (looksLow+looksHigh)/2 - (looksHigh-looksLow)/2*math.Cos(math.Pi*float64(i)/(looksPoints-1))
}

// looksPlaces holds every looksPoint.
var looksPlaces = func() (p [looksPoints]float64) {
	for i := range p {
		p[i] = looksPoint(i)
	}
	return p
}()

// LooksP is the sequential log p-value of S = s when looks equally spaced looks
// are planned with a constant band: the chance that any of them leaves it. One
// look is the plain normal p-value; any number is allowed. Below s = 0.5 (p above
// 0.35) and past s = 8 (p below 3e-14) the p-value is at or above the exact one.
// s <= 0 or NaN gives 0 (p = 1).
func LooksP(s float64, looks int, twoSided bool) float64 {
	switch {
	case !(s > 0):
		return 0
	case looks <= 1 && twoSided:
		return min(0, math.Ln2+LogNormalTail(s))
	case looks <= 1:
		return LogNormalTail(s)
	}
	return BandP(s+missed(s, looks, twoSided), twoSided)
}

// LooksBand is the inverse of LooksP: the constant band that equally spaced
// looks leave with log probability logp. logp >= 0 or NaN gives 0.
func LooksBand(logp float64, looks int, twoSided bool) float64 {
	switch {
	case !(logp < 0):
		return 0
	case looks <= 1 && twoSided:
		return max(0, NormalFromLogTail(logp-math.Ln2))
	case looks <= 1:
		return max(0, NormalFromLogTail(logp))
	}
	// s + missed(s) = outer, and missed hardly changes with s.
	outer := BandFromP(logp, twoSided)
	s := outer
	for range 50 {
		next := max(0, outer-missed(s, looks, twoSided))
		if math.Abs(next-s) <= 1e-13*(1+s) {
			return next
		}
		s = next
	}
	return s
}

// missed is how far the band moves out for what happens between the looks.
func missed(s float64, looks int, twoSided bool) float64 {
	in := min(looksHigh, max(looksLow, s))
	g := missedSteps(in, looks, twoSided) / math.Sqrt(float64(looks))
	switch {
	case s > looksHigh:
		return g * looksHigh / s // s*missed grows towards log 2: this is strict.
	case s >= looksLow:
		return g
	case twoSided:
		return g * s / looksLow // Strict: at s = 0 every look finds it outside.
	}
	return g // One-sided g only grows towards 0: strict again.
}

// missedSteps is g(s,K), looksLow <= s <= looksHigh.
func missedSteps(s float64, looks int, twoSided bool) float64 {
	rows := &looksOneSided
	if twoSided {
		rows = &looksTwoSided
	}
	var weight [looksPoints]float64
	chebyshevWeights(s, &weight)
	for i := range rows {
		if rows[i].looks == looks {
			return weighted(&weight, &rows[i].g)
		}
	}
	// Barycentric interpolation in x = 1/sqrt(K) over the rows of many looks and
	// the limit at x = 0.
	x := 1 / math.Sqrt(float64(looks))
	w := looksSpread[0] / x
	num, den := w*neverPaused, w
	for i := looksFrom; i < len(rows); i++ {
		w := looksSpread[i-looksFrom+1] / (x - 1/math.Sqrt(float64(rows[i].looks)))
		num += w * weighted(&weight, &rows[i].g)
		den += w
	}
	return num / den
}

// looksFrom is the first row of those between which K is interpolated: all
// fewer looks have a row of their own.
const looksFrom = 6

// looksSpread holds the barycentric weights of x = 0 and of the rows from
// looksFrom on.
var looksSpread = func() (w [looksRows - looksFrom + 1]float64) {
	var x [len(w)]float64
	for i := range x[1:] {
		x[i+1] = 1 / math.Sqrt(float64(looksOneSided[looksFrom+i].looks))
	}
	for i := range w {
		w[i] = 1
		for j := range x {
			if j != i {
				w[i] /= 10 * (x[i] - x[j]) // The factor keeps the products near 1.
			}
		}
	}
	return w
}()

// chebyshevWeights fills in the weights, adding to 1, with which values at the
// points give the value at s (Berrut & Trefethen, SIAM Review 2004).
func chebyshevWeights(s float64, w *[looksPoints]float64) {
	sum := 0.0
	for i := range w {
		d := s - looksPlaces[i]
		if d == 0 {
			*w = [looksPoints]float64{}
			w[i] = 1
			return
		}
		v := 1 / d
		if i%2 == 1 {
			v = -v
		}
		if i == 0 || i == looksPoints-1 {
			v /= 2
		}
		w[i] = v
		sum += v
	}
	for i := range w {
		w[i] /= sum
	}
}

func weighted(w, v *[looksPoints]float64) float64 {
	sum := 0.0
	for i := range w {
		sum += float64(w[i] * v[i])
	}
	return sum
}
