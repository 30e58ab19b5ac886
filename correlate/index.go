package correlate

// The live index: the rings of every series, and the search over them.

import (
	"errors"
	"fmt"
	"slices"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
)

// Tier is one resolution of the rings.
type Tier struct {
	Step  int64 // Milliseconds per slot, > 0.
	Slots int   // Slots kept, MinPoints..MaxPoints.
}

// IndexConfig sizes an Index.
type IndexConfig struct {
	Tiers     []Tier // Ascending steps; empty: 15 s x 240 and 1 min x 240.
	MaxSeries int    // Series held; 0: 1,000,000.
}

// IndexStats states what an Index holds and what it refused.
type IndexStats struct {
	Series         int   // Held now.
	BytesPerSeries int   // Of the rings and their bookkeeping, without labels.
	RefusedSeries  int64 // Adds beyond MaxSeries.
	UnknownSamples int64 // Appends for a reference not held.
	LateSamples    int64 // Appends whose slot had passed; a passed slot that was empty is still filled by a gauge.
	BadSamples     int64 // NaN or infinite values: a gap.
	Resets         int64 // Counter resets seen.
}

// ErrSeriesLimit is returned by Add when the index is full.
var ErrSeriesLimit = errors.New("series limit reached")

// Index holds the rings. It does no locking and starts no goroutine; its owner
// serialises every call.
type Index struct {
	cfg    IndexConfig
	series []*ring        // Dense; a removed series leaves its place to the last.
	at     map[uint64]int // Reference -> place in series.
	latest []int64        // Per tier, the newest slot of any series.
	stats  IndexStats
}

// withDefaults fills in the zero fields and reports every fault at once.
func (c IndexConfig) withDefaults() (IndexConfig, error) {
	var errs []error
	if len(c.Tiers) == 0 {
		c.Tiers = []Tier{{Step: 15_000, Slots: 240}, {Step: 60_000, Slots: 240}}
	}
	if c.MaxSeries == 0 {
		c.MaxSeries = 1_000_000
	}
	if c.MaxSeries < 0 {
		errs = append(errs, fmt.Errorf("cannot size index for %d series: give a positive limit", c.MaxSeries))
	}
	for i, t := range c.Tiers {
		if t.Step <= 0 || t.Slots < MinPoints || t.Slots > MaxPoints {
			errs = append(errs, fmt.Errorf("cannot keep tier %d of %d slots at %d ms: use a positive step and %d to %d slots", i, t.Slots, t.Step, MinPoints, MaxPoints))
		}
		if i > 0 && t.Step <= c.Tiers[i-1].Step {
			errs = append(errs, fmt.Errorf("cannot order tier %d at %d ms: list tiers finest first, each step once", i, t.Step))
		}
	}
	return c, errors.Join(errs...)
}

// NewIndex returns an empty index or every fault of the configuration.
func NewIndex(cfg IndexConfig) (*Index, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	cfg.Tiers = slices.Clone(cfg.Tiers)
	return &Index{cfg: cfg, at: map[uint64]int{}, latest: make([]int64, len(cfg.Tiers))}, nil
}

// Add starts a ring for a series. Adding a known reference again replaces its
// labels and keeps its points; with another kind it starts anew. It fails with
// ErrSeriesLimit when the index is full.
func (x *Index) Add(ref uint64, ls labels.Labels, kind Kind) error {
	if i, ok := x.at[ref]; ok {
		if x.series[i].kind == kind {
			x.series[i].labels = ls
		} else {
			x.series[i] = newRing(ref, ls, kind, x.cfg.Tiers)
		}
		return nil
	}
	if len(x.series) >= x.cfg.MaxSeries {
		x.stats.RefusedSeries++
		return fmt.Errorf("cannot index series %s: %w (%d); raise the limit or drop series", metric.FormatSeries(ls), ErrSeriesLimit, x.cfg.MaxSeries)
	}
	x.at[ref] = len(x.series)
	x.series = append(x.series, newRing(ref, ls, kind, x.cfg.Tiers))
	return nil
}

// Remove forgets a series; an unknown reference is ignored.
func (x *Index) Remove(ref uint64) {
	i, ok := x.at[ref]
	if !ok {
		return
	}
	last := len(x.series) - 1
	x.series[i] = x.series[last]
	x.at[x.series[i].ref] = i
	x.series[last] = nil
	x.series = x.series[:last]
	delete(x.at, ref)
}

// Append places a value in the slot (t-step, t] of every tier, as Resample
// does; a slot holds the mean of its values. A Counter's value is first turned
// into its increase per second since the sample before. It never fails: what
// cannot be kept is counted.
func (x *Index) Append(ref uint64, t int64, v float64) {
	i, ok := x.at[ref]
	if !ok {
		x.stats.UnknownSamples++
		return
	}
	x.series[i].append(t, v, x.cfg.Tiers, &x.stats)
	for k, tier := range x.cfg.Tiers {
		x.latest[k] = max(x.latest[k], x.series[i].head[k]*tier.Step)
	}
}

// Stats returns counts and memory.
func (x *Index) Stats() IndexStats {
	s := x.stats
	s.Series = len(x.series)
	s.BytesPerSeries = ringBytes(x.cfg.Tiers)
	return s
}

