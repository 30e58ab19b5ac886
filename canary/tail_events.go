package canary

import (
	"math"

	"github.com/bellwether-ts/bellwether/canary/stat"
)

// Observations beyond a bound, as events of which the canary has an expected
// share, and how far they are from independent.

// events are the observations beyond one bound, instant by instant where both
// sides have some; the whole window is one instant where the sides do not line up.
type events struct {
	s1, s0   []float64 // Canary's and baseline's.
	rho      []float64 // Canary's share of all observations, so its expected share of these.
	t1, t0   float64   // Sums of s1 and s0.
	expected float64   // Of t1.
	worth    float64   // Observations a side they are worth: the sum of n1 n0/(n1 + n0).
}

func (e *events) add(s1, s0, n1, n0 float64) {
	rho := n1 / (n1 + n0)
	e.s1, e.s0, e.rho = append(e.s1, s1), append(e.s0, s0), append(e.rho, rho)
	e.t1, e.t0, e.expected, e.worth = e.t1+s1, e.t0+s0, e.expected+rho*(s1+s0), e.worth+n0*rho
}

// eventsOf reads them from both sides.
func (t *tailTest) eventsOf(x, y *tallied) *events {
	e := &events{}
	n := len(x.all)
	room := make([]float64, 3*n)
	e.s1, e.s0, e.rho = room[:0:n], room[n:n:2*n], room[2*n:2*n]
	if len(x.all) == len(y.all) {
		for i, n1 := range x.all {
			if n0 := y.all[i]; n1 > 0 && n0 > 0 {
				e.add(t.beyond(x, i), t.beyond(y, i), n1, n0)
			}
		}
	}
	if len(e.s1) == 0 {
		sum := func(s *tallied) (events float64) {
			for i := range s.all {
				if s.all[i] > 0 {
					events += t.beyond(s, i)
				}
			}
			return events
		}
		e.add(sum(x), sum(y), total(x.all), total(y.all))
	}
	return e
}

// oddsRatio is the canary's odds of an event over the expected odds; 0 where
// there are too few to say.
func (e *events) oddsRatio() float64 {
	if !(e.t1 > 0 && e.t0 > 0 && e.expected > 0 && e.expected < e.t1+e.t0) {
		return 0
	}
	return e.t1 / e.t0 * (e.t1 + e.t0 - e.expected) / e.expected
}

// lumps raises the dispersion to Pearson's chi-squared over its degrees of
// freedom in blocks of growing length, where that exceeds what chance gives one
// time in a hundred, and reports whether it did. The odds of a constant
// difference between the sides are fitted first.
func (t *tailTest) lumps(e *events) bool {
	odds := e.oddsRatio()
	if odds == 0 {
		return false
	}
	found := false
	for block := 1; len(e.s1)/block >= 5; block *= 2 {
		chi, k := 0.0, 0.0
		for i := 0; i+block <= len(e.s1); i += block {
			var diff, v float64
			for j := i; j < i+block; j++ {
				r := e.rho[j] * odds / (e.rho[j]*odds + 1 - e.rho[j])
				n := e.s1[j] + e.s0[j]
				diff += e.s1[j] - n*r
				v += n * r * (1 - r)
			}
			if v > 0 {
				chi, k = chi+diff*diff/v, k+1
			}
		}
		if df := k - 1; df >= 4 && stat.ChiSquareTail(chi, df) < 0.01 {
			found = true
			t.dispersion = max(t.dispersion, chi/df)
		}
	}
	return found
}

// excessP is the sequential log p-value that the canary's events exceed their
// expected share, from the excess by instant as a dependent series.
func (e *events) excessP(a *assessment, alt stat.Alternative) float64 {
	if len(e.s1) < coldMinimum {
		return 0
	}
	d := make([]float64, len(e.s1))
	for i := range d {
		d[i] = e.s1[i] - e.rho[i]*(e.s1[i]+e.s0[i])
	}
	h := stat.HARMean(d, 0)
	if !(h.SE > 0) || cautious(len(d), h.Phi) < coldIndependent {
		return 0
	}
	z := stat.NormalFromStudent(h.Mean/h.SE, h.DF)
	p := a.plan
	p.cold = true
	switch alt {
	case stat.Less:
		return p.logP(-z, false)
	case stat.TwoSided:
		return p.logP(math.Abs(z), true)
	}
	return p.logP(z, false)
}
