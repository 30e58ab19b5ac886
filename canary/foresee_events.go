package canary

import (
	"math"
	"slices"
	"time"

	"github.com/bellwether-ts/bellwether/canary/stat"
)

// The future of a count. FAIL comes from the bet on the canary's share, so for
// few events the chance to have won it is summed exactly, event by event; for
// many the share moves like a level does. PASS comes from the score test of the
// excess rate. Both are discounted by the dispersion the past shows.

// stream is a count metric before the deploy.
type stream struct {
	rate       float64 // Baseline events per sample.
	rho, k     float64 // Canary's share of exposure, and rho/(1-rho).
	dispersion float64
	level      bool // The judge will ask the level test as well (holdCounts).
}

// exactEvents is the most events, in units of the dispersion, that are counted
// one by one.
const exactEvents = 2000

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
	bad := p.bets(gs, st, p.margin, p.wins(gs, st))
	_, good := passage(gs, truth{margin: p.margin, two: p.two}, 1, 1)
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
		if pl := newPlan(s.at(p.policy, k, p.m.StepSeconds), n, p.m.StepSeconds); n >= minPairs && !(p.cold && st.level && n < coldMinimum) {
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

// wins lists for every number of events, in units of the dispersion, from how
// many of the canary's on, and up to how many, the bet is won. nil where they
// are too many to list.
func (p *prospect) wins(gs []glance, st stream) [][2]int {
	all := float64(gs[len(gs)-1].n) * (1 + st.k) * st.rate / st.dispersion
	if all > exactEvents {
		return nil
	}
	out := make([][2]int, 2*exactEvents)
	goal, alt := p.goal(), alternative(p.m.Direction)
	high, low := 1, -1
	for n := range out {
		won := func(s1 int) bool { return stat.LogShareE(float64(s1), float64(n-s1), st.rho, alt) >= goal }
		for alt != stat.Less && high <= n && !won(high) {
			high++
		}
		for alt != stat.Greater && float64(low+1) < st.rho*float64(n) && won(low+1) {
			low++
		}
		if alt == stat.Less {
			high = n + 1
		}
		out[n] = [2]int{high, low}
	}
	return out
}

// goal is the log e-value that FAILs.
func (p *prospect) goal() float64 { return -math.Log(p.policy.FalseFail / float64(p.tested)) }

// bets is the chance to have won the bet by each look when the canary is worse
// by effect.
func (p *prospect) bets(gs []glance, st stream, effect float64, wins [][2]int) []float64 {
	share := st.share(effect, p.m.Direction)
	perSample := (st.worse(effect, p.m.Direction) + st.rate) / st.dispersion
	out := make([]float64, len(gs))
	if !(perSample > 0) {
		return out
	}
	if wins == nil || float64(gs[len(gs)-1].n)*perSample > 1.5*exactEvents {
		return p.manyBets(gs, st, share, perSample)
	}
	won := wonBy(wins, share)
	for k, g := range gs {
		mean := float64(g.n) * perSample
		reach := 8*math.Sqrt(mean) + 8
		for n := max(0, int(mean-reach)); n < len(won) && float64(n) <= mean+reach; n++ {
			lg, _ := math.Lgamma(float64(n) + 1)
			out[k] += won[n] * math.Exp(float64(n)*math.Log(mean)-mean-lg)
		}
	}
	return out
}

// wonBy is the chance to have won within n events of which each is the canary's
// with probability share.
func wonBy(wins [][2]int, share float64) []float64 {
	out := make([]float64, len(wins))
	alive := make([]float64, len(wins)+1)
	alive[0] = 1
	lo, hi, won := 0, 0, 0.0
	for n := 1; n < len(wins); n++ {
		for s := hi + 1; s >= lo; s-- {
			v := alive[s] * (1 - share)
			if s > lo {
				v += alive[s-1] * share
			}
			alive[s] = v
		}
		hi++
		for ; lo <= hi && lo <= wins[n][1]; lo++ {
			won += alive[lo]
			alive[lo] = 0
		}
		for ; hi >= lo && hi >= wins[n][0]; hi-- {
			won += alive[hi]
			alive[hi] = 0
		}
		for ; lo < hi && alive[lo] < 1e-15; lo++ {
			alive[lo] = 0
		}
		out[n] = won
	}
	return out
}

// manyBets is bets for many events: the share as a level.
func (p *prospect) manyBets(gs []glance, st stream, share, perSample float64) []float64 {
	alt, goal, rho := stat.Greater, p.goal(), st.rho
	if p.m.Direction == Decrease { // Mirrored: the baseline's share grows.
		rho, share = 1-rho, 1-share
	}
	if p.two {
		alt = stat.TwoSided
	}
	shares := make([]glance, len(gs))
	for i, g := range gs {
		all := float64(g.n) * perSample
		lo, hi := rho, 1.0
		for range 50 {
			if mid := (lo + hi) / 2; stat.LogShareE(all*mid, all*(1-mid), rho, alt) >= goal {
				hi = mid
			} else {
				lo = mid
			}
		}
		if stat.LogShareE(all, 0, rho, alt) < goal {
			hi = math.Inf(1)
		}
		shares[i] = glance{n: g.n, se: math.Sqrt(share * (1 - share) / all), fail: hi - rho, half: math.Inf(1)}
	}
	bad, _ := passage(shares, truth{shift: share - rho, two: p.two}, 1, 1)
	return bad
}

// visibleEvents is visible for a count.
func (p *prospect) visibleEvents(s Schedule, power float64) float64 {
	st := p.stream(s.samples(s.looks(), p.m.StepSeconds))
	gs, when := p.countGlances(s, st)
	if len(gs) == 0 {
		return math.Inf(1)
	}
	wins := p.wins(gs, st)
	seen := func(effect float64) bool {
		bad := p.bets(gs, st, effect, wins)
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
	for range 9 {
		if mid := (lo + hi) / 2; seen(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}
