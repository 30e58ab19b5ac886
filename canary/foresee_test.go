package canary

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/canary/stat"
)

// Without a drift the recursion is that of the null, which canary/stat solves
// with other nodes and no grid.
func TestPassageAgreesWithTheNull(t *testing.T) {
	for _, two := range []bool{false, true} {
		for _, c := range []float64{1.5, 2.5, 3.5} {
			var ls []glance
			var info, band []float64
			for k := 1; k <= 12; k++ {
				n := 5 * k
				se := 1 / math.Sqrt(float64(n))
				ls = append(ls, glance{n: n, se: se, fail: c * se / math.Sqrt(float64(k)/12), half: math.Inf(1)})
				info, band = append(info, float64(k)/12), append(band, c)
			}
			fail, pass := passage(ls, truth{two: two}, 1)
			want := 0.0
			for _, p := range stat.ExitProbability(info, band, two) {
				want += p
			}
			if got := fail[11]; math.Abs(got-want) > 0.02*want+1e-5 || pass[11] != 0 {
				t.Errorf("band %v, two-sided %v: %.5f, the exact recursion %.5f", c, two, got, want)
			}
		}
	}
}

// One look is a normal tail, drift and equivalence included.
func TestPassageOfOneLook(t *testing.T) {
	for shift := -1.0; shift <= 1; shift += 0.25 {
		g := glance{n: 50, se: 0.2, fail: 0.5, half: 0.35}
		fail, pass := passage([]glance{g}, truth{shift: shift, margin: 0.6}, 1)
		wantFail, wantPass := stat.NormalTail((0.5-shift)/0.2), stat.NormalTail((shift-0.25)/0.2)
		if math.Abs(fail[0]-wantFail) > 0.01 || math.Abs(pass[0]-wantPass) > 0.01 {
			t.Errorf("shift %v: FAIL %.4f want %.4f, PASS %.4f want %.4f", shift, fail[0], wantFail, pass[0], wantPass)
		}
	}
}

// foreseen foresees one metric among others more.
func foreseen(t *testing.T, m Metric, s Schedule, others int) MetricForesight {
	t.Helper()
	f, err := Foresee(Request{Metrics: []Metric{m}, Policy: Policy{FalseFail: 0.01 / float64(1+others)}}, ForesightOptions{Schedule: s})
	if err != nil {
		t.Fatal(err)
	}
	return f.Metrics[0]
}

// order makes Never the latest time.
func order(d time.Duration) time.Duration {
	if d == Never {
		return math.MaxInt64
	}
	return d
}

// What is worse is seen no later and no less surely, more metrics beside it make
// it no earlier, and a full run sees what it is said to see.
func TestForesightIsInOrder(t *testing.T) {
	s := Schedule{LookEvery: 5 * time.Minute}
	for i, w := range []world{
		{direction: Increase, minEffect: 0.5, history: 200},
		{phi: 0.5, shared: 0.8, direction: Either, minEffect: 0.6, history: 1440},
		{phi: 0.9, direction: Decrease, minEffect: 3, history: 1440},
		{rate: 0.3, direction: Increase, minEffect: 0.6, history: 1440},
		{rate: 4, direction: Decrease, minEffect: 1.5, history: 720},
		{rate: 200, direction: Either, minEffect: 20, history: 720},
	} {
		m := w.pastRequest(uint64(i), w.history).Metrics[0]
		one := foreseen(t, m, s, 0)
		worse := m
		worse.MinEffect *= 1.5
		two := foreseen(t, worse, s, 0)
		if order(two.Fail) > order(one.Fail) || two.Power < one.Power-0.01 || two.Passes < one.Passes-0.01 {
			t.Errorf("%+v: FAIL by %v with %.3f, PASS %.3f; half as much again: %v, %.3f, %.3f", w, one.Fail, one.Power, one.Passes, two.Fail, two.Power, two.Passes)
		}
		if many := foreseen(t, m, s, 30); order(many.Fail) < order(one.Fail) || many.Power > one.Power+0.01 {
			t.Errorf("%+v: among 31 metrics FAIL by %v with %.3f, alone %v with %.3f", w, many.Fail, many.Power, one.Fail, one.Power)
		}
		seen := m
		seen.MinEffect = one.Visible * 1.02
		if got := foreseen(t, seen, s, 0); got.Power < 0.88 || got.Power > 0.97 {
			t.Errorf("%+v: a full run is said to see %v with chance 0.9, but FAILs it with %.3f", w, one.Visible, got.Power)
		}
	}
}

