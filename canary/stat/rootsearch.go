package stat

import (
	"errors"
	"math"
	"slices"
)

// The shift interval as R's wilcox.test(exact = FALSE, conf.int = TRUE) and
// Kayenta compute it: the shift at which the corrected normal score takes a
// given quantile, searched with zeroin to an absolute tolerance of 1e-4. The
// score is a step function, so where the search stops inside a step is decided
// by the search itself; agreeing with R means walking the same points, not
// finding a better root. HodgesLehmann finds the better root, and is the one to
// use wherever nobody's figures have to be met: this one depends on the unit of
// the data.
//
// Products are rounded before they are added (the float64 conversions), as R
// and Java do and some processors would not.

// SearchRules says where R and Kayenta part. The zero value is R.
type SearchRules struct {
	Tolerance       float64 // R's tol.root, absolute, in the unit of the data; 1e-4 when 0.
	CorrectEstimate bool    // Keep the continuity correction in the estimate: Kayenta does, R drops it.
	TotalOrder      bool    // Rank -0 before 0, as Java does; R calls them a tie.
	Unbracketed     bool    // Search the estimate also where its score has one sign at both ends: Kayenta does, R refuses.
}

// KayentaRules are those of Kayenta's judge.
var KayentaRules = SearchRules{CorrectEstimate: true, TotalOrder: true, Unbracketed: true}

// SearchedShift is the shift of x against y as the search finds it. Low may lie
// above High: each is only as good as the tolerance.
type SearchedShift struct{ Low, High, Estimate float64 }

// ErrAllTied is returned where every observation, shifted, equals every other:
// the score then has no variance.
var ErrAllTied = errors.New("cannot compute a shift interval: all observations are tied")

// ErrNoBracket is returned where R finds no change of sign between the ends, as
// for two constant sides: every shift in between scores the same way.
var ErrNoBracket = errors.New("cannot compute a shift estimate: the score has the same sign at both extreme shifts")

// SearchShift computes the two-sided interval of x - y at a confidence level in
// (0,1) and its estimate. NaN ranks as the largest value. It is an error if a
// side is empty, the level is out of range, all observations are tied, or
// nothing brackets the estimate.
func SearchShift(x, y []float64, level float64, rules SearchRules) (SearchedShift, error) {
	if len(x) == 0 || len(y) == 0 {
		return SearchedShift{}, errors.New("cannot compute a shift interval: a side has no values; give at least one on each side")
	}
	if !(level > 0 && level < 1) {
		return SearchedShift{}, errors.New("cannot compute a shift interval: the confidence level must lie between 0 and 1")
	}
	if !(rules.Tolerance > 0) {
		rules.Tolerance = 1e-4
	}
	s := newShiftScorer(x, y, rules.TotalOrder)
	lo, hi := slices.Min(x)-slices.Max(y), slices.Max(x)-slices.Min(y)
	atLo, err := s.score(lo, true)
	if err != nil {
		return SearchedShift{}, err
	}
	atHi, err := s.score(hi, true)
	if err != nil {
		return SearchedShift{}, err
	}
	root := func(q float64) float64 {
		switch {
		case atLo-q <= 0:
			return lo
		case atHi-q >= 0:
			return hi
		}
		return s.root(lo, hi, atLo-q, atHi-q, q, true, rules.Tolerance)
	}
	z := -normalQuantile((1 - level) / 2)
	r := SearchedShift{Low: root(z), High: root(-z)}
	if !rules.CorrectEstimate {
		atLo, _ = s.score(lo, false) // Its error is that of the corrected score above.
		atHi, _ = s.score(hi, false)
	}
	if !rules.Unbracketed && (!(lo < hi) || !(atLo*atHi <= 0)) {
		return SearchedShift{}, ErrNoBracket
	}
	r.Estimate = s.root(lo, hi, atLo, atHi, 0, rules.CorrectEstimate, rules.Tolerance)
	return r, s.err
}