// tier picks the tier of a step, or the finest whose rings still hold from.
func (x *Index) tier(step, from int64) (int, error) {
	for k, t := range x.cfg.Tiers {
		if step == t.Step || step == 0 && (from == 0 || from > x.latest[k]-int64(t.Slots)*t.Step) {
			return k, nil
		}
	}
	if step == 0 {
		return len(x.cfg.Tiers) - 1, nil
	}
	return 0, fmt.Errorf("cannot search at step %d ms: the index keeps %v; pick one of its tiers", step, x.cfg.Tiers)
}

// interval returns the grid of a tier: from the first slot at or after from to
// the last before to, within the rings. Zeros mean the rings' own ends.
func (x *Index) interval(k int, from, to int64) (int64, int64) {
	t := x.cfg.Tiers[k]
	end := x.latest[k] + t.Step
	first := end - int64(t.Slots)*t.Step
	if to > 0 {
		end = min(end, ceilTo(to, t.Step))
	}
	return max(first, ceilTo(from, t.Step)), end
}

func ceilTo(t, step int64) int64 {
	q := t / step
	if t%step > 0 {
		q++
	}
	return q * step
}

// Candidates returns copies of the windows from..to of every series that
// matches the scope, on the finest tier that covers from, in order of labels.
// from and to of 0 mean the whole ring.
func (x *Index) Candidates(scope []*labels.Matcher, from, to int64) []Candidate {
	k, _ := x.tier(0, from)
	v := view{x, k}
	start, end := x.interval(k, from, to)
	step := x.cfg.Tiers[k].Step
	var out []Candidate
	for i, r := range x.series {
		if !metric.Matches(scope, r.labels) || end <= start {
			continue
		}
		w := metric.Window{Start: start, Step: step, V: make([]float64, (end-start)/step)}
		v.fill(w.V, i, start, step)
		out = append(out, Candidate{Ref: r.ref, Labels: r.labels, Window: w})
	}
	slices.SortFunc(out, func(a, b Candidate) int { return labels.Compare(a.Labels, b.Labels) })
	return out
}

// view is one tier of the index as a source.
type view struct {
	x *Index
	k int
}

func (v view) size() int                  { return len(v.x.series) }
func (v view) labels(i int) labels.Labels { return v.x.series[i].labels }
func (v view) ref(i int) uint64           { return v.x.series[i].ref }
func (v view) fill(dst []float64, i int, from, _ int64) {
	v.x.series[i].read(dst, v.k, v.x.cfg.Tiers, from)
}

// Search answers a query over every series of the index.
func (x *Index) Search(q Query) (Result, error) {
	opts, err := q.Options.withDefaults()
	if err != nil {
		return Result{}, err
	}
	k, err := x.tier(q.Step, opts.From)
	if err != nil {
		return Result{}, err
	}
	t := &task{src: view{x, k}, scope: q.Scope, step: x.cfg.Tiers[k].Step, opts: opts}
	var end int64
	t.from, end = x.interval(k, opts.From, opts.To)
	if opts.Mode == Change && opts.From == 0 {
		t.from += (end - t.from) / t.step * baselineWindows / (baselineWindows + 1) * t.step // The earlier part is the baseline.
	}
	if err := t.span(end); err != nil {
		return Result{}, err
	}
	if opts.Mode != Change {
		if err := x.target(t, q); err != nil {
			return Result{}, err
		}
	}
	return t.run()
}

// target resolves the query's target: a reference, a selector or a curve.
func (x *Index) target(t *task, q Query) error {
	given := 0
	for _, is := range [3]bool{q.Ref != 0, len(q.Target) > 0, len(q.Samples) > 0} {
		if is {
			given++
		}
	}
	if given != 1 {
		return fmt.Errorf("cannot search with %d targets: name one by Ref, Target or Samples, or use mode change", given)
	}
	if len(q.Samples) > 0 {
		t.target = labels.FromStrings(labels.MetricName, "drawn curve")
		t.curve = stretch(q.Samples, t.n)
		return nil
	}
	at, found := -1, 0
	for i, r := range x.series {
		if q.Ref != 0 && r.ref == q.Ref || q.Ref == 0 && metric.Matches(q.Target, r.labels) {
			at, found = i, found+1
		}
	}
	if found != 1 {
		return fmt.Errorf("cannot search for ref %d, selector %v: %d series match; name exactly one", q.Ref, q.Target, found)
	}
	r := x.series[at]
	t.target, t.ref, t.named = r.labels, r.ref, true
	t.curve = make([]float64, t.n)
	t.src.fill(t.curve, at, t.from, t.step)
	return nil
}

// stretch draws a curve of any length over n points, straight between samples.
func stretch(v []float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		p := 0.0
		if n > 1 {
			p = float64(i) * float64(len(v)-1) / float64(n-1)
		}
		j := min(int(p), len(v)-1)
		out[i] = v[j]
		if f := p - float64(j); f > 0 && j+1 < len(v) {
			out[i] = v[j]*(1-f) + v[j+1]*f
		}
	}
	return out
}
