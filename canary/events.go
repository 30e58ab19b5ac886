package canary

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/canary/stat"
	"github.com/bellwether-ts/bellwether/canary/words"
)

// The count channel. Whatever the common rate does, an event is the canary's
// with probability rho, its share of the exposure, so the totals decide:
// FAIL by a bet against rho settled after every sample (stat.LogShareE), which
// may stop at any time; PASS by a score test of the excess rate against the
// margin. Retries and bursts make events come in lumps; the dispersion of the
// share between blocks, in history and window, says how many events one event
// is worth, and both tests are discounted by it. Without a history, large or
// lumpy counts must convince the level test as well.

// counted is the evidence on a count metric.
type counted struct {
	s1, s0     float64 // Events of canary and baseline.
	n1, n0     float64 // Samples they come from.
	rho        float64 // Canary's share of exposure.
	dispersion float64 // >= 1; variance over that of Poisson counts.
	lumpy      bool    // The window shows over-dispersion that no history has measured.
	logE       float64 // Largest log e-value along the window.
	effect     float64 // Events per sample above what the exposure implies.
	detail     string
}

// wholeCounts reports whether both sides are counts: whole, and not so large
// that adding them loses events.
func wholeCounts(m *Metric) bool {
	for _, side := range [][]float64{m.Baseline, m.Canary} {
		for _, v := range side {
			if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
				continue
			}
			if v != math.Trunc(v) || v > 1e12 {
				return false
			}
		}
	}
	return true
}

// countEvents reads the evidence from the instants both sides report, or from
// each side's own where the sides do not line up.
func countEvents(m *Metric, s *sides, rho float64, rhoGiven bool) counted {
	paired := s.d != nil
	x, y := readableCounts(m.Canary, m.Baseline, paired), readableCounts(m.Baseline, m.Canary, paired)
	c := counted{n1: float64(len(x)), n0: float64(len(y)), rho: rho, dispersion: 1}
	for _, v := range x {
		c.s1 += v
	}
	for _, v := range y {
		c.s0 += v
	}
	if h := m.History; h != nil && len(s.hd) >= 2*MinPairs {
		hx, hy := readableCounts(h.Canary, h.Baseline, true), readableCounts(h.Baseline, h.Canary, true)
		c.disperse(hx, hy, "history")
		if !rhoGiven {
			c.shareOfHistory(hx, hy)
		}
	}
	cold := c.detail == "" && len(s.hd) < 2*MinPairs
	if cold {
		c.assumeDispersion()
	}
	if paired {
		found := c.disperse(x, y, "window")
		c.lumpy = cold && found
	}
	k := c.rho / (1 - c.rho)
	c.effect = c.s1/c.n1 - k*c.s0/c.n0
	c.bet(m, x, y, paired)
	return c
}

// shareOfHistory takes the canary's share of events before the deploy as its
// exposure, where none was stated and history plainly contradicts equal halves
// (by more than 3.3 standard errors). That share is an estimate: its error
// counts as dispersion, T/H more for T events judged by a share known from H.
func (c *counted) shareOfHistory(hx, hy []float64) {
	var s1, s0 float64
	for i := range hx {
		s1 += hx[i]
		s0 += hy[i]
	}
	all := s1 + s0
	if s1 == 0 || s0 == 0 || math.Abs(s1-all*c.rho) < 3.3*math.Sqrt(all*c.rho*(1-c.rho)*c.dispersion) {
		return
	}
	c.rho = s1 / all
	c.dispersion *= 1 + (c.s1+c.s0)/all
	c.detail += fmt.Sprintf("; exposure not stated, taken from history, where the canary had %.3g of %v events", c.rho, all)
}

// readableCounts is the counts of one side; paired leaves out the instants the
// other side lacks.
func readableCounts(v, other []float64, paired bool) []float64 {
	ok := func(x float64) bool { return x >= 0 && !math.IsInf(x, 1) }
	out := make([]float64, 0, len(v))
	for i, x := range v {
		if ok(x) && (!paired || ok(other[i])) {
			out = append(out, x)
		}
	}
	return out
}

// unmeasured is how much the rate of a side is taken to vary on its own, as a
// share of itself, until a history has measured it.
const unmeasured = 0.15

// assumeDispersion allows for rates that vary by the unmeasured share: with a
// mean of mu events per sample the variance is then 1 + 0.15^2 mu times Poisson's.
func (c *counted) assumeDispersion() {
	mu := (c.s1 + c.s0) / (c.n1 + c.n0)
	c.dispersion = 1 + unmeasured*unmeasured*mu
	c.detail = fmt.Sprintf(", assumed: rates that vary by %g %% for lack of a history", 100*unmeasured)
}

// disperse raises the dispersion to that of the share over blocks of growing
// length, where it exceeds what chance gives one time in a hundred, and reports
// whether it did.
func (c *counted) disperse(x, y []float64, where string) bool {
	found := false
	for block := 1; len(x)/block >= 5; block *= 2 {
		r, df := stat.CountDispersion(x, y, block)
		if df < 4 || stat.ChiSquareTail(r*df, df) >= 0.01 {
			continue
		}
		found = true
		if r > c.dispersion {
			c.dispersion = r
			c.detail = fmt.Sprintf("; events come in lumps (%s, blocks of %d samples): %.1f times the variance of independent events", where, block, r)
		}
	}
	return found
}

