package correlate

// Which series a query's null is measured on. The choice depends on labels
// only, never on the order of the candidates or on a random source.

import (
	"cmp"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// nullCells bounds the DTW cells spent on a null; long windows get a smaller
// sample, never under nullLeast.
const nullCells = 1 << 28

// null measures the query against series that have no reason to be like it.
func (s *scan) null() nullModel {
	t := s.t
	cells := int64(t.n) * int64(2*t.r+1) * 2
	size := int(max(nullLeast, min(nullSize, nullCells/cells)))
	pool := s.outsiders()
	if len(pool) == 0 {
		return nullModel{}
	}
	turned, mirrored := make([]float64, size), make([]float64, size)
	for k := range size {
		o := pool[k%len(pool)]
		at := mix(o.hash + uint64(k))
		s.load(o.i)
		s.turn(at)
		turned[k] = s.chance()
		s.load(o.i)
		s.reflect(at)
		mirrored[k] = s.chance()
	}
	return nullModel{tails: []tail{fitTail(turned), fitTail(mirrored)}}
}

// turn moves the loaded window round its own end, by at least an eighth.
func (s *scan) turn(at uint64) {
	n := len(s.x)
	edge := max(1, n/8)
	shift := edge + int(at%uint64(max(1, n-2*edge)))
	slices.Reverse(s.x[:shift])
	slices.Reverse(s.x[shift:])
	slices.Reverse(s.x)
}

// reflect moves the loaded window along its reflection at its end, where it
// goes on without a jump, by at least an eighth.
func (s *scan) reflect(at uint64) {
	n := len(s.x)
	edge := max(1, n/8)
	shift := edge + int(at%uint64(max(1, 2*n-2*edge)))
	both := s.both
	copy(both, s.x)
	copy(both[n:], s.x)
	slices.Reverse(both[n:])
	for i := range s.x {
		s.x[i] = both[(i+shift)%(2*n)]
	}
	normalise(s.x)
}

// outsider is a series with its place in a fixed shuffle.
type outsider struct {
	i    int
	hash uint64
}

// outsiders lists the series outside the target's own group in a fixed shuffle;
// if there are none, all series.
func (s *scan) outsiders() []outsider {
	own, name := s.ownGroup()
	var in, all []outsider
	for _, b := range s.todo {
		ls := s.t.src.labels(b.i)
		o := outsider{b.i, mix(ls.Hash())}
		all = append(all, o)
		if own == "" || ls.Get(name) != own {
			in = append(in, o)
		}
	}
	if len(in) == 0 {
		in = all
	}
	slices.SortFunc(in, func(a, b outsider) int {
		if c := cmp.Compare(a.hash, b.hash); c != 0 {
			return c
		}
		return s.byName(a.i, b.i)
	})
	return in
}

// ownGroup returns the value and the name of the label that defines it.
func (s *scan) ownGroup() (value, name string) {
	ls := s.t.target
	for _, n := range [3]string{s.t.opts.GroupLabel, "service", labels.MetricName} {
		if n != "" && ls.Get(n) != "" {
			return ls.Get(n), n
		}
	}
	return "", ""
}

// chance is the likeness of the loaded window under the better sought sign.
// The integer kernel is near enough here: its root is off by sqrt(2n)/intScale
// at most.
func (s *scan) chance() float64 {
	if s.t.opts.Mode == Lag {
		c, _ := s.bestLagSigned()
		return c
	}
	quantise(s.xi, s.x)
	best := intInf
	for _, q := range [2]*query{s.same, s.anti} {
		if q != nil {
			d, _ := dtwInt(s.xi, q.zi, q.r, best, nil, s.rowi)
			best = min(best, d)
		}
	}
	return similarity(float64(best)/(intScale*intScale), s.t.n)
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// chanceOf writes a probability for people: "1 in 3000".
func chanceOf(p float64) string {
	if p >= 0.5 {
		return "as likely as not"
	}
	return "1 in " + shortCount(math.Round(1/p))
}
