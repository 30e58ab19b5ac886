package stat

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Counts. Given that an event happened, it is the canary's with probability
// rho, its share of the exposure, whatever the rate does over time (Lindon &
// Malek, NeurIPS 2022). So two numbers decide, the canary's events and the
// baseline's, and a bet against rho can be settled after every event.

// LogBinomialTail returns log P(K >= k) for K ~ Binomial(n, p); k and n are
// whole numbers. It sums from the tail's large end by ratios, so it holds where
// the probability underflows.
func LogBinomialTail(k, n, p float64) float64 {
	switch {
	case math.IsNaN(k) || !(n >= 0) || !(p >= 0 && p <= 1):
		return math.NaN()
	case k <= 0:
		return 0
	case k > n || p == 0:
		return math.Inf(-1)
	case p == 1:
		return 0
	case n > 1e9:
		return bigBinomialTail(k, n, p)
	case k <= n*p:
		// P(K >= k) = 1 - P(n-K >= n-k+1), the smaller tail of the other side.
		return math.Log1p(-math.Exp(LogBinomialTail(n-k+1, n, 1-p)))
	}
	odds := p / (1 - p)
	sum, term := 1.0, 1.0
	for j := k; j < n; j++ {
		term *= (n - j) / (j + 1) * odds
		sum += term
		if term < 1e-17*sum {
			break
		}
	}
	return min(0, logBinomial(k, n, p)+math.Log(sum))
}

// bigBinomialTail serves n beyond a billion: the incomplete beta function, and
// where that underflows the normal score with continuity correction.
func bigBinomialTail(k, n, p float64) float64 {
	if q := mathext.RegIncBeta(k, n-k+1, p); q > 1e-290 {
		return math.Log(q)
	}
	return LogNormalTail((k - 0.5 - n*p) / math.Sqrt(n*p*(1-p)))
}

// BinomialP is the log p-value of k successes in n trials against probability
// p; two-sided doubles the smaller tail.
func BinomialP(k, n, p float64, alt Alternative) float64 {
	upper := LogBinomialTail(k, n, p)
	lower := LogBinomialTail(n-k, n, 1-p)
	switch alt {
	case Greater:
		return upper
	case Less:
		return lower
	}
	return min(0, math.Ln2+min(upper, lower))
}

// shareWeight is how many events the bet's prior on the share is worth. It is
// centred at rho; a heavier prior gains on small ratios and loses on tiny totals.
const shareWeight = 6

// LogShareE is the log e-value of s1 canary and s0 baseline events against the
// canary's share being rho: the likelihood under a Beta(a,b) mixture of shares,
// a = 6 rho, b = 6 (1-rho), on (rho,1) for Greater, (0,rho) for Less, (0,1) for
// TwoSided, over the likelihood at rho,
//
//	E = B(a+s1,b+s0)/B(a,b) / (rho^s1 (1-rho)^s0) * (posterior mass of the side)/(prior mass of it)
//
// Under the null its running maximum exceeds 1/alpha with probability at most
// alpha (Ville), so it may be read after every event. Fractional counts are
// allowed: dividing both by an over-dispersion factor flattens the likelihood.
func LogShareE(s1, s0, rho float64, alt Alternative) float64 {
	if !(s1 >= 0 && s0 >= 0) || !(rho > 0 && rho < 1) || math.IsInf(s1+s0, 1) {
		return math.NaN()
	}
	a, b := shareWeight*rho, shareWeight*(1-rho)
	e := logBeta(a+s1, b+s0) - logBeta(a, b) - s1*math.Log(rho) - s0*math.Log1p(-rho)
	switch alt {
	case Greater:
		e += logMassAbove(a+s1, b+s0, rho) - logMassAbove(a, b, rho)
	case Less:
		e += logMassAbove(b+s0, a+s1, 1-rho) - logMassAbove(b, a, 1-rho)
	}
	return e
}

// logMassAbove is log P(Beta(a,b) > x).
func logMassAbove(a, b, x float64) float64 {
	return math.Log(mathext.RegIncBeta(b, a, 1-x))
}

