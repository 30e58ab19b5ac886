package canary

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/canary/stat"
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
	if mean, s, ok := placeboSpread(&a.s, n); ok {
		p.cold = false
		se, df = s, placeboDF(len(a.s.hx), n, l.phi)
		t, se, df = a.s.before(t, se, df, mean, float64(n)/float64(len(a.s.hx)))
	} else if n < coldSpreadMinimum {
		return
	} else {
		h := stat.HARMean(deviationRatio(x, y, ax, ay), 0)
		p.cold, how = true, "window"
		se, df = h.SE, h.DF
		surely := cautious(n, max(h.Phi, l.phi))
		if surely < coldIndependent {
			c.held = fmt.Sprintf("its samples depend on each other so much that they are worth only %s independent ones for sure, and there is no history to measure that on", num(surely))
		}
	}
	if !(se > 0) || !(df > 0) {
		return
	}
	z := stat.NormalFromStudent(t/se, df)
	c.logFail, c.logPlain = p.logP(z, false), stat.LogNormalTail(z)
	c.effect = math.Exp(t)
	half := se * stat.StudentFromNormal(p.score(math.Log(a.policy.FalsePass), false), df)
	c.interval = [2]float64{math.Exp(t - half), math.Exp(t + half)}
	c.says = fmt.Sprintf("the canary scatters %s times as much as the baseline (interval %s to %s)", num(c.effect), num(c.interval[0]), num(c.interval[1]))
	if t > 0 && c.effect < spreadMargin && c.held == "" {
		c.held = fmt.Sprintf("less than %v times does not matter", spreadMargin)
	}
	if si := a.instances; si != nil {
		si.holdSpread(&c)
	}
	a.step("spread test", "%s, variance from %s; p = %s over all looks", c.says, how, pnum(c.logFail))
	a.others = append(a.others, c)
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

// placeboSpread is the mean of the log ratio of scales over windows of n samples
// of the history and the standard deviation for a new window, from windows that
// overlap by three quarters; false where fewer than stat.MinPlaceboWindows fit.
func placeboSpread(s *sides, n int) (mean, sd float64, ok bool) {
	total := len(s.hx)
	if n < 1 || total < stat.MinPlaceboWindows*n {
		return 0, 0, false
	}
	var sum, squares, k float64
	for at := 0; at+n <= total; at += max(1, n/4) {
		ax, ay := meanDeviation(s.hx[at:at+n]), meanDeviation(s.hy[at:at+n])
		if ax > 1e-12 && ay > 1e-12 {
			t := math.Log(ax / ay)
			sum, squares, k = sum+t, squares+float64(t*t), k+1
		}
	}
	if k < stat.MinPlaceboWindows {
		return 0, 0, false
	}
	mean = sum / k
	share := float64(n) / float64(total)
	return mean, math.Sqrt(max(0, squares/k-mean*mean) * (1 + share) / (1 - share)), true
}

// placeboDF is the degrees of freedom of a variance from placebo windows, as in
// stat.PlaceboVariance.
func placeboDF(history, n int, phi float64) float64 {
	if math.IsNaN(phi) {
		phi = 0
	}
	return 1.2 * float64(history) / (float64(n) + 2*phi/(1-phi))
}
