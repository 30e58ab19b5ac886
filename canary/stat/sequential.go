package stat

import "math"

// Looking often. A test repeated on a growing window fails a healthy canary far
// more often than its level says. A group-sequential plan spends the level over
// the looks: the standardised sum S(t) = Z sqrt(t), t the share of information
// gathered, is a Brownian motion under the null, and a test may stop when S
// leaves a band. A constant band (O'Brien & Fleming, Biometrics 1979) is strict
// early and costs almost nothing at the end.
//
// p-values here are sequential: the smallest level at which the plan would
// stop at this look, so they can go on to Holm like any other.

// BandP returns log P(Brownian motion on [0,1] leaves the constant band s), the
// sequential p-value of S = s under continuous monitoring, hence under any
// schedule of looks. One-sided it is 2(1-Phi(s)); two-sided
// 4 sum_k (-1)^k (1-Phi((2k+1)s)) (reflection principle; Feller II, X.5).
// s <= 0 gives 0 (p = 1).
func BandP(s float64, twoSided bool) float64 {
	if !(s > 0) {
		return 0
	}
	first := LogNormalTail(s)
	if !twoSided {
		return min(0, math.Ln2+first)
	}
	sum := 1.0
	for k := 1; k < 200; k++ {
		r := math.Exp(LogNormalTail(float64(2*k+1)*s) - first)
		if k%2 == 1 {
			r = -r
		}
		sum += r
		if math.Abs(r) < 1e-17 {
			break
		}
	}
	return min(0, math.Log(4)+first+math.Log(max(sum, 0.25)))
}

