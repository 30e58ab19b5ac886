package canary

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// What each channel is for, by simulation with fixed seeds: a sick canary is
// seen, a healthy one is left alone. bench/canary has the figures at length.

// pair draws both sides of an autoregressive metric of unit variance, of which
// the share shared is load common to both.
func pair(rng *rand.Rand, n int, phi, shared float64) (y, x []float64) {
	y, x = make([]float64, n), make([]float64, n)
	sd := math.Sqrt(1 - phi*phi)
	l, a, b := rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
	for i := range n {
		l, a, b = phi*l+sd*rng.NormFloat64(), phi*a+sd*rng.NormFloat64(), phi*b+sd*rng.NormFloat64()
		y[i] = 10 + math.Sqrt(shared)*l + math.Sqrt(1-shared)*a
		x[i] = 10 + math.Sqrt(shared)*l + math.Sqrt(1-shared)*b
	}
	return y, x
}

func poissonOf(rng *rand.Rand, rate float64) float64 {
	if rate > 50 {
		return math.Max(0, math.Round(rate+math.Sqrt(rate)*rng.NormFloat64()))
	}
	n := -1.0
	for at := 0.0; at < rate; n++ {
		at += rng.ExpFloat64()
	}
	return math.Max(0, n)
}

// watched judges the metric as the window grows to n in steps of every and
// returns the first verdict that is not INCONCLUSIVE, or the last, with its length.
func watched(m Metric, every int, keep ...Outcome) (MetricVerdict, int) {
	n := len(m.Baseline)
	if m.Distribution != nil {
		n = len(m.Distribution.Baseline)
	}
	var v MetricVerdict
	for at := every; at <= n; at += every {
		v = one(until(m, at))
		if v.Verdict == Fail || slices.Contains(keep, v.Verdict) {
			return v, at
		}
	}
	return v, n
}

// until is the metric as it stood after n instants.
func until(m Metric, n int) Metric {
	cut := func(v [][]float64) [][]float64 {
		out := make([][]float64, len(v))
		for i := range v {
			out[i] = v[i][:n]
		}
		return out
	}
	if len(m.Baseline) > 0 {
		m.Baseline, m.Canary = m.Baseline[:n], m.Canary[:n]
	}
	if s := m.Shards; s != nil {
		m.Shards = &Shards{Baseline: cut(s.Baseline), Canary: cut(s.Canary), CanaryNames: s.CanaryNames}
	}
	if d := m.Distribution; d != nil {
		c := *d
		c.Baseline, c.Canary = d.Baseline[:n], d.Canary[:n]
		m.Distribution = &c
	}
	return m
}

// share is how often f says yes in n replicates.
func share(n int, f func(rng *rand.Rand) bool) float64 {
	k := 0
	for r := range n {
		if f(rand.New(rand.NewPCG(uint64(r), 11))) {
			k++
		}
	}
	return float64(k) / float64(n)
}

func wantAtLeast(t *testing.T, what string, got, want float64) {
	t.Helper()
	t.Logf("%s: %.3f", what, got)
	if got < want {
		t.Errorf("%s: %.3f, want at least %.3f", what, got, want)
	}
}

func wantAtMost(t *testing.T, what string, got, want float64) {
	t.Helper()
	t.Logf("%s: %.3f", what, got)
	if got > want {
		t.Errorf("%s: %.3f, want at most %.3f", what, got, want)
	}
}

func TestSpreadIsSeen(t *testing.T) {
	f := func(history int, times, shared float64) float64 {
		return share(60, func(rng *rand.Rand) bool {
			y, x := pair(rng, history+60, 0.3, shared)
			for i := history; i < len(x); i++ {
				x[i] = 10 + times*(x[i]-10)
			}
			m := Metric{Name: "m", Direction: Increase, Baseline: y[history:], Canary: x[history:]}
			if history > 0 {
				m.History = &History{Baseline: y[:history], Canary: x[:history], SameInstances: true}
			}
			v, _ := watched(m, 10)
			return v.Verdict == Fail && v.Channel == chSpread
		})
	}
	wantAtLeast(t, "three times the scatter, history", f(1440, 3, 0), 0.9)
	wantAtLeast(t, "three times the scatter, cold", f(0, 3, 0), 0.6)
	wantAtMost(t, "the same scatter, history", f(1440, 1, 0), 0.02)
	wantAtMost(t, "the same scatter, common load", f(1440, 1, 0.8), 0.02)
	wantAtMost(t, "the same scatter, cold", f(0, 1, 0), 0.02)
}

