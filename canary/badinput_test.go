package canary

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bellwether-ts/bellwether/metric"
)

// Samples that are wrong, late, missing or not what they seem: never a PASS and
// always a reason that names the fault.

func TestBadInput(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	good := func() Metric {
		return Metric{Name: "m", Kind: Gauge, Direction: Increase, MinEffect: 5, Baseline: noisy(31, 60, 100, 0.02), Canary: noisy(32, 60, 100, 0.02),
			History: &History{Baseline: noisy(33, 1440, 100, 0.02), Canary: noisy(34, 1440, 100, 0.02), SameInstances: true}}
	}
	if v := one(good()); v.Verdict != Pass {
		t.Fatalf("the good canary is %s: %s", v.Verdict, v.Reason)
	}
	histogram := func(spoil func(d *Distribution)) func(m *Metric) {
		return func(m *Metric) {
			d := &Distribution{Bounds: []float64{1, 2, 3}}
			for range 60 {
				d.Baseline, d.Canary = append(d.Baseline, []float64{10, 80, 9, 1}), append(d.Canary, []float64{10, 80, 9, 1})
			}
			*m = Metric{Name: "m", Kind: Histogram, Direction: Increase, MinEffect: 1, Distribution: d}
			spoil(d)
		}
	}
	for _, c := range []struct {
		name, reason string
		spoil        func(m *Metric)
	}{
		{"no canary", "the canary does not have a single sample", func(m *Metric) { m.Canary = nil }},
		{"no baseline", "the baseline does not have a single sample", func(m *Metric) { m.Baseline = repeated(60, nan) }},
		{"nothing at all", "neither side has a single sample", func(m *Metric) { m.Baseline, m.Canary = nil, nil }},
		{"all NaN", "neither side has a single sample", func(m *Metric) { m.Baseline, m.Canary = repeated(60, nan), repeated(60, nan) }},
		{"scattered NaN", "of the canary's samples are missing", func(m *Metric) {
			m.History = nil // With a past that was never silent this FAILs, by missingness.
			for i := 0; i < 60; i += 5 {
				m.Canary[i] = nan
			}
		}},
		{"a gap", "the baseline has a gap of 6 samples", func(m *Metric) { copy(m.Baseline[20:], repeated(6, nan)) }},
		{"late data", "the canary has a gap of 5 samples", func(m *Metric) { copy(m.Canary[55:], repeated(5, nan)) }},
		{"later still, and cut off", "the sides differ in length", func(m *Metric) { m.Canary = m.Canary[:50] }},
		{"a counter reset", "cannot be read (infinite, or negative counts)", func(m *Metric) {
			m.Kind, m.History, m.Baseline, m.Canary = Count, nil, repeated(60, 5, 6), repeated(60, 6, 5)
			m.Canary[30] = -3000
		}},
		{"an infinite sample", "cannot be read", func(m *Metric) { m.Baseline[7] = inf }},
		{"both sides the same pod", "both sides are the same series", func(m *Metric) { m.Canary = slices.Clone(m.Baseline) }},
		{"a zero baseline, errors on the canary", "the canary is higher", func(m *Metric) {
			m.Kind, m.History, m.MinEffect, m.Baseline, m.Canary = Count, nil, 0, repeated(60, 0), repeated(60, 0, 0, 3)
		}},
		{"a window shorter than a step", "1 baseline and 1 canary samples are too few", func(m *Metric) { m.Baseline, m.Canary = m.Baseline[:1], m.Canary[:1] }},
		{"a window of no step", "neither side has a single sample", func(m *Metric) { m.Baseline, m.Canary = []float64{}, []float64{} }},
		{"a metric that errs", "its samples cannot be read: 422 bad query", func(m *Metric) { m.Err = "422 bad query" }},
		{"samples one must doubt", "only one pod answered", func(m *Metric) { m.Doubts = []string{"only one pod answered"} }},
		{"histograms without bounds", "0 bounds", histogram(func(d *Distribution) { d.Bounds = nil })},
		{"bounds that fall", "must be finite and increase", histogram(func(d *Distribution) { d.Bounds[1] = 7 })},
		{"a histogram of another layout", "1 histogram cannot be read", histogram(func(d *Distribution) { d.Canary[3] = []float64{1, 2} })},
		{"a histogram that was reset", "1 histogram cannot be read", histogram(func(d *Distribution) { d.Canary[3] = []float64{1, -2, 3, 4} })},
		{"histograms of one side", "the canary does not have a single sample", histogram(func(d *Distribution) { clear(d.Canary) })},
		{"the same histograms", "both sides are the same series", histogram(func(d *Distribution) {
			for i := range d.Baseline {
				d.Baseline[i] = []float64{10, 80 + float64(i%7), 9, 1}
			}
			d.Canary = d.Baseline
		})},
	} {
		m := good()
		c.spoil(&m)
		for _, judge := range Judges() {
			v, err := JudgeNamed(judge, Request{Metrics: []Metric{m}})
			if err != nil {
				t.Fatal(err)
			}
			if judge == "native" {
				if got := v.Metrics[0]; got.Verdict == Pass || !strings.Contains(got.Reason, c.reason) || len(v.Reasons) == 0 {
					t.Errorf("%s: %s, want no pass and a reason with %q: %s", c.name, got.Verdict, c.reason, got.Reason)
				}
			}
			if v.Verdict == Fail && c.name != "a zero baseline, errors on the canary" && judge == "native" {
				t.Errorf("%s FAILs: %v", c.name, v.Reasons)
			}
		}
	}
}

