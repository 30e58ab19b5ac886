package correlate

// What likeness happens by chance, for this very query.
//
// A fixed similarity threshold means nothing: a spike hardly ever looks like
// another series, a slow trend looks like many. So the similarity of the query
// to up to nullSize series outside its own label group is measured, and the
// tail is fitted in u = -ln(1-s), where it is close to exponential: the number
// of neighbours within a distance grows as a power of the distance. This is
// Hill's estimator, or the local intrinsic dimension of the query.
//
// The highest nullCensored of the sample is only counted, not measured: in a
// real incident some of the "unrelated" series are related, and they must not
// lift the bar for themselves. Fewer others than nullSize: the sample is made
// of copies of the series shifted in time instead, which keeps their shape and
// breaks the coincidence.
//
// Sources: B. Hill, Ann. Statist. 3 (1975); Amsaleg et al., Estimating local
// intrinsic dimensionality, KDD 2015; Benjamini, Hochberg, JRSS B 57 (1995).

import (
	"math"
	"slices"
)

const (
	nullSize     = 1024
	nullLeast    = 64    // Fewer similarities than this give no p-values.
	nullTail     = 0.10  // Share of the sample above the fitted threshold.
	nullCensored = 0.02  // Share that is only counted.
	nullFloor    = 1e-12 // No p-value is smaller.
)

// nearness maps a similarity to u = -ln(1-s).
func nearness(s float64) float64 { return -math.Log(max(1-s, 1e-15)) }

// nullModel is the fitted null.
type nullModel struct {
	kind   string
	sorted []float64 // Similarities, ascending.
	u0     float64   // Threshold in u.
	beta   float64   // Mean excess over u0.
}

// fitNull fits the tail of the similarities, which it sorts.
func fitNull(kind string, s []float64) nullModel {
	slices.Sort(s)
	m := nullModel{kind: kind, sorted: s}
	if len(s) < nullLeast {
		m.kind = "none"
		return m
	}
	n := float64(len(s))
	lo, hi := int((1-nullTail)*n), int((1-nullCensored)*n)
	m.u0 = nearness(s[lo-1])
	sum, top := 0.0, 0.0
	for _, v := range s[lo:hi] {
		top = nearness(v) - m.u0
		sum += top
	}
	sum += top * float64(len(s)-hi)
	m.beta = max(sum/float64(hi-lo), 1e-6)
	return m
}

// p returns the chance of a similarity at least s: the share of the sample up
// to the threshold, the fitted tail above it, 1 without a null.
func (m *nullModel) p(s float64) float64 {
	if m.kind == "none" {
		return 1
	}
	n := len(m.sorted)
	u := nearness(s)
	if u <= m.u0 {
		at, _ := slices.BinarySearch(m.sorted, s)
		return float64(n-at+1) / float64(n+1)
	}
	return max(nullFloor, (nullTail+1/float64(n))*math.Exp(-(u-m.u0)/m.beta))
}

// at returns the similarity that chance reaches with probability p in the tail.
func (m *nullModel) at(p float64) float64 {
	if m.kind == "none" {
		return 1
	}
	u := m.u0 - m.beta*math.Log(p/(nullTail+1/float64(len(m.sorted))))
	return 1 - math.Exp(-u)
}

func (m *nullModel) summary() Null {
	out := Null{Kind: m.kind, Size: len(m.sorted), Scale: m.beta}
	if n := len(m.sorted); n > 0 {
		q := func(p float64) float64 { return m.sorted[min(n-1, int(p*float64(n)))] }
		out.P50, out.P95, out.P99 = q(0.5), q(0.95), q(0.99)
	}
	return out
}

// falseDiscovery writes Benjamini-Hochberg q-values over a family of size
// tests, of which only the smallest p (ascending) are known; the others are
// taken as 1, which can only raise a q.
func falseDiscovery(p []float64, size int) []float64 {
	q := make([]float64, len(p))
	least := 1.0
	for i := len(p) - 1; i >= 0; i-- {
		least = min(least, p[i]*float64(size)/float64(i+1))
		q[i] = least
	}
	return q
}
