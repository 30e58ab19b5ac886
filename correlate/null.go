package correlate

// What likeness happens by chance, for this very query.
//
// A fixed similarity threshold means nothing: a spike hardly ever looks like
// another series, a slow trend looks like many. So the query is compared with
// series outside its own label group after these were moved in time, which
// keeps their shapes and breaks the coincidence. The series as they stand will
// not do: in a real incident many of them are related, and would lift the bar
// for themselves. There are two ways to move a window that has no neighbours,
// and each errs on some shapes: turned round its end (a jump where a walk meets
// itself) and reflected at its end (a trend becomes a peak). A match must
// beat both.
//
// The tail is fitted in u = -ln(1-s), where it is close to exponential: the
// number of neighbours within a distance grows as a power of the distance. The
// mean excess is Hill's estimator, or the local intrinsic dimension of the
// query. The threshold is high, since series that coincide by chance (two
// bursts in the same minute) make a rare cluster of their own.
//
// Sources: B. Hill, Ann. Statist. 3 (1975); Amsaleg et al., Estimating local
// intrinsic dimensionality, KDD 2015; Benjamini, Hochberg, JRSS B 57 (1995).

import (
	"math"
	"slices"
)

const (
	nullSize  = 2048 // Copies of each of the two ways.
	nullLeast = 64   // Fewer similarities than this give no p-values.
	nullTail  = 0.02 // Share of the sample above the fitted threshold.
	nullFloor = 1e-12
)

// nearness maps a similarity to u = -ln(1-s).
func nearness(s float64) float64 { return -math.Log(max(1-s, 1e-15)) }

// tail is one fitted sample.
type tail struct {
	sorted []float64 // Similarities, ascending.
	share  float64   // Of the sample above the threshold.
	u0     float64   // Threshold in u.
	beta   float64   // Mean excess over u0.
}

// fitTail sorts the similarities, at least two, and fits their tail.
func fitTail(s []float64) tail {
	slices.Sort(s)
	n := len(s)
	above := max(8, int(math.Ceil(nullTail*float64(n))))
	t := tail{sorted: s, share: float64(above) / float64(n), u0: nearness(s[n-above-1])}
	for _, v := range s[n-above:] {
		t.beta += (nearness(v) - t.u0) / float64(above)
	}
	t.beta = max(t.beta, 1e-6)
	return t
}

// p is the share of the sample that reaches s, or the fitted tail beyond the
// threshold.
func (t *tail) p(s float64) float64 {
	u := nearness(s)
	if u <= t.u0 {
		at, _ := slices.BinarySearch(t.sorted, s)
		return float64(len(t.sorted)-at+1) / float64(len(t.sorted)+1)
	}
	return max(nullFloor, t.share*math.Exp(-(u-t.u0)/t.beta))
}

// at is the similarity that chance reaches with probability p, below the share.
func (t *tail) at(p float64) float64 { return 1 - math.Exp(-t.u0+t.beta*math.Log(p/t.share)) }

func (t *tail) quantile(p float64) float64 { return quantile(t.sorted, p) }

// nullModel holds both tails; none if there was nothing to measure.
type nullModel struct{ tails []tail }

// p returns the chance of a similarity at least s; 1 without a null.
func (m *nullModel) p(s float64) float64 {
	worst := 0.0
	for i := range m.tails {
		worst = max(worst, m.tails[i].p(s))
	}
	if len(m.tails) == 0 {
		return 1
	}
	return worst
}

// at returns the similarity that chance reaches with probability p.
func (m *nullModel) at(p float64) float64 {
	s := 0.0
	for i := range m.tails {
		s = max(s, m.tails[i].at(p))
	}
	return s
}

func (m *nullModel) summary() Null {
	out := Null{Kind: "none"}
	for i := range m.tails {
		t := &m.tails[i]
		out.Kind = "moved copies"
		out.Size += len(t.sorted)
		out.P50, out.P95 = max(out.P50, t.quantile(0.5)), max(out.P95, t.quantile(0.95))
		out.P99, out.Scale = max(out.P99, t.quantile(0.99)), max(out.Scale, t.beta)
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
