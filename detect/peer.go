package detect

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
)

// Peers compares each series with its peers: the same metric of other copies
// of the same thing (metric.Lasting). A Series knows its own past; Peers knows
// what the others do now. So what moves the whole fleet, a wave of traffic or a
// deploy, cancels, and one bad copy shows even where every value it takes is
// usual at some hour.
//
// A round is one sample of each member. In it
//
//	level       the median of what each says the level is, its usual place taken out
//	usual       the place each member learned to have beside the level, added to
//	            it or multiplied with it, whichever fits the group better
//	z           (value - usual place) over the scale of the round: 1.48 times
//	            the median distance, guarded from below
//
// and from z four views of a member, each against the guarded tail of all
// members' z (peer_member.go): where it is now, where it was over some rounds,
// how much it varies, and whether it stands still while the others move.
//
// A copy that always ran hotter has its usual place there and is no news. When
// two depart at about the same time, or more than a twentieth of a group is
// away, the group may be splitting, as in a rollout: no copy is singled out
// until that is over. Groups of fewer than four are not judged, and say so. A
// Peers has one owner and reads no clock.
type Peers struct {
	cfg     PeerConfig
	groups  map[string]*peerGroup
	order   []*peerGroup // Oldest first.
	members map[uint64]*peerMember
	waiting []peerSample
	counts  PeerCounts
}

// PeerConfig configures Peers. The zero value is what a user should run.
type PeerConfig struct {
	// Budget is the number of false alarms tolerated per 1000 member-days, in
	// (0, 1e6]. Default DefaultBudget.
	Budget float64
	// Adapt is how long a member may differ before that is its usual place, in
	// [10m, 30d], within 60 to 480 rounds. Default DefaultAdapt.
	Adapt time.Duration
	// MaxMembers bounds the members of one group, in [4, 100000]. Default 512.
	MaxMembers int
	// MaxSeries bounds the series in all groups. Default 250,000.
	MaxSeries int
	// MaxWaiting bounds the samples kept between two ticks. Default 4,000,000.
	MaxWaiting int
}

const (
	peersLeast = 4  // A group of fewer has no majority to be an outlier of.
	peerWarm   = 60 // Rounds until a member's usual place is known.
	peerLate   = 1.2
)

// peerSample is a sample that waits for its round.
type peerSample struct {
	m *peerMember
	t int64
	v float64
}

// PeerFinding is a transition of the peer anomaly of one series; or none, where
// it is open and stays as it is.
type PeerFinding struct {
	Ref        uint64
	At         int64
	Transition Transition
	Anomaly    Anomaly
	Gone       bool    // Closed because the member is gone, not because it recovered.
	Beyond     float64 // How far the member is beyond the usual in this round, for fleet.Fleet.Still.
}

// PeerCounts counts what is compared and what is not.
type PeerCounts struct {
	Series  int               // Series in a group, alone in it or not.
	Groups  int               // Groups with enough members to compare.
	Judged  int               // Series in such groups.
	TooFew  int               // Series in groups of fewer than four.
	Alone   int               // Series without a label that names a copy.
	Refused map[string]uint64 // Series and samples left out, by reason.
}

