package detect

import (
	"math"
	"slices"
)

// peerGroup is the same metric of the copies of one thing.
type peerGroup struct {
	key     string
	members []*peerMember // By reference.

	began, last int64   // First and newest sample of the round; began 0: none yet.
	step        float64 // Milliseconds between rounds.
	rounds      uint32  // Judged so far.
	open        int     // Anomalies open.

	present int     // Members of the last round.
	median  float64 // Of their values,
	level   float64 // and of what each says the level is, its usual place taken out.
	scale   float64 // Of their distances from their usual places.
	usual   float64 // What the scale usually is.
	reach   float64 // How far from the median members usually are at most.
	erring  [2]float64
	fits    frame
	split   int  // Members that depart at once, where they are too many for outliers.
	moved   bool // More than half of the members changed their value.
	wide    bool // The members are much further apart than they usually are.

	tails [peerTails]tail
	trend peerTrend
	work  []float64
}

// frame says how the usual places of a group are kept: pods with different
// shares of the traffic differ by a factor, hosts with different room
// temperatures by a difference.
type frame uint8

const (
	byFactor frame = iota
	byDifference
)

const (
	scaleForget = .02 // Share of the usual scale that a round renews.
	scaleLeast  = .5  // A round is at least this share of the usual scale wide, all of it in a group of four,
	scaleMedian = .02 // and this share of the median: less is nobody's business,
	scaleReach  = .02 // and this share of how far members are apart.
	scaleTiny   = 1e-200
	frameForget = .02
	frameBetter = .8 // The other frame must err this much less to be taken.
	madSigma    = 1.4826
	splitShare  = 20 // More than one in so many depart at once: the group splits.
	splitScale  = 2  // So many times the usual scale, and the group itself is in disarray,
	splitFrom   = 10 // which fewer members than this are too few to tell.
	turnRounds  = 15 // Two that begin or end to depart within so many rounds may be a rollout: too early to single out.
	turnConfirm = 2  // Rounds a departure lasts before it is told, for the next of a rollout to show.
)

// place is where a member usually is when the group is at a level.
func place(f frame, usual, level float64) float64 {
	if f == byFactor {
		return level + usual*math.Abs(level)
	}
	return level + usual
}

// unplace is the level that a value at its usual place says there is; ok is
// false where the place says nothing.
func unplace(f frame, usual, value, median float64) (level float64, ok bool) {
	if f == byDifference {
		return value - usual, true
	}
	times := 1 + usual*sign(median)
	return value / times, times > .01
}

// round judges the members that are here.
func (g *peerGroup) round(cfg PeerConfig) {
	g.present = 0
	g.work = g.work[:0]
	changed := 0
	for _, m := range g.members {
		if m.here {
			g.work = append(g.work, m.value)
			g.present++
			if m.value != m.before {
				changed++
			}
		}
	}
	if g.present < peersLeast {
		g.leave()
		return
	}
	g.rounds++
	g.moved = 2*changed > g.present
	slices.Sort(g.work)
	g.median = middle(g.work)
	g.reach = max(g.reach*(1-scaleForget/10), max(g.work[len(g.work)-1]-g.median, g.median-g.work[0]))
	g.settle()
	g.trend.push(g.level)
	g.measure()
	bar := openingBar(cfg.Budget, g.step)
	hold := adaptation(float64(cfg.Adapt.Milliseconds()), g.step)
	g.depart(bar)
	for _, m := range g.members {
		if m.here {
			m.decide(g, bar, hold)
			m.learn(g, hold)
		}
	}
	g.leave()
}

