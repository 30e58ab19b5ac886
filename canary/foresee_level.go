package canary

import (
	"math"
	"slices"
	"time"

	"github.com/bellwether-ts/bellwether/canary/stat"
)

// The future of a level: at every look to come, the effect that would FAIL and
// the effect that would PASS, from the spread of the past and the bands of the
// plan.

// prospect is one metric with what the judge will ask of it.
type prospect struct {
	past
	policy Policy
	tested int     // Metrics Holm's correction runs over.
	level  float64 // Log p-value that FAILs, when no other metric is decided.
	two    bool

	exposureGiven bool

	margin    float64 // Smallest effect that matters, in the metric's unit.
	marginHow string  // Where it comes from.
	isCount   bool
	rough     bool // A run's length is searched for: fewer looks do.
}

// How many looks of a schedule a forecast goes through at most; of more, evenly
// chosen ones count, which makes it a little late and never early.
const (
	maxGlances   = 60
	roughGlances = 20
)

// looksOf lists them.
func (p *prospect) looksOf(s Schedule) []int {
	total := s.looks()
	n := min(total, maxGlances)
	if p.rough {
		n = min(total, roughGlances)
	}
	out := make([]int, n)
	for i := range out {
		out[i] = (i + 1) * total / n
	}
	return out
}

// glances foresees the looks of a schedule; nil where the past is too short for
// its last one. when holds the time of each.
func (p *prospect) glances(s Schedule) (gs []glance, when []time.Duration) {
	var failBand, passBand float64
	cold := -1
	for _, k := range p.looksOf(s) {
		n := s.samples(k, p.m.StepSeconds)
		if n < MinPairs || len(gs) > 0 && gs[len(gs)-1].n == n {
			continue
		}
		sp, ok := p.at(n)
		if !ok {
			return nil, nil
		}
		isCold := sp.source == "window" || sp.source == "unpaired"
		pl := newPlan(s.at(p.policy, k, p.m.StepSeconds), n, p.m.StepSeconds)
		pl.cold = isCold
		if c := bit(isCold); c != cold { // The bands at share 1 serve every look.
			cold = c
			unit := pl
			unit.share = 1
			failBand = unit.score(p.level, p.two)
			passBand = unit.score(math.Log(p.policy.FalsePass), false)
		}
		g := glance{n: n, se: sp.se, df: sp.df}
		if isCold {
			g.df = 0
			for _, t := range sp.taken {
				f, h := t.needs(n, failBand/pl.scale(), passBand/pl.scale())
				g.fails, g.halves = append(g.fails, f), append(g.halves, h)
			}
			slices.Sort(g.fails)
			slices.Sort(g.halves)
		}
		g.fail, g.half = sp.needs(n, failBand/pl.scale(), passBand/pl.scale())
		gs = append(gs, g)
		when = append(when, s.time(k))
	}
	return gs, when
}

// needs is the effect that FAILs a window of n samples at a normal score, and
// how far inside the margin an effect must be to PASS it.
func (sp spread) needs(n int, failScore, passScore float64) (fail, half float64) {
	fail, half = math.Inf(1), math.Inf(1)
	isCold := sp.source == "window" || sp.source == "unpaired"
	if !(sp.se > 0) || !(sp.df > 0) || isCold && n < coldMinimum {
		return fail, half
	}
	half = sp.se * stat.StudentFromNormal(passScore, sp.df)
	if !isCold || sp.surely >= coldIndependent {
		fail = max(sp.placeboMax, sp.se*stat.StudentFromNormal(failScore, sp.df))
	}
	return fail, half
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// time is how long after the start look k comes.
func (s Schedule) time(k int) time.Duration {
	if k >= s.looks() {
		return s.Longest
	}
	return time.Duration(k) * s.LookEvery
}

// outcome is what a schedule brings for one metric.
type outcome struct {
	fail, pass   time.Duration // When the wanted power is reached; Never if not.
	power, quiet float64       // Chance of FAIL if worse by the margin, of PASS if like the baseline.
	failSamples  float64       // Samples a side at fail.
}

// levels foresees a schedule; ok is false where the past is too short for it.
func (p *prospect) levels(s Schedule, power float64) (o outcome, ok bool) {
	gs, when := p.glances(s)
	if gs == nil {
		return outcome{fail: Never, pass: Never}, false
	}
	bad, _ := chances(gs, truth{shift: p.margin, margin: p.margin, two: p.two})
	_, good := chances(gs, truth{margin: p.margin, two: p.two})
	return reached(gs, when, bad, good, power), true
}

// reached reads off when the chances reach the power.
func reached(gs []glance, when []time.Duration, bad, good []float64, power float64) outcome {
	o := outcome{fail: Never, pass: Never}
	if len(gs) == 0 {
		return o
	}
	o.power, o.quiet = bad[len(bad)-1], good[len(good)-1]
	for k := len(gs) - 1; k >= 0; k-- { // Both only grow.
		if bad[k] >= power {
			o.fail, o.failSamples = when[k], float64(gs[k].n)
		}
		if good[k] >= power {
			o.pass = when[k]
		}
	}
	return o
}

// visible is the smallest margin at which a canary worse by just that FAILs
// with the wanted power by the end of a full run; +Inf if there is none.
func (p *prospect) visible(s Schedule, power float64) float64 {
	q := *p
	q.rough = true
	gs, _ := q.glances(s)
	if len(gs) == 0 {
		return math.Inf(1)
	}
	last := gs[len(gs)-1]
	if math.IsInf(last.fail, 1) {
		return math.Inf(1)
	}
	seen := func(effect float64) bool {
		bad, _ := chances(gs, truth{shift: effect, margin: effect, two: p.two})
		return bad[len(bad)-1] >= power
	}
	lo, hi := 0.0, last.fail+2*last.se
	for i := 0; !seen(hi); i++ {
		if lo, hi = hi, 2*hi; i == 8 {
			return math.Inf(1)
		}
	}
	return leastSeen(lo, hi, seen)
}

// leastSeen closes in on the least effect that is seen, between one that is not
// and one that is, to 1/512 of their distance.
func leastSeen(lo, hi float64, seen func(float64) bool) float64 {
	for range 9 {
		if mid := (lo + hi) / 2; seen(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}
