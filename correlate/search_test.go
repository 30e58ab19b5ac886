package correlate

// What a search recovers (sign, lag, order), what it refuses, what it says
// about series without a shape, and that nothing makes it panic.

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/google/go-cmp/cmp"
)

const (
	testStart = int64(1_700_000_000_000)
	testStep  = int64(15_000)
)

func series(name string, v []float64) Candidate {
	ls, err := metric.ParseSeries(name)
	if err != nil {
		panic(err)
	}
	return Candidate{Labels: ls, Window: metric.Window{Start: testStart, Step: testStep, V: v}}
}

// incidentWave is a level that rises steeply and falls slowly.
func incidentWave(n, at int) []float64 {
	v := make([]float64, n)
	for i := range v {
		if i >= at {
			v[i] = math.Exp(-float64(i-at) / 150)
		}
	}
	return v
}

func noisy(v []float64, size float64, seed uint64) []float64 {
	next := seeded(seed)
	out := make([]float64, len(v))
	for i := range v {
		out[i] = v[i] + size*next()
	}
	return out
}

// fleet is a target at point 100, a copy 4 points later, a mirror image 3
// points earlier, and unrelated series.
func fleet(n int) (Candidate, []Candidate) {
	target := series(`latency{service="cart"}`, noisy(incidentWave(n, 100), 0.05, 1))
	cs := []Candidate{target,
		series(`errors{service="web"}`, noisy(incidentWave(n, 104), 0.05, 2)),
		series(`free{service="db"}`, noisy(incidentWave(n, 97), -0.05, 3))}
	for i := range cs[2].Window.V {
		cs[2].Window.V[i] *= -40
	}
	for i := range 40 {
		kind := kinds[i%len(kinds)]
		cs = append(cs, series(fmt.Sprintf(`%s{service="other%d"}`, kind, i), draw(kind, n, seeded(uint64(100+i)))))
	}
	return target, cs
}

func TestSignAndLag(t *testing.T) {
	target, cs := fleet(240)
	for _, mode := range []Mode{Exact, Fast, Lag} {
		res, err := SearchWindows(target, cs, Options{Mode: mode, K: 2})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]Match{}
		for _, m := range res.Matches {
			got[m.Series] = m
		}
		later, mirror := got[`errors{service="web"}`], got[`free{service="db"}`]
		if len(res.Matches) != 2 || later.Sign != 1 || mirror.Sign != -1 {
			t.Errorf("%s: %+v", mode, res.Matches)
			continue
		}
		near(t, mode.String()+" lag of the copy", later.LagSeconds, 60, 15)
		near(t, mode.String()+" lag of the mirror image", mirror.LagSeconds, -45, 15)
		if !mirror.First || later.First {
			t.Errorf("%s: mirror image began first: %v, copy: %v", mode, mirror.First, later.First)
		}
		if mode == Exact {
			near(t, "path lag of the copy", later.PathLag, 60, 15)
		}
	}
	same, _ := SearchWindows(target, cs, Options{Sign: Same, K: 1})
	opposite, _ := SearchWindows(target, cs, Options{Sign: Opposite, K: 1})
	if same.Matches[0].Sign != 1 || opposite.Matches[0].Sign != -1 {
		t.Errorf("sign same gives %d, opposite %d", same.Matches[0].Sign, opposite.Matches[0].Sign)
	}
}

