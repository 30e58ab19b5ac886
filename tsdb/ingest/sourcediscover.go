package ingest

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// discover counts the series behind the selectors by metric. If there are more
// than MaxSeries, whole metrics are taken, those with the fewest series first,
// so that most metrics are complete, and the others are named in the status.
func (s *Source) discover(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	parts := make([]string, len(s.opts.Selectors))
	for i, ms := range s.opts.Selectors {
		parts[i] = selector(ms)
	}
	now := s.now()
	expr := fmt.Sprintf("count by (__name__) (%s)", strings.Join(parts, " or "))
	value, _, err := s.api.Query(ctx, expr, now)
	if err != nil {
		return queryError(expr, err)
	}
	vector, ok := value.(model.Vector)
	if !ok {
		return fmt.Errorf("cannot read the answer to %s: it is a %s, not a vector", expr, value.Type())
	}
	metrics := make([]SkippedMetric, 0, len(vector))
	for _, p := range vector {
		metrics = append(metrics, SkippedMetric{string(p.Metric[model.MetricNameLabel]), int(p.Value)})
	}
	s.asked = now
	s.choose(metrics)
	s.forgetEnded()
	return nil
}

// choose sets which metrics are taken.
func (s *Source) choose(metrics []SkippedMetric) {
	slices.SortFunc(metrics, func(a, b SkippedMetric) int {
		return cmp.Or(cmp.Compare(a.Series, b.Series), cmp.Compare(a.Name, b.Name))
	})
	total := 0
	cut := len(metrics) // The first metric that is left out.
	for i, m := range metrics {
		total += m.Series
		if total > s.opts.MaxSeries && cut == len(metrics) {
			cut = i
		}
	}
	s.names = nil
	var skipped []SkippedMetric
	left := 0
	if cut < len(metrics) {
		s.names = make(map[string]bool, cut)
		for _, m := range metrics[:cut] {
			s.names[m.Name] = true
		}
		for _, m := range metrics[cut:] {
			left += m.Series
		}
		skipped = slices.Clone(metrics[max(cut, len(metrics)-skippedListed):])
		slices.Reverse(skipped)
		s.opts.Log.Warn("source has more series than MaxSeries", "url", s.opts.URL, "max", s.opts.MaxSeries, "left_out", left, "largest", skipped[0].Name)
	}
	s.setStatus(func(st *SourceStatus) { st.SkippedMetrics, st.SkippedSeries = skipped, left })
}

// forgetEnded frees the places of series that brought nothing for longer than
// a slice, so that churn does not use up MaxSeries. One that comes back is
// continued from what the store has of it.
func (s *Source) forgetEnded() {
	for hash, one := range s.taken {
		if one.last < s.upTo-longestSlice.Milliseconds() {
			delete(s.taken, hash)
		}
	}
}

// take returns what is remembered of a series, or nil if it is not taken.
func (s *Source) take(ls labels.Labels) *takenSeries {
	hash := ls.Hash()
	if one, ok := s.taken[hash]; ok {
		return one
	}
	if s.names != nil && !s.names[ls.Get(labels.MetricName)] || len(s.taken) >= s.opts.MaxSeries {
		return nil
	}
	one := &takenSeries{last: math.MinInt64}
	if at, ok := s.sink.store.Newest(ls); ok {
		one.last = at // After a restart: the store has it up to here.
	}
	s.taken[hash] = one
	return one
}
