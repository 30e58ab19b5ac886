package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/bellwether-ts/bellwether/canary"
)

// Changes that leave the mean where it is, or nearly: a wider spread, a tail, a
// second mode, samples that stop coming.

// bounds are the buckets of the simulated latencies, seconds: factors of 1.41.
var bounds = func() (out []float64) {
	for b := 0.005; b < 60; b *= math.Sqrt2 {
		out = append(out, b)
	}
	return out
}()

// latencies draws the requests of one minute into buckets; slow is the share of
// requests that take factor times as long.
func latencies(rng *rand.Rand, requests, slow, factor float64) []float64 {
	counts := make([]float64, len(bounds)+1)
	for range int(poisson(rng, requests)) {
		v := 0.1 * math.Exp(0.5*rng.NormFloat64())
		if rng.Float64() < slow {
			v *= factor
		}
		i, _ := slices.BinarySearch(bounds, v)
		counts[i]++
	}
	return counts
}

// distributions draws a histogram metric; Baseline and Canary hold the means.
func distributions(rng *rand.Rand, n int, requests, slow, factor float64, history bool) canary.Metric {
	d := &canary.Distribution{Bounds: bounds}
	m := canary.Metric{Name: "latency", Kind: canary.Histogram, Direction: canary.Increase, StepSeconds: 60, Distribution: d}
	if history {
		m.History = &canary.History{}
		for range historySamples {
			b, c := latencies(rng, requests, 0, 1), latencies(rng, requests, 0, 1)
			d.HistoryBaseline, d.HistoryCanary = append(d.HistoryBaseline, b), append(d.HistoryCanary, c)
			m.History.Baseline, m.History.Canary = append(m.History.Baseline, level(b)), append(m.History.Canary, level(c))
		}
	}
	for range n {
		b, c := latencies(rng, requests, 0, 1), latencies(rng, requests, slow, factor)
		d.Baseline, d.Canary = append(d.Baseline, b), append(d.Canary, c)
		m.Baseline, m.Canary = append(m.Baseline, level(b)), append(m.Canary, level(c))
	}
	return m
}

// level is the mean of a histogram, buckets taken at their geometric middle.
func level(counts []float64) float64 {
	sum, n := 0.0, 0.0
	for i, c := range counts {
		v := bounds[min(i, len(bounds)-1)] / math.Pow(2, 0.25)
		sum += v * c
		n += c
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / n
}

// quantile reads a quantile off every histogram of a side, as a p99 series does.
func quantile(side [][]float64, q float64) []float64 {
	out := make([]float64, len(side))
	for i, counts := range side {
		all, sum := 0.0, 0.0
		for _, c := range counts {
			all += c
		}
		out[i] = math.NaN()
		for k, c := range counts {
			if sum += c; sum >= q*all && all > 0 {
				out[i] = bounds[min(k, len(bounds)-1)]
				break
			}
		}
	}
	return out
}

func tails(w io.Writer, n int) {
	fmt.Fprintf(w, "\n## A tail, or a second mode\n\nOne latency histogram a side, log-normal around 100 ms; a share of the canary's requests takes longer by a factor. Judged at minutes 5 to 60, direction increase, %d canaries each; the peers at minute 60 on the mean and on the p99 of each minute. The line with factor 1 is healthy: 20 such metrics at once.\n\n| requests a minute | slow | factor | Bellwether, history | minutes | Bellwether, cold | Kayenta, means | Kayenta, p99 | threshold 10 %%, means |\n|---|---|---|---|---|---|---|---|---|\n", n)
	for _, c := range []struct{ requests, slow, factor float64 }{{200, 0, 1}, {200, 0.005, 10}, {200, 0.02, 3}, {50, 0.02, 10}, {200, 0.1, 2}, {1000, 0.005, 3}} {
		metrics, at := 1, looks
		if c.factor == 1 {
			metrics = 20
		}
		draw := func(i int, history bool) []canary.Metric {
			rng := source(fmt.Sprint("tail", c, history), i)
			ms := make([]canary.Metric, metrics)
			for k := range ms {
				ms[k] = distributions(rng, 60, c.requests, c.slow, c.factor, history)
				ms[k].Name = strconv.Itoa(k)
			}
			return ms
		}
		runs := n
		if metrics > 1 {
			runs = n / 5
		}
		h := replicate(runs/2, func(i int) tally { return watchFails(draw(i, true), at, native(canary.Policy{})) })
		cold := replicate(runs, func(i int) tally { return watchFails(draw(i, false), at, native(canary.Policy{})) })
		peer := func(j judge, p99 bool) string {
			return pct(replicate(max(10, runs/4), func(i int) tally {
				ms := draw(i, false)
				for k := range ms {
					if p99 {
						ms[k].Baseline, ms[k].Canary = quantile(ms[k].Distribution.Baseline, 0.99), quantile(ms[k].Distribution.Canary, 0.99)
					}
				}
				return watch(ms, []int{60}, j)
			}).failRate())
		}
		fmt.Fprintf(w, "| %v | %s | %v | %s | %.0f | %s | %s | %s | %s |\n", c.requests, pct(c.slow), c.factor,
			pct(h.failRate()), h.meanFail(), pct(cold.failRate()), peer(kayentaJudge, false), peer(kayentaJudge, true), peer(threshold, false))
	}
}

func spreads(w io.Writer, n int) {
	fmt.Fprintf(w, "\n## The same mean, a wider spread; samples that stop\n\nOne gauge, direction increase, independent sides; the canary's samples swing wider by the factor around the same level, or a share of them is missing. Judged at minutes 5 to 60, %d canaries each. \"Passes\" must be rare where something is wrong.\n\n| change | phi | fails, history | minutes | passes, history | fails, cold | passes, cold | Kayenta at 60 |\n|---|---|---|---|---|---|---|---|\n", n)
	for _, c := range []struct {
		name          string
		phi           float64
		factor, holes float64
	}{{"none", 0, 1, 0}, {"none", 0.5, 1, 0}, {"twice as wide", 0, 2, 0}, {"twice as wide", 0.5, 2, 0}, {"three times as wide", 0, 3, 0}, {"three times as wide", 0.5, 3, 0}, {"10 % missing", 0.5, 1, 0.1}, {"30 % missing", 0.5, 1, 0.3}, {"60 % missing", 0.5, 1, 0.6}} {
		draw := func(i int, history bool) []canary.Metric {
			rng := source(fmt.Sprint("spread", c, history), i)
			m := process{phi: c.phi}.metric(rng, 60, 0, history)
			m.Direction = canary.Increase
			for k := range m.Canary {
				m.Canary[k] *= c.factor
				if rng.Float64() < c.holes {
					m.Canary[k] = math.NaN()
				}
			}
			return []canary.Metric{m}
		}
		run := func(history bool, at []int, j judge) tally {
			return replicate(n, func(i int) tally { return watch(draw(i, history), at, j) })
		}
		h, cold, k := run(true, looks, native(canary.Policy{})), run(false, looks, native(canary.Policy{})), run(false, []int{60}, kayentaJudge)
		fmt.Fprintf(w, "| %s | %v | %s | %.0f | %s | %s | %s | %s |\n", c.name, c.phi, pct(h.failRate()), h.meanFail(), pct(h.passRate()), pct(cold.failRate()), pct(cold.passRate()), pct(k.failRate()))
	}
}