func TestNothingIsAnAnswer(t *testing.T) {
	var cs []Candidate
	for i := range 50 {
		cs = append(cs, series(fmt.Sprintf("n%d", i), draw("noise", 120, seeded(uint64(i)))))
	}
	res, err := SearchWindows(cs[0], cs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if res.Verdict != VerdictNoneSignificant || len(res.Matches) != 0 || len(res.Near) == 0 {
		t.Errorf("verdict %s with %d matches, %d near", res.Verdict, len(res.Matches), len(res.Near))
	}
	if b, _ := json.Marshal(res); !strings.Contains(string(b), `"matches":[]`) {
		t.Error("an empty answer must be an empty list in JSON")
	}
}

func TestWithoutShape(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	fill := func(v float64) []float64 {
		out := make([]float64, 60)
		for i := range out {
			out[i] = v
		}
		return out
	}
	holes := draw("walk", 60, seeded(1))
	for i := range 20 {
		holes[3*i] = nan
	}
	few := draw("walk", 60, seeded(2))
	few[10], few[11], few[59] = nan, inf, math.Inf(-1)
	other := series("otherwhere", draw("walk", 60, seeded(4)))
	other.Window.Start += 1 << 40
	cs := []Candidate{series("constant", fill(7)), series("zero", fill(0)), series("nothing", fill(nan)), series("infinite", fill(inf)),
		series("holes", holes), series("few", few), series("huge", draw("step", 60, func() float64 { return 1e308 * seeded(5)() })), other}
	target := series("t", draw("step", 60, seeded(9)))
	res, err := SearchWindows(target, cs, Options{MaxQ: 1})
	if err != nil {
		t.Fatal(err)
	}
	st := res.Stats
	if st.Candidates != 8 || st.Flat < 2 || st.Sparse != 1 || st.Short != 3 {
		t.Errorf("%+v", st)
	}
	if st.Searched+st.Flat+st.Sparse+st.Short != st.Candidates || len(res.Excluded) != st.Flat+st.Sparse+st.Short {
		t.Errorf("not every series is accounted for: %+v, %v", st, res.Excluded)
	}
	for _, bad := range []Candidate{series("t", fill(1)), series("t", fill(nan)), series("t", holes), series("t", few[:5])} {
		res, err := SearchWindows(bad, cs, Options{})
		if err != nil || res.Verdict != VerdictNoData || len(res.Warnings) == 0 {
			t.Errorf("target without a shape: verdict %s, warnings %v, error %v", res.Verdict, res.Warnings, err)
		}
	}
}

func TestBudgetCertifies(t *testing.T) {
	target, cs := collection(4, 300, 64)
	full, err := SearchWindows(target, cs, Options{K: 5, MaxQ: 1})
	if err != nil {
		t.Fatal(err)
	}
	for budget := int64(1); budget < full.Stats.Work; budget += full.Stats.Work / 20 {
		res, err := SearchWindows(target, cs, Options{K: 5, MaxQ: 1, Budget: budget})
		if err != nil {
			t.Fatal(err)
		}
		if res.Exact || res.Stats.Unreached == 0 {
			continue
		}
		got := map[string]bool{}
		for _, m := range res.Matches {
			got[m.Series] = true
		}
		for _, m := range full.Matches {
			if m.Distance < res.Radius-1e-9 && !got[m.Series] {
				t.Errorf("budget %d: %s at %v is missing within the certified %v", budget, m.Series, m.Distance, res.Radius)
			}
		}
	}
}

func TestChangeMode(t *testing.T) {
	v := draw("noise", 150, seeded(3))
	up := append([]float64(nil), v...)
	for i := 120; i < 150; i++ {
		up[i] += 9
	}
	cs := []Candidate{series("same", v), series("up", up), series("flat", make([]float64, 150))}
	res, err := SearchWindows(Candidate{}, cs, Options{Mode: Change, From: testStart + 120*testStep, To: testStart + 150*testStep})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Matches) != 1 || res.Matches[0].Series != "up" || res.Matches[0].Sign != 1 {
		t.Errorf("%v", res.Trace)
	}
}

func TestGroups(t *testing.T) {
	sim := [][]float64{{0, .9, .2, .9}, {.9, 0, .2, .3}, {.2, .2, 0, .8}, {.9, .3, .8, 0}}
	// 0-1 merge first; 3 is near 0 but not near 1, so it joins 2.
	if d := cmp.Diff([]int{0, 0, 2, 2}, completeLink(sim, 0.5)); d != "" {
		t.Error(d)
	}
}

func TestOptionsAreAllChecked(t *testing.T) {
	_, err := SearchWindows(series("t", draw("walk", 60, seeded(1))), nil, Options{K: -1, Band: 2, MaxQ: 3, Budget: -1, Mode: 9, Sign: 9, From: 5, To: 4})
	for _, want := range []string{"k -1", "band 2", "max q 3", "budget -1", "mode 9", "sign 9", "window end 4"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q: %v", want, err)
		}
	}
}

func FuzzSearch(f *testing.F) {
	f.Add(uint64(1), 20, 5, uint8(0), uint8(0), 0.05, 3, int64(0), 1.0)
	f.Add(uint64(2), 64, 30, uint8(3), uint8(2), 1.0, -1, int64(10), math.Inf(1))
	f.Add(uint64(3), 8, 2, uint8(2), uint8(1), 1e-9, 1000, int64(1), math.NaN())
	f.Fuzz(func(t *testing.T, seed uint64, n, size int, mode, sign uint8, band float64, lag int, budget int64, poison float64) {
		if n < 0 || n > 128 || size < 0 || size > 40 {
			return
		}
		target, cs := collection(seed, size, n)
		for i := range cs {
			if len(cs[i].Window.V) > 0 && i%3 == 0 {
				cs[i].Window.V[i%n] = poison
			}
		}
		res, err := SearchWindows(target, cs, Options{Mode: Mode(mode), Sign: Sign(sign), Band: band, MaxLag: lag, Budget: budget})
		if err != nil {
			return
		}
		st := res.Stats
		if st.Searched+st.Flat+st.Sparse+st.Short != st.Candidates {
			t.Errorf("lost series: %+v", st)
		}
		if _, err := json.Marshal(res); err != nil {
			t.Errorf("answer is not JSON: %v", err)
		}
		for _, m := range append(res.Matches, res.Near...) {
			if !(m.P >= 0 && m.P <= 1 && m.Q >= 0 && m.Q <= 1 && m.Distance >= 0) {
				t.Errorf("match out of range: %+v", m)
			}
		}
	})
}

func BenchmarkDTW(b *testing.B) {
	x, y := draw("noise", 240, seeded(1)), draw("walk", 240, seeded(2))
	normalise(x)
	normalise(y)
	q := newQuery(y, 12)
	xi := make([]int32, 240)
	quantise(xi, x)
	rowi, row := make([]int64, 26), make([]float64, 26)
	b.Run("int", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dtwInt(xi, q.zi, 12, intInf-1, nil, rowi)
		}
	})
	b.Run("float64", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dtw(x, y, 12, math.Inf(1), nil, row)
		}
	})
}

func BenchmarkSearch1000x240(b *testing.B) {
	target, cs := collection(3, 1000, 240)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := SearchWindows(target, cs, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
