package canary

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What must hold whatever the samples: verdicts do not depend on the unit, the
// zero point, the order of metrics or the names of the sides; a larger
// regression is never judged milder; nothing without data passes.

// drawMetric draws a plausible level metric: dependent noise, a shift, perhaps
// a history, perhaps gaps.
func drawMetric(t *rapid.T) Metric {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	n := rapid.IntRange(5, 90).Draw(t, "n")
	phi := rapid.SampledFrom([]float64{0, 0.4, 0.9}).Draw(t, "phi")
	series := func(n int) []float64 {
		v, at := make([]float64, n), rng.NormFloat64()
		for i := range v {
			at = phi*at + math.Sqrt(1-phi*phi)*rng.NormFloat64()
			v[i] = at
		}
		return v
	}
	m := Metric{
		Name: "m", Kind: Gauge, Baseline: series(n), Canary: series(n),
		Direction: rapid.SampledFrom([]Direction{Increase, Decrease, Either}).Draw(t, "direction"),
		MinEffect: rapid.SampledFrom([]float64{0, 0.3, 1.5}).Draw(t, "margin"),
	}
	if h := rapid.SampledFrom([]int{0, 100, 1000}).Draw(t, "history"); h > 0 {
		m.History = &History{Baseline: series(h), Canary: series(h), SameInstances: rapid.Bool().Draw(t, "same instances")}
	}
	if k := rapid.SampledFrom([]int{0, 0, 1, 5}).Draw(t, "shards"); k > 0 {
		m.Shards = &Shards{}
		for range k {
			m.Shards.Baseline, m.Shards.Canary = append(m.Shards.Baseline, series(n)), append(m.Shards.Canary, series(n))
		}
	}
	shift := rapid.SampledFrom([]float64{0, 0.5, 1, 4}).Draw(t, "shift")
	for i := range m.Canary {
		m.Canary[i] += shift
		if rapid.Bool().Draw(t, "gaps") && rng.IntN(30) == 0 {
			m.Canary[i] = math.NaN()
		}
	}
	return m
}

// mapSamples applies f to every sample of a copy of the metric.
func mapSamples(m Metric, f func(float64) float64) Metric {
	each := func(v []float64) []float64 {
		out := make([]float64, len(v))
		for i, x := range v {
			out[i] = f(x)
		}
		return out
	}
	m.Baseline, m.Canary = each(m.Baseline), each(m.Canary)
	if h := m.History; h != nil {
		m.History = &History{Baseline: each(h.Baseline), Canary: each(h.Canary), SameInstances: h.SameInstances}
	}
	if s := m.Shards; s != nil {
		m.Shards = &Shards{}
		for _, v := range s.Baseline {
			m.Shards.Baseline = append(m.Shards.Baseline, each(v))
		}
		for _, v := range s.Canary {
			m.Shards.Canary = append(m.Shards.Canary, each(v))
		}
	}
	return m
}

func one(m Metric) MetricVerdict { return Judge(Request{Metrics: []Metric{m}}).Metrics[0] }

func TestUnitDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMetric(t)
		factor := math.Pow(10, rapid.Float64Range(-12, 12).Draw(t, "log factor"))
		scaled := mapSamples(m, func(v float64) float64 { return v * factor })
		scaled.MinEffect *= factor
		a, b := one(m), one(scaled)
		if a.Verdict != b.Verdict {
			t.Fatalf("%s (%s) becomes %s (%s) in a unit %v as large", a.Verdict, a.Reason, b.Verdict, b.Reason, factor)
		}
		if math.Abs(b.Effect/factor-a.Effect) > 1e-9*math.Abs(a.Effect)+1e-12 {
			t.Fatalf("effect %v becomes %v", a.Effect, b.Effect/factor)
		}
	})
}

func TestUnitOfHistogramsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		slow := rapid.SampledFrom([]float64{0, 0.02}).Draw(t, "slow")
		d := &Distribution{Bounds: latencyBounds, Baseline: latencies(rng, 20, 30, 0, 0), Canary: latencies(rng, 20, 30, slow, 0)}
		m := Metric{Name: "m", Kind: Histogram, Direction: rapid.SampledFrom([]Direction{Increase, Decrease, Either}).Draw(t, "direction"), Distribution: d}
		scaled := *d
		factor := math.Pow(10, rapid.Float64Range(-12, 12).Draw(t, "log factor"))
		scaled.Bounds = nil
		for _, b := range d.Bounds {
			scaled.Bounds = append(scaled.Bounds, b*factor)
		}
		a := one(m)
		m.Distribution = &scaled
		if b := one(m); a.Verdict != b.Verdict || a.Channel != b.Channel {
			t.Fatalf("%s (%s) becomes %s (%s) in a unit %v as large", a.Verdict, a.Reason, b.Verdict, b.Reason, factor)
		}
	})
}

