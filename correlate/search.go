package correlate

// The search: what is checked before it, which way a mode goes, and how hits
// become an answer.

import (
	"errors"
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
)

// task is one search, with every default filled in.
type task struct {
	src    source
	scope  []*labels.Matcher
	target labels.Labels
	named  bool // The target is a series, to be kept out of the candidates.
	ref    uint64
	curve  []float64 // The target's raw points.
	from   int64
	step   int64
	n      int
	r      int // Band half-width in points.
	lag    int // Largest lag in points.
	opts   Options
}

// withDefaults fills in the zero fields and reports every fault at once.
func (o Options) withDefaults() (Options, error) {
	var errs []error
	bad := func(what string, v any, do string) {
		errs = append(errs, fmt.Errorf("cannot search with %s %v: %s", what, v, do))
	}
	if o.Mode > Change {
		bad("mode", uint8(o.Mode), "use exact, fast, lag or change")
	}
	if o.Sign > Opposite {
		bad("sign", uint8(o.Sign), "use both, same or opposite")
	}
	if o.K == 0 {
		o.K = 20
	}
	if o.K < 1 || o.K > MaxK {
		bad("k", o.K, fmt.Sprintf("ask for 1 to %d matches", MaxK))
	}
	if o.Band == 0 {
		o.Band = 0.05
	}
	if !(o.Band > 0 && o.Band <= 1) {
		bad("band", o.Band, "give a share of the window in (0,1]")
	}
	if o.MaxQ == 0 {
		o.MaxQ = 0.05
	}
	if !(o.MaxQ > 0 && o.MaxQ <= 1) {
		bad("max q", o.MaxQ, "give a false-discovery rate in (0,1]")
	}
	if o.Budget < 0 {
		bad("budget", o.Budget, "give work units, or 0 for no limit")
	}
	if o.To != 0 && o.To <= o.From {
		bad("window end", o.To, "let the window end after it starts")
	}
	return o, errors.Join(errs...)
}

// SearchWindows answers a search of target over candidates: the kernel of
// Index.Search and of the offline command. In mode Change the target's values
// are not read; its window gives the grid. A candidate with the target's labels
// and Ref is the target and takes no part. The order of the candidates does not
// matter; two candidates that share both are told apart by position only.
func SearchWindows(target Candidate, candidates []Candidate, opts Options) (Result, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return Result{}, err
	}
	w := target.Window
	if opts.Mode == Change && w.Step <= 0 && len(candidates) > 0 {
		w = widest(candidates)
	}
	if w.Step <= 0 {
		return Result{}, fmt.Errorf("cannot search for %s: its window has step %d; give points on a grid", target.Name(), w.Step)
	}
	t := &task{src: windows(candidates), target: target.Labels, named: opts.Mode != Change, ref: target.Ref, step: w.Step, opts: opts}
	if opts.From == 0 {
		opts.From = w.Start
	}
	if opts.To == 0 {
		opts.To = w.End()
	}
	t.from = onGrid(opts.From, w)
	if err := t.span(onGrid(opts.To, w)); err != nil {
		return Result{}, err
	}
	if opts.Mode != Change {
		t.curve = make([]float64, t.n)
		windows{target}.fill(t.curve, 0, t.from, t.step)
	}
	return t.run()
}

// widest returns the finest window among the candidates, the earliest first.
func widest(cs []Candidate) metric.Window {
	w := metric.Window{}
	for _, c := range cs {
		if v := c.Window; v.Step > 0 && (w.Step == 0 || v.Step < w.Step || v.Step == w.Step && (v.Start < w.Start || v.Start == w.Start && len(v.V) > len(w.V))) {
			w = v
		}
	}
	return w
}

// onGrid returns the first grid point of w at or after t.
func onGrid(t int64, w metric.Window) int64 {
	d := (t - w.Start) % w.Step
	switch {
	case d == 0:
		return t
	case d < 0:
		return t - d
	}
	return t - d + w.Step
}