// depart counts who departs from the others in this round, and who began or
// ended to within the last rounds.
func (g *peerGroup) depart(bar float64) {
	departing, turned := 0, 0
	for _, m := range g.members {
		if !m.here {
			continue
		}
		m.look(g)
		if m.seen < peerWarm {
			continue
		}
		if departs := m.evidence >= bar || m.departs && !m.calm(); departs != m.departs {
			m.departs, m.turned = departs, g.rounds
		}
		if m.departs {
			departing++
		}
		if m.turned > 0 && g.rounds-m.turned < turnRounds {
			turned++
		}
	}
	g.split = 0
	if departing > max(1, g.present/splitShare) || turned > 1 || g.wide {
		g.split = max(departing, turned, 2)
	}
}

// settle finds the level of the group. The plain median would move when a copy
// in the middle goes bad, and every other copy would seem to move against it.
func (g *peerGroup) settle() {
	g.level = g.median
	g.work = g.work[:0]
	for _, m := range g.members {
		if m.here && m.seen > 0 {
			if level, ok := unplace(g.fits, m.usual[g.fits], m.value, g.median); ok {
				g.work = append(g.work, level)
			}
		}
	}
	if 2*len(g.work) > g.present {
		slices.Sort(g.work)
		g.level = middle(g.work)
	}
}

// measure finds the scale of the round: how far members are from their usual
// places, in the frame that has fitted better.
func (g *peerGroup) measure() {
	var spread [2]float64
	for f := range frame(2) {
		g.work = g.work[:0]
		for _, m := range g.members {
			if m.here && m.seen > 0 {
				g.work = append(g.work, math.Abs(m.value-place(f, m.usual[f], g.level)))
			}
		}
		if len(g.work) == 0 {
			continue
		}
		slices.Sort(g.work)
		spread[f] = madSigma * middle(g.work)
		g.erring[f] += frameForget * (spread[f] - g.erring[f])
	}
	if other := 1 - g.fits; g.erring[other] < frameBetter*g.erring[g.fits] {
		g.fits = other
	}
	now := spread[g.fits]
	if g.rounds < 1/scaleForget {
		g.usual += (now - g.usual) / float64(g.rounds)
	} else {
		g.usual += scaleForget * (min(now, 3*max(g.usual, now/10)) - g.usual)
	}
	g.wide = g.present >= splitFrom && now > splitScale*g.usual
	g.scale = max(now, (scaleLeast+2/float64(g.present))*g.usual, scaleMedian*math.Abs(g.level), scaleReach*g.reach, scaleTiny)
}

// leave ends the round: who was here is not yet here in the next.
func (g *peerGroup) leave() {
	for _, m := range g.members {
		if m.here {
			m.before, m.here, m.missed = m.value, false, 0
			continue
		}
		m.miss(g)
	}
}

// vanish ends the anomalies of a group nobody of which comes any more.
func (g *peerGroup) vanish() {
	for _, m := range g.members {
		m.missed = max(m.missed, goneAfter-1)
		m.miss(g)
	}
}

// middle is the median of sorted values.
func middle(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return sorted[n/2-1] + (sorted[n/2]-sorted[n/2-1])/2
}

// peerTrend tells whether the group as a whole moves: how far its level went
// in trendRounds rounds, against how far it usually goes.
type peerTrend struct {
	ring  [trendRounds]float64
	n     uint32
	step  float64 // How far it went.
	usual float64 // How far it usually goes.
}

const (
	trendRounds = 10
	trendForget = .01
	trendMoved  = 4 // Times the usual that are a move of the group.
)

func (r *peerTrend) push(level float64) {
	i := r.n % trendRounds
	if r.n >= trendRounds {
		r.step = level - r.ring[i]
		a := math.Abs(r.step)
		if r.n < 1/trendForget {
			r.usual += (a - r.usual) / float64(r.n)
		} else {
			r.usual += trendForget * (min(a, trendMoved*max(r.usual, a/10)) - r.usual)
		}
	}
	r.ring[i] = level
	r.n++
}

// moved reports whether the group as a whole has moved.
func (r *peerTrend) moved() bool {
	return r.n > 3*trendRounds && r.step != 0 && math.Abs(r.step) > trendMoved*r.usual
}
