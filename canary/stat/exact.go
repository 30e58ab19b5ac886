package stat

import "math"

// The exact null distribution of U without ties. The number of ways to get
// U = u is the coefficient of q^u in the Gaussian binomial
//
//	prod_{i=1..m} (1 - q^(n+i)) / (1 - q^i)
//
// multiplied out factor by factor (Harding, Applied Statistics 1984): one pass
// over the table a factor. Its subtractions lose digits as the sides grow, so
// larger ones take the recursion of Mann and Whitney (1947), which only adds.
// Both fill the table from 0 up, and a tail asks for no more of it than up to
// the value seen: the further out, the cheaper.

// exactWork is how many additions an exact distribution may cost, a few tenths
// of a second. Beyond it the normal is used and the result says so.
const exactWork = 1 << 28

// hardingLimit is the number of values on both sides together up to which
// subtracting keeps 13 digits.
const hardingLimit = 240

// MWDistribution returns P(U = u) for u = 0..mn without ties. It returns nil
// for negative sizes and where the table would cost more than a few tenths of a
// second (two sides of 200, say).
func MWDistribution(m, n int) []float64 {
	if m < 0 || n < 0 || m > math.MaxInt32 || n > math.MaxInt32 {
		return nil
	}
	half := mwCounts(m, n, m*n/2)
	if half == nil {
		return nil
	}
	p := make([]float64, m*n+1)
	ways := choose(m+n, m)
	for u := range half {
		p[u] = ways.divide(half[u])
		p[m*n-u] = p[u] // The distribution is symmetric.
	}
	return p
}

// mwCounts returns the number of arrangements with U = 0..k; nil if that is too
// much work.
func mwCounts(m, n, k int) []float64 {
	m, n = min(m, n), max(m, n)
	// No more than k of either side matter to U <= k.
	m, n = min(m, k), min(n, k)
	switch {
	case m+n <= hardingLimit:
		return hardingCounts(m, n, k)
	case float64(m)*float64(n)*float64(k)/2 > exactWork:
		return nil
	}
	return recursionCounts(m, n, k)
}

// hardingCounts multiplies the Gaussian binomial out.
func hardingCounts(m, n, k int) []float64 {
	c := make([]float64, k+1)
	c[0] = 1
	for i := 1; i <= m; i++ {
		for u := k; u >= n+i; u-- {
			c[u] -= c[u-n-i]
		}
		for u := i; u <= k; u++ {
			c[u] += c[u-i]
		}
	}
	return c
}

// recursionCounts is c(u; m,n) = c(u-n; m-1,n) + c(u; m,n-1).
func recursionCounts(m, n, k int) []float64 {
	rows := make([][]float64, m+1) // rows[i] is for (i, j), j growing.
	for i := range rows {
		rows[i] = make([]float64, min(i*n, k)+1)
		rows[i][0] = 1
	}
	for j := 1; j <= n; j++ {
		for i := 1; i <= m; i++ {
			row, left := rows[i], rows[i-1]
			for u := min(i*j, k); u >= j; u-- {
				if u-j < len(left) {
					row[u] += left[u-j]
				}
			}
		}
	}
	c := make([]float64, k+1)
	copy(c, rows[m])
	return c
}

// tailPair holds P(statistic <= seen) and P(statistic >= seen) with their logs,
// which outlive underflow.
type tailPair struct{ lower, upper, logLower, logUpper float64 }

// swap turns the tails around.
func (t tailPair) swap() tailPair { return tailPair{t.upper, t.lower, t.logUpper, t.logLower} }

// under takes the test's side; two-sided, twice the smaller tail.
func (t tailPair) under(alt Alternative) (p, logp float64) {
	switch alt {
	case Less:
		return t.lower, t.logLower
	case Greater:
		return t.upper, t.logUpper
	}
	return min(1, 2*min(t.lower, t.upper)), min(0, math.Ln2+min(t.logLower, t.logUpper))
}

// untiedTails are the tails of U at u without ties; false if too much work.
func untiedTails(m, n, u int) (tailPair, bool) {
	if m*n-u < u {
		t, ok := untiedTails(m, n, m*n-u)
		return t.swap(), ok
	}
	c := mwCounts(m, n, u)
	if c == nil {
		return tailPair{}, false
	}
	return nearTails(c, choose(m+n, m)), true
}

// nearTails are the tails at the last of the counts, which start from the
// statistic's least value. The far tail is one less the near one, which costs no
// digits: it holds the mean.
func nearTails(c []float64, ways combinations) tailPair {
	sum := 0.0
	for _, v := range c {
		sum += v
	}
	t := tailPair{lower: min(1, ways.divide(sum)), logLower: min(0, ways.logDivide(sum))}
	t.upper = min(1, 1-t.lower+ways.divide(c[len(c)-1]))
	t.logUpper = math.Log(t.upper)
	return t
}

// combinations is the number of ways to choose, as a number or past its range as
// a logarithm, counted in units of 2^unit.
type combinations struct {
	n, log float64
	unit   float64
}

func choose(n, k int) combinations {
	log := logChoose(float64(n), float64(k))
	if log > 690 {
		return combinations{log: log}
	}
	v := 1.0
	for i := 1; i <= min(k, n-k); i++ {
		v *= float64(n-min(k, n-k)+i) / float64(i)
	}
	return combinations{n: math.Round(v), log: log}
}

func (c combinations) divide(count float64) float64 {
	if c.n > 0 {
		return count / c.n
	}
	return math.Exp(c.logDivide(count))
}

func (c combinations) logDivide(count float64) float64 {
	if p := count / c.n; c.n > 0 && p > 1e-290 {
		return math.Log(p)
	}
	return math.Log(count) + c.unit*math.Ln2 - c.log
}
