package correlate

// The scan: every candidate is bounded from below, then visited best first
// until the bound passes the worst of the k best. What the loop leaves out is
// proven to be further away, so the answer equals that of brute force.

import (
	"cmp"
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
)

// hit is a candidate that was compared. d is the squared DTW distance, or
// 1-|NCC| in mode lag.
type hit struct {
	i    int
	d    float64
	sign int8
}

// bounded is a candidate with the smaller of its two signs' bounds.
type bounded struct {
	lb, kim float64
	i       int
}

type scan struct {
	t    *task
	res  *Result
	same *query // nil when the sign is not sought.
	anti *query
	todo []bounded
	hits []hit // At most k, best first.

	x     []float64 // The loaded candidate, z-normalised.
	both  []float64 // x and its reflection.
	xi    []int32
	seg   []float64
	rest  []float64
	resti []int64
	row   []float64
	rowi  []int64
}

func newScan(t *task, z []float64, res *Result) *scan {
	s := &scan{t: t, res: res, x: make([]float64, t.n), both: make([]float64, 2*t.n), xi: make([]int32, t.n), seg: make([]float64, segments(t.n)),
		rest: make([]float64, t.n), resti: make([]int64, t.n), row: make([]float64, 2*t.r+2), rowi: make([]int64, 2*t.r+2)}
	q := newQuery(z, t.r)
	if t.opts.Sign != Opposite {
		s.same = q
	}
	if t.opts.Sign != Same {
		s.anti = q.negated()
	}
	return s
}

// z returns the target as it is compared.
func (s *scan) z() []float64 {
	if s.same != nil {
		return s.same.z
	}
	return s.anti.negated().z
}

// load fills x with candidate i.
func (s *scan) load(i int) class {
	s.t.src.fill(s.x, i, s.t.from, s.t.step)
	return normalise(s.x)
}

// isTarget reports whether candidate i is the target itself.
func (t *task) isTarget(i int) bool {
	return t.named && t.src.ref(i) == t.ref && labels.Equal(t.src.labels(i), t.target)
}

// bounds classes every candidate and bounds those that have a shape.
func (s *scan) bounds() {
	t, st := s.t, &s.res.Stats
	s.todo = make([]bounded, 0, t.src.size())
	for i := range t.src.size() {
		if t.isTarget(i) || !metric.Matches(t.scope, t.src.labels(i)) {
			continue
		}
		st.Candidates++
		if c := s.load(i); c != shaped {
			s.exclude(i, c)
			continue
		}
		st.Searched++
		means(s.seg, s.x)
		b := bounded{lb: math.Inf(1), kim: math.Inf(1), i: i}
		for _, q := range [2]*query{s.same, s.anti} {
			if q != nil {
				kim := q.kim(s.x)
				b.kim = min(b.kim, kim)
				b.lb = min(b.lb, max(kim, q.paa(s.seg)))
			}
		}
		s.todo = append(s.todo, b)
	}
}

// exclude counts a candidate without a shape and names the first ones.
func (s *scan) exclude(i int, c class) {
	st := &s.res.Stats
	n := &st.Short
	switch c {
	case flat:
		n = &st.Flat
	case sparse:
		n = &st.Sparse
	}
	*n++
	if *n <= excludedNamed {
		s.res.Excluded = append(s.res.Excluded, Excluded{Series: metric.FormatSeries(s.t.src.labels(i)), Reason: c.String()})
	}
}

// excludedNamed is how many series are named per reason.
const excludedNamed = 20

// byName orders candidates by identity, for ties.
func (s *scan) byName(a, b int) int {
	if c := labels.Compare(s.t.src.labels(a), s.t.src.labels(b)); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(s.t.src.ref(a), s.t.src.ref(b)), cmp.Compare(a, b))
}

// exact visits the candidates best bound first.
func (s *scan) exact() {
	slices.SortFunc(s.todo, func(a, b bounded) int {
		if c := cmp.Compare(a.lb, b.lb); c != 0 {
			return c
		}
		return s.byName(a.i, b.i)
	})
	st, budget := &s.res.Stats, s.t.opts.Budget
	s.res.Exact = true
	for at, b := range s.todo {
		cut := loosen(s.cut())
		if b.lb > cut {
			s.pruned(s.todo[at:], cut)
			break
		}
		if budget > 0 && st.Work >= budget {
			s.res.Exact = false
			st.Unreached = len(s.todo) - at
			s.res.Radius = math.Sqrt(min(b.lb, s.cut()))
			return
		}
		s.visit(b.i)
	}
	s.res.Radius = math.Sqrt(s.cut())
	if len(s.hits) < s.t.opts.K {
		s.res.Radius = math.Sqrt(4 * float64(s.t.n)) // Everything was compared: no two z-normalised windows lie further apart.
	}
}