// CountDispersion measures how much more the canary's share varies between
// blocks of the given number of samples than a binomial share would: Pearson's
// chi-squared over its degrees of freedom, about 1 for Poisson counts at any
// shared rate. Blocks without events are left out; it returns the ratio and its
// degrees of freedom, (1, 0) when nothing can be said.
func CountDispersion(canary, baseline []float64, block int) (ratio, df float64) {
	if block < 1 || len(canary) != len(baseline) {
		return 1, 0
	}
	var s1, all float64
	type pair struct{ k, n float64 }
	var blocks []pair
	for i := 0; i+block <= len(canary); i += block {
		var b pair
		for j := i; j < i+block; j++ {
			b.k += canary[j]
			b.n += canary[j] + baseline[j]
		}
		if b.n > 0 {
			blocks = append(blocks, b)
			s1 += b.k
			all += b.n
		}
	}
	if len(blocks) < 2 || s1 == 0 || s1 == all {
		return 1, 0
	}
	share := s1 / all
	chi := 0.0
	for _, b := range blocks {
		d := b.k - b.n*share
		chi += d * d / (b.n * share * (1 - share))
	}
	df = float64(len(blocks) - 1)
	return chi / df, df
}

// DispersionFactor is what counts must be divided by for a binomial share to hold
// of them: 1 while the ratio of CountDispersion on df degrees of freedom is no
// larger than chance makes it at level alpha, else that ratio, corrected so that
// it errs low no more often than high (on few degrees of freedom it is skewed).
// 1 for df < 4, where nothing can be said.
//
// Retries and bursts break the Poisson law; a bet that takes them for
// independent events wins without reason.
func DispersionFactor(ratio, df, alpha float64) float64 {
	if !(df >= 4) || !(ratio > 1) || math.IsInf(ratio, 1) || !(ChiSquareTail(ratio*df, df) < alpha) {
		return 1
	}
	// Median of chi-squared: df (1 - 2/(9 df))^3 (Wilson & Hilferty 1931).
	m := 1 - 2/(9*df)
	return max(1, ratio/(m*m*m))
}

// ChiSquareTail is P(X > x) for a chi-squared variable with df degrees of freedom.
func ChiSquareTail(x, df float64) float64 {
	if !(df > 0) || math.IsNaN(x) {
		return math.NaN()
	}
	if x <= 0 {
		return 1
	}
	if df < 1e-300 || math.IsInf(x, 1) {
		return 0
	}
	return mathext.GammaIncRegComp(df/2, x/2)
}

// RateDifferenceScore is the normal score of the excess rate of the canary,
// lambda1 - k lambda0 per step, against the hypothesis that it equals delta:
// s1 events in n1 steps against s0 in n0. The variance is taken at the rates
// that are most likely under the hypothesis (the score test of Farrington &
// Manning, Statistics in Medicine 1990, for Poisson rates), so that zero events
// still say something. Positive when the excess is above delta; NaN when the
// hypothesis leaves no variance.
func RateDifferenceScore(s1, n1, s0, n0, k, delta float64) float64 {
	est := s1/n1 - k*s0/n0
	// Maximise s1 log(k l + delta) - n1 (k l + delta) + s0 log l - n0 l over
	// l >= max(0, -delta/k): a quadratic in l.
	floor := max(0, -delta/k)
	a := k * (k*n1 + n0)
	b := (k*n1+n0)*delta - k*(s1+s0)
	c := -s0 * delta
	disc := math.Sqrt(max(0, b*b-4*a*c))
	var l0 float64
	if b >= 0 {
		if b+disc > 0 {
			l0 = -2 * c / (b + disc)
		}
	} else {
		l0 = (-b + disc) / (2 * a)
	}
	l0 = max(floor, l0)
	l1 := max(0, k*l0+delta)
	v := l1/n1 + k*k*l0/n0
	if !(v > 0) {
		if est == delta {
			return math.NaN()
		}
		return math.Copysign(math.Inf(1), est-delta)
	}
	return (est - delta) / math.Sqrt(v)
}

// RateDifferenceInterval inverts RateDifferenceScore: the excess rates not
// refused at normal score z, with the variance inflated by dispersion >= 1.
func RateDifferenceInterval(s1, n1, s0, n0, k, z, dispersion float64) (low, high float64) {
	est := s1/n1 - k*s0/n0
	z *= math.Sqrt(max(1, dispersion))
	reach := z*math.Sqrt((s1+z*z+1)/(n1*n1)+k*k*(s0+z*z+1)/(n0*n0)) + z*z*(1/n1+k/n0)
	end := func(sign float64) float64 {
		in, out := 0.0, reach
		for range 60 {
			mid := (in + out) / 2
			if sc := -sign * RateDifferenceScore(s1, n1, s0, n0, k, est+sign*mid); sc < z {
				in = mid
			} else {
				out = mid
			}
		}
		return est + sign*out
	}
	return end(-1), end(1)
}
