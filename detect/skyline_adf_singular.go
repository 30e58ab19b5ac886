package detect

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// The augmented Dickey-Fuller test solved by singular values, as statsmodels
// solves it: what decides where the normal equations are nearly singular.

// adfSingular returns the p-value by singular values, of which those below
// 1e-15 of the largest count as nothing: on whole numbers columns may well
// depend on each other. 1 if there is none.
func adfSingular(x []float64) float64 {
	best, bestAIC := 0, math.Inf(1)
	r := adfReduce(x, adfLags, adfLags)
	for lag := 0; lag <= adfLags; lag++ {
		f := r.fit(lag + 2)
		if aic := r.rows*math.Log(f.ssr/r.rows) + 2*f.rank; aic < bestAIC {
			best, bestAIC = lag, aic
		}
	}
	r = adfReduce(x, best, best)
	f := r.fit(best + 2)
	if tau := f.level / math.Sqrt(f.ssr/(r.rows-f.rank)*f.variance); !math.IsNaN(tau) {
		return mackinnon(tau)
	}
	return 1
}

// adfReduced is the matrix of a regression and what it explains, turned by
// reflections so that only a triangle is left of it, with the part of what is
// explained that lies outside its span.
type adfReduced struct {
	rows, outside float64
	tri           [][]float64 // Rows of the triangle; the last column is what is explained.
}

// adfReduce sets up the regression on the level, a constant and lag earlier
// differences, leaving out the first drop differences, and reduces it
// (Householder; Golub and Van Loan, algorithm 5.2.1).
func adfReduce(x []float64, lag, drop int) adfReduced {
	rows, cols := len(x)-1-drop, lag+2
	a := make([][]float64, rows)
	for r := range a {
		i := r + drop // The difference x[i+1]-x[i].
		a[r] = append(make([]float64, 0, cols+1), x[i], 1)
		for l := 1; l <= lag; l++ {
			a[r] = append(a[r], x[i+1-l]-x[i-l])
		}
		a[r] = append(a[r], x[i+1]-x[i])
	}
	for j := 0; j < cols && j < rows; j++ {
		norm := 0.0
		for r := j; r < rows; r++ {
			norm = math.Hypot(norm, a[r][j])
		}
		if norm == 0 {
			continue
		}
		alpha := -math.Copysign(norm, a[j][j])
		beta := norm*norm + math.Abs(a[j][j])*norm
		head := a[j][j] - alpha
		for c := j + 1; c <= cols; c++ {
			dot := head * a[j][c]
			for r := j + 1; r < rows; r++ {
				dot += a[r][j] * a[r][c]
			}
			a[j][c] -= dot / beta * head
			for r := j + 1; r < rows; r++ {
				a[r][c] -= dot / beta * a[r][j]
			}
		}
		a[j][j] = alpha
	}
	out := adfReduced{rows: float64(rows), tri: a[:min(rows, cols)]}
	for r := cols; r < rows; r++ {
		out.outside += a[r][cols] * a[r][cols]
	}
	return out
}

// adfFit is one regression: the coefficient of the level, its variance in units
// of that of the residuals, the residual sum of squares and the rank.
type adfFit struct{ level, variance, ssr, rank float64 }

// fit solves for the first cols columns.
func (r *adfReduced) fit(cols int) adfFit {
	rows, y := len(r.tri), 0
	a := mat.NewDense(rows, cols, nil)
	rest := make([]float64, rows)
	for i, row := range r.tri {
		y = len(row) - 1
		for j := i; j < cols; j++ {
			a.Set(i, j, row[j])
		}
		rest[i] = row[y]
	}
	out := adfFit{ssr: r.outside}
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDThin) {
		return adfFit{level: math.NaN(), ssr: math.NaN()}
	}
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	s := svd.Values(nil)
	for j, sj := range s {
		if sj > s[0]*float64(cols)*ulp {
			out.rank++
		}
		if sj <= 1e-15*s[0] {
			continue
		}
		c := 0.0
		for i := range rest {
			c += u.At(i, j) * rest[i]
		}
		for i := range rest {
			rest[i] -= c * u.At(i, j)
		}
		w := v.At(0, j) / sj
		out.level += w * c
		out.variance += w * w
	}
	for _, e := range rest {
		out.ssr += e * e
	}
	return out
}
