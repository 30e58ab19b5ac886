package stat

import (
	"math"
	"slices"
)

// The Hodges-Lehmann estimate of a shift is the median of all differences
// x_i - y_j; its confidence interval is cut from the same sorted differences at
// ranks read off the null distribution of U. The mn differences are never
// formed: an order statistic is found by bisecting the bits of a float64 (they
// order like the numbers), counting by two pointers how many differences lie
// below. The result is one of the differences exactly, whatever the unit;
// a root finder with a tolerance cannot say that.

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
// to 1e-4 and this finds exactly. Empty or NaN input gives NaN.
func HodgesLehmann(x, y []float64, level float64, method Method) HL {
	m, n := len(x), len(y)
	nan := math.NaN()
	if m == 0 || n == 0 || hasNaN(x, y) || !(level > 0 && level < 1) {
		return HL{nan, nan, nan, method}
	}
	xs, ys := slices.Clone(x), slices.Clone(y)
	slices.Sort(xs)
	slices.Sort(ys)
	if method == Auto {
		method = Asymptotic
		if m <= ExactLimit && n <= ExactLimit && !tied(xs, ys) {
			method = Exact
		}
	}
	k := cutRank(xs, ys, level, method)
	return HL{
		Estimate: medianDifference(xs, ys),
		Low:      kthDifference(xs, ys, k),
		High:     kthDifference(xs, ys, m*n+1-k),
		Method:   method,
	}
}

// cutRank is the rank of the difference at the interval's lower end, at least 1.
func cutRank(xs, ys []float64, level float64, method Method) int {
	m, n := len(xs), len(ys)
	alpha := 1 - level
	if method == Exact {
		// R's qwilcox(alpha/2): the least u with P(U <= u) >= alpha/2.
		cum := 0.0
		for u, p := range MWDistribution(m, n) {
			cum += p
			if cum >= alpha/2*(1-64*0x1p-52) {
				return max(1, u)
			}
		}
		return 1
	}
	// Where the shift passes the k-th difference, U falls from mn-k+1 to mn-k.
	// The end is the jump at which the corrected score falls below z.
	sigma := shiftSigma(m, n, tieTerm(xs)+tieTerm(ys))
	z := NormalFromLogTail(math.Log(alpha / 2))
	half := float64(m) * float64(n) / 2
	k := int(math.Ceil(half - 0.5 - z*sigma))
	return max(1, k)
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
		t := float64(j - i)
		sum += t*t*t - t
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

// medianDifference is the median of all x_i - y_j of sorted slices.
func medianDifference(xs, ys []float64) float64 {
	total := len(xs) * len(ys)
	a := kthDifference(xs, ys, (total+1)/2)
	if total%2 == 1 {
		return a
	}
	b := kthDifference(xs, ys, total/2+1)
	return a + (b-a)/2
}

// kthDifference is the k-th smallest (1-based) of the differences of two
// ascending slices, exact to the bit.
func kthDifference(xs, ys []float64, k int) float64 {
	lo := orderedBits(xs[0] - ys[len(ys)-1])
	hi := orderedBits(xs[len(xs)-1] - ys[0])
	for lo < hi {
		mid := lo>>1 + hi>>1 + lo&hi&1 // The floor of the mean; the span may exceed int64.
		if differencesUpTo(xs, ys, fromOrderedBits(mid), k) >= k {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return fromOrderedBits(lo)
}

// differencesUpTo counts the differences <= v, stopping early past limit.
func differencesUpTo(xs, ys []float64, v float64, limit int) int {
	count, j := 0, len(ys)
	// For growing x fewer y satisfy x - y <= v.
	lowest := 0
	for _, x := range xs {
		for lowest < j && x-ys[lowest] > v {
			lowest++
		}
		if lowest == j {
			break
		}
		count += j - lowest
		if count >= limit {
			return count
		}
	}
	return count
}

// orderedBits maps a float64 to an int64 that orders like it; -0 and 0 are one.
func orderedBits(f float64) int64 {
	b := int64(math.Float64bits(f + 0))
	if b < 0 {
		return math.MinInt64 - b
	}
	return b
}

func fromOrderedBits(b int64) float64 {
	if b < 0 {
		b = math.MinInt64 - b
	}
	return math.Float64frombits(uint64(b))
}
