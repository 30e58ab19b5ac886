package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/bellwether-ts/bellwether/canary"
)

// Counts: few events, many, and events that come in lumps.

func counts(w io.Writer, n int) {
	every := make([]int, 60)
	for i := range every {
		every[i] = i + 1
	}
	fmt.Fprintf(w, "\n## Counts\n\nPoisson errors a minute on the baseline, multiplied on the canary, judged every minute for an hour, no history, %d canaries each; \"either\" leaves the direction open. Goals: 5 a minute times 5 in 2 minutes on average; 1 a minute times 2 in 85 %% of hours; no more than 1 %% fail at times 1.\n\n| a minute | times | fails | minutes | passes | either: fails | minutes | Kayenta at 60 |\n|---|---|---|---|---|---|---|---|\n", n)
	for _, c := range []struct{ rate, times float64 }{{5, 1}, {1, 1}, {0.2, 1}, {5, 5}, {5, 3}, {1, 2}, {0.2, 3}, {0.2, 5}, {0.05, 5}} {
		run := func(n int, d canary.Direction, at []int, j judge) tally {
			return replicate(n, func(i int) tally {
				m := countMetric(source(fmt.Sprint("counts", c), i), 60, c.rate, c.times)
				m.Direction = d
				return watchFails([]canary.Metric{m}, at, j)
			})
		}
		b, e := run(n, canary.Increase, every, native(canary.Policy{})), run(n, canary.Either, every, native(canary.Policy{}))
		k := run(n/4, canary.Increase, []int{60}, kayentaJudge)
		fmt.Fprintf(w, "| %v | %v | %s | %.1f | %s | %s | %.1f | %s |\n", c.rate, c.times, pct(b.failRate()), b.meanFail(), pct(b.passRate()), pct(e.failRate()), e.meanFail(), pct(k.failRate()))
	}
}

// wanderingCounts is the hard case for counts: each side's rate drifts by
// itself, so events are not independent and the sides truly differ for a while.
func wanderingCounts(w io.Writer, n int) {
	fmt.Fprintf(w, "\n### Counts whose rates wander\n\nHealthy canaries of 20 count metrics; each side's rate varies by 30 %% on its own with autocorrelation phi; judged at minutes 5 to 60, %d canaries each. No goal is set for the cold start here; without a history a rate that stays high for minutes is a difference.\n\n| a minute | phi | fails, history | fails, cold |\n|---|---|---|---|\n", n)
	for _, rate := range []float64{2, 20, 200} {
		for _, phi := range []float64{0, 0.8} {
			run := func(history bool) float64 {
				return replicate(n, func(i int) tally {
					rng := source(fmt.Sprint("wander", rate, phi, history), i)
					ms := make([]canary.Metric, 20)
					for k := range ms {
						ms[k] = process{phi: phi}.metric(rng, 60, 0, history)
						ms[k].Name, ms[k].Kind, ms[k].Direction = strconv.Itoa(k), canary.Count, canary.Increase
						countsOf(rng, rate, &ms[k])
					}
					return watchFails(ms, looks, native(canary.Policy{}))
				}).failRate()
			}
			fmt.Fprintf(w, "| %v | %v | %s | %s |\n", rate, phi, pct(run(true)), pct(run(false)))
		}
	}
}

// countsOf turns a metric's levels into Poisson counts around a rate that
// varies by 30 % with them.
func countsOf(rng *rand.Rand, rate float64, m *canary.Metric) {
	sides := [][]float64{m.Baseline, m.Canary}
	if m.History != nil {
		sides = append(sides, m.History.Baseline, m.History.Canary)
	}
	for _, side := range sides {
		for i, v := range side {
			side[i] = poisson(rng, rate*math.Exp(0.3*v))
		}
	}
}