// span sets the window's length and all that depends on it.
func (t *task) span(end int64) error {
	n := (end - t.from) / t.step
	if n > MaxPoints {
		return fmt.Errorf("cannot search a window of %d points: the limit is %d; shorten it or use a coarser step", n, MaxPoints)
	}
	t.n = int(max(0, n))
	t.r = bandWidth(t.opts.Band, max(1, t.n))
	t.lag = t.opts.MaxLag
	if t.lag == 0 {
		t.lag = max(1, t.r)
	}
	t.lag = max(0, min(t.lag, t.n-2))
	return nil
}

func (t *task) run() (Result, error) {
	res := Result{Target: metric.FormatSeries(t.target), From: t.from, To: t.from + int64(t.n)*t.step, Step: t.step,
		Verdict: VerdictNoData, Matches: []Match{}, Near: []Match{}, Groups: []Group{}, Null: Null{Kind: "none"},
		Excluded: []Excluded{}, Warnings: []string{}}
	if t.opts.Mode == Change {
		res.Target = ""
		t.change(&res)
		t.explain(&res)
		return res, nil
	}
	if t.n < MinPoints {
		res.Warnings = append(res.Warnings, fmt.Sprintf("the window has %d points; a shape needs %d: widen it", t.n, MinPoints))
		t.explain(&res)
		return res, nil
	}
	z := append([]float64(nil), t.curve...)
	if c := normalise(z); c != shaped {
		res.Warnings = append(res.Warnings, fmt.Sprintf("the target is %s in this window and has no shape to compare; use mode change, or another window", c))
		t.explain(&res)
		return res, nil
	}
	s := newScan(t, z, &res)
	s.bounds()
	switch t.opts.Mode {
	case Fast:
		s.fast()
	case Lag:
		s.lagged()
	default:
		s.exact()
	}
	t.answer(&res, s)
	t.explain(&res)
	return res, nil
}

// answer turns the hits of a scan into matches with their significance.
func (t *task) answer(res *Result, s *scan) {
	if res.Stats.Searched == 0 {
		return
	}
	null := s.null()
	res.Null = null.summary()
	if len(null.tails) == 0 {
		res.Warnings = append(res.Warnings, "there is no series to measure chance on; p is 1 for all")
	}
	ps := make([]float64, len(s.hits))
	for i, h := range s.hits {
		ps[i] = null.p(s.likeness(h.d))
	}
	qs := falseDiscovery(ps, res.Stats.Searched)
	own := onset(s.z())
	var kept []hit
	for i, h := range s.hits {
		m := s.match(h, own)
		m.P, m.Q = ps[i], qs[i]
		if m.Q <= t.opts.MaxQ {
			res.Matches = append(res.Matches, m)
			kept = append(kept, h)
		} else {
			res.Near = append(res.Near, m)
		}
	}
	res.Verdict = VerdictNoneSignificant
	if len(res.Matches) > 0 {
		res.Verdict = VerdictMatches
		s.group(res, kept, &null)
	}
}

// match describes one hit.
func (s *scan) match(h hit, own onsetFit) Match {
	t := s.t
	s.load(h.i)
	z := s.z()
	m := Match{Series: metric.FormatSeries(t.src.labels(h.i)), Ref: t.src.ref(h.i), Sign: int(h.sign)}
	m.Similarity = s.likeness(h.d)
	m.Distance = math.Sqrt(h.d)
	if t.opts.Mode == Lag {
		m.Distance = h.d
	}
	if h.sign < 0 {
		for i := range s.x {
			s.x[i] = -s.x[i]
		}
	}
	lag, _ := bestLag(z, s.x, t.lag)
	seconds := float64(t.step) / 1000
	m.LagSeconds = float64(lag) * seconds
	if t.n*(2*t.r+1) <= pathCells {
		m.PathLag = pathOffset(z, s.x, t.r) * seconds
	}
	if on := onset(s.x); on.found {
		m.Onset = t.from + int64(on.at)*t.step
		m.First = own.found && float64(on.at)+on.err < float64(own.at)-own.err
	}
	m.Why = whyMatch(m)
	return m
}

// pathCells limits the table kept to read off a warping path.
const pathCells = 1 << 22