// NewPeers returns no groups, or everything that is wrong with cfg.
func NewPeers(cfg PeerConfig) (*Peers, error) {
	c := Config{Budget: cfg.Budget, Adapt: cfg.Adapt}
	errs := []error{c.Validate()}
	c = c.withDefaults()
	cfg.Budget, cfg.Adapt = c.Budget, c.Adapt
	cfg.MaxMembers, cfg.MaxSeries, cfg.MaxWaiting = cmp.Or(cfg.MaxMembers, 512), cmp.Or(cfg.MaxSeries, 250_000), cmp.Or(cfg.MaxWaiting, 4_000_000)
	if cfg.MaxMembers < peersLeast || cfg.MaxMembers > 100_000 {
		errs = append(errs, fmt.Errorf("cannot compare groups of up to %d members: want a number in [%d, 100000]; leave it out for the default 512", cfg.MaxMembers, peersLeast))
	}
	if cfg.MaxSeries < 0 || cfg.MaxWaiting < 0 {
		errs = append(errs, fmt.Errorf("cannot compare %d series with %d samples waiting: want positive numbers; leave them out for the defaults", cfg.MaxSeries, cfg.MaxWaiting))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Peers{cfg: cfg, groups: map[string]*peerGroup{}, members: map[uint64]*peerMember{}, counts: PeerCounts{Refused: map[string]uint64{}}}, nil
}

// Known reports whether a series has been added, to compare it or not.
func (p *Peers) Known(ref uint64) bool {
	_, ok := p.members[ref]
	return ok
}

// Add puts a series into the group its lasting labels name. A known reference
// is left as it is.
func (p *Peers) Add(ref uint64, ls labels.Labels, kind MetricKind) {
	if p.Known(ref) {
		return
	}
	p.members[ref] = nil // Decided: not compared, unless what follows says so.
	lasting := metric.Lasting(ls)
	if lasting.Len() == ls.Len() {
		p.counts.Alone++
		return
	}
	if p.counts.Series >= p.cfg.MaxSeries {
		p.counts.Refused["limit of series compared reached"]++
		return
	}
	key := metric.FormatSeries(lasting)
	g := p.groups[key]
	if g == nil {
		g = &peerGroup{key: key}
		p.groups[key] = g
		p.order = append(p.order, g)
	}
	if len(g.members) >= p.cfg.MaxMembers {
		p.counts.Refused["limit of members in a group reached"]++
		return
	}
	m := &peerMember{ref: ref, group: g, intake: hygiene{Kind: uint8(kind)}}
	at, _ := slices.BinarySearchFunc(g.members, ref, func(m *peerMember, ref uint64) int { return cmp.Compare(m.ref, ref) })
	g.members = slices.Insert(g.members, at, m)
	p.members[ref] = m
	p.counts.Series++
}

// Observe takes a sample of a series; it is judged by the next Tick, so samples
// of different series may come in any order.
func (p *Peers) Observe(ref uint64, t int64, v float64) {
	m := p.members[ref]
	if m == nil {
		return
	}
	if len(p.waiting) >= p.cfg.MaxWaiting {
		p.counts.Refused["limit of samples between two ticks reached"]++
		return
	}
	p.waiting = append(p.waiting, peerSample{m, t, v})
}

// Tick judges every round that is over as of now (Unix milliseconds).
func (p *Peers) Tick(now int64) []PeerFinding {
	var out []PeerFinding
	if !slices.IsSortedFunc(p.waiting, compareSamples) {
		slices.SortStableFunc(p.waiting, compareSamples)
	}
	for _, s := range p.waiting {
		out = p.take(s, out)
	}
	clear(p.waiting)
	p.waiting = p.waiting[:0]
	if cap(p.waiting) > 1<<20 { // History was read; live ticks are smaller.
		p.waiting = nil
	}
	for _, g := range p.order {
		switch {
		case g.step <= 0:
		case g.began > 0 && float64(now-g.began) >= peerLate*g.step:
			out = p.judge(g, out)
		case g.began == 0 && g.open > 0 && float64(now-g.last) > goneAfter*g.step:
			g.vanish()
			out = g.findings(out)
		}
	}
	return out
}

func compareSamples(a, b peerSample) int { return cmp.Compare(a.t, b.t) }

// take places a sample in the round of its group, and ends the round before if
// the sample belongs to the next.
func (p *Peers) take(s peerSample, out []PeerFinding) []PeerFinding {
	m, g := s.m, s.m.group
	if g == nil {
		return out // Removed meanwhile.
	}
	x, _, in := m.intake.accept(s.t, s.v)
	if in != intakeValue {
		return out
	}
	if g.began > 0 && (m.here || g.step > 0 && float64(s.t-g.began) > peerLate*g.step) {
		out = p.judge(g, out)
	}
	if g.began == 0 {
		g.began = s.t
	}
	if step := m.intake.Step; step > 0 {
		g.step = step
	}
	m.value, m.here = x, true
	g.last = max(g.last, s.t)
	return out
}

// judge ends the round of a group.
func (p *Peers) judge(g *peerGroup, out []PeerFinding) []PeerFinding {
	g.round(p.cfg)
	g.began = 0
	return g.findings(out)
}

// findings appends what changed in the anomalies of the members.
func (g *peerGroup) findings(out []PeerFinding) []PeerFinding {
	for _, m := range g.members {
		tr := m.transition
		if tr == TransitionNone {
			if m.episode != nil && m.missed == 0 {
				out = append(out, PeerFinding{Ref: m.ref, At: g.last, Anomaly: Anomaly{Start: m.episode.Start, Open: true}, Beyond: m.ratio[viewNow]})
			}
			continue
		}
		out = append(out, PeerFinding{Ref: m.ref, At: g.last, Transition: tr, Anomaly: m.anomaly(), Gone: tr == TransitionClosed && m.missed > 0, Beyond: m.ratio[viewNow]})
		m.transition = TransitionNone
		switch tr {
		case TransitionOpened:
			g.open++
		case TransitionClosed:
			g.open--
			m.episode = nil
		}
	}
	return out
}

// Remove forgets a series at now (Unix milliseconds); an open anomaly ends with
// it.
func (p *Peers) Remove(ref uint64, now int64) []PeerFinding {
	m, ok := p.members[ref]
	if !ok {
		return nil
	}
	delete(p.members, ref)
	if m == nil {
		p.counts.Alone = max(0, p.counts.Alone-1)
		return nil
	}
	g := m.group
	m.group = nil
	g.members = slices.DeleteFunc(g.members, func(x *peerMember) bool { return x == m })
	p.counts.Series--
	if len(g.members) == 0 {
		delete(p.groups, g.key)
		p.order = slices.DeleteFunc(p.order, func(x *peerGroup) bool { return x == g })
	}
	if m.episode == nil {
		return nil
	}
	m.group = g // For the words of the last finding.
	m.episode.close(max(now, m.episode.Start), false)
	f := PeerFinding{Ref: ref, At: now, Transition: TransitionClosed, Anomaly: m.anomaly(), Gone: true}
	g.open--
	m.group, m.episode = nil, nil
	return []PeerFinding{f}
}

// Counts returns what is compared and what is not.
func (p *Peers) Counts() PeerCounts {
	c := p.counts
	c.Refused = map[string]uint64{}
	for k, v := range p.counts.Refused {
		c.Refused[k] = v
	}
	for _, g := range p.order {
		if len(g.members) >= peersLeast {
			c.Groups++
			c.Judged += len(g.members)
		} else {
			c.TooFew += len(g.members)
		}
	}
	return c
}
