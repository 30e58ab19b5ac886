package canary

import (
	"math"
	"slices"
	"sort"
	"time"

	"github.com/bellwether-ts/bellwether/canary/stat"
)

// The future of a count. FAIL comes from the canary's share of the events, by
// the bet or by the band of the plan: for few events the chance to be there is
// summed exactly, event by event; for many the share moves like a level does.
// PASS comes from the score test of the excess rate. Both are discounted by the
// dispersion the past shows.

// stream is a count metric before the deploy.
type stream struct {
	rate       float64 // Baseline events per sample.
	rho, k     float64 // Canary's share of exposure, and rho/(1-rho).
	dispersion float64
	level      bool // The judge will ask the level test as well (holdCounts).
}

// exactEvents is the most events, in units of the dispersion, that are counted
// one by one.
const exactEvents = 200

// stream measures the past for windows of n samples.
func (p *prospect) stream(n int) stream {
	rho, given := p.policy.Exposure, p.exposureGiven
	if p.m.Exposure > 0 && p.m.Exposure < 1 {
		rho, given = p.m.Exposure, true
	}
	n = min(n, len(p.base))
	const windows = 5
	found := make([]counted, 0, windows)
	for i := range windows {
		m := p.window(i*(len(p.base)-n)/(windows-1), n)
		sides := gather(&m)
		found = append(found, countEvents(&m, &sides, rho, given))
	}
	slices.SortStableFunc(found, func(a, b counted) int {
		switch {
		case a.dispersion < b.dispersion:
			return -1
		case a.dispersion > b.dispersion:
			return 1
		}
		return 0
	})
	c := found[windows/2]
	st := stream{rate: stat.Mean(p.base), rho: c.rho, k: c.rho / (1 - c.rho), dispersion: c.dispersion}
	st.level = p.cold && (c.lumpy || (1+st.k)*st.rate/2 >= largeRate)
	return st
}

// worse is the rate of a canary worse by effect.
func (st stream) worse(effect float64, d Direction) float64 {
	if d == Decrease {
		return max(0, st.k*st.rate-effect)
	}
	return st.k*st.rate + effect
}

// share is the canary's share of events when worse by effect.
func (st stream) share(effect float64, d Direction) float64 {
	rate := st.worse(effect, d)
	return rate / (rate + st.rate)
}

// events foresees a schedule for a count.
func (p *prospect) events(s Schedule, power float64) (o outcome, ok bool) {
	st := p.stream(s.samples(s.looks(), p.m.StepSeconds))
	gs, when := p.countGlances(s, st)
	if len(gs) == 0 {
		return outcome{fail: Never, pass: Never}, false
	}
	bad := p.shares(gs, s, st, p.margin)
	_, good := passage(gs, truth{margin: p.margin, two: p.two}, 1)
	if st.level {
		if bad, ok = p.andLevel(bad, s, when); !ok {
			return outcome{fail: Never, pass: Never}, false
		}
	}
	return reached(gs, when, bad, good, power), true
}

// andLevel makes a count wait for the level test too: no chance is larger than
// the smaller of both.
func (p *prospect) andLevel(bad []float64, s Schedule, when []time.Duration) ([]float64, bool) {
	gs, at := p.glances(s)
	if gs == nil {
		return nil, false
	}
	level, _ := chances(gs, truth{shift: p.margin, margin: p.margin, two: p.two})
	for i, t := range when {
		j, found := slices.BinarySearch(at, t)
		if !found {
			j--
		}
		if j < 0 {
			bad[i] = 0
		} else {
			bad[i] = min(bad[i], level[j])
		}
	}
	return bad, true
}

// countGlances foresees what PASS takes at every look; the effect is the excess
// rate in events per sample.
func (p *prospect) countGlances(s Schedule, st stream) (gs []glance, when []time.Duration) {
	unit := newPlan(s.at(p.policy, s.looks(), p.m.StepSeconds), s.samples(s.looks(), p.m.StepSeconds), p.m.StepSeconds)
	unit.share = 1
	band := unit.score(math.Log(p.policy.FalsePass), false)
	root := math.Sqrt(st.dispersion)
	for _, k := range p.looksOf(s) {
		n := s.samples(k, p.m.StepSeconds)
		if n < 1 || len(gs) > 0 && gs[len(gs)-1].n == n {
			continue
		}
		N := float64(n)
		g := glance{n: n, se: root * math.Sqrt((st.k*st.rate+st.k*st.k*st.rate)/N), fail: math.Inf(1), half: math.Inf(1)}
		if pl := newPlan(s.at(p.policy, k, p.m.StepSeconds), n, p.m.StepSeconds); n >= MinPairs && !(p.cold && st.level && n < coldMinimum) {
			z := -stat.RateDifferenceScore(st.k*st.rate*N, N, st.rate*N, N, st.k, p.margin)
			if p.m.Direction == Decrease {
				z = stat.RateDifferenceScore(st.k*st.rate*N, N, st.rate*N, N, st.k, -p.margin)
			}
			g.half = band / pl.scale() * root * p.margin / z
		}
		if !(g.se > 0) {
			g.se = math.SmallestNonzeroFloat64
		}
		gs = append(gs, g)
		when = append(when, s.time(k))
	}
	return gs, when
}

