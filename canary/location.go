package canary

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/canary/stat"
	"github.com/bellwether-ts/bellwether/canary/words"
)

// The location channel: has the level moved? The effect is the mean difference
// canary - baseline, instant by instant, less what the same instances differed by
// before the deploy (before.go).
// What makes the answer honest is its standard error, from the best source the
// request offers:
//
//	history  placebo windows of the same length (stat.PlaceboVariance)
//	model    pre-whitened cosines over history and window (too short a history)
//	window   the same over the window alone (cold start)
//
// A cold start on strongly dependent samples gets so few degrees of freedom
// that it cannot decide: INCONCLUSIVE is then the true answer.

// located is the effect with its standard error.
type located struct {
	effect, se, df float64
	neff           float64
	phi            float64 // Autocorrelation per sample of the differences; NaN when unknown.
	surely         float64 // Independent samples it is worth at least, of a cold start.
	source         string  // "history", "model", "window", "unpaired", "constant".
	placeboMax     float64
	detail         string
}

// coldMinimum is the number of pairs a cold start needs before it may decide.
const coldMinimum = 8

// coldIndependent is the number of independent samples the window of a cold
// start must be worth before it may FAIL, even if the dependence is a standard
// error stronger than it looks: below, the estimate of the dependence itself is
// too uncertain to stake a stopped deploy on.
const coldIndependent = 8

// cautious is NEff with the autocorrelation a standard error higher.
func cautious(n int, phi float64) float64 {
	up := min(0.99, phi+math.Sqrt((1-phi*phi)/float64(n)))
	return float64(n) * (1 - up) / (1 + up)
}

// locate estimates the effect of one metric's sides.
func locate(s *sides) located {
	if s.d == nil {
		return locateUnpaired(s)
	}
	n := len(s.d)
	before := 0.0
	var pl stat.Placebo
	havePlacebo := len(s.hd) >= max(2*MinPairs, stat.MinPlaceboWindows*n) && n > 0
	if havePlacebo {
		pl = stat.PlaceboVariance(s.hd, n)
	}
	switch {
	case havePlacebo:
		before = pl.Mean
	case len(s.hd) >= 2*MinPairs:
		before = stat.Mean(s.hd)
	}
	l := located{effect: stat.Mean(s.d), phi: math.NaN()}
	if s.sameInstances {
		l.effect -= before
	}
	switch {
	case flat(s.d, s.x, s.y) && (len(s.hd) == 0 || flat(s.hd, s.hx, s.hy)):
		l.source = "constant"
		l.neff = float64(n)
		l.detail = "the difference never changes, so there is nothing to estimate"
		if math.Abs(l.effect) <= 1e-12*magnitude(s.x, s.y) {
			l.effect = 0
		}
	case havePlacebo && pl.SE > 0 && !flat(s.hd, s.hx, s.hy):
		l.fromPlacebo(s, pl)
		l.standIns(s, before)
	case len(s.hd) >= 2*MinPairs && !flat(s.hd, s.hx, s.hy):
		l.fromModel(s, before)
		l.standIns(s, before)
	default:
		h := stat.HARMean(s.d, 0)
		l.se, l.df, l.neff, l.source, l.phi = h.SE, h.DF, h.NEff, "window", h.Phi
		l.surely = cautious(n, h.Phi)
		l.detail = fmt.Sprintf("no usable history: variance from the window itself, autocorrelation %.2f, %.1f degrees of freedom", h.Phi, h.DF)
	}
	return l
}

func (l *located) fromPlacebo(s *sides, pl stat.Placebo) {
	n := len(s.d)
	l.se, l.df, l.source, l.placeboMax = pl.SE, pl.DF, "history", pl.Max
	l.neff, l.phi = float64(n)*(1-pl.Phi)/(1+pl.Phi), pl.Phi
	l.detail = fmt.Sprintf("history holds %.0f windows of %d samples without a deploy, %.0f degrees of freedom, autocorrelation %.2f", pl.Windows, n, pl.DF, pl.Phi)
	// The history speaks for the window only if the window is not noisier.
	if r := stat.RoughnessRatio(s.d, s.hd); r > math.Exp(2.6*math.Sqrt(3/float64(n))) {
		l.se *= math.Sqrt(r)
		l.detail += fmt.Sprintf("; the window moves %.1f times as much from sample to sample, so the variance is raised by that", r)
	}
}