func TestGates(t *testing.T) {
	pass := Metric{Name: "m", Baseline: repeated(20, 1), Canary: repeated(20, 1)}
	f := func(gates []Gate, ms []Metric, want Outcome, reason string) {
		t.Helper()
		for _, judge := range []string{"native", "mann-whitney"} {
			v, err := JudgeNamed(judge, Request{Metrics: ms, Gates: gates})
			if err != nil || v.Verdict != want || !strings.Contains(v.Reasons[0], reason) || len(v.Gates) != len(gates) {
				t.Errorf("judge %s: %s %v, want %s with %q first (%v)", judge, v.Verdict, v.Reasons, want, reason, err)
			}
		}
	}
	ms := []Metric{pass}
	f([]Gate{{Objective: "a", Burn: 1, Limit: 14.4}}, ms, Pass, "PASS")
	f([]Gate{{Objective: "a", Burn: 1, Limit: 14.4}, {Objective: "b", Burn: 14.4, Limit: 14.4, Detail: "12 of 100 in 1h"}}, ms, Fail, "FAIL gate: objective b burns its budget at 14.4 times the pace that spends it all (12 of 100 in 1h)")
	f([]Gate{{Objective: "a", Burn: math.NaN(), Limit: 2}}, ms, Inconclusive, "NO_DATA gate: nobody knows how fast the budget of objective a burns")
	f([]Gate{{Objective: "a", Burn: 1}}, ms, Inconclusive, "its limit 0 is not above 0")
	f([]Gate{{Objective: "a", Burn: math.Inf(1), Limit: 2}}, nil, Fail, "FAIL gate")
	f([]Gate{{Objective: "a", Burn: 1, Limit: 2}}, nil, NoData, "there are no metrics to judge")
	f([]Gate{{Objective: "a", Burn: -1, Limit: 2}}, ms, Inconclusive, "nobody knows")
}

// Any bit of what is judged changes the digest; nothing else does.
func TestDigest(t *testing.T) {
	base := func() Request {
		return Request{Metrics: []Metric{{Name: "m", Kind: Histogram, Baseline: []float64{1, 2, math.NaN()}, Canary: []float64{3, 4, 5},
			History: &History{Baseline: []float64{1}, Canary: []float64{2}},
			Shards:  &Shards{Baseline: [][]float64{{1, 2, 3}}, Canary: [][]float64{{4, 5, 6}}, CanaryNames: []string{"a"}},
			Distribution: &Distribution{Bounds: []float64{1, 2}, Baseline: [][]float64{{1, 2, 3}, nil}, Canary: [][]float64{{4, 5, 6}, nil},
				HistoryBaseline: [][]float64{{1, 1, 1}}, HistoryCanary: [][]float64{{2, 2, 2}}}}},
			Gates: []Gate{{Objective: "o", Burn: 1, Limit: 2}}}
	}
	want := Judge(base())
	if len(want.Digest) != 16 || len(want.Metrics[0].Digest) != 16 {
		t.Fatalf("digests %q and %q are not 16 hex digits", want.Digest, want.Metrics[0].Digest)
	}
	if again := Judge(base()); again.Digest != want.Digest {
		t.Error("the same request has two digests")
	}
	seen := map[string]int{want.Digest: -1}
	for i, change := range []func(r *Request){
		func(r *Request) { r.Metrics[0].Baseline[0] = math.Nextafter(1, 2) },
		func(r *Request) { r.Metrics[0].Canary[2] = math.Copysign(5, -1) },
		func(r *Request) { r.Metrics[0].Baseline = append(r.Metrics[0].Baseline, math.NaN()) },
		func(r *Request) { r.Metrics[0].Name = "n" },
		func(r *Request) { r.Metrics[0].Direction = Increase },
		func(r *Request) { r.Metrics[0].StepSeconds = 60 },
		func(r *Request) { r.Metrics[0].MinEffect = 1 },
		func(r *Request) { r.Metrics[0].Critical = true },
		func(r *Request) { r.Metrics[0].Err = "x" },
		func(r *Request) { r.Metrics[0].Doubts = []string{"x"} },
		func(r *Request) { r.Metrics[0].Exposure = 0.1 },
		func(r *Request) { r.Metrics[0].History.SameInstances = true },
		func(r *Request) { r.Metrics[0].History.Canary[0] = 3 },
		func(r *Request) { r.Metrics[0].History = nil },
		func(r *Request) { r.Metrics[0].Shards.Canary[0][1] = 7 },
		func(r *Request) { r.Metrics[0].Shards.CanaryNames[0] = "b" },
		func(r *Request) { r.Metrics[0].Shards = nil },
		func(r *Request) { r.Metrics[0].Distribution.Bounds[1] = 3 },
		func(r *Request) { r.Metrics[0].Distribution.Canary[0][2] = 7 },
		func(r *Request) { r.Metrics[0].Distribution.HistoryCanary[0][2] = 7 },
		func(r *Request) { r.Metrics[0].Distribution = nil },
		func(r *Request) { r.Policy.FalseFail = 0.02 },
		func(r *Request) { r.Policy.Exposure = 0.5 },
		func(r *Request) { r.Policy.Looks = 3 },
		func(r *Request) { r.Policy.PlannedSamples = 30 },
		func(r *Request) { r.Gates[0].Burn = 1.5 },
		func(r *Request) { r.Gates = nil },
		func(r *Request) { r.Metrics = append(r.Metrics, r.Metrics[0]) },
	} {
		req := base()
		change(&req)
		got := Judge(req).Digest
		if before, ok := seen[got]; ok {
			t.Errorf("change %d has the digest of change %d", i, before)
		}
		seen[got] = i
	}
}