// ShiftScore is the continuity-corrected normal score of x - mu against y with
// tie term: 0.5 towards zero is taken off. NaN ranks as the largest value, and
// totalOrder ranks -0 before 0. The error is ErrAllTied.
func ShiftScore(x, y []float64, mu float64, totalOrder bool) (float64, error) {
	return newShiftScorer(x, y, totalOrder).score(mu, true)
}

// shiftScorer scores many shifts of the same two sides. Shifting keeps the
// order, so both sides are sorted once and each score is one merge.
type shiftScorer struct {
	xs, ys  []float64
	shifted []float64 // xs - mu of the score being computed.
	total   bool
	err     error // The first one of a search.
}

func newShiftScorer(x, y []float64, total bool) *shiftScorer {
	buf := make([]float64, 2*len(x)+len(y))
	s := &shiftScorer{xs: buf[:len(x)], ys: buf[len(x) : len(x)+len(y)], shifted: buf[len(x)+len(y):], total: total}
	copy(s.xs, x)
	copy(s.ys, y)
	s.sort(s.xs)
	s.sort(s.ys)
	return s
}

// sort puts NaN last, as +Inf, and sorts the rest by the scorer's order.
func (s *shiftScorer) sort(v []float64) {
	for i := range v {
		if v[i] != v[i] {
			v[i] = math.Inf(1)
		}
	}
	slices.SortFunc(v, s.compare)
}

// compare orders two numbers that are not NaN.
func (s *shiftScorer) compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case !s.total || math.Signbit(a) == math.Signbit(b):
		return 0
	case math.Signbit(a):
		return -1
	}
	return 1
}

// shift fills shifted with xs - mu in order.
func (s *shiftScorer) shift(mu float64) {
	sorted := true
	for i, v := range s.xs {
		d := v - mu
		if d != d {
			d = math.Inf(1)
		}
		s.shifted[i] = d
		if i > 0 && s.compare(s.shifted[i-1], d) > 0 {
			sorted = false // Only infinities can do this.
		}
	}
	if !sorted {
		slices.SortFunc(s.shifted, s.compare)
	}
}

// score is the normal score of the shift mu.
func (s *shiftScorer) score(mu float64, correct bool) (float64, error) {
	s.shift(mu)
	m, n := float64(len(s.xs)), float64(len(s.ys))
	sum, ties := 0.0, 0.0 // Whole and half numbers: exact in any order.
	for i, j := 0, 0; i < len(s.shifted) || j < len(s.ys); {
		var v float64
		if j == len(s.ys) || i < len(s.shifted) && s.compare(s.shifted[i], s.ys[j]) < 0 {
			v = s.shifted[i]
		} else {
			v = s.ys[j]
		}
		i0, j0 := i, j
		for i < len(s.shifted) && s.compare(s.shifted[i], v) == 0 {
			i++
		}
		for j < len(s.ys) && s.compare(s.ys[j], v) == 0 {
			j++
		}
		sum += float64(i-i0) * float64(i0+j0+1+i+j) / 2
		if t := float64(i - i0 + j - j0); t > 1 {
			ties += t*t*t - t
		}
	}
	d := sum - m*(m+1)/2 - m*n/2
	correction := 0.0
	switch {
	case correct && d > 0:
		correction = 0.5
	case correct && d < 0:
		correction = -0.5
	}
	sigma := math.Sqrt((m * n / 12) * ((m + n + 1) - ties/((m+n)*(m+n-1))))
	if sigma == 0 {
		return 0, ErrAllTied
	}
	return (d - correction) / sigma, nil
}

// root searches the shift whose score is q between lo and hi.
func (s *shiftScorer) root(lo, hi, atLo, atHi, q float64, correct bool, tol float64) float64 {
	return zeroin(lo, hi, atLo, atHi, tol, func(mu float64) float64 {
		z, err := s.score(mu, correct)
		if err != nil && s.err == nil {
			s.err = err
		}
		return z - q
	})
}
