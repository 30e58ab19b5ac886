package pipeline

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/tsdb"
)

// Which instances of a side reported when. A store's index forgets when a
// series was there within a few hours, so a coarse query over the series of the
// metrics compared says it.

// instanceLabels name instances, in the order they are tried.
var instanceLabels = []string{"pod", "instance", "host"}

// presence is who reported on a coarse grid.
type presence struct {
	any   []bool            // Some series did.
	label string            // That tells instances apart; empty when none does.
	of    map[string][]bool // By instance.
}

// presencePoints is the number of instants looked at.
const presencePoints = 48

// presenceOf looks at the metrics named, over the grid's span.
func (p *Pipeline) presenceOf(ctx context.Context, s side, names []string, g instants) (presence, error) {
	out := presence{of: map[string][]bool{}}
	if g.size() == 0 {
		return out, nil
	}
	coarse := g.back(s.offset)
	coarse.step = max(g.step, (g.end-g.first)/(presencePoints-1))
	out.any = make([]bool, coarse.size())
	selector := s.text // Without a name to go by, all the side has.
	if len(names) > 0 {
		selector = fmt.Sprintf(`__name__=~%q,%s`, anyOf(names), s.text)
	}
	expr := fmt.Sprintf(`count by (%s) ({%s})`, strings.Join(instanceLabels, ","), selector)
	res, err := p.store.QueryRange(ctx, expr, coarse.first, coarse.end, coarse.step)
	if err != nil {
		return out, err
	}
	out.label = instanceLabel(res.Matrix)
	for _, series := range res.Matrix {
		name := series.Labels.Get(out.label)
		at := out.of[name]
		if at == nil && out.label != "" {
			at = make([]bool, len(out.any))
			out.of[name] = at
		}
		for _, sample := range series.Samples {
			i := (sample.T - coarse.first) / coarse.step
			out.any[i] = true
			if at != nil {
				at[i] = true
			}
		}
	}
	return out, nil
}

// anyOf is a regular expression of exactly these names.
func anyOf(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = regexp.QuoteMeta(n)
	}
	return strings.Join(quoted, "|")
}

// instanceLabel is the first label that all series have.
func instanceLabel(matrix []tsdb.Series) string {
	for _, label := range instanceLabels {
		if len(matrix) > 0 && allHave(matrix, label) {
			return label
		}
	}
	return ""
}

// names lists the instances that reported for at least a share of the points
// [from, to) of n equal parts, sorted.
func (w presence) names(share float64, from, to, n int) []string {
	var out []string
	lo, hi := len(w.any)*from/n, len(w.any)*to/n
	for name, at := range w.of {
		if hi > lo && shareTrue(at[lo:hi]) >= share && shareTrue(at[lo:hi]) > 0 {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func shareTrue(v []bool) float64 {
	n := 0
	for _, x := range v {
		if x {
			n++
		}
	}
	return float64(n) / float64(max(1, len(v)))
}

// probeNames picks up to three metrics to see instances by, those with few
// series first.
func probeNames(metrics []RunMetric) []string {
	var plain, buckets []string
	for _, m := range metrics {
		for _, n := range tsdb.MetricNames(sideQuery(m.Query, marker+`="x"`)) {
			if strings.HasSuffix(n, "_bucket") {
				buckets = joined(buckets, []string{n})
			} else {
				plain = joined(plain, []string{n})
			}
		}
		if len(plain) >= 3 {
			break
		}
	}
	all := append(plain, buckets...)
	return all[:min(3, len(all))]
}

// overlap says how many series both sides select, and whether neither selects
// any other, by the metrics named.
func (p *Pipeline) overlap(ctx context.Context, base, canary side, names []string, from, to int64) (both int, same bool, err error) {
	if len(names) == 0 || base.offset != canary.offset {
		return 0, false, nil
	}
	count := func(limit int, lists ...[]*labels.Matcher) (int, error) {
		ms := []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, anyOf(names))}
		for _, l := range lists {
			ms = append(ms, l...)
		}
		found, err := p.store.Series(ctx, [][]*labels.Matcher{ms}, from, to, limit)
		return len(found), err
	}
	if both, err = count(maxReadSeries, base.ms, canary.ms); err != nil || both == 0 {
		return both, false, err
	}
	b, errB := count(maxReadSeries, base.ms)
	c, errC := count(maxReadSeries, canary.ms)
	if errB != nil || errC != nil {
		return both, false, firstError(errB, errC)
	}
	return both, both == b && both == c, nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
