package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
)

// How much do two sides differ when nothing was deployed? The time before the
// deploy tells, by one of two placebos, chosen by what was there:
//
//	time    both sides reported then: the very sides, before. If the very
//	        instances did, what they differed by then is theirs for good.
//	shards  the canary is new: instances of the baseline stand in for it, as
//	        many as it has, against the rest. Who stands in changes from
//	        stretch to stretch, so that the history shows how much one group of
//	        instances differs from another, and not only how one group varies:
//
//	   24 h before |  pod c   |  pod a   |  pod d   |  pod b   | deploy
//	                vs a,b,d    vs b,c,d   vs a,b,c   vs a,c,d
//
// The order is that of a hash of the names: random to the instances, the same
// in every replay.

// stretch is a part of the past and who was compared in it.
type stretch struct {
	g      instants
	base   side
	canary side
}

// past is where the history of a run comes from; without stretches there is
// none, and how says why.
type past struct {
	stretches []stretch
	same      bool // The very instances of both sides.
	how       string
}

// maxGroups bounds the groups that stand in, each over at least the length of
// the run.
const maxGroups = 12

// placeboOf finds the placebo for a run.
func (p *Pipeline) placeboOf(ctx context.Context, s RunSpec, names []string, now int64) (past, error) {
	step := s.Step.Milliseconds()
	n := min(s.History.Milliseconds()/step, maxInstants-1)
	if n <= 0 {
		return past{how: "none was asked for"}, nil
	}
	base, errB := newSide(s.Baseline, s.Offset)
	own, errC := newSide(s.Canary, 0)
	if err := firstError(errB, errC); err != nil {
		return past{}, err
	}
	g := instants{s.Start - n*step, s.Start - step, step}
	before := [2]presence{}
	for i, one := range []side{base, own} {
		var err error
		if before[i], err = p.presenceOf(ctx, one, names, g); err != nil {
			return past{}, err
		}
	}
	if shareTrue(before[0].any) == 0 {
		return past{how: "the baseline did not report before the deploy"}, nil
	}
	window := instants{s.From() + step, min(now, s.Until()), step}
	after := [2]presence{}
	for i, one := range []side{base, own} {
		var err error
		if after[i], err = p.presenceOf(ctx, one, names, window); err != nil {
			return past{}, err
		}
	}
	if shareTrue(before[1].any) >= 0.5 {
		out := past{stretches: []stretch{{g, base, own}}, how: "both sides before the deploy"}
		if sameInstances(before[0], after[0]) && sameInstances(before[1], after[1]) {
			out.same, out.how = true, "the very instances of both sides before the deploy: what they differed by then is theirs"
		}
		return out, nil
	}
	if s.Offset > 0 {
		later := base
		later.offset = 0
		return past{stretches: []stretch{{g, base, later}}, how: "the baseline against itself " + s.Offset.String() + " earlier"}, nil
	}
	return shardPlacebo(base, before[0], max(1, len(after[1].of)), g, s.MaxDuration), nil
}

// sameInstances reports whether those of the window are those of the past: each
// of them there for at least half of it, and hardly any other.
func sameInstances(before, after presence) bool {
	now := after.names(0, 0, 1, 1)
	if len(after.any) == 0 || shareTrue(after.any) == 0 { // Not yet: who is there last.
		now = before.names(0, 11, 12, 12)
	}
	return len(now) > 0 && slices.Equal(now, before.names(0.5, 0, 1, 1)) && slices.Equal(now, before.names(0.1, 0, 1, 1))
}

// shardPlacebo lets want instances of the baseline stand in for the canary,
// others in every stretch.
func shardPlacebo(base side, before presence, want int, g instants, run time.Duration) past {
	parts := int(max(1, min(maxGroups, int64(g.size())*g.step/max(g.step, run.Milliseconds()))))
	out := past{}
	groups := map[string]bool{}
	for k := range parts {
		names := before.names(0.5, k, k+1, parts)
		if len(names) < 2 {
			continue
		}
		slices.SortFunc(names, func(a, b string) int { return cmp.Compare(shuffled(a), shuffled(b)) })
		n := min(want, len(names)/2)
		var group []string
		for i := range n {
			group = append(group, regexp.QuoteMeta(names[(k*n+i)%len(names)]))
		}
		slices.Sort(group)
		list := strings.Join(group, "|")
		lo, hi := int64(g.size()*k/parts), int64(g.size()*(k+1)/parts)
		st := stretch{g: instants{g.first + lo*g.step, g.first + (hi-1)*g.step, g.step}}
		var errB, errC error
		st.base, errB = newSide(fmt.Sprintf("%s,%s!~%q", base.text, before.label, list), 0)
		st.canary, errC = newSide(fmt.Sprintf("%s,%s=~%q", base.text, before.label, list), 0)
		if errB != nil || errC != nil {
			continue
		}
		groups[list] = true
		out.stretches = append(out.stretches, st)
	}
	out.how = fmt.Sprintf("the canary is new: %d groups of the baseline's instances (label %s) stood in for it in turn", len(groups), before.label)
	if len(out.stretches) == 0 {
		out.how = fmt.Sprintf("the canary is new, and the baseline has no two instances (labels %s) of which one could stand in for it", strings.Join(instanceLabels, ", "))
	}
	return out
}

// shuffled is a name's place in a random order that is always the same.
func shuffled(name string) string {
	sum := sha256.Sum256([]byte("placebo\x00" + name))
	return string(sum[:8])
}

// readPast reads both sides of a metric over the stretches of a past.
func (p *Pipeline) readPast(ctx context.Context, src *source, w past) (base, side reading, err error) {
	for _, st := range w.stretches {
		b, errB := p.read(ctx, src, st.base, st.g)
		c, errC := p.read(ctx, src, st.canary, st.g)
		if err := firstError(errB, errC); err != nil {
			return base, side, err
		}
		base.follow(b)
		side.follow(c)
	}
	return base, side, nil
}

// follow appends what was read of a later stretch.
func (r *reading) follow(next reading) {
	r.values = append(r.values, next.values...)
	r.rows = append(r.rows, next.rows...)
	r.traffic = append(r.traffic, next.traffic...)
	r.layouts = joined(r.layouts, next.layouts)
}

// historyOf reads both sides of one metric before the window, to calibrate how
// much they differ when nothing was deployed; nil when nothing tells.
func (p *Pipeline) historyOf(ctx context.Context, s RunSpec, m RunMetric) (*canary.History, error) {
	w, err := p.placeboOf(ctx, s, probeNames([]RunMetric{m}), s.Start)
	if err != nil || len(w.stretches) == 0 {
		return nil, err
	}
	src := sourceOf(m)
	base, side, err := p.readPast(ctx, &src, w)
	if err != nil || !anyFinite(base.values) || !anyFinite(side.values) {
		return nil, err
	}
	return &canary.History{Baseline: base.values, Canary: side.values, SameInstances: w.same}, nil
}

// before reads one side of a metric over the spec's history.
func (p *Pipeline) before(ctx context.Context, s RunSpec, m RunMetric, matchers string) ([]float64, error) {
	one, err := newSide(matchers, 0)
	if err != nil {
		return nil, err
	}
	step := s.Step.Milliseconds()
	n := min(s.History.Milliseconds()/step, maxInstants-1)
	src := sourceOf(m)
	r, err := p.read(ctx, &src, one, instants{s.Start - n*step, s.Start - step, step})
	return r.values, err
}
