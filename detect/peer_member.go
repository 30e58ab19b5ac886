package detect

import "math"

// peerMember is one copy in its group.
type peerMember struct {
	ref    uint64
	group  *peerGroup
	intake hygiene

	value, before float64
	here          bool // Has a value in this round.
	missed        uint16
	seen          uint32     // Rounds it was in.
	usual         [2]float64 // Its place beside the median, per frame.
	noise         float64    // Mean |z| of its ordinary rounds.
	z             float64
	slow          float64 // Decayed mean of z: a copy that is a little off, always.
	vary          float64 // Decayed mean of |z|.
	still         uint16  // Rounds in a row in which it stood still and most others moved.
	stood         float64 // Share of its past rounds in which it did.
	away          uint32  // Rounds in a row that did not teach it its place.
	since         int64   // When that began.
	departs       bool    // Evidence reached the bar and it is not back yet.
	turned        uint32  // Round in which departs changed; 0: never.
	evidence      float64
	view          peerView
	worth         [peerViews]float64 // Evidence of each view.
	ratio         [peerTails]float64
	expected      float64
	bar           float64
	episode       *episode // While an anomaly is open, and in the round it closes.
	transition    Transition
}

// peerView is one way to look at a member.
type peerView uint8

const (
	viewNow   peerView = iota // Where it is in this round.
	viewPlace                 // Where it was over some ten rounds.
	viewVary                  // How much it varies over some twenty.
	viewStill                 // Whether it stands still while the others move.
	peerViews
	peerTails = viewStill // The first three have a tail.
)

var peerViewNames = [peerViews]string{"peer-now", "peer-place", "peer-spread", "peer-still"}

// The exponents beyond the tail's quantile. One value has the heavy tail of
// everything here; a mean of n values much less, and 10 is less than half of
// what normal values would have.
var peerSlopes = [peerTails]float64{calTail, 10, 10}

const (
	slowForget  = .1
	varyForget  = .05
	noiseForget = .01
	noiseLeast  = .5 // A member counts as at least half as noisy as the others.
	usualForget = .005
	halfNormal  = .798 // Mean |z| of a standard normal z.
	stillLeast  = 6    // Rounds a copy stands still at least.
	stillShare  = .25  // A copy that stands still more often is not judged by that.
	goneAfter   = 5    // Rounds missed that end an anomaly.
	farthest    = 1e6
	peerFresh   = 2000 // Samples of a group below which it is fresh: see claimable.
)

// look takes the views of a member in the round of its group.
func (m *peerMember) look(g *peerGroup) {
	m.seen++
	d, factor := m.beside(g)
	if m.seen == 1 {
		m.usual = [2]float64{factor, d}
	}
	m.expected = place(g.fits, m.usual[g.fits], g.level)
	noise := max(noiseLeast, m.noise/halfNormal)
	m.z = max(-farthest, min(farthest, (m.value-m.expected)/(g.scale*noise)))
	m.slow += slowForget * (m.z - m.slow)
	m.vary += varyForget * (min(math.Abs(m.z), 20) - m.vary)
	switch {
	case m.value != m.before || m.seen == 1:
		m.still = 0
	case g.moved && m.still < math.MaxUint16:
		m.still++
	}
	m.worth = [peerViews]float64{}
	m.evidence, m.view = 0, viewNow
	if m.seen < peerWarm/2 { // Its usual place is a guess: nothing to learn from, either.
		m.ratio = [peerTails]float64{}
		return
	}
	sizes := [peerTails]float64{math.Abs(m.z), math.Abs(m.slow), max(0, m.vary-halfNormal)}
	for v, size := range sizes {
		r := m.measure(&g.tails[v], size)
		m.ratio[v] = r
		if r > 0 {
			m.worth[v] = max(0, -math.Log10(tailProb)+peerSlopes[v]*math.Log10(r))
		}
	}
	if m.still >= stillLeast && m.stood < stillShare {
		m.worth[viewStill] = -float64(m.still) * math.Log10(max(.05, m.stood))
	}
	for v, e := range m.worth {
		if e > m.evidence {
			m.evidence, m.view = e, peerView(v)
		}
	}
	// Four views were looked at, and a fresh group cannot claim more than it saw.
	m.evidence = max(0, m.evidence-math.Log10(float64(peerViews)))
	if n := float64(g.rounds) * float64(g.present); n < peerFresh {
		m.evidence = min(m.evidence, math.Log10(20*n))
	}
}