// More events on the canary, or the same rates for longer, never make a count
// less suspicious.
func TestCountsArePowerMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(5, 60).Draw(t, "n")
		rate := rapid.IntRange(0, 4).Draw(t, "rate")
		past := repeated(1440, float64(rate)) // Without one, large counts wait for the level test.
		m := Metric{Name: "m", Kind: Count, Direction: Increase, Baseline: repeated(n, float64(rate)), History: &History{Baseline: past, Canary: past}}
		last := 0.0
		for extra := range 8 {
			m.Canary = repeated(n, float64(rate+extra))
			a := assess(m, Policy{FalseFail: 0.01, FalsePass: 0.05, Exposure: 0.5}, false)
			if a.logFail > last+1e-9 {
				t.Fatalf("%d extra events a sample have log p %v, one less %v", extra, a.logFail, last)
			}
			last = a.logFail
			long := m
			long.Baseline, long.Canary = repeated(2*n, float64(rate)), repeated(2*n, float64(rate+extra))
			if b := assess(long, Policy{FalseFail: 0.01, FalsePass: 0.05, Exposure: 0.5}, false); extra > 0 && b.logFail > a.logFail+1e-9 {
				t.Fatalf("%d extra events a sample have log p %v in %d samples, %v in twice as many", extra, a.logFail, n, b.logFail)
			}
		}
	})
}

func TestZeroPointDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMetric(t)
		shift := rapid.Float64Range(-1000, 1000).Draw(t, "shift")
		a, b := one(m), one(mapSamples(m, func(v float64) float64 { return v + shift }))
		if a.Verdict != b.Verdict {
			t.Fatalf("%s (%s) becomes %s (%s) when everything moves by %v", a.Verdict, a.Reason, b.Verdict, b.Reason, shift)
		}
	})
}

func TestSidesAreAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMetric(t)
		s := m
		s.Baseline, s.Canary = m.Canary, m.Baseline
		if m.History != nil {
			s.History = &History{Baseline: m.History.Canary, Canary: m.History.Baseline, SameInstances: m.History.SameInstances}
		}
		if m.Shards != nil {
			s.Shards = &Shards{Baseline: m.Shards.Canary, Canary: m.Shards.Baseline}
		}
		switch m.Direction {
		case Increase:
			s.Direction = Decrease
		case Decrease:
			s.Direction = Increase
		}
		a, b := one(m), one(s)
		for _, v := range []MetricVerdict{a, b} {
			if v.Channel == chSpread || v.Channel == chMissingness || v.Channel == chShards || strings.Contains(v.Reason, "its level is equivalent") {
				t.Skip("more scatter, more silence and a single sick instance are worse on the canary only")
			}
		}
		if a.Verdict != b.Verdict || math.Abs(a.Effect+b.Effect) > 1e-12*math.Abs(a.Effect) {
			t.Fatalf("%s effect %v becomes %s effect %v with the sides swapped", a.Verdict, a.Effect, b.Verdict, b.Effect)
		}
	})
}

func TestOrderOfMetricsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "metrics")
		var ms []Metric
		for i := range n {
			m := drawMetric(t)
			m.Name = string(rune('a' + i))
			ms = append(ms, m)
		}
		reversed := slices.Clone(ms)
		slices.Reverse(reversed)
		a, b := Judge(Request{Metrics: ms}), Judge(Request{Metrics: reversed})
		if a.Verdict != b.Verdict {
			t.Fatalf("%s becomes %s with the metrics reversed", a.Verdict, b.Verdict)
		}
		for i := range a.Metrics {
			if x, y := a.Metrics[i], b.Metrics[n-1-i]; x.Verdict != y.Verdict || x.Reason != y.Reason {
				t.Fatalf("%s: %s becomes %s", x.Name, x.Reason, y.Reason)
			}
		}
	})
}

