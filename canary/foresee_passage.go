package canary

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"github.com/bellwether-ts/bellwether/canary/stat"
)

// How likely is a verdict by every look? The sum of the differences, n times
// the effect at a look, grows like a Brownian motion with drift; a run ends
// where it first enters the region of FAIL or of PASS. The density of the runs
// still going is carried from look to look on a grid (the recursion of
// Armitage, McPherson & Rowe, JRSS A 1969, here with drift and two regions).

// glance is one look of a run to come: what effect it would take there.
// Effects are positive where they are worse.
type glance struct {
	n      int     // Samples in the window.
	se, df float64 // Standard error of the effect and its degrees of freedom; df 0: known exactly.
	fail   float64 // FAIL from this effect on; +Inf where this look cannot.
	half   float64 // PASS up to this far inside the margin; +Inf where this look cannot.

	// The same where the judge measures the spread on the window itself: what it
	// may come to ask, least first. nil with a history.
	fails, halves []float64
}

// The grid of the recursion, in standard deviations of the last look.
const (
	gridCell  = 0.04
	gridReach = 6
)

// truth is what is the case while the judge looks.
type truth struct {
	shift  float64 // True effect.
	margin float64 // Smallest effect that matters.
	two    bool    // Any change is worse.
}

// passage is the chance to have FAILed and to have PASSed by each look. noise
// multiplies the standard deviation of the effect.
func passage(ls []glance, t truth, noise float64) (fail, pass []float64) {
	const half = int(gridReach / gridCell)
	fail, pass = make([]float64, len(ls)), make([]float64, len(ls))
	if len(ls) == 0 {
		return fail, pass
	}
	last := ls[len(ls)-1]
	unit := float64(last.n) * last.se * noise
	alive, next := make([]float64, 2*half+1), make([]float64, 2*half+1)
	alive[half] = 1
	var before, failed, passed float64
	for k, g := range ls {
		v := math.Pow(float64(g.n)*g.se*noise/unit, 2)
		if v > before {
			spreadOut(next, alive, math.Sqrt(v-before))
			alive, next, before = next, alive, v
		}
		at := func(effect float64) float64 { return float64(g.n) * (effect - t.shift) / unit }
		inside := t.margin - g.half
		out, in := at(g.fail), at(inside)
		outLow, inLow := math.Inf(-1), math.Inf(-1)
		if t.two {
			outLow, inLow = at(-g.fail), at(-inside)
		}
		for i := range alive {
			x := (float64(i) - float64(half)) * gridCell
			p := between(x, inLow, in)
			f := min(1-p, between(x, out, math.Inf(1))+between(x, math.Inf(-1), outLow))
			passed += alive[i] * p
			failed += alive[i] * f
			alive[i] *= 1 - p - f
		}
		fail[k], pass[k] = failed, passed
	}
	return fail, pass
}

// between is the share of the cell around x that lies in [lo, hi].
func between(x, lo, hi float64) float64 {
	return min(1, max(0, min(hi, x+gridCell/2)-max(lo, x-gridCell/2))/gridCell)
}

// spreadOut adds a normal step of standard deviation sd to the density.
func spreadOut(to, from []float64, sd float64) {
	reach := int(5*sd/gridCell) + 1
	kernel := make([]float64, reach+1)
	for j := range kernel {
		kernel[j] = stat.NormalTail((float64(j)-0.5)*gridCell/sd) - stat.NormalTail((float64(j)+0.5)*gridCell/sd)
	}
	clear(to)
	for i, p := range from {
		if p < 1e-12 {
			continue
		}
		to[i] += p * kernel[0]
		for d := 1; d <= min(reach, i); d++ {
			to[i-d] += p * kernel[d]
		}
		for d := 1; d <= min(reach, len(to)-1-i); d++ {
			to[i+d] += p * kernel[d]
		}
	}
}

// parts are the middles of five equal parts of a distribution.
var parts = []float64{0.1, 0.3, 0.5, 0.7, 0.9}

// chances averages passage over what is not known: with a history how wrong the
// standard error may be (its square is chi-squared over df), without one what
// the judge will take for it.
func chances(ls []glance, t truth) (fail, pass []float64) {
	fail, pass = make([]float64, len(ls)), make([]float64, len(ls))
	if len(ls) == 0 {
		return fail, pass
	}
	df := ls[len(ls)-1].df
	for _, q := range parts {
		now, noise := ls, 1.0
		switch {
		case len(ls[0].fails) > 0:
			now = slices.Clone(ls)
			for k := range now {
				g := &now[k]
				g.fail = g.fails[int(q*float64(len(g.fails)))]
				g.half = g.halves[int(q*float64(len(g.halves)))]
			}
		case df > 0 && df < 1e4:
			noise = math.Sqrt(df / (2 * mathext.GammaIncRegInv(df/2, q)))
		}
		f, p := passage(now, t, noise)
		for k := range ls {
			fail[k] += f[k] / float64(len(parts))
			pass[k] += p[k] / float64(len(parts))
		}
	}
	return fail, pass
}