// The unit of a level does not matter.
func TestForesightInAnyUnit(t *testing.T) {
	w := world{phi: 0.5, direction: Increase, minEffect: 1}
	m := w.pastRequest(7, 1440).Metrics[0]
	scaled := mapSamples(m, func(v float64) float64 { return v * 1e-9 })
	scaled.MinEffect *= 1e-9
	a, err := Foresee(Request{Metrics: []Metric{m, scaled}}, ForesightOptions{})
	if err != nil {
		t.Fatal(err)
	}
	x, y := a.Metrics[0], a.Metrics[1]
	if x.Fail != y.Fail || x.Pass != y.Pass || math.Abs(y.Visible*1e9/x.Visible-1) > 1e-3 {
		t.Errorf("%+v\nbecomes in another unit %+v", x, y)
	}
}

// No past is too odd for an answer: nothing panics, and what cannot be said is
// not said in numbers.
func FuzzForesee(f *testing.F) {
	f.Add(uint64(1), 1440, 1440, 60.0, 0.5, uint8(0), int64(3600))
	f.Add(uint64(2), 3, 0, 1.0, 0.0, uint8(1), int64(60))
	f.Add(uint64(3), 40, 40, math.NaN(), math.Inf(1), uint8(7), int64(86400))
	f.Fuzz(func(t *testing.T, seed uint64, n, window int, step, margin float64, odd uint8, longest int64) {
		r := rand.New(rand.NewPCG(seed, 1))
		list := func(n int) []float64 {
			out := make([]float64, max(0, n%2000))
			for i := range out {
				out[i] = float64(int(10 * r.Float64()))
				switch {
				case odd&1 != 0 && r.IntN(5) == 0:
					out[i] = math.NaN()
				case odd&2 != 0 && r.IntN(9) == 0:
					out[i] = math.Inf(1 - 2*r.IntN(2))
				case odd&4 != 0:
					out[i] = 1e300 * (r.Float64() - 0.5)
				case odd&8 != 0:
					out[i] = 7
				}
			}
			return out
		}
		m := Metric{Name: "m", StepSeconds: step, MinEffect: margin, Baseline: list(window), Canary: list(window), History: &History{Baseline: list(n), Canary: list(n)}}
		if odd&16 != 0 {
			m.Kind = Count
		}
		if odd&32 != 0 {
			m.History.Canary = list(n + 1)
		}
		if odd&64 != 0 {
			m.Direction = Decrease
		}
		s := Schedule{Longest: time.Duration(longest%90_000) * time.Second, LookEvery: time.Hour}
		if s.Longest < time.Hour {
			s.LookEvery = 0
		}
		req := Request{Metrics: []Metric{m}}
		if got, err := Foresee(req, ForesightOptions{Schedule: s}); err == nil {
			one := got.Metrics[0]
			if got.Text() == "" || one.Reason == "" || !one.Known && (one.Fail != 0 || one.Pass != 0 || !math.IsNaN(one.Visible)) {
				t.Errorf("%+v", one)
			}
			if one.Power < 0 || one.Power > 1+1e-9 || one.Passes < 0 || one.Passes > 1+1e-9 || math.IsNaN(one.Power) {
				t.Errorf("chances %v and %v", one.Power, one.Passes)
			}
		}
		if c, err := Calibrate(req, CalibrateOptions{Runs: 10, Schedule: s, History: time.Hour}); err == nil && (c.Runs != 10 || c.Text() == "") {
			t.Errorf("%+v", c)
		}
	})
}
