package detect

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// The ninth algorithm, ks_test: the last ten minutes against the fifty before,
// each of at least 20 points. It fires if the two-sample Kolmogorov-Smirnov
// test gives p < .05 with D > .5 and the reference is stationary by the
// augmented Dickey-Fuller test (constant, at most 10 lags, p < .05). At a step
// of 60 s ten minutes hold 11 points, so as published it can never fire.

const (
	ksMin  = 20
	adfLag = 10
)

// ksTest decides the ninth vote.
func (k *skyline) ksTest() bool {
	now := k.t[len(k.t)-1]
	from, _ := slices.BinarySearch(k.t, now-hourMS)
	mid, _ := slices.BinarySearch(k.t, now-hourMS/6)
	if k.cfg.CorrectedKS && len(k.t)-mid < ksMin {
		mid = max(0, len(k.t)-ksMin)
		from = max(0, mid-5*ksMin)
	}
	reference, probe := k.v[from:mid], k.v[mid:]
	if len(reference) < ksMin || len(probe) < ksMin {
		return false
	}
	d, p := ksTwoSample(reference, probe)
	return p < .05 && d > .5 && adfP(reference, adfLag) < .05
}

// ksTwoSample returns the two-sample Kolmogorov-Smirnov statistic and its
// asymptotic p-value with Stephens' correction: Q((e + .12 + .11/e) D), e =
// sqrt(n m/(n+m)) (Stephens 1970; scipy.stats.ks_2samp before version 1.3).
func ksTwoSample(a, b []float64) (d, p float64) {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		x := min(a[i], b[j])
		for i < len(a) && a[i] <= x {
			i++
		}
		for j < len(b) && b[j] <= x {
			j++
		}
		d = max(d, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	n, m := float64(len(a)), float64(len(b))
	e := math.Sqrt(n * m / (n + m))
	return d, kolmogorov((e + .12 + .11/e) * d)
}

// kolmogorov returns Q(x) = 2 sum (-1)^(k-1) exp(-2 k^2 x^2), the upper tail
// of Kolmogorov's distribution.
func kolmogorov(x float64) float64 {
	if x < .2 {
		return 1
	}
	sum, sign := 0.0, 1.0
	for k := 1.0; k <= 100; k++ {
		term := math.Exp(-2 * k * k * x * x)
		sum += sign * term
		if term < 1e-17 {
			break
		}
		sign = -sign
	}
	return max(0, min(1, 2*sum))
}

// adfP returns the p-value of the augmented Dickey-Fuller test with a constant:
// the lag among 0..maxlag is chosen by AIC on a common sample, then the
// regression is run on the longest sample (as statsmodels' adfuller). 1 if the
// series is too short or constant.
func adfP(x []float64, maxlag int) float64 {
	n := len(x)
	maxlag = min(maxlag, n/2-2)
	if maxlag < 0 {
		return 1
	}
	best, bestAIC := 0, math.Inf(1)
	for lag := 0; lag <= maxlag; lag++ {
		_, ssr, rows := adfFit(x, lag, maxlag)
		if aic := float64(rows)*math.Log(ssr/float64(rows)) + 2*float64(lag+2); aic < bestAIC {
			best, bestAIC = lag, aic
		}
	}
	tau, _, _ := adfFit(x, best, best)
	if math.IsNaN(tau) {
		return 1
	}
	return mackinnon(tau)
}

// adfFit regresses the difference on the level before, a constant and lag
// earlier differences, leaving out the first drop differences. It returns the
// t-value of the level, the residual sum of squares and the rows used.
func adfFit(x []float64, lag, drop int) (tau, ssr float64, rows int) {
	rows = len(x) - 1 - drop
	cols := lag + 2
	if rows <= cols {
		return math.NaN(), math.NaN(), rows
	}
	a, y := mat.NewDense(rows, cols, nil), mat.NewVecDense(rows, nil)
	for r := range rows {
		i := r + drop // The difference x[i+1]-x[i].
		y.SetVec(r, x[i+1]-x[i])
		a.Set(r, 0, x[i])
		a.Set(r, 1, 1)
		for l := 1; l <= lag; l++ {
			a.Set(r, l+1, x[i+1-l]-x[i-l])
		}
	}
	var qr mat.QR
	qr.Factorize(a)
	var beta, res mat.VecDense
	if err := qr.SolveVecTo(&beta, false, y); err != nil {
		return math.NaN(), math.NaN(), rows
	}
	res.MulVec(a, &beta)
	res.SubVec(y, &res)
	ssr = mat.Dot(&res, &res)
	var gram, inv mat.Dense
	gram.Mul(a.T(), a)
	if err := inv.Inverse(&gram); err != nil {
		return math.NaN(), ssr, rows
	}
	se := math.Sqrt(ssr / float64(rows-cols) * inv.At(0, 0))
	return beta.AtVec(0) / se, ssr, rows
}

// mackinnon returns the approximate p-value of a Dickey-Fuller t-value with a
// constant (MacKinnon 1994, "Approximate asymptotic distribution functions for
// unit-root and cointegration tests", table 3).
func mackinnon(tau float64) float64 {
	switch {
	case tau > 2.74:
		return 1
	case tau < -18.83:
		return 0
	case tau <= -1.61:
		return distuv.UnitNormal.CDF(2.1659 + tau*(1.4412+tau*.038269))
	}
	return distuv.UnitNormal.CDF(1.7339 + tau*(.93202+tau*(-.12745-tau*.010368)))
}
