package detect

import (
	"fmt"
	"math"
)

// anomaly returns the open anomaly of a member, or the one that just closed.
func (m *peerMember) anomaly() Anomaly {
	e := m.episode
	a := Anomaly{
		Start: e.Start, Change: min(e.Change, e.Start), End: e.End, Open: e.Open, Adapted: e.Adapted,
		Peak: e.Peak, Kind: KindPeer, Direction: Direction(e.Direction), Expected: e.Expected, Observed: e.Observed,
	}
	if e.Open {
		a.End = m.group.last
	}
	a.Trace = m.trace()
	a.Members = a.Trace.Members
	return a
}

// trace says why a member was judged the way it was in the last round.
func (m *peerMember) trace() Trace {
	g, e := m.group, m.episode
	half := m.group.scale * max(noiseLeast, m.noise/halfNormal) * g.tails[viewNow].Q
	t := Trace{
		T: g.last, Verdict: m.verdict(), Transition: m.transition,
		Observed: m.value, Expected: m.expected, Lower: m.expected - half, Upper: m.expected + half,
		Effect: m.ratio[viewNow], Score: m.evidence, Bar: m.bar, Samples: uint64(m.seen),
		Baseline: int64(float64(m.seen) * g.step),
	}
	if g.present < peersLeast || m.seen == 0 { // Nothing is expected of it.
		t.Expected, t.Lower, t.Upper = m.value, m.value, m.value
	}
	if m.value < m.expected {
		t.Effect = -t.Effect
	}
	if e != nil {
		t.Kind, t.Direction, t.Since, t.Change = KindPeer, Direction(e.Direction), e.Start, min(e.Change, e.Start)
	}
	sum := 0.0
	for _, w := range m.worth {
		sum += w
	}
	for v, w := range m.worth {
		x := Member{Name: peerViewNames[v], P: math.Pow(10, -w)}
		if sum > 0 {
			x.Share = w / sum
		}
		t.Members = append(t.Members, x)
	}
	t.Notes = m.notes()
	return t
}

func (m *peerMember) verdict() Verdict {
	switch {
	case m.episode != nil && m.episode.Open:
		return VerdictAnomalous
	case m.group.present < peersLeast || m.seen < peerWarm:
		return VerdictNotEnoughData
	}
	return VerdictHealthy
}

// notes names the peers, the usual place and what would change the verdict.
func (m *peerMember) notes() []string {
	g := m.group
	var n []string
	add := func(format string, args ...any) { n = append(n, fmt.Sprintf(format, args...)) }
	add("compared with the others of %s: %d here, median %.6g, level %.6g", g.key, g.present, g.median, g.level)
	switch {
	case g.present < peersLeast:
		add("not enough peers: %d of %d needed", g.present, peersLeast)
		return n
	case m.seen < peerWarm:
		add("%d of %d rounds needed to know its usual place", m.seen, peerWarm)
		return n
	case g.fits == byFactor:
		add("its usual place is %.4g times the level of the group", 1+m.usual[byFactor]*sign(g.level))
	default:
		add("its usual place is %+.4g beside the level of the group", m.usual[byDifference])
	}
	if m.still >= stillLeast {
		add("stands still for %d rounds while most of the others move", m.still)
	}
	if m.ratio[viewVary] > 1 {
		add("varies %.3g times as much as the others do", m.vary/halfNormal)
	}
	if g.split > 0 {
		add("%d depart or return at about the same time: the group splits, as in a rollout, and none is singled out until that is over", g.split)
	}
	if g.trend.moved() {
		add("the group as a whole moved by %+.4g in %d rounds", g.trend.step, trendRounds)
	}
	if m.episode != nil && m.episode.Open {
		add("closes after %d rounds in a row at its usual place, or when where it is has become its usual place", calmToClose)
	}
	return n
}

func sign(x float64) float64 {
	if x < 0 {
		return -1
	}
	return 1
}

// Explain returns the trace of a series' last round; ok is false if it is not
// compared with anybody.
func (p *Peers) Explain(ref uint64) (t Trace, ok bool) {
	m := p.members[ref]
	if m == nil {
		return Trace{}, false
	}
	return m.trace(), true
}

// PeerContext is what the peers of a series do.
type PeerContext struct {
	Group string
	Peers int     // Others in the last round.
	Level float64 // Of the group: the median of the values with usual places taken out.
	Went  float64 // How far it went in the last ten rounds.
	Moved bool    // That is more than it usually goes: the group as a whole moved.
	Apart bool    // The series is away from its usual place beside the others.
}

// Context returns what the peers of a series do; ok is false if it has fewer
// than three.
func (p *Peers) Context(ref uint64) (c PeerContext, ok bool) {
	m := p.members[ref]
	if m == nil || m.group.present < peersLeast || m.seen < peerWarm {
		return PeerContext{}, false
	}
	g := m.group
	return PeerContext{
		Group: g.key, Peers: g.present - 1, Level: g.level, Went: g.trend.step, Moved: g.trend.moved(),
		Apart: m.ratio[viewNow] > guardRatio || m.ratio[viewPlace] > guardRatio,
	}, true
}

// String says in one sentence whether this is one copy's story or everybody's.
func (c PeerContext) String() string {
	switch {
	case c.Moved && !c.Apart:
		return fmt.Sprintf("its %d peers moved too (level %.4g, by %+.4g): one story, not this copy's", c.Peers, c.Level, c.Went)
	case c.Moved:
		return fmt.Sprintf("its %d peers moved (level %.4g, by %+.4g) and it parted from them", c.Peers, c.Level, c.Went)
	case c.Apart:
		return fmt.Sprintf("its %d peers did not move (level %.4g): this copy's story", c.Peers, c.Level)
	}
	return fmt.Sprintf("its %d peers did not move (level %.4g), and it is about where it usually is beside them", c.Peers, c.Level)
}
