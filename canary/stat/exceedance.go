package stat

import "math"

// Tails. A canary that makes one request in two hundred ten times slower hardly
// moves a mean; it doubles how many lie above the baseline's 99.5 % point. So
// the tail test counts: of all observations above a threshold, how many are the
// canary's, against how many it made.

// Exceedance is a count of observations above a threshold with its test.
type Exceedance struct {
	Bucket int     // Observations in later buckets lie above.
	X, Y   float64 // Shares of each side above, in [0,1].
	LogP   float64 // Log p, exact: at most its level whatever the data.
	LogMid float64 // Log mid-p: the table seen counts half. On average its level, not always.
}

// Exceeds tests whether x has a different share than y above the q-quantile of
// both together, on histograms with the same buckets (see KSHistogram). The
// quantile of both, not of the baseline alone: given the pooled observations the
// threshold is fixed and which side an observation came from is a draw without
// replacement, so Fisher's exact test holds its level; a threshold taken from
// the baseline's own sample would sit where the baseline happens to be thin.
// (A threshold from history is as good: see ExceedsBucket.)
//
// The quantile falls into a bucket, and whether the observations of that bucket
// lie above it is unknown: they are ties. The threshold is moved to that end of
// the bucket whose share is nearer to q and leaves something above.
//
// dispersion >= 1 is by how much more the counts vary than independent
// observations would; they are divided by it. NaN for a side without
// observations, unequal lengths or q outside (0,1).
func Exceeds(x, y []float64, q float64, alt Alternative, dispersion float64) Exceedance {
	if len(x) != len(y) || !(q > 0 && q < 1) || !validCounts(x) || !validCounts(y) {
		return noExceedance()
	}
	pooled := make([]float64, len(x))
	for i := range x {
		pooled[i] = x[i] + y[i]
	}
	f := CumulativeShares(pooled)
	if f == nil {
		return noExceedance()
	}
	at := bucketOf(f, q)
	if at > 0 && (f[at] >= 1 || q-f[at-1] < f[at]-q) {
		at--
	}
	return ExceedsBucket(x, y, at, alt, dispersion)
}

// ExceedsBucket is Exceeds with the threshold at the end of a given bucket,
// chosen without looking at x and y: from history, or the objective's bound.
func ExceedsBucket(x, y []float64, bucket int, alt Alternative, dispersion float64) Exceedance {
	if len(x) != len(y) || bucket < 0 || bucket >= len(x) || !validCounts(x) || !validCounts(y) || dispersion != dispersion {
		return noExceedance()
	}
	nx, ny := total(x), total(y)
	if !(nx > 0 && ny > 0) || math.IsInf(nx+ny, 1) {
		return noExceedance()
	}
	kx, ky := total(x[bucket+1:]), total(y[bucket+1:])
	d := max(1, dispersion)
	e := Exceedance{Bucket: bucket, X: kx / nx, Y: ky / ny}
	e.LogP, e.LogMid = FisherP(math.Round(kx/d), math.Round(nx/d), math.Round(ky/d), math.Round(ny/d), alt)
	return e
}

func noExceedance() Exceedance {
	nan := math.NaN()
	return Exceedance{Bucket: -1, X: nan, Y: nan, LogP: nan, LogMid: nan}
}

// FisherP is the log p-value and log mid-p-value of Fisher's exact test: kx of
// nx against ky of ny, whole numbers. Given kx+ky, kx is hypergeometric. The
// mid-p counts the probability of the table seen half (Lancaster, JASA 1961).
// Two-sided, the smaller tail is doubled. NaN for impossible counts. Where the
// standard deviation of kx is above 100,000 it is the normal tail, half a count
// added for the p-value, instead of as many terms.
func FisherP(kx, nx, ky, ny float64, alt Alternative) (logp, logmid float64) {
	if !(kx >= 0 && kx <= nx && ky >= 0 && ky <= ny) || math.IsInf(nx+ny, 1) {
		return math.NaN(), math.NaN()
	}
	upper, upperMid := logHyperTail(kx, nx, ky, ny)
	lower, lowerMid := logHyperTail(ky, ny, kx, nx)
	switch alt {
	case Greater:
		return upper, upperMid
	case Less:
		return lower, lowerMid
	}
	return min(0, math.Ln2+min(upper, lower)), min(0, math.Ln2+min(upperMid, lowerMid))
}

// manyTerms is the standard deviation past which a hypergeometric tail is not
// summed: some ten times as many terms would be needed.
const manyTerms = 1e5

// logHyperTail returns log P(K >= kx) and log (P(K > kx) + P(K = kx)/2) for K
// the first side's part of kx+ky drawn from nx+ny.
func logHyperTail(kx, nx, ky, ny float64) (tail, mid float64) {
	k, n := kx+ky, nx+ny
	if sd := math.Sqrt(k / n * (1 - k/n) * (nx / n) * (ny / (n - 1)) * n); sd > manyTerms {
		z := (kx - k*(nx/n)) / sd
		return LogNormalTail(z - 0.5/sd), LogNormalTail(z)
	}
	here := logHyper(kx, nx, ky, ny)
	if kx*(nx+ny) > k*nx { // Above the mean: sum outwards, every term smaller.
		sum, term := 0.0, 1.0
		for a, b := kx, ky; b > 0 && a < nx; a, b = a+1, b-1 {
			term *= (nx - a) / (a + 1) * (b / (ny - b + 1))
			sum += term
			if term < 1e-17*sum {
				break
			}
		}
		return min(0, here+math.Log1p(sum)), min(0, here+math.Log(0.5+sum))
	}
	// Below it: one less the other tail, without the table itself.
	sum, term := 0.0, 1.0
	for a, b := kx, ky; a > 0 && b < ny; a, b = a-1, b+1 {
		term *= a / (nx - a + 1) * ((ny - b) / (b + 1))
		sum += term
		if term < 1e-17*sum {
			break
		}
	}
	below := math.Exp(here) * sum
	return math.Log1p(-min(1, below)), math.Log1p(-min(1, below+math.Exp(here)/2))
}

// logHyper is the log probability of the table itself.
func logHyper(kx, nx, ky, ny float64) float64 {
	k, n := kx+ky, nx+ny
	if k == 0 || k == n {
		return 0
	}
	p := k / n
	return logBinomial(kx, nx, p) + logBinomial(ky, ny, p) - logBinomial(k, n, p)
}
