package correlate

// What one series says about its entity: how much it changed, how like the
// symptom it moved, and when it began.

import (
	"cmp"
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/metric"
)

// evidence is the testimony of one series.
type evidence struct {
	name     string
	edge     string // The caller, for a call between entities.
	change   changeOf
	likeness float64
	sibling  bool // The symptom's own metric on another entity.
	onset    int64
	score    float64 // Change times likeness, or change alone.
}

const (
	baselineEnough = 30   // Points before the incident that make points after it unnecessary.
	baselineMost   = 1440 // Points of baseline used, the nearest ones.
	likenessLeast  = 4    // Points two series must share to be compared.
	likenessWant   = 5    // Points compared; a shorter incident borrows from before it.
)

// witness hears one series.
func (c *inquiry) witness(s Candidate, o owner) evidence {
	e := evidence{name: s.Name(), edge: o.caller}
	w := s.Window
	if w.Step <= 0 {
		return e
	}
	lo, hi := c.cut(w)
	base, win := finite(w.V[max(0, lo-baselineMost):lo]), finite(w.V[lo:hi])
	if len(base) < baselineEnough && hi < len(w.V) {
		base = append(base, finite(w.V[hi:min(len(w.V), hi+baselineMost)])...)
		c.after++
	}
	c.points = max(c.points, hi-lo)
	e.change = change(base, win)
	if e.change.ok {
		c.judged++
		e.onset = firstDeviation(w, lo, hi, e.change)
	}
	e.score = e.change.score
	if c.symptom != nil {
		e.sibling = o.metric == c.symptomOf.metric && o.caller == ""
		e.likeness = c.likeness(w, lo, hi)
		e.score = (c.in.Fusion.ChangeFloor + e.score) * e.likeness
	}
	return e
}

// firstDeviation is the first instant of the incident at which the series is
// off its baseline median by three scales and half its mean shift.
func firstDeviation(w metric.Window, lo, hi int, c changeOf) int64 {
	bar := max(3, math.Abs(c.shift)/2)
	for i := lo; i < hi; i++ {
		if math.Abs(w.V[i]-c.median)/c.scale >= bar {
			return w.Start + int64(i)*w.Step
		}
	}
	return 0
}

// likeness compares a series with the symptom over the incident, point by
// point, as the mean of Pearson's r, Spearman's rho and the DTW similarity with
// a band of one point, the better sign, at least 0. Several weak measures, since
// an incident may be five points long.
func (c *inquiry) likeness(w metric.Window, lo, hi int) float64 {
	var a, b []float64
	for i := max(0, min(lo, hi-likenessWant)); i < hi; i++ {
		t := w.Start + int64(i)*w.Step
		j := (t - c.symptomFrom) / c.symptomStep
		if t < c.symptomFrom || j >= int64(len(c.symptom)) || len(a) == MaxPoints {
			continue
		}
		if metric.IsFinite(w.V[i]) && metric.IsFinite(c.symptom[j]) {
			a, b = append(a, c.symptom[j]), append(b, w.V[i])
		}
	}
	if len(a) < likenessLeast {
		return 0
	}
	ra, rb := ranks(a), ranks(b)
	if normalise(a) != shaped || normalise(b) != shaped || normalise(ra) != shaped || normalise(rb) != shaped {
		return 0
	}
	best, row := 0.0, make([]float64, 4)
	for range 2 {
		d, _ := dtw(a, b, 1, math.Inf(1), nil, row)
		best = max(best, (crossCorrelation(a, b, 0)+crossCorrelation(ra, rb, 0)+similarity(d, len(a)))/3)
		for i := range b {
			b[i], rb[i] = -b[i], -rb[i]
		}
	}
	return best
}

// ranks returns midranks.
func ranks(v []float64) []float64 {
	at := make([]int, len(v))
	for i := range at {
		at[i] = i
	}
	slices.SortFunc(at, func(i, j int) int { return cmp.Compare(v[i], v[j]) })
	r := make([]float64, len(v))
	for i := 0; i < len(at); {
		j := i
		for j < len(at) && v[at[j]] == v[at[i]] {
			j++
		}
		for k := i; k < j; k++ {
			r[at[k]] = float64(i+j-1) / 2
		}
		i = j
	}
	return r
}

// take adds a testimony to an entity.
func (e *entity) take(v evidence) {
	e.series = append(e.series, v)
	if v.edge != "" {
		e.edge = max(e.edge, v.change.score)
	} else {
		e.change = max(e.change, v.change.score)
	}
	e.shape = max(e.shape, v.likeness)
	if v.sibling {
		e.hasSib = true
		e.sibling = max(e.sibling, v.likeness)
	}
}