// beside is how far the member is from the level of its group, and that as a
// share of the level.
func (m *peerMember) beside(g *peerGroup) (difference, factor float64) {
	difference = m.value - g.level
	if g.level != 0 {
		factor = max(-farthest, min(farthest, difference/math.Abs(g.level)))
	}
	return difference, factor
}

// measure compares a size with the tail of the whole group. The guard of the
// tail is the member's: with two hundred members somebody always is beyond, and
// what he does must not keep the others' large values out.
func (m *peerMember) measure(t *tail, size float64) float64 {
	r := 0.0
	if t.Q > 0 {
		r = min(ratioMax, max(ratioMin, size/t.Q))
	}
	if size > 0 && (r <= guardRatio || m.away == 0) {
		if t.Q > 0 {
			size = min(size, guardRatio*t.Q)
		}
		t.add(size)
	}
	return r
}

// decide moves the anomaly of the member.
func (m *peerMember) decide(g *peerGroup, bar float64, hold uint32) {
	m.bar = bar
	if m.seen < peerWarm && m.episode == nil {
		m.evidence = 0
		return
	}
	if m.episode == nil && m.evidence < bar {
		return
	}
	if m.episode == nil {
		m.episode = new(episode)
	}
	mo := moment{
		t: g.last, n: g.rounds, score: m.evidence, bar: bar, kind: KindPeer, dir: DirectionUp,
		expected: m.expected, observed: m.value, change: m.since, fused: math.Abs(m.z),
		calm:    m.calm(),
		allowed: m.episode.Open || g.split == 0 && g.rounds-m.turned >= turnConfirm,
		adapted: m.episode.Open && m.episode.Held >= hold,
	}
	if mo.change == 0 {
		mo.change = g.last
	}
	if m.slow < 0 {
		mo.dir = DirectionDown
	}
	m.transition, _ = m.episode.step(&mo)
	m.episode.Kind = uint8(KindPeer) // Not a level: it departs from its peers, whatever they do.
	if !m.episode.Open && m.transition == TransitionNone {
		m.episode = nil
	}
}

// calm reports whether the member is where, and varies as, it usually does.
func (m *peerMember) calm() bool {
	return m.ratio[viewNow] <= 1 && m.ratio[viewPlace] <= 1 && m.ratio[viewVary] <= 1 && m.still < stillLeast
}

// learn moves the usual place of a member towards where it is, unless it is
// away from it; if it is away for the adaptation time, that is its place.
func (m *peerMember) learn(g *peerGroup, hold uint32) {
	d, factor := m.beside(g)
	stands := 0.0
	if m.still > 0 {
		stands = 1
	}
	away := m.seen >= peerWarm && (m.ratio[viewNow] > guardRatio || m.ratio[viewPlace] > guardRatio || m.ratio[viewVary] > guardRatio || m.still >= stillLeast)
	open := m.episode != nil && m.episode.Open
	if m.transition == TransitionClosed && m.episode.Adapted || !open && m.away >= hold {
		m.usual = [2]float64{factor, d}
		m.seen, m.slow, m.vary, m.away, m.still = peerWarm/2, 0, halfNormal, 0, 0
		return
	}
	if away || open {
		if m.away == 0 {
			m.since = g.last
		}
		m.away++
		return
	}
	m.away = 0
	w := max(usualForget, 1/float64(m.seen))
	m.usual[byFactor] += w * (factor - m.usual[byFactor])
	m.usual[byDifference] += w * (d - m.usual[byDifference])
	m.stood += max(noiseForget, 1/float64(m.seen+1)) * (stands - m.stood)
	if m.noise == 0 {
		m.noise = halfNormal
	}
	m.noise += noiseForget * (min(math.Abs(m.z)*max(noiseLeast, m.noise/halfNormal), 5) - m.noise)
}

// miss counts a round without a value; an anomaly of a copy that is gone ends.
func (m *peerMember) miss(g *peerGroup) {
	if m.missed < math.MaxUint16 {
		m.missed++
	}
	if m.episode != nil && m.episode.Open && m.missed >= goneAfter {
		m.transition = m.episode.close(g.last, false)
	}
}
