package canary

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/canary/stat"
	"github.com/bellwether-ts/bellwether/canary/words"
)

// The tail channel: are more of the canary's requests slow than of the
// baseline's? A mean hardly notices one request in two hundred that takes ten
// times as long; a count of the requests beyond a high quantile does.
//
// For each of a few bounds, near the quantiles of tailQuantiles of both sides
// together (of the history where there is one), the observations beyond it are
// counted. If the sides are alike, such an observation is the canary's with its
// share of all observations of the same instant, whatever the load and however
// the tail moves over time, so the bet of the count channel decides, discounted
// by how lumpy the counts are (history and window). On a cold start many or
// lumpy events must convince a test on the excess by instant too, which allows
// for dependence. Beside these stands the largest gap between the two
// distribution functions, by the bound of Dvoretzky, Kiefer & Wolfowitz with
// Massart's constant (Annals of Probability 1990): it sees changes of shape that
// are nowhere in the tail. All of them share the channel's error equally.

// tailQuantiles are the quantiles the bounds are chosen near, from the far end.
var tailQuantiles = [...]float64{0.999, 0.99, 0.95, 0.9, 0.5}

// tailTest is the test at one bound.
type tailTest struct {
	bound      int
	lower      bool    // Observations at or below the bound are counted instead.
	s1, s0     float64 // Observations beyond it, canary and baseline.
	rho        float64 // Canary's expected share of them.
	dispersion float64
	logE       float64
	logFail    float64
}

// judgeTail adds the tail channel.
func judgeTail(a *assessment) {
	o := a.dist
	n1, n0 := total(o.x.all), total(o.y.all)
	if !(n1 > 0 && n0 > 0) {
		return
	}
	bounds := o.tailBounds(a.m.Direction)
	warm := len(o.hx.all) >= 2*MinPairs && len(o.hx.all) == len(o.hy.all)
	c := newChannel(chTail, a.firstShare()/(1-tailPart)*tailPart)
	best, dispersion := tailTest{logFail: math.Inf(1)}, 1.0
	for _, b := range bounds {
		t := o.test(a, b, warm)
		dispersion = max(dispersion, t.dispersion)
		if t.logFail < best.logFail {
			best = t
		}
	}
	gap, logShape, n := o.shape(a, dispersion, warm)
	tests := math.Log(float64(len(bounds) + 1))
	c.logFail, c.effect = min(0, min(logShape, best.logFail)+tests), gap
	c.logPlain = c.logFail
	c.says = fmt.Sprintf("up to %.2g %% of the canary's observations lie elsewhere than the baseline's", 100*math.Abs(gap))
	if best.logFail <= logShape {
		c.logE, c.effect = best.logE, best.s1/n1-best.s0/n0
		where := "above"
		if best.lower {
			where = "at or below"
		}
		c.says = fmt.Sprintf("%.3g %% of the canary's observations lie %s %s against %.3g %% of the baseline's", 100*best.s1/n1, where, words.Number(o.bounds[best.bound]), 100*best.s0/n0)
	}
	a.step("tail test", "%v canary and %v baseline observations, %s; %s; dispersion up to %.2f; p = %s over all looks", n1, n0, words.Count(len(bounds), "bound"), c.says, dispersion, words.P(c.logFail))
	a.shapePass(gap, n)
	a.others = append(a.others, c)
}

// total adds what is known.
func total(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		if !math.IsNaN(x) {
			s += x
		}
	}
	return s
}

// tailBounds chooses the bounds to test: of both sides together, so that the
// choice says nothing about their difference.
func (o *distributions) tailBounds(dir Direction) []tailTest {
	x, y := &o.x, &o.y
	if total(o.hx.all)+total(o.hy.all) > 0 {
		x, y = &o.hx, &o.hy
	}
	share := make([]float64, len(o.bounds)) // Of observations above each bound.
	all := total(x.all) + total(y.all)
	for b := range share {
		share[b] = (total(x.above[b]) + total(y.above[b])) / all
	}
	var out []tailTest
	add := func(b int, lower bool) {
		for _, t := range out {
			if t.bound == b && t.lower == lower {
				return
			}
		}
		out = append(out, tailTest{bound: b, lower: lower})
	}
	for _, q := range tailQuantiles {
		if dir != Decrease {
			if b := nearest(share, 1-q); b >= 0 {
				add(b, false)
			}
		}
		if dir != Increase {
			if b := nearest(share, q); b >= 0 {
				add(b, true)
			}
		}
	}
	return out
}

// nearest is the bound whose share above is nearest to want by ratio of the
// smaller side; -1 where every bound has nothing on a side.
func nearest(share []float64, want float64) int {
	best, at := math.Inf(1), -1
	logit := func(p float64) float64 { return math.Log(p / (1 - p)) }
	for b, s := range share {
		if !(s > 0 && s < 1) {
			continue
		}
		if d := math.Abs(logit(s) - logit(want)); d < best {
			best, at = d, b
		}
	}
	return at
}

// beyond is the observations of one side beyond the test's bound, by instant.
func (t *tailTest) beyond(s *tallied, i int) float64 {
	if t.lower {
		return s.all[i] - s.above[t.bound][i]
	}
	return s.above[t.bound][i]
}

// test runs the test at one bound.
func (o *distributions) test(a *assessment, t tailTest, warm bool) tailTest {
	e := t.eventsOf(&o.x, &o.y)
	t.s1, t.s0, t.dispersion, t.rho = e.t1, e.t0, 1, e.rho[0]
	all := e.t1 + e.t0
	if all == 0 {
		return t
	}
	t.rho = e.expected / all
	perSample := all / float64(2*len(e.s1))
	if warm {
		h := t.eventsOf(&o.hx, &o.hy)
		t.lumps(h)
		t.ofHistory(h, a.s.sameInstances)
	} else {
		t.dispersion = 1 + unmeasured*unmeasured*perSample
	}
	lumpy := t.lumps(e)
	alt := alternative(a.m.Direction)
	if t.lower {
		alt = opposite(alt)
	}
	t.logE = stat.LogShareE(t.s1/t.dispersion, t.s0/t.dispersion, t.rho, alt)
	t.logFail = min(0, -t.logE)
	if !warm && (lumpy || perSample >= largeRate) {
		t.logFail = max(t.logFail, e.excessP(a, alt))
	}
	return t
}

func opposite(alt stat.Alternative) stat.Alternative {
	switch alt {
	case stat.Greater:
		return stat.Less
	case stat.Less:
		return stat.Greater
	}
	return alt
}

// ofHistory allows for what the sides differed by before the deploy: the same
// instances keep their odds, of others a difference that chance does not explain
// counts as variance.
func (t *tailTest) ofHistory(h *events, same bool) {
	odds := h.oddsRatio()
	if odds == 0 {
		return
	}
	l := math.Log(odds)
	const plainly = 3.3                                   // Standard errors.
	all, noise := t.s1+t.s0, t.dispersion*(1/h.t1+1/h.t0) // noise: variance of the log odds by chance.
	switch {
	case math.Abs(l) <= plainly*math.Sqrt(noise):
	case same:
		r := t.rho / (1 - t.rho) * odds
		t.rho = r / (1 + r)
		t.dispersion *= 1 + all/(h.t1+h.t0)
	default:
		t.dispersion += all * t.rho * (1 - t.rho) * (l*l - noise)
	}
}