// bet settles the e-value after every sample where the sides are paired, else
// once, and keeps the largest.
func (c *counted) bet(m *Metric, x, y []float64, paired bool) {
	alt := alternative(m.Direction)
	rho := c.rho * c.n1 / (c.rho*c.n1 + (1-c.rho)*c.n0)
	if !paired {
		c.logE = max(0, stat.LogShareE(c.s1/c.dispersion, c.s0/c.dispersion, rho, alt))
		return
	}
	var s1, s0 float64
	for i := range x {
		if x[i] == 0 && y[i] == 0 {
			continue
		}
		s1 += x[i]
		s0 += y[i]
		if e := stat.LogShareE(s1/c.dispersion, s0/c.dispersion, rho, alt); e > c.logE {
			c.logE = e
		}
	}
}

// largeRate is the mean events per sample from which a cold start must look at
// how the counts vary before it believes a difference: chance alone no longer
// explains it. grossRatio is the ratio to the expected events that it believes
// at once.
const (
	largeRate  = 2
	grossRatio = 3
)

// judgeEvents fills in an assessment from the count channel.
func judgeEvents(a *assessment) {
	c := countEvents(&a.m, &a.s, a.policy.Exposure, a.exposureGiven)
	k := c.rho / (1 - c.rho)
	a.v.Channel = chCount
	a.v.Effect = c.effect
	a.v.NEff, a.v.Calibration = (c.s1+c.s0)/c.dispersion, "window"
	if len(a.s.hd) >= 2*MinPairs {
		a.v.Calibration = "history"
	}
	a.margin = a.m.MinEffect
	if a.margin == 0 {
		a.marginGiven = false
		a.margin = max(0.5*(c.s1/c.n1+k*c.s0/c.n0)/2, 0.1*a.m.StepSeconds/60)
		a.marginHow = "half the common rate, at least 0.1 a minute"
	}
	rho := c.rho * c.n1 / (c.rho*c.n1 + (1-c.rho)*c.n0)
	a.v.LogP = stat.BinomialP(math.Round(c.s1/c.dispersion), math.Round((c.s1+c.s0)/c.dispersion), rho, alternative(a.m.Direction))
	a.first.logE = c.logE
	a.logFail = min(0, -c.logE-math.Log(betPart), a.countBand()-math.Log(1-betPart))
	root := math.Sqrt(c.dispersion)
	up := -stat.RateDifferenceScore(c.s1, c.n1, c.s0, c.n0, k, a.margin) / root
	down := stat.RateDifferenceScore(c.s1, c.n1, c.s0, c.n0, k, -a.margin) / root
	a.logPass = a.equivalence(up, down)
	if min(c.n1, c.n0) < MinPairs {
		a.logPass = 0
	}
	z := a.plan.score(math.Log(a.policy.FalsePass), false)
	a.v.Interval[0], a.v.Interval[1] = stat.RateDifferenceInterval(c.s1, c.n1, c.s0, c.n0, k, z, c.dispersion)
	a.se = (a.v.Interval[1] - a.v.Interval[0]) / 2 / z
	a.tally = fmt.Sprintf("%v events where %s were expected", c.s1, words.Number(k*c.s0/c.n0*c.n1))
	a.step("samples", "%v canary events in %v samples, %v baseline events in %v; the canary should have %.3g of them", c.s1, c.n1, c.s0, c.n0, rho)
	a.step("variance", "dispersion %.2f%s", c.dispersion, c.detail)
	a.step("fail test", "a running bet against that share has won at most %s times its stake; without a change it gets there with chance %s", words.P(c.logE), words.P(-c.logE))
	if large := (c.s1+c.s0)/(c.n1+c.n0) >= largeRate; c.lumpy || large && len(a.s.hd) < 2*MinPairs {
		a.holdCounts(&c)
	}
}

// betPart is the bet's part of the channel's error; the band has the rest.
const betPart = 0.75

// countBand is the sequential log p-value of the totals by the plan of looks:
// the exact binomial test as a normal score. It is surer at the end of the plan
// than the bet, which is surer early.
func (a *assessment) countBand() float64 {
	two := a.m.Direction == Either
	one := a.v.LogP
	if two {
		one -= math.Ln2
	}
	return a.plan.logP(stat.NormalFromLogTail(one), two)
}

// holdCounts makes a cold start on large or lumpy counts wait for the level test
// too: they may vary more than independent events, and for longer. Only a gross
// difference in counts that are not lumpy need not wait.
func (a *assessment) holdCounts(c *counted) {
	const why = "these counts may vary more than independent events"
	got, expected := c.s1/c.n1, c.rho/(1-c.rho)*c.s0/c.n0
	gross := got >= grossRatio*expected || a.m.Direction != Increase && expected >= grossRatio*got
	if len(a.s.d) < coldMinimum {
		a.logPass = 0
	}
	if gross && !c.lumpy {
		return
	}
	if len(a.s.d) < coldMinimum {
		a.logFail = 0
		a.step("guard", "%s, and %d samples without a history cannot tell how much more", why, len(a.s.d))
		return
	}
	l := locate(&a.s)
	if !(l.se > 0) {
		return
	}
	a.plan.cold = true
	z := stat.NormalFromStudent(l.effect/l.se, l.df)
	a.logFail = max(a.logFail, a.plan.logP(directed(z, a.m.Direction), a.m.Direction == Either))
	a.step("guard", "%s: the level must agree, p = %s; %s", why, words.P(a.logFail), l.detail)
	if l.source == "window" && l.surely < coldIndependent {
		a.logFail = 0
		a.step("guard", "and the samples are worth only %s independent ones for sure", words.Number(l.surely))
	}
}