// BandFromP is the inverse of BandP: the band left with log probability logp.
func BandFromP(logp float64, twoSided bool) float64 {
	if !(logp < 0) {
		return 0
	}
	if !twoSided {
		return max(0, NormalFromLogTail(logp-math.Ln2))
	}
	lo, hi := 0.0, NormalFromLogTail(logp-math.Log(4))+1
	for range 100 {
		mid := (lo + hi) / 2
		if BandP(mid, true) > logp {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// ExitProbability returns, look by look, the probability under the null that
// S first leaves the band at that look: |S_k| >= band[k], or S_k >= band[k] if
// one-sided. info holds the increasing information shares of the looks, in
// (0,1]. It is the recursion of Armitage, McPherson & Rowe (JRSS A 1969), the
// density among the paths still inside integrated look by look with
// Gauss-Legendre nodes; only positive terms are added, so small probabilities
// keep their digits. Invalid input gives nil.
func ExitProbability(info, band []float64, twoSided bool) []float64 {
	if len(info) != len(band) || len(info) == 0 {
		return nil
	}
	exit := make([]float64, len(info))
	var nodes, density []float64 // Density times quadrature weight at each node.
	before := 0.0
	for k, t := range info {
		step := math.Sqrt(t - before)
		if !(t > before) || math.IsNaN(band[k]) {
			return nil
		}
		hi := max(0, band[k])
		lo := -hi
		if !twoSided {
			lo = -8 * math.Sqrt(t)
		}
		if k == 0 {
			nodes, density = []float64{0}, []float64{1}
		}
		for i, x := range nodes {
			out := NormalTail((hi - x) / step)
			if twoSided {
				out += NormalTail((x - lo) / step)
			}
			exit[k] += density[i] * out
		}
		if k == len(info)-1 {
			break
		}
		nodes, density = carry(nodes, density, lo, hi, step)
		before = t
	}
	return exit
}

// carry moves the sub-density one look on, onto fresh nodes inside (lo, hi).
func carry(nodes, density []float64, lo, hi, step float64) (fresh, moved []float64) {
	// Composite 8-point panels no wider than 1.5 steps resolve the kernel.
	panels := min(400, max(1, int(math.Ceil((hi-lo)/(1.5*step)))))
	width := (hi - lo) / float64(panels)
	for p := range panels {
		mid := lo + (float64(p)+0.5)*width
		for _, g := range gauss8 {
			y := mid + width/2*g.x
			d := 0.0
			for j, x := range nodes {
				z := (y - x) / step
				if z > -9 && z < 9 {
					d += density[j] * math.Exp(-z*z/2)
				}
			}
			fresh = append(fresh, y)
			moved = append(moved, d*width/2*g.w/(step*math.Sqrt(2*math.Pi)))
		}
	}
	return fresh, moved
}

// gauss8 is the 8-point Gauss-Legendre rule on [-1,1] (Abramowitz & Stegun,
// table 25.4).
var gauss8 = [8]struct{ x, w float64 }{
	{-0.960289856497536232, 0.101228536290376259},
	{-0.796666477413626740, 0.222381034453374471},
	{-0.525532409916328986, 0.313706645877887287},
	{-0.183434642495649805, 0.362683783378361983},
	{0.183434642495649805, 0.362683783378361983},
	{0.525532409916328986, 0.313706645877887287},
	{0.796666477413626740, 0.222381034453374471},
	{0.960289856497536232, 0.101228536290376259},
}

// LooksP is the sequential log p-value of S = s when looks equally spaced looks
// are planned with a constant band: the chance that any of them leaves it.
// With one look it is the plain normal p-value. Up to exactLooks looks it is
// the recursion; past that the chance under continuous monitoring (BandP) with
// the band moved out by what looking only now and then is worth, since the
// recursion would cost seconds. Siegmund (Sequential Analysis, 1985, section
// 10.2) gives 0.583/sqrt(looks) for it; we move by at most 0.4/sqrt(looks), and
// by less far out, which keeps the p-value at or above the exact one (the test
// compares them): strict by a tenth or so.
func LooksP(s float64, looks int, twoSided bool) float64 {
	switch {
	case !(s > 0):
		return 0
	case looks <= 1 && twoSided:
		return min(0, math.Ln2+LogNormalTail(s))
	case looks <= 1:
		return LogNormalTail(s)
	case looks > exactLooks:
		return BandP(s+0.4*min(1, 3/s)/math.Sqrt(float64(looks)), twoSided)
	case s > 8:
		return BandP(s, twoSided) // So far out the two agree in every decision.
	}
	info, band := make([]float64, looks), make([]float64, looks)
	for k := range info {
		info[k], band[k] = float64(k+1)/float64(looks), s
	}
	sum := 0.0
	for _, p := range ExitProbability(info, band, twoSided) {
		sum += p
	}
	return min(0, math.Log(sum))
}

// exactLooks is the most looks for which the recursion is worth its cost, which
// grows with the square of their number: 0.7 ms a p-value at five.
const exactLooks = 5

// LooksBand is the inverse of LooksP: the constant band that equally spaced
// looks leave with log probability logp.
func LooksBand(logp float64, looks int, twoSided bool) float64 {
	if !(logp < 0) {
		return 0
	}
	lo, hi := 0.0, BandFromP(logp, twoSided)+1e-9
	for range 40 {
		mid := (lo + hi) / 2
		if LooksP(mid, looks, twoSided) > logp {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// SpentOBF is the level spent up to information t by the O'Brien-Fleming-type
// spending function of Lan & DeMets (Biometrika 1983), 2(1-Phi(z/sqrt(t))) with
// z the two-sided alpha point: increasing, alpha at t = 1.
func SpentOBF(alpha, t float64) float64 {
	if !(t > 0) || !(alpha > 0 && alpha < 1) {
		return 0
	}
	z := NormalFromLogTail(math.Log(alpha / 2))
	return 2 * NormalTail(z/math.Sqrt(min(t, 1)))
}

// SpendingBands returns the two-sided or one-sided bands for S at the given
// looks such that the level spent up to look k is SpentOBF(alpha, info[k]),
// for looks at any increasing shares of information.
func SpendingBands(alpha float64, info []float64, twoSided bool) []float64 {
	band := make([]float64, 0, len(info))
	spent := 0.0
	for k, t := range info {
		want := SpentOBF(alpha, t) - spent
		spent += want
		lo, hi := 0.0, 40.0
		for range 60 {
			mid := (lo + hi) / 2
			exit := ExitProbability(info[:k+1], append(band, mid), twoSided)
			if exit == nil {
				return nil
			}
			if exit[k] > want {
				lo = mid
			} else {
				hi = mid
			}
		}
		band = append(band, hi)
	}
	return band
}