// Whatever the bits of shards, histograms and gates, nothing panics, and nothing
// passes that has no sample.
func TestOddPartsDoNotPanic(t *testing.T) {
	odd := []float64{0, 1, -1, math.NaN(), math.Inf(1), math.Inf(-1), 1e308, -1e308, 5e-324, 3e-310, 1e-12, 7, 7.5}
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
		list := func(n int) []float64 {
			v := make([]float64, rng.IntN(n+1))
			for i := range v {
				v[i] = odd[rng.IntN(len(odd))]
				if rng.IntN(2) == 0 {
					v[i] = rng.Float64() * 10
				}
			}
			return v
		}
		lists := func(n, each int) [][]float64 {
			v := make([][]float64, rng.IntN(n+1))
			for i := range v {
				if rng.IntN(4) > 0 {
					v[i] = list(each)
				}
			}
			return v
		}
		bounds := list(4)
		slices.Sort(bounds)
		m := Metric{Name: "m", Kind: rapid.SampledFrom([]Kind{Gauge, Count, Ratio, Latency, Histogram, "?"}).Draw(t, "kind"),
			Direction: rapid.SampledFrom([]Direction{Increase, Decrease, Either, ""}).Draw(t, "direction"),
			Baseline:  list(70), Canary: list(70), MinEffect: odd[rng.IntN(len(odd))], StepSeconds: odd[rng.IntN(len(odd))], Exposure: odd[rng.IntN(len(odd))],
			Shards:       &Shards{Baseline: lists(5, 70), Canary: lists(5, 70), CanaryNames: []string{"one"}},
			Distribution: &Distribution{Bounds: bounds, Baseline: lists(40, 5), Canary: lists(40, 5), HistoryBaseline: lists(40, 5), HistoryCanary: lists(40, 5)},
			History:      &History{Baseline: list(400), Canary: list(400), SameInstances: rng.IntN(2) == 0}}
		if rng.IntN(2) == 0 { // Lengths that agree go further in.
			n := min(len(m.Baseline), len(m.Canary))
			m.Baseline, m.Canary = m.Baseline[:n], m.Canary[:n]
			n = min(len(m.History.Baseline), len(m.History.Canary))
			m.History.Baseline, m.History.Canary = m.History.Baseline[:n], m.History.Canary[:n]
		}
		req := Request{Metrics: []Metric{m}, Gates: []Gate{{Burn: odd[rng.IntN(len(odd))], Limit: odd[rng.IntN(len(odd))]}},
			Policy: Policy{Looks: rng.IntN(3), PlannedSamples: rng.IntN(100)}}
		for _, name := range Judges() {
			v, err := JudgeNamed(name, req)
			if err != nil {
				t.Fatal(err)
			}
			if len(v.Reasons) == 0 || name == "native" && v.Metrics[0].Verdict == "" {
				t.Fatalf("judge %s gives no reason", name)
			}
			if v.Metrics[0].Verdict == Pass && len(metric.Finite(m.Baseline)) == 0 && len(m.Baseline) > 0 {
				t.Fatalf("judge %s passes a baseline without samples", name)
			}
			if v.Text() == "" {
				t.Fatal("no text")
			}
		}
	})
}

// A named judge that reads shards does not pass a side that cannot be read as a
// whole (found by TestOddPartsDoNotPanic).
func TestShardsDoNotSpeakForAnUnreadableSide(t *testing.T) {
	nan := math.NaN()
	shards := [][]float64{{1, 1, 1}, {1.1, 1.1, 1.1}, {0.9, 0.9, 0.9}, {1, 1.1, 1}}
	for _, name := range []string{"mad", "dbscan", "hdbscan"} {
		for _, m := range []Metric{
			{Name: "m", Baseline: []float64{nan, nan}, Canary: []float64{1, 1}},
			{Name: "m", Baseline: []float64{1, 1}, Canary: []float64{nan, math.Inf(1)}},
		} {
			m.Shards = &Shards{Baseline: shards, Canary: shards}
			if v, err := JudgeNamed(name, Request{Metrics: []Metric{m}}); err != nil || v.Verdict != NoData {
				t.Errorf("judge %s: %s, %v", name, v.Verdict, err)
			}
		}
	}
}