// shares is the chance to FAIL by each look when the canary is worse by effect.
func (p *prospect) shares(gs []glance, s Schedule, st stream, effect float64) []float64 {
	share := st.share(effect, p.m.Direction)
	perSample := (st.worse(effect, p.m.Direction) + st.rate) / st.dispersion
	if !(perSample > 0) {
		return make([]float64, len(gs))
	}
	last := gs[len(gs)-1]
	q := quest{alt: alternative(p.m.Direction), rho: st.rho, share: share, goal: -p.level - math.Log(betPart)}
	q.plan = newPlan(s.at(p.policy, s.looks(), p.m.StepSeconds), last.n, p.m.StepSeconds)
	q.plan.share = 1
	q.band = q.plan.score(p.level+math.Log1p(-betPart), p.two)
	if float64(last.n)*perSample <= exactEvents {
		return q.few(gs, perSample, float64(last.n)*perSample)
	}
	if p.m.Direction == Decrease { // Mirrored: the baseline's share grows.
		q.alt, q.rho, q.share = stat.Greater, 1-q.rho, 1-q.share
	}
	return q.many(gs, perSample)
}

// quest is what the events must show: a bet won, or totals beyond the band.
type quest struct {
	alt   stat.Alternative
	rho   float64 // Share of a healthy canary.
	share float64 // True share.
	goal  float64 // Log e-value that FAILs.
	band  float64 // Normal score that FAILs at the end of the plan.
	plan  plan    // At its end.
}

// high is from how many of n events on the canary's side has too many, when the
// plan has come as far as the share of information says; n+1 if no number is.
func (q quest) high(n int, rho, information float64) int {
	q.plan.share = information
	limit := stat.LogNormalTail(q.band / q.plan.scale())
	alt := stat.Greater
	if q.alt == stat.TwoSided {
		alt = stat.TwoSided
	}
	from := int(rho * float64(n))
	return from + sort.Search(n+1-from, func(i int) bool {
		k := float64(from + i)
		return stat.LogBinomialTail(k, float64(n), rho) <= limit || stat.LogShareE(k, float64(n)-k, rho, alt) >= q.goal
	})
}

// few counts event by event. all is the number of events expected by the end of
// the plan.
func (q quest) few(gs []glance, perSample, all float64) []float64 {
	total := int(all+8*math.Sqrt(all)) + 8
	fails := make([]float64, total+1)
	alive := make([]float64, total+2)
	alive[0] = 1
	lo, hi, failed := 0, 0, 0.0
	first := float64(gs[0].n) / float64(gs[len(gs)-1].n)
	for n := 1; n <= total; n++ {
		for s := hi + 1; s >= lo; s-- {
			v := alive[s] * (1 - q.share)
			if s > lo {
				v += alive[s-1] * q.share
			}
			alive[s] = v
		}
		hi++
		information := min(1, float64(n)/all)
		if information < first {
			information = 1e-9 // Before the first look only the bet counts.
		}
		if q.alt != stat.Less {
			for high := q.high(n, q.rho, information); hi >= high && hi >= lo; hi-- {
				failed += alive[hi]
				alive[hi] = 0
			}
		}
		if q.alt != stat.Greater {
			for low := n - q.high(n, 1-q.rho, information); lo <= low && lo <= hi; lo++ {
				failed += alive[lo]
				alive[lo] = 0
			}
		}
		fails[n] = failed
	}
	out := make([]float64, len(gs))
	for k, g := range gs { // The number of events by a look is itself a matter of chance.
		mean := float64(g.n) * perSample
		for n := range fails {
			lg, _ := math.Lgamma(float64(n) + 1)
			out[k] += fails[n] * math.Exp(float64(n)*math.Log(mean)-mean-lg)
		}
	}
	return out
}

// many takes the share as a level.
func (q quest) many(gs []glance, perSample float64) []float64 {
	shares := make([]glance, len(gs))
	for i, g := range gs {
		all := float64(g.n) * perSample
		n := max(1, int(math.Round(all)))
		fail := math.Inf(1)
		if high := q.high(n, q.rho, float64(g.n)/float64(gs[len(gs)-1].n)); high <= n {
			fail = (float64(high)-0.5)/float64(n) - q.rho
		}
		shares[i] = glance{n: g.n, se: math.Sqrt(q.share * (1 - q.share) / all), fail: fail, half: math.Inf(1)}
	}
	bad, _ := passage(shares, truth{shift: q.share - q.rho, two: q.alt == stat.TwoSided}, 1)
	return bad
}

// visibleEvents is visible for a count.
func (p *prospect) visibleEvents(s Schedule, power float64) float64 {
	st := p.stream(s.samples(s.looks(), p.m.StepSeconds))
	gs, when := p.countGlances(s, st)
	if len(gs) == 0 {
		return math.Inf(1)
	}
	seen := func(effect float64) bool {
		bad := p.shares(gs, s, st, effect)
		if st.level {
			q := *p
			q.margin = effect
			var ok bool
			if bad, ok = q.andLevel(bad, s, when); !ok {
				return false
			}
		}
		return bad[len(bad)-1] >= power
	}
	top := math.Inf(1)
	if p.m.Direction == Decrease {
		top = st.k * st.rate
	}
	lo, hi := 0.0, min(top, max(p.margin, 10/float64(gs[len(gs)-1].n)))
	for i := 0; !seen(hi); i++ {
		if hi >= top || i == 12 {
			return math.Inf(1)
		}
		lo, hi = hi, min(top, 2*hi)
	}
	return leastSeen(lo, hi, seen)
}
