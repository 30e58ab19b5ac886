package detect

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// How far two distributions on one grid lie apart. F1 and F0 are their
// cumulative shares, g the distance between the middles of neighbouring cells
// in buckets of schema 3 (8 an octave), sums are over cells.
//
//	W1     sum |F1-F0| g: how far an observation moved, on average. Of all
//	       distances between distributions the one with a unit people can
//	       judge: 1 is 9 %, 8 is twofold (Vallender 1974).
//	tail   the same of max(F, .95), over .05: how far the slowest twentieth
//	       moved. A hundredth of the requests ten times slower moves W1 by .2
//	       and this by 3.
//	KS     max |F1-F0|, with n0 n1/(n0+n1) observations (Smirnov 1948).
//	G      2 sum O ln(O/E) over both, in cells merged until at least five are
//	       expected in each (Sokal and Rohlf 1995, section 17.4).
//
// Of n independent observations F1 has the variance F0(1-F0)/n, so without a
// change W1 is sqrt(2/pi) sum sqrt(F0(1-F0)) g sqrt(1/n1+1/n0) in the mean:
// that is the unit in which W1 and tail are compared over hours of more and of
// less traffic.
type histogramShift struct {
	w1, tail       float64 // Buckets.
	usual, usualTl float64 // What the two are in the mean without a change.
	net            float64 // Mean move, > 0 to larger values, in buckets.
	ks             float64 // D.
	at             int     // The cell above which the shares differ most.
	n, n0          float64 // Independent observations both sides are worth.
	hourly         bool    // Against the form usual at this hour, not just before.
}

const (
	tailFrom = .95
	// stray is how far one observation may lie off before it is news, in
	// buckets: half an octave.
	stray = 4
)

// histogramForm is a distribution to compare with, accumulated once.
type histogramForm struct {
	f          [histogramCells]float64 // Cumulative shares.
	n          float64                 // Independent observations it is worth; 0 for none.
	spread     float64                 // Sum of sqrt(f(1-f)) g,
	spreadTail float64                 // and of the part beyond the .95 quantile.
}

// form accumulates a distribution (summing to sum, worth n observations).
func (s *HistogramSeries) form(out *histogramForm, x *[histogramCells]float32, sum, n float64) {
	out.n, out.spread, out.spreadTail = n, 0, 0
	k, f := 1/sum, 0.0
	for i := range x {
		f += float64(x[i]) * k
		out.f[i] = f
		if f <= 0 || f >= 1 {
			continue
		}
		v := float64(s.gap[i]) * math.Sqrt(f*(1-f))
		out.spread += v
		if f >= tailFrom {
			out.spreadTail += v
		}
	}
}

// compare returns how far x (observations summing to sum, worth n) lies from the
// form.
func (s *HistogramSeries) compare(x *cells, sum, n float64, form *histogramForm) histogramShift {
	out := histogramShift{n: n, n0: form.n}
	k, f1 := 1/sum, 0.0
	for i := range s.gap {
		f1 += float64(x[i]) * k
		f0 := form.f[i]
		g := float64(s.gap[i])
		d := f0 - f1
		a := math.Abs(d)
		if a > out.ks {
			out.ks, out.at = a, i
		}
		out.w1 += a * g
		out.net += d * g
		if f0 > tailFrom || f1 > tailFrom {
			out.tail += g * math.Abs(max(f1, tailFrom)-max(f0, tailFrom))
		}
	}
	out.tail /= 1 - tailFrom
	mean := math.Sqrt(2 / math.Pi * (1/n + 1/form.n))
	out.usual = mean*form.spread + stray/n
	out.usualTl = (mean*form.spreadTail + stray/n) / (1 - tailFrom)
	return out
}

// ksEvidence is -log10 of the asymptotic p of Kolmogorov and Smirnov's D for n
// observations, by the first term of its series, which bounds it from above, at
// Stephens' (1970) argument. Binned data only make it larger.
func ksEvidence(d, n float64) float64 {
	r := math.Sqrt(n)
	x := (r + .12 + .11/r) * d
	return max(0, (2*x*x-math.Ln2)/math.Ln10)
}

// gTest returns the G statistic of x (n observations) against form (n0) and its
// degrees of freedom, 0 if no two cells can be told apart.
func gTest(x *cells, sum, n float64, form *[histogramCells]float32, sum0, n0 float64) (g float64, df int) {
	k1, k0 := n/sum, n0/sum0
	least := 5 * (n + n0) / min(n, n0) // Pooled observations of which both sides expect five.
	left := n + n0
	o1, o0 := 0.0, 0.0
	for i := range x {
		o1 += float64(x[i]) * k1
		o0 += float64(form[i]) * k0
		both := o1 + o0
		if both < least || (left-both < least && left-both > 1e-9*(n+n0)) {
			continue
		}
		g += gTerm(o1, both*n/(n+n0)) + gTerm(o0, both*n0/(n+n0))
		left -= both
		o1, o0, df = 0, 0, df+1
	}
	if both := o1 + o0; both > 1e-9*(n+n0) {
		g += gTerm(o1, both*n/(n+n0)) + gTerm(o0, both*n0/(n+n0))
		df++
	}
	return max(0, g), max(0, df-1)
}

func gTerm(observed, expected float64) float64 {
	if observed <= 0 || expected <= 0 {
		return 0
	}
	return 2 * observed * math.Log(observed/expected)
}

// chiEvidence is -log10 of the chance that chi squared of df degrees exceeds x.
func chiEvidence(x float64, df int) float64 {
	if df <= 0 || x <= 0 {
		return 0
	}
	a, h := float64(df)/2, x/2
	if h > a+600 { // The function underflows: its leading term, Abramowitz and Stegun 6.5.32.
		lg, _ := math.Lgamma(a)
		return (h - (a-1)*math.Log(h) + lg) / math.Ln10
	}
	if p := mathext.GammaIncRegComp(a, h); p > 0 {
		return max(0, -math.Log10(p))
	}
	return 300
}