func TestLargerRegressionIsNeverJudgedMilder(t *testing.T) {
	severity := map[Outcome]int{Pass: 0, Inconclusive: 1, Fail: 2}
	rapid.Check(t, func(t *rapid.T) {
		m := drawMetric(t)
		m.Direction = Increase
		worst := -1
		var last MetricVerdict
		for step := range 12 {
			shifted := m
			shifted.Canary = slices.Clone(m.Canary)
			for i := range shifted.Canary {
				shifted.Canary[i] += 0.4 * float64(step)
			}
			v := one(shifted)
			if severity[v.Verdict] < worst {
				t.Fatalf("a shift of %.1f is %s (%s), the smaller one before it %s (%s)", 0.4*float64(step), v.Verdict, v.Reason, last.Verdict, last.Reason)
			}
			worst, last = severity[v.Verdict], v
		}
	})
}

func TestSilenceNeverPasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMetric(t)
		m.Kind = rapid.SampledFrom([]Kind{Gauge, Count, Ratio, Latency}).Draw(t, "kind")
		m.Shards = nil
		gone := []float64{math.NaN(), math.Inf(1), math.Inf(-1)}
		fill := rapid.SampledFrom(gone).Draw(t, "fill")
		silence := func(v []float64) []float64 {
			out := slices.Clone(v)
			for i := range out {
				out[i] = fill
			}
			return out
		}
		side := rapid.IntRange(0, 2).Draw(t, "side")
		if side != 1 {
			m.Canary = silence(m.Canary)
		}
		if side != 0 {
			m.Baseline = silence(m.Baseline)
		}
		for _, name := range Judges() {
			v, err := JudgeNamed(name, Request{Metrics: []Metric{m}})
			if err != nil {
				t.Fatal(err)
			}
			if v.Verdict != NoData {
				t.Fatalf("judge %s says %s of silence: %v", name, v.Verdict, v.Reasons)
			}
		}
	})
}

// Faults in the samples of a canary that would pass: none may leave it passing.
func TestFaultsNeverPass(t *testing.T) {
	healthy := func() Metric {
		rng := rand.New(rand.NewPCG(5, 6))
		m := Metric{Name: "m", MinEffect: 2, History: &History{}}
		draw := func(into *[]float64, n int) {
			for range n {
				*into = append(*into, 50+rng.NormFloat64())
			}
		}
		draw(&m.Baseline, 60)
		draw(&m.Canary, 60)
		draw(&m.History.Baseline, 1440)
		draw(&m.History.Canary, 1440)
		return m
	}
	if v := one(healthy()); v.Verdict != Pass {
		t.Fatalf("the healthy canary is %s: %s", v.Verdict, v.Reason)
	}
	f := func(name string, spoil func(m *Metric)) {
		t.Helper()
		m := healthy()
		spoil(&m)
		if v := one(m); v.Verdict == Pass {
			t.Errorf("%s: passes: %s", name, v.Reason)
		}
	}
	nan := math.NaN()
	f("canary went silent", func(m *Metric) {
		for i := 54; i < 60; i++ {
			m.Canary[i] = nan
		}
	})
	f("baseline gap", func(m *Metric) {
		for i := 20; i < 26; i++ {
			m.Baseline[i] = nan
		}
	})
	f("scattered loss", func(m *Metric) {
		for i := 0; i < 60; i += 5 {
			m.Canary[i] = nan
		}
	})
	f("late data", func(m *Metric) { m.Canary = m.Canary[:52] })
	f("infinite sample", func(m *Metric) { m.Canary[3] = math.Inf(1) })
	f("reset to zero", func(m *Metric) {
		for i := 30; i < 60; i++ {
			m.Canary[i] = 0
		}
	})
	f("negative counts", func(m *Metric) {
		m.Kind = Count
		m.History = nil
		for i := range m.Canary {
			m.Canary[i], m.Baseline[i] = 5, 5
		}
		m.Canary[10] = -300
	})
	f("one sample", func(m *Metric) { m.Canary, m.Baseline = m.Canary[:1], m.Baseline[:1] })
}

func TestReplayIsBitIdentical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		req := Request{Metrics: []Metric{drawMetric(t)}}
		a, b := Judge(req), Judge(req)
		if a.Text() != b.Text() {
			t.Fatal("two judgements of one request differ")
		}
	})
}