// pruned attributes the candidates that the first two bounds excluded.
func (s *scan) pruned(left []bounded, cut float64) {
	for _, b := range left {
		if b.kim > cut {
			s.res.Stats.KimPruned++
		} else {
			s.res.Stats.PAAPruned++
		}
	}
}

// cut is the distance a candidate must not exceed to enter the hits.
func (s *scan) cut() float64 {
	if len(s.hits) < s.t.opts.K {
		return math.Inf(1)
	}
	return s.hits[len(s.hits)-1].d
}

// visit compares one candidate under every sought sign.
func (s *scan) visit(i int) {
	s.load(i)
	quantise(s.xi, s.x)
	best, stage := hit{i: i, d: math.Inf(1)}, 0
	for k, q := range [2]*query{s.same, s.anti} {
		if q == nil {
			continue
		}
		d, reached := s.compare(q, loosen(min(s.cut(), best.d)))
		stage = max(stage, reached)
		if d < best.d {
			best.d, best.sign = d, int8(1-2*k)
		}
	}
	switch stage {
	case 0:
		s.res.Stats.KeoghPruned++
	case 1:
		s.res.Stats.IntPruned++
	default:
		s.res.Stats.Compared++
	}
	s.keep(best)
}

// compare runs the loaded candidate through LB_Keogh, integer DTW and float64
// DTW; stage says how far it came (0, 1, 2).
func (s *scan) compare(q *query, cut float64) (d float64, stage int) {
	inf := math.Inf(1)
	if q.keogh(s.x, s.rest, cut) > cut {
		return inf, 0
	}
	for i, v := range s.rest {
		s.resti[i] = int64(v * intScale * intScale)
	}
	limit := intCut(cut, s.t.n)
	di, cells := dtwInt(s.xi, q.zi, q.r, limit, s.resti, s.rowi)
	s.res.Stats.Work += cells
	if di > limit {
		return inf, 1
	}
	d, cells = dtw(s.x, q.z, q.r, cut, s.rest, s.row)
	s.res.Stats.Work += cells
	return d, 2
}

// keep inserts a hit if it is among the k best; ties go by identity.
func (s *scan) keep(h hit) {
	if math.IsInf(h.d, 1) {
		return
	}
	at, _ := slices.BinarySearchFunc(s.hits, h, func(a, b hit) int {
		if c := cmp.Compare(a.d, b.d); c != 0 {
			return c
		}
		return s.byName(a.i, b.i)
	})
	if at >= s.t.opts.K {
		return
	}
	s.hits = slices.Insert(s.hits, at, h)
	if len(s.hits) > s.t.opts.K {
		s.hits = s.hits[:s.t.opts.K]
	}
}

// likeness is the similarity of a hit's distance.
func (s *scan) likeness(d float64) float64 {
	if s.t.opts.Mode == Lag {
		return 1 - d
	}
	return similarity(d, s.t.n)
}

// fast orders the candidates by DTW on segment means and compares the best
// hundredth, at least 10k and 100.
func (s *scan) fast() {
	m := len(s.seg)
	r := max(1, int(math.Ceil(s.t.opts.Band*float64(m))))
	coarse := func(q *query) []float64 {
		if q == nil {
			return nil
		}
		z := make([]float64, m)
		means(z, q.z)
		return z
	}
	same, anti := coarse(s.same), coarse(s.anti)
	row := make([]float64, 2*min(r, m-1)+2)
	for k := range s.todo {
		b := &s.todo[k]
		s.load(b.i)
		means(s.seg, s.x)
		b.lb = math.Inf(1)
		for _, z := range [2][]float64{same, anti} {
			if z != nil {
				d, cells := dtw(s.seg, z, min(r, m-1), b.lb, nil, row)
				s.res.Stats.Work += cells
				b.lb = min(b.lb, d)
			}
		}
	}
	slices.SortFunc(s.todo, func(a, b bounded) int {
		if c := cmp.Compare(a.lb, b.lb); c != 0 {
			return c
		}
		return s.byName(a.i, b.i)
	})
	n := min(len(s.todo), max(len(s.todo)/100, 10*s.t.opts.K, 100))
	for _, b := range s.todo[:n] {
		s.visit(b.i)
	}
	s.res.Stats.Unreached = len(s.todo) - n
	s.res.Exact = s.res.Stats.Unreached == 0
	if s.res.Exact {
		s.res.Radius = math.Sqrt(min(s.cut(), 4*float64(s.t.n)))
	}
}