// Metrics of the kinds that look wild by chance: heavy tails, mostly zero.
func TestWildMetricsAreLeftAlone(t *testing.T) {
	for name, draw := range map[string]func(rng *rand.Rand) float64{
		"lognormal": func(rng *rand.Rand) float64 { return math.Exp(rng.NormFloat64()) },
		"nine tenths zero": func(rng *rand.Rand) float64 {
			if rng.IntN(10) > 0 {
				return 0
			}
			return rng.ExpFloat64()
		},
	} {
		wantAtMost(t, name+", twenty metrics, cold", share(20, func(rng *rand.Rand) bool {
			for range 20 {
				m := Metric{Name: "m", Baseline: make([]float64, 60), Canary: make([]float64, 60)}
				for i := range 60 {
					m.Baseline[i], m.Canary[i] = draw(rng), draw(rng)
				}
				for n := 10; n <= 60; n += 10 { // As strict as among twenty.
					if Judge(Request{Metrics: []Metric{until(m, n)}, Policy: Policy{FalseFail: 0.01 / 20}}).Verdict == Fail {
						return true
					}
				}
			}
			return false
		}), 0.1)
	}
}

// latencies draws histograms of n instants: lognormal latencies around 100 ms,
// of which the share slow takes ten times as long; level moves all of them.
func latencies(rng *rand.Rand, n int, perInstant, slow, level float64) [][]float64 {
	out := make([][]float64, n)
	for i := range out {
		counts := make([]float64, len(latencyBounds)+1)
		for range int(poissonOf(rng, perInstant)) {
			v := 0.1 * math.Exp(0.5*rng.NormFloat64()+level)
			if rng.Float64() < slow {
				v *= 10
			}
			b, _ := slices.BinarySearch(latencyBounds, v)
			counts[b]++
		}
		out[i] = counts
	}
	return out
}

var latencyBounds = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 10}

func TestTailIsSeen(t *testing.T) {
	f := func(history int, perInstant, slow, level float64) func(rng *rand.Rand) MetricVerdict {
		return func(rng *rand.Rand) MetricVerdict {
			d := &Distribution{Bounds: latencyBounds, Baseline: latencies(rng, 60, perInstant, 0, 0), Canary: latencies(rng, 60, perInstant, slow, level)}
			if history > 0 {
				d.HistoryBaseline, d.HistoryCanary = latencies(rng, history, perInstant, 0, 0), latencies(rng, history, perInstant, 0, 0)
			}
			v, _ := watched(Metric{Name: "m", Kind: Histogram, Direction: Increase, Distribution: d}, 15)
			return v
		}
	}
	fails := func(g func(rng *rand.Rand) MetricVerdict, channel string) func(rng *rand.Rand) bool {
		return func(rng *rand.Rand) bool {
			v := g(rng)
			return v.Verdict == Fail && (channel == "" || v.Channel == channel)
		}
	}
	wantAtLeast(t, "0.5 % slow, history", share(25, fails(f(300, 200, 0.005, 0), "")), 0.95)
	wantAtLeast(t, "0.5 % slow, cold", share(40, fails(f(0, 200, 0.005, 0), chTail)), 0.95)
	wantAtLeast(t, "all a quarter slower, cold", share(40, fails(f(0, 200, 0, 0.22), "")), 0.95)
	wantAtMost(t, "alike, cold", share(80, fails(f(0, 50, 0, 0), "")), 0.02)
	wantAtMost(t, "alike, history", share(30, fails(f(300, 50, 0, 0), "")), 0.02)
}

func TestShapeIsSeenWhereTheMeanIsNot(t *testing.T) {
	bounds := []float64{1, 2, 3, 4, 5}
	side := func(rng *rand.Rand, shares ...float64) [][]float64 {
		out := make([][]float64, 60)
		for i := range out {
			for _, p := range shares {
				out[i] = append(out[i], poissonOf(rng, 100*p))
			}
		}
		return out
	}
	got := share(40, func(rng *rand.Rand) bool {
		d := &Distribution{Bounds: bounds, Baseline: side(rng, 0, 0.1, 0.8, 0.1, 0, 0), Canary: side(rng, 0, 0.4, 0.2, 0.4, 0, 0)}
		v, _ := watched(Metric{Name: "m", Kind: Histogram, Direction: Either, MinEffect: 0.2, Distribution: d}, 15)
		return v.Verdict == Fail && v.Channel == chTail
	})
	wantAtLeast(t, "one hump becomes two", got, 0.95)
}

// hosts draws a metric by instance: every host has a level of its own with
// standard deviation apart, beside noise of unit variance and common load.
func hosts(rng *rand.Rand, baseline, canary, n int, apart float64) Metric {
	m := Metric{Name: "m", Direction: Increase, Shards: &Shards{}}
	load, _ := pair(rng, n, 0.5, 0)
	group := func(k int) (series [][]float64, mean []float64) {
		mean = make([]float64, n)
		for range k {
			own, _ := pair(rng, n, 0.3, 0)
			level := apart * rng.NormFloat64()
			for i := range own {
				own[i] += level + 2*load[i]
				mean[i] += own[i] / float64(k)
			}
			series = append(series, own)
		}
		return series, mean
	}
	m.Shards.Baseline, m.Baseline = group(baseline)
	m.Shards.Canary, m.Canary = group(canary)
	return m
}

