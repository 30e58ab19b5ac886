package canary

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/canary/stat"
	"github.com/bellwether-ts/bellwether/canary/words"
)

// The spread channel: does the canary scatter more than the baseline around
// levels that may well agree? The effect is the ratio of the two sides' mean
// absolute deviations from their own mean of the window, as a logarithm
//
//	T = log(Ax/Ay),  A = mean |v - mean v|,
//
// whose deviation from its true value is, to first order, the mean of
//
//	|x_t - mean x|/Ax - |y_t - mean y|/Ay,
//
// instant by instant: load common to both sides cancels, and dependence is
// allowed for as in the location channel. The variance of T comes from the same
// statistic over windows of the history, or on a cold start from that series.
//
// A series that is mostly flat scatters by a few jumps, of which chance gives one
// side several times as many as the other: such a scatter is reported but never
// FAILs (moving). Nor does one that a window without a deploy has shown before.
//
// Only more scatter is worse, in every direction of the metric: a canary that
// lags, stalls and recovers has the right mean.

// spreadMargin is the ratio of scales from which more scatter matters: below it
// the channel does not FAIL, however sure it is.
const spreadMargin = 1.25

// coldSpreadMinimum is the number of pairs from which a cold start judges scatter.
const coldSpreadMinimum = 12

// judgeSpread adds the spread channel of a level metric; l is what the location
// channel found.
func judgeSpread(a *assessment, l *located) {
	x, y := a.s.px, a.s.py
	n := len(x)
	if a.s.d == nil || n < coldMinimum {
		return
	}
	ax, ay := meanDeviation(x), meanDeviation(y)
	if !(ax > 1e-12) || !(ay > 1e-12) {
		return // A side that never moves has no scatter to compare.
	}
	c := newChannel(chSpread, spreadShare)
	t := math.Log(ax / ay)
	p := a.plan
	var se, df float64
	how := "history"
	if pl := placeboSpread(&a.s, n); pl.ok {
		p.cold = false
		if t <= pl.most && t > 0 {
			c.held = fmt.Sprintf("in a window without a deploy it once scattered %s times as much", words.Number(math.Exp(pl.most)))
		}
		t, se, df = a.s.before(t, pl.sd, placeboDF(len(a.s.hx), n, l.phi), pl.mean, float64(n)/float64(len(a.s.hx)))
	} else if n < coldSpreadMinimum {
		return
	} else {
		h := stat.HARMean(deviationRatio(x, y, ax, ay), 0)
		p.cold, how = true, "window"
		se, df = h.SE, h.DF
		surely := cautious(n, max(h.Phi, l.phi))
		if surely < coldIndependent {
			c.held = fmt.Sprintf("its samples depend on each other so much that they are worth only %s independent ones for sure, and there is no history to measure that on", words.Number(surely))
		}
	}
	if !(se > 0) || !(df > 0) {
		return
	}
	if k := min(moving(x, ax), moving(y, ay)); p.cold && k < coldMoving || k < warmMoving {
		c.held = fmt.Sprintf("a side moves at so few instants that its scatter rests on %s of them", words.Number(k))
	}
	z := stat.NormalFromStudent(t/se, df)
	c.logFail, c.logPlain = p.logP(z, false), stat.LogNormalTail(z)
	c.effect = math.Exp(t)
	half := se * stat.StudentFromNormal(p.score(math.Log(a.policy.FalsePass), false), df)
	c.interval = [2]float64{math.Exp(t - half), math.Exp(t + half)}
	c.says = fmt.Sprintf("the canary scatters %s times as much as the baseline (interval %s to %s)", words.Number(c.effect), words.Number(c.interval[0]), words.Number(c.interval[1]))
	if t > 0 && c.effect < spreadMargin && c.held == "" {
		c.held = fmt.Sprintf("less than %v times does not matter", spreadMargin)
	}
	if si := a.instances; si != nil {
		si.holdSpread(&c)
	}
	a.step("spread test", "%s, variance from %s; p = %s over all looks", c.says, how, words.P(c.logFail))
	a.others = append(a.others, c)
}

// coldMoving and warmMoving are the instants that a side's scatter must rest on,
// without a history and with one: below, a series that is mostly flat with a few
// jumps scatters a few times as much by chance alone.
const (
	coldMoving = 16
	warmMoving = 8
)

// moving is the number of instants the mean absolute deviation rests on, (sum of
// |d|)^2 / sum of d^2: 0.64 n for normal noise, 1 for a single jump.
func moving(v []float64, deviation float64) float64 {
	m, squares := plainMean(v), 0.0
	for _, x := range v {
		squares += float64((x - m) * (x - m))
	}
	n := float64(len(v))
	return n * deviation * n * deviation / squares
}

// meanDeviation is the mean absolute deviation from the mean.
func meanDeviation(v []float64) float64 {
	m, s := plainMean(v), 0.0
	for _, x := range v {
		s += math.Abs(x - m)
	}
	return s / float64(len(v))
}

func plainMean(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += x
	}
	return s / float64(len(v))
}

// deviationRatio is the series whose mean varies as the log ratio of scales does.
func deviationRatio(x, y []float64, ax, ay float64) []float64 {
	mx, my := plainMean(x), plainMean(y)
	out := make([]float64, len(x))
	for i := range x {
		out[i] = math.Abs(x[i]-mx)/ax - math.Abs(y[i]-my)/ay
	}
	return out
}

// spreadPlacebo is the log ratio of scales over windows without a deploy.
type spreadPlacebo struct {
	mean, sd float64 // sd: for a new window.
	most     float64 // Largest of all windows.
	ok       bool    // Enough windows fit.
}

// placeboSpread measures it on windows of n samples of the history that overlap
// by three quarters; not ok where fewer than stat.MinPlaceboWindows fit.
func placeboSpread(s *sides, n int) spreadPlacebo {
	total := len(s.hx)
	if n < 1 || total < stat.MinPlaceboWindows*n {
		return spreadPlacebo{}
	}
	p := spreadPlacebo{most: math.Inf(-1)}
	var sum, squares, k float64
	for at := 0; at+n <= total; at += max(1, n/4) {
		ax, ay := meanDeviation(s.hx[at:at+n]), meanDeviation(s.hy[at:at+n])
		if ax > 1e-12 && ay > 1e-12 {
			t := math.Log(ax / ay)
			sum, squares, k = sum+t, squares+float64(t*t), k+1
			p.most = max(p.most, t)
		}
	}
	if k < stat.MinPlaceboWindows {
		return spreadPlacebo{}
	}
	share := float64(n) / float64(total)
	p.mean, p.ok = sum/k, true
	p.sd = math.Sqrt(max(0, squares/k-p.mean*p.mean) * (1 + share) / (1 - share))
	return p
}

// placeboDF is the degrees of freedom of a variance from placebo windows, as in
// stat.PlaceboVariance.
func placeboDF(history, n int, phi float64) float64 {
	if math.IsNaN(phi) {
		phi = 0
	}
	return 1.2 * float64(history) / (float64(n) + 2*phi/(1-phi))
}
