package stat

import "math"

// The Hodges-Lehmann estimate of a shift is the median of all differences
// x_i - y_j; its confidence interval is cut from the same sorted differences at
// ranks read off the null distribution of U. The result is one of the
// differences exactly (differences.go), whatever the unit; a root finder with a
// tolerance cannot say that.

// HL is a shift estimate with its interval.
type HL struct {
	Estimate  float64 // Median of the differences x - y.
	Low, High float64 // Ends of the interval; the extreme differences where the data cannot reach the level, as in R.
	Method    Method  // Exact or Asymptotic.
}

// HodgesLehmann estimates the shift of x against y with a two-sided interval at
// the given confidence level in (0,1). Exact takes the ranks from the exact
// distribution of U without ties (as R's wilcox.test does); Asymptotic inverts
// the normal score with tie and continuity terms, which R finds by root search
// to 1e-4 and this finds exactly. With ties the exact ranks are on the safe side;
// where they would cost more than a few tenths of a second the normal's are taken, and
// Method says so. An end past the largest float64 is infinite. Empty, infinite or
// NaN input and a level out of range give NaN.
func HodgesLehmann(x, y []float64, level float64, method Method) HL {
	m, n := len(x), len(y)
	nan := math.NaN()
	if m == 0 || n == 0 || hasNaN(x, y) || !(level > 0 && level < 1) {
		return HL{nan, nan, nan, method}
	}
	xs, ys := sortedPair(x, y)
	top := max(-xs[0], -ys[0], xs[m-1], ys[n-1])
	if math.IsInf(top, 1) {
		return HL{nan, nan, nan, method}
	}
	unit := 1.0
	if top > math.MaxFloat64/4 { // Differences would overflow: take quarters.
		unit = 4
		for _, s := range [][]float64{xs, ys} {
			for i := range s {
				s[i] /= unit
			}
		}
	}
	if method == Auto {
		method = Asymptotic
		if m <= ExactLimit && n <= ExactLimit && !tied(xs, ys) {
			method = Exact
		}
	}
	k, method := cutRank(xs, ys, level, method)
	return HL{
		Estimate: unit * medianDifference(xs, ys),
		Low:      unit * kthDifference(xs, ys, k),
		High:     unit * kthDifference(xs, ys, m*n+1-k),
		Method:   method,
	}
}

// cutRank is the rank of the difference at the interval's lower end, at least 1,
// and the method it came from.
func cutRank(xs, ys []float64, level float64, method Method) (int, Method) {
	m, n := len(xs), len(ys)
	alpha := 1 - level
	if method == Exact {
		if k, ok := exactCut(m, n, alpha/2); ok {
			return k, Exact
		}
	}
	// Where the shift passes the k-th difference, U falls from mn-k+1 to mn-k.
	// The end is the jump at which the corrected score falls below z.
	sigma := shiftSigma(m, n, tieTerm(xs)+tieTerm(ys))
	z := NormalFromLogTail(math.Log(alpha / 2))
	half := float64(m) * float64(n) / 2
	k := int(math.Ceil(half - 0.5 - z*sigma))
	return max(1, min(k, (m*n+1)/2)), Asymptotic
}

// exactCut is R's qwilcox(tail), the least u with P(U <= u) >= tail, at least 1;
// false if the distribution is too much work.
func exactCut(m, n int, tail float64) (int, bool) {
	// Fill no more of the table than needed: the cut lies near the normal's.
	sigma := shiftSigma(m, n, 0)
	guess := float64(m)*float64(n)/2 - NormalFromLogTail(math.Log(tail))*sigma
	top := min(m*n/2, int(max(0, guess+sigma/4))+8)
	for {
		c := mwCounts(m, n, top)
		if c == nil {
			return 0, false
		}
		ways, cum := choose(m+n, m), 0.0
		for u, v := range c {
			cum += v
			if ways.divide(cum) >= tail*(1-64*0x1p-52) {
				return max(1, u), true
			}
		}
		if top >= m*n/2 {
			return max(1, m*n/2), true
		}
		top = min(m*n/2, 2*top+1)
	}
}

// shiftSigma is the standard deviation of U at a shift where no x meets a y:
// only ties within a side remain.
func shiftSigma(m, n int, tie float64) float64 {
	fm, fn := float64(m), float64(n)
	total := fm + fn
	return math.Sqrt(max(0, fm*fn/12*((total+1)-tie/(total*(total-1)))))
}

// tieTerm is the sum of t^3-t over groups of equal values of a sorted slice.
func tieTerm(sorted []float64) float64 {
	sum := 0.0
	for i := 0; i < len(sorted); {
		j := i + 1
		for j < len(sorted) && sorted[j] == sorted[i] {
			j++
		}
		sum += tieOf(j - i)
		i = j
	}
	return sum
}

// tied reports whether two sorted slices hold any value twice between them.
func tied(xs, ys []float64) bool {
	if tieTerm(xs) > 0 || tieTerm(ys) > 0 {
		return true
	}
	for i, j := 0, 0; i < len(xs) && j < len(ys); {
		switch {
		case xs[i] == ys[j]:
			return true
		case xs[i] < ys[j]:
			i++
		default:
			j++
		}
	}
	return false
}
