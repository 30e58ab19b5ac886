package correlate

// Mode change: no target, every series ranked by how much it changed between
// the baseline (four times the window, directly before it) and the window.

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/metric"
)

// baselineWindows is how many windows before the window form the baseline.
const baselineWindows = 4

// changed is one series with its change.
type changed struct {
	i int
	changeOf
}

func (t *task) change(res *Result) {
	if t.n < 1 {
		res.Warnings = append(res.Warnings, "the window holds no point: widen it")
		return
	}
	s := &scan{t: t, res: res}
	buf := make([]float64, t.n*(baselineWindows+1))
	var all []changed
	for i := range t.src.size() {
		if !metric.Matches(t.scope, t.src.labels(i)) {
			continue
		}
		res.Stats.Candidates++
		t.src.fill(buf, i, t.from-int64(baselineWindows*t.n)*t.step, t.step)
		base, win := finite(buf[:t.n*baselineWindows]), finite(buf[t.n*baselineWindows:])
		if len(base) < MinPoints || len(win) == 0 {
			s.exclude(i, short)
			continue
		}
		res.Stats.Searched++
		res.Stats.Compared++
		all = append(all, changed{i, change(base, win)})
	}
	if len(all) == 0 {
		res.Warnings = append(res.Warnings, fmt.Sprintf("no series has %d baseline points before the window: move it later", MinPoints))
		return
	}
	res.Exact = true
	t.rankChanges(res, s, all)
}

// rankChanges keeps the k highest scores. q covers every series, each with its
// own p-value; the order is by score, since among many points any p is small.
func (t *task) rankChanges(res *Result, s *scan, all []changed) {
	slices.SortFunc(all, func(a, b changed) int {
		if c := cmp.Compare(a.p, b.p); c != 0 {
			return c
		}
		return s.byName(a.i, b.i)
	})
	ps := make([]float64, len(all))
	for i, c := range all {
		ps[i] = c.p
	}
	qs := falseDiscovery(ps, len(all))
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(all[b].score, all[a].score) })
	res.Verdict = VerdictNoneSignificant
	for _, k := range order[:min(len(order), t.opts.K)] {
		c := all[k]
		m := Match{Series: metric.FormatSeries(t.src.labels(c.i)), Ref: t.src.ref(c.i), Similarity: c.score,
			Sign: 1, P: ps[k], Q: qs[k], Onset: t.from}
		if c.shift < 0 {
			m.Sign = -1
		}
		m.Why = fmt.Sprintf("went %s by %.1f baseline spreads (from %s), %.0f %% of its points beyond a typical one",
			map[int]string{1: "up", -1: "down"}[m.Sign], math.Abs(c.shift), short3(c.median), 50+50*math.Abs(c.effect))
		wanted := t.opts.Sign == Both || (t.opts.Sign == Same) == (m.Sign > 0)
		if m.Q <= t.opts.MaxQ && wanted && math.Abs(c.shift) >= leastShift {
			m.Group = len(res.Groups) + 1
			res.Groups = append(res.Groups, Group{ID: m.Group, Series: []string{m.Series}, Reason: "changes are not grouped; search with a series as target"})
			res.Matches = append(res.Matches, m)
			res.Verdict = VerdictMatches
		} else {
			res.Near = append(res.Near, m)
		}
	}
}

// leastShift is the smallest change, in baseline spreads, worth showing.
const leastShift = 1
