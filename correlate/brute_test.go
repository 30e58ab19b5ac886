package correlate

// Property tests of the kernel: bounds are bounds, the integer kernel's slack
// holds, and the search equals brute force whatever the shapes, the signs and
// the order of the candidates.

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/bellwether-ts/bellwether/metric"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"
)

// plainDTW is the textbook recursion, without band storage tricks.
func plainDTW(x, y []float64, r int) float64 {
	n := len(x)
	d := make([][]float64, n+1)
	for i := range d {
		d[i] = make([]float64, n+1)
		for j := range d[i] {
			d[i][j] = math.Inf(1)
		}
	}
	d[0][0] = 0
	for i := 1; i <= n; i++ {
		for j := max(1, i-r); j <= min(n, i+r); j++ {
			c := x[i-1] - y[j-1]
			d[i][j] = c*c + min(d[i-1][j], d[i][j-1], d[i-1][j-1])
		}
	}
	return d[n][n]
}

// kinds are the families of series that searches meet.
var kinds = []string{"noise", "walk", "season", "step", "burst", "levels", "saw", "ar"}

// draw makes a series of a kind from a source of numbers in [-1,1).
func draw(kind string, n int, next func() float64) []float64 {
	v := make([]float64, n)
	level, phase := next(), next()*math.Pi
	at := int((next() + 1) / 2 * float64(n))
	for i := range v {
		e := next()
		switch kind {
		case "noise":
			v[i] = e
		case "walk":
			level += e
			v[i] = level
		case "ar":
			level = 0.9*level + e
			v[i] = level
		case "season":
			v[i] = math.Sin(phase+float64(i)/5) + 0.1*e
		case "step":
			v[i] = 0.1 * e
			if i >= at {
				v[i]++
			}
		case "burst":
			v[i] = 0.05*e + 3*math.Exp(-math.Abs(float64(i-at))/2)
		case "levels":
			v[i] = math.Round(2 * e)
		case "saw":
			v[i] = math.Mod(float64(i)+10*phase, 9) + 0.1*e
		}
	}
	return v
}

// seeded returns numbers in [-1,1) from SplitMix64.
func seeded(seed uint64) func() float64 {
	seed = mix(seed) // Or neighbouring seeds would give the same numbers, shifted.
	return func() float64 {
		seed++
		return float64(mix(seed)>>11)/(1<<52) - 1
	}
}

func drawAny(t *rapid.T, label string, n int) []float64 {
	kind := rapid.SampledFrom(kinds).Draw(t, label+" kind")
	return draw(kind, n, seeded(rapid.Uint64().Draw(t, label+" seed")))
}

func TestBoundsNeverExceedDTW(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 120).Draw(t, "n")
		r := rapid.IntRange(0, n-1).Draw(t, "r")
		x, z := drawAny(t, "x", n), drawAny(t, "q", n)
		if normalise(x) != shaped || normalise(z) != shaped {
			return
		}
		d := plainDTW(x, z, r)
		safe := loosen(d)
		q := newQuery(z, r)
		seg := make([]float64, segments(n))
		means(seg, x)
		rest := make([]float64, n)
		keogh := q.keogh(x, rest, math.Inf(1))
		if kim := q.kim(x); kim > safe {
			t.Errorf("LB_Kim %v > DTW %v", kim, d)
		}
		if paa := q.paa(seg); paa > loosen(keogh) {
			t.Errorf("LB_PAA %v > LB_Keogh %v", paa, keogh)
		}
		if keogh > safe {
			t.Errorf("LB_Keogh %v > DTW %v", keogh, d)
		}
		row := make([]float64, 2*r+2)
		if got, _ := dtw(x, z, r, math.Inf(1), rest, row); math.Abs(got-d) > 1e-9*(1+d) {
			t.Errorf("dtw %v, textbook %v", got, d)
		}
		if got, _ := dtw(x, z, r, safe, rest, row); math.IsInf(got, 1) {
			t.Errorf("dtw abandoned at its own distance %v", d)
		}
		xi, resti, rowi := make([]int32, n), make([]int64, n), make([]int64, 2*r+2)
		quantise(xi, x)
		for i, v := range rest {
			resti[i] = int64(v * intScale * intScale)
		}
		limit := intCut(safe, n)
		if got, _ := dtwInt(xi, q.zi, r, limit, resti, rowi); got > limit {
			t.Errorf("integer kernel excludes DTW %v at its own cutoff (%d > %d)", d, got, limit)
		}
	})
}