func TestSlowHostIsNoSlowVersion(t *testing.T) {
	fails := func(m Metric) bool {
		v, _ := watched(m, 15)
		return v.Verdict == Fail
	}
	for _, c := range []struct{ b, c int }{{3, 1}, {8, 2}, {20, 1}} {
		with := share(150, func(rng *rand.Rand) bool { return fails(hosts(rng, c.b, c.c, 60, 2)) })
		t.Logf("%d and %d hosts", c.b, c.c)
		wantAtMost(t, "hosts that differ", with, 0.02)
	}
	blind := share(80, func(rng *rand.Rand) bool {
		m := hosts(rng, 8, 2, 60, 2)
		m.Shards = nil
		return fails(m)
	})
	wantAtLeast(t, "the same without instances, which nothing can tell apart", blind, 0.2)
	worse := func(by float64) func(rng *rand.Rand) bool {
		return func(rng *rand.Rand) bool {
			m := hosts(rng, 8, 2, 60, 0.2)
			for i := range m.Canary {
				m.Canary[i] += by
				for _, s := range m.Shards.Canary {
					s[i] += by
				}
			}
			return fails(m)
		}
	}
	wantAtLeast(t, "a version that is slower by more than hosts differ", share(60, worse(3)), 0.9)
}

func TestSickInstanceIsSeen(t *testing.T) {
	sick := func(by float64) func(rng *rand.Rand) bool {
		return func(rng *rand.Rand) bool {
			m := hosts(rng, 20, 10, 60, 0.2)
			for i := range m.Canary {
				m.Shards.Canary[3][i] += by
				m.Canary[i] += by / 10
			}
			m.Shards.CanaryNames = strings.Split("a b c sick e f g h i j", " ")
			m.MinEffect = 1
			v, _ := watched(m, 15)
			return v.Verdict == Fail && v.Channel == chShards && strings.Contains(v.Reason, "instance sick lies")
		}
	}
	wantAtLeast(t, "one of ten", share(40, sick(4)), 0.9)
	wantAtMost(t, "none of ten", share(60, sick(0)), 0.02)
}

func TestStandInsAreNotTakenOff(t *testing.T) {
	// The stand-ins ran 3 above the baseline; the canary does not.
	f := func(same bool) MetricVerdict {
		rng := rand.New(rand.NewPCG(2, 3))
		y, x := pair(rng, 1500, 0.3, 0.8)
		for i := range 1440 {
			x[i] += 3
		}
		return one(Metric{Name: "m", MinEffect: 1, Baseline: y[1440:], Canary: x[1440:],
			History: &History{Baseline: y[:1440], Canary: x[:1440], SameInstances: same}})
	}
	if v := f(true); v.Verdict != Fail || math.Abs(v.Effect+3) > 0.5 {
		t.Errorf("the same instances fell by 3: %s, effect %v: %s", v.Verdict, v.Effect, v.Reason)
	}
	if v := f(false); v.Verdict == Fail || math.Abs(v.Effect) > 0.5 {
		t.Errorf("a canary like its baseline is blamed for its stand-ins: %s, effect %v: %s", v.Verdict, v.Effect, v.Reason)
	}
}

func TestSilencesAreSeen(t *testing.T) {
	nan := math.NaN()
	f := func(history int, gone, other float64, kind Kind) MetricVerdict {
		rng := rand.New(rand.NewPCG(4, 5))
		y, x := pair(rng, history+120, 0, 0)
		for i := history; i < len(x); i++ {
			if rng.Float64() < gone {
				x[i] = nan
			}
			if rng.Float64() < other {
				y[i] = nan
			}
		}
		m := Metric{Name: "m", Kind: kind, Baseline: y[history:], Canary: x[history:]}
		if history > 0 {
			m.History = &History{Baseline: y[:history], Canary: x[:history]}
		}
		return one(m)
	}
	for _, c := range []struct {
		name        string
		history     int
		gone, other float64
		kind        Kind
		want        Outcome
	}{
		{"every tenth sample, a quiet past", 1440, 0.1, 0, Gauge, Fail},
		{"every third sample, no past", 0, 0.33, 0, Gauge, Fail},
		{"both sides alike", 0, 0.33, 0.33, Gauge, Inconclusive},
		{"a latency without requests", 0, 0.33, 0, Latency, Inconclusive},
		{"nothing", 1440, 0, 0, Gauge, Pass},
	} {
		v := f(c.history, c.gone, c.other, c.kind)
		if v.Verdict != c.want && !(c.want == Pass && v.Verdict == Inconclusive) || c.want == Fail && v.Channel != chMissingness {
			t.Errorf("%s: %s by %s, want %s: %s", c.name, v.Verdict, v.Channel, c.want, v.Reason)
		}
	}
}
