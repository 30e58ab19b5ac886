package detect

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// The augmented Dickey-Fuller test of ks_test: the difference is regressed on
// the level before, a constant and up to adfLags earlier differences; the
// number of these is chosen by Akaike's criterion on a common sample, and the
// regression is then run on the longest sample (as statsmodels' adfuller). It
// runs only where the Kolmogorov-Smirnov test has fired, but an incident at a
// fine step has it run at every point, so it is done twice over: by the normal
// equations, in microseconds; and by singular values, as statsmodels does it,
// where these are close to singular or the decision is close.

const (
	adfLags  = 10
	adfLevel = .05
	adfGrain = 1e-9  // Share of a column that has to be left after the others,
	adfSmall = 1e-13 // and share of the largest singular value.
	adfLeast = 24    // Points below which statsmodels refuses so many lags.
)

// stationary reports whether the test rejects a unit root at adfLevel.
func stationary(x []float64) bool {
	if len(x) < adfLeast {
		return false
	}
	switch adfNormal(x) {
	case surelyYes:
		return true
	case surelyNo:
		return false
	}
	return adfSingular(x) < adfLevel
}

// adfNormal decides by the normal equations.
func adfNormal(x []float64) ruling {
	var g adfGram
	best := 0 // Also where the common sample is constant: no lag explains more than none.
	if g.fill(x, adfLags, adfLags) {
		if !g.solve(0) {
			return unsure
		}
		aic, second := math.Inf(1), math.Inf(1)
		for lag := 0; lag <= adfLags; lag++ {
			a := g.rows*math.Log(g.ssr[lag+1]/g.rows) + 2*float64(lag)
			if a < aic {
				best, aic, second = lag, a, aic
			} else {
				second = min(second, a)
			}
		}
		if second-aic < 1e-6 {
			return unsure
		}
	}
	if !g.fill(x, best, best) {
		return surelyNo
	}
	if !g.solve(1) {
		return unsure
	}
	free := g.rows - float64(best) - 2
	tau := g.z / math.Sqrt(g.ssr[best+1]/free)
	switch p := mackinnon(tau); {
	case free <= 0 || math.IsNaN(p) || math.Abs(p-adfLevel) < 1e-6:
		return unsure
	case p < adfLevel:
		return surelyYes
	}
	return surelyNo
}

// adfGram holds the normal equations about the means: variable 0 is the level,
// 1 the newest difference (what is explained), 2 the difference before, ...
type adfGram struct {
	n    int // Variables.
	rows float64
	m    [adfLags + 2][adfLags + 2]float64
	ssr  [adfLags + 2]float64 // Residual sum of squares after so many variables.
	z    float64              // Of the last variable: its coefficient in units of its deviation left.

	far   bool    // The level is so far from zero that it is nearly a multiple of the constant.
	least float64 // What has to be left of a variable after the others.
}

// fill computes the equations with lag earlier differences, leaving out the
// first drop differences. The products of two lags are those of the two lags
// before, but for one row at each end.
func (g *adfGram) fill(x []float64, lag, drop int) bool {
	rows, first := len(x)-1-drop, x[drop]
	d := func(i int) float64 { return x[i+1] - x[i] }
	*g = adfGram{n: lag + 2, rows: float64(rows)}
	var s [adfLags + 2]float64
	for t := drop; t < len(x)-1; t++ {
		level, y := x[t]-first, d(t)
		s[0] += level
		s[1] += y
		g.m[0][0] += level * level
		for l := 0; l <= lag; l++ {
			e := d(t - l)
			g.m[0][l+1] += level * e
			g.m[1][l+1] += y * e
		}
	}
	if g.m[1][1] == 0 && g.m[0][0] == 0 {
		return false
	}
	mean := first + s[0]/g.rows
	spread := max(0, g.m[0][0]/g.rows-(s[0]/g.rows)*(s[0]/g.rows))
	g.least = adfSmall * max(1, math.Sqrt(mean*mean+spread))
	g.far = math.Sqrt(spread) < adfSmall*(1+mean*mean+spread)
	g.least *= g.least * g.rows
	for i := 2; i < g.n; i++ {
		in, out := drop-i+1, len(x)-i
		s[i] = s[i-1] + d(in) - d(out)
		for j := i; j < g.n; j++ {
			g.m[i][j] = g.m[i-1][j-1] + d(in)*d(drop-j+1) - d(out)*d(len(x)-j)
		}
	}
	for i := range g.n {
		for j := i; j < g.n; j++ {
			g.m[i][j] -= s[i] * s[j] / g.rows
			g.m[j][i] = g.m[i][j]
		}
	}
	return true
}

// solve eliminates the variables that explain one after the other (Cholesky),
// the level first, or last if last is 1, and fills ssr and z. It returns false
// where one is nearly a combination of those before it.
func (g *adfGram) solve(last int) bool {
	order := make([]int, 0, adfLags+2)
	if last == 0 {
		order = append(order, 0)
	}
	for i := 2; i < g.n; i++ {
		order = append(order, i)
	}
	if last == 1 {
		order = append(order, 0)
	}
	if g.far {
		return false
	}
	m := &g.m
	whole := m[1][1]
	var diagonal [adfLags + 2]float64
	for i := range g.n {
		diagonal[i] = m[i][i]
	}
	for k, p := range order {
		if !(m[p][p] > max(g.least, adfGrain*diagonal[p])) {
			return false
		}
		g.z = m[p][1] / math.Sqrt(m[p][p])
		for _, i := range append(order[k+1:], 1) {
			f := m[i][p] / m[p][p]
			for _, j := range order[k+1:] {
				m[i][j] -= f * m[p][j]
			}
			m[i][1] -= f * m[p][1]
		}
		for _, i := range order[k+1:] {
			m[1][i] = m[i][1]
		}
		g.ssr[k+1] = m[1][1]
		if !(m[1][1] > adfGrain*whole) {
			return false
		}
	}
	return true
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