// standIns allows for a history of other instances than those compared.
func (l *located) standIns(s *sides, mean float64) {
	if s.sameInstances || s.instancesKnown {
		return
	}
	se := l.se
	l.effect, l.se, l.df = s.before(l.effect, l.se, l.df, mean, float64(len(s.d))/float64(len(s.hd)))
	if l.placeboMax > 0 {
		l.placeboMax += math.Abs(mean)
	}
	if l.se > 1.05*se {
		l.detail += fmt.Sprintf("; other instances stood in, and as they differed by %s all along, the standard error is %.2g times as large, on %.1f degrees of freedom", words.Number(math.Ldexp(mean, s.exp)), l.se/se, l.df)
	}
}

func (l *located) fromModel(s *sides, before float64) {
	all := make([]float64, 0, len(s.hd)+len(s.d))
	after := stat.Mean(s.d)
	for _, v := range s.hd {
		all = append(all, v-before)
	}
	for _, v := range s.d {
		all = append(all, v-after)
	}
	h := stat.HARMean(all, 0)
	n, m := float64(len(s.d)), float64(len(s.hd))
	l.se = h.SE * math.Sqrt((n+m)*(1/n+1/m))
	l.df, l.source = h.DF, "model"
	l.neff, l.phi = n*(1-h.Phi)/(1+h.Phi), h.Phi
	if r := stat.RoughnessRatio(s.d, s.hd); r > math.Exp(2.6*math.Sqrt(3/n+3/m)) && !math.IsInf(r, 1) {
		l.se *= math.Sqrt(r)
	}
	l.detail = fmt.Sprintf("history of %d samples is too short for placebo windows of %d: variance modelled over both, autocorrelation %.2f, %.1f degrees of freedom", len(s.hd), len(s.d), h.Phi, h.DF)
}

// locateUnpaired compares means of sides that do not line up, each with its own
// dependence; degrees of freedom by Welch and Satterthwaite.
func locateUnpaired(s *sides) located {
	l := located{effect: stat.Mean(s.x) - stat.Mean(s.y), source: "unpaired", phi: math.NaN()}
	if flat(s.x, s.x) && flat(s.y, s.y) {
		l.source, l.neff = "constant", float64(min(len(s.x), len(s.y)))
		l.detail = "both sides are constant, so there is nothing to estimate"
		return l
	}
	hx, hy := stat.HARMean(s.x, 0), stat.HARMean(s.y, 0)
	vx, vy := hx.SE*hx.SE, hy.SE*hy.SE
	l.se = math.Sqrt(vx + vy)
	l.df = (vx + vy) * (vx + vy) / (vx*vx/hx.DF + vy*vy/hy.DF)
	l.neff, l.phi = min(hx.NEff, hy.NEff), max(hx.Phi, hy.Phi)
	l.surely = min(cautious(len(s.x), hx.Phi), cautious(len(s.y), hy.Phi))
	l.detail = fmt.Sprintf("the sides cannot be paired instant by instant: each side's own variance, %.1f degrees of freedom", l.df)
	return l
}

// flat reports whether v is constant up to the rounding of the values it was
// computed from, which are scaled to at most 1.
func flat(v []float64, from ...[]float64) bool {
	const rounding = 1e-12
	if len(v) == 0 {
		return true
	}
	lo, hi := v[0], v[0]
	for _, x := range v {
		if lo, hi = min(lo, x), max(hi, x); hi-lo > rounding {
			return false
		}
	}
	return hi-lo <= rounding*magnitude(from...)
}

func magnitude(vs ...[]float64) float64 {
	top := 0.0
	for _, v := range vs {
		for _, x := range v {
			top = max(top, math.Abs(x))
		}
	}
	return top
}