// collection draws candidates of every kind, some related to the target.
func collection(seed uint64, size, n int) (Candidate, []Candidate) {
	next := seeded(seed)
	target := draw(kinds[seed%uint64(len(kinds))], n, next)
	at := func(v []float64) metric.Window { return metric.Window{Start: 1_000_000, Step: 1000, V: v} }
	var cs []Candidate
	for i := range size {
		v := draw(kinds[i%len(kinds)], n, next)
		if i%7 == 0 {
			for j := range v {
				v[j] = target[min(n-1, j+i%3)]*float64(1-2*(i%2)) + 0.3*next()
			}
		}
		cs = append(cs, Candidate{Labels: labels.FromStrings("__name__", fmt.Sprintf("m%d", i), "service", fmt.Sprintf("s%d", i%5)), Window: at(v)})
	}
	return Candidate{Labels: labels.FromStrings("__name__", "target"), Window: at(target)}, cs
}

// bruteForce returns the k nearest names by plain DTW in float64.
func bruteForce(target Candidate, cs []Candidate, sign Sign, r, k int) []string {
	z := slices.Clone(target.Window.V)
	normalise(z)
	type scored struct {
		name string
		d    float64
		ls   labels.Labels
	}
	var all []scored
	for _, c := range cs {
		x := slices.Clone(c.Window.V)
		if normalise(x) != shaped {
			continue
		}
		d := math.Inf(1)
		if sign != Opposite {
			d = plainDTW(x, z, r)
		}
		if sign != Same {
			for i := range x {
				x[i] = -x[i]
			}
			d = min(d, plainDTW(x, z, r))
		}
		all = append(all, scored{c.Name(), d, c.Labels})
	}
	slices.SortFunc(all, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.d, b.d), labels.Compare(a.ls, b.ls))
	})
	var out []string
	for _, s := range all[:min(k, len(all))] {
		out = append(out, s.name)
	}
	return out
}

func names(res Result) []string {
	var out []string
	for _, m := range append(slices.Clone(res.Matches), res.Near...) {
		out = append(out, m.Series)
	}
	return out
}

func TestSearchEqualsBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(MinPoints, 64).Draw(t, "n")
		target, cs := collection(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 60).Draw(t, "size"), n)
		opts := Options{K: rapid.IntRange(1, 10).Draw(t, "k"), Sign: Sign(rapid.IntRange(0, 2).Draw(t, "sign")),
			Band: rapid.Float64Range(0.001, 0.3).Draw(t, "band"), MaxQ: 1}
		res, err := SearchWindows(target, cs, opts)
		if err != nil {
			t.Fatal(err)
		}
		z := slices.Clone(target.Window.V)
		if normalise(z) != shaped {
			return
		}
		want := bruteForce(target, cs, opts.Sign, bandWidth(opts.Band, n), opts.K)
		if d := gocmp.Diff(want, names(res)); d != "" {
			t.Errorf("search differs from brute force (-brute +search):\n%s", d)
		}
		st := res.Stats
		if sum := st.KimPruned + st.PAAPruned + st.KeoghPruned + st.IntPruned + st.Compared + st.Unreached; sum != st.Searched || !res.Exact {
			t.Errorf("stages sum to %d of %d searched, exact %v", sum, st.Searched, res.Exact)
		}
		for i, j := 0, len(cs)-1; i < j; i, j = i+1, j-1 {
			cs[i], cs[j] = cs[j], cs[i]
		}
		again, err := SearchWindows(target, cs, opts)
		if err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff(res.Matches, again.Matches); d != "" {
			t.Errorf("order of candidates matters:\n%s", d)
		}
		if d := gocmp.Diff(res.Null, again.Null); d != "" {
			t.Errorf("order of candidates matters to the null:\n%s", d)
		}
	})
}
