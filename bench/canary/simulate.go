package main

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/bellwether-ts/bellwether/canary"
)

// The simulated metrics: two sides of a canary as autoregressive series of unit
// standard deviation, independent or carrying a common load, and counts.

// process says how a pair of series behaves.
type process struct {
	phi    float64 // First-order autocorrelation of every part.
	shared float64 // Share of the variance that is load common to both sides.
}

// series draws n samples of both sides.
func (p process) series(rng *rand.Rand, n int) (baseline, canary []float64) {
	baseline, canary = make([]float64, n), make([]float64, n)
	sd := math.Sqrt(1 - p.phi*p.phi)
	load, a, b := rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
	ws, wo := math.Sqrt(p.shared), math.Sqrt(1-p.shared)
	for i := range n {
		if i > 0 {
			load = p.phi*load + sd*rng.NormFloat64()
			a = p.phi*a + sd*rng.NormFloat64()
			b = p.phi*b + sd*rng.NormFloat64()
		}
		baseline[i] = ws*load + wo*a
		canary[i] = ws*load + wo*b
	}
	return baseline, canary
}

// historySamples is 24 hours of minutes.
const historySamples = 1440

// metric draws one metric of n samples with a shift of the canary, after a day
// of history if wanted.
func (p process) metric(rng *rand.Rand, n int, shift float64, history bool) canary.Metric {
	h := 0
	if history {
		h = historySamples
	}
	y, x := p.series(rng, h+n)
	m := canary.Metric{Name: "metric", Kind: canary.Gauge, StepSeconds: 60}
	if history {
		m.History = &canary.History{Baseline: y[:h:h], Canary: x[:h:h]}
	}
	m.Baseline, m.Canary = y[h:], x[h:]
	for i := range m.Canary {
		m.Canary[i] += shift
	}
	return m
}

// upTo is the metric as it stood after n samples, instances and histograms
// included.
func upTo(m canary.Metric, n int) canary.Metric {
	m.Baseline, m.Canary = m.Baseline[:n], m.Canary[:n]
	if d := m.Distribution; d != nil {
		cut := *d
		cut.Baseline, cut.Canary = d.Baseline[:n], d.Canary[:n]
		m.Distribution = &cut
	}
	if m.Shards != nil {
		m.Shards = &canary.Shards{Baseline: eachUpTo(m.Shards.Baseline, n), Canary: eachUpTo(m.Shards.Canary, n)}
	}
	return m
}

func eachUpTo(instances [][]float64, n int) [][]float64 {
	out := make([][]float64, len(instances))
	for i, v := range instances {
		out[i] = v[:n]
	}
	return out
}

// countMetric draws n samples of Poisson counts, the canary's rate multiplied.
func countMetric(rng *rand.Rand, n int, rate, times float64) canary.Metric {
	m := canary.Metric{Name: "errors", Kind: canary.Count, StepSeconds: 60, Direction: canary.Increase}
	for range n {
		m.Baseline = append(m.Baseline, poisson(rng, rate))
		m.Canary = append(m.Canary, poisson(rng, rate*times))
	}
	return m
}

// poisson draws by counting exponential gaps; large means by the normal.
func poisson(rng *rand.Rand, mean float64) float64 {
	if mean > 50 {
		return max(0, math.Round(mean+math.Sqrt(mean)*rng.NormFloat64()))
	}
	n := -1.0
	for t := 0.0; t < mean; n++ {
		t += rng.ExpFloat64()
	}
	return max(0, n)
}

// source is the random source of one replicate: the same figures on every run,
// and streams of neighbouring replicates that share nothing.
func source(config string, replicate int) *rand.Rand {
	return rand.New(rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", config, replicate))))
}
