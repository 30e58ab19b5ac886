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
//
//	BandP         watched without pause, in closed form
//	LooksP        K equal looks, from a table made by the recursion (looks.go, looks_exact.go)
//	ExitProbability, SpendingBands   any looks, any band (exit.go, spending.go)
//	PowerBand...  bands that may be watched for ever (anytime.go)

// BandP returns log P(Brownian motion on [0,1] leaves the constant band s), the
// sequential p-value of S = s under continuous monitoring, hence under any
// schedule of looks. One-sided it is 2(1-Phi(s)); two-sided
// 4 sum_k (-1)^k (1-Phi((2k+1)s)) (reflection principle; Feller II, X.5).
// s <= 0 or NaN gives 0 (p = 1).
func BandP(s float64, twoSided bool) float64 {
	switch {
	case !(s > 0):
		return 0
	case !twoSided:
		return min(0, math.Ln2+LogNormalTail(s))
	case s < 1:
		return math.Log1p(-staysWithin(s))
	case s > 1e100:
		return LogNormalTail(s) // Past this no log is told from another.
	}
	return min(0, math.Log(4)+LogNormalTail(s)+logReflections(s))
}

// logReflections is the log of the reflections' sum in units of its first term,
// near 0 for s >= 1.
func logReflections(s float64) float64 {
	first, rest := LogNormalTail(s), 0.0
	for k := 1; k < 20; k++ {
		r := math.Exp(LogNormalTail(float64(2*k+1)*s) - first)
		if r < 1e-18 {
			break
		}
		if k%2 == 1 {
			r = -r
		}
		rest += r
	}
	return math.Log1p(rest)
}

// staysWithin is the chance to stay inside a narrow band, by the series that
// converges there: 4/pi sum_k (-1)^k/(2k+1) exp(-(2k+1)^2 pi^2/(8 s^2)).
func staysWithin(s float64) float64 {
	sum := 0.0
	for k := range 20 {
		odd := float64(2*k + 1)
		term := math.Exp(-odd*odd*math.Pi*math.Pi/(8*s*s)) / odd
		if k%2 == 1 {
			term = -term
		}
		sum += term
		if math.Abs(term) < 1e-18*sum {
			break
		}
	}
	return 4 / math.Pi * sum
}

// BandFromP is the inverse of BandP: the band left with log probability logp.
// logp >= 0 or NaN gives 0.
func BandFromP(logp float64, twoSided bool) float64 {
	switch {
	case !(logp < 0):
		return 0
	case !twoSided:
		return max(0, NormalFromLogTail(logp-math.Ln2))
	case logp < BandP(1, true): // The reflections hardly count: a few rounds settle them.
		s, rest := 0.0, 0.0
		for range 60 {
			last := s
			s = NormalFromLogTail(logp - math.Log(4) - rest)
			if math.Abs(s-last) < 1e-15*s {
				break
			}
			rest = logReflections(s)
		}
		return s
	}
	lo, hi := 0.0, 1.0
	for range 60 {
		mid := (lo + hi) / 2
		if BandP(mid, true) > logp {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}
