package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"

	"github.com/bellwether-ts/bellwether/canary"
)

// How often a healthy canary fails, as it is watched for an hour.

func falseFails(w io.Writer, n int) {
	fmt.Fprintf(w, "\n## A healthy canary fails\n\n50 metrics, judged at minutes 5, 10, ... 60 as the window grows; a FAIL at any look counts. Autoregressive series with coefficient phi, independent or with 80 %% of the variance common. %d canaries a setting for Bellwether with 24 h of history, %d without, %d for the peers. Goal: at most 1.3 %% with history, 2 %% without.\n\n", n, 4*n, max(10, n/3))
	fmt.Fprint(w, "| load | phi | Bellwether, history | Bellwether, cold |")
	for _, p := range peers {
		fmt.Fprintf(w, " %s |", p.name)
	}
	fmt.Fprint(w, "\n|---|---|---|---|---|---|---|\n")
	var warm, cold tally
	for _, shared := range []float64{0, 0.8} {
		for _, phi := range []float64{0, 0.3, 0.5, 0.8, 0.9} {
			p := process{phi, shared}
			run := func(n int, history bool, j judge) tally {
				key := fmt.Sprint("null", p, history)
				return replicate(n, func(i int) tally {
					return watchFails(canaryOf(p, source(key, i), 50, history), looks, j)
				})
			}
			h, c := run(n, true, native(canary.Policy{})), run(4*n, false, native(canary.Policy{}))
			warm.n, warm.fail, cold.n, cold.fail = warm.n+h.n, warm.fail+h.fail, cold.n+c.n, cold.fail+c.fail
			fmt.Fprintf(w, "| %s | %v | %s | %s |", load(shared), phi, pct(h.failRate()), pct(c.failRate()))
			for _, q := range peers {
				fmt.Fprintf(w, " %s |", pct(run(max(10, n/3), false, q.judge).failRate()))
			}
			fmt.Fprintln(w)
		}
	}
	fmt.Fprintf(w, "\nAll settings together: with history %d of %d canaries (%s, 95 %% interval up to %s), cold %d of %d (%s, up to %s).\n",
		warm.fail, warm.n, pct(warm.failRate()), pct(upper(warm.fail, warm.n)), cold.fail, cold.n, pct(cold.failRate()), pct(upper(cold.fail, cold.n)))
}

// canaryOf draws a canary of n metrics around level 10, so that a relative
// threshold means something.
func canaryOf(p process, rng *rand.Rand, n int, history bool) []canary.Metric {
	ms := make([]canary.Metric, n)
	for i := range ms {
		m := p.metric(rng, 60, 0, history)
		m.Name = strconv.Itoa(i)
		for _, side := range [][]float64{m.Baseline, m.Canary} {
			for j := range side {
				side[j] += 10
			}
		}
		if m.History != nil {
			for _, side := range [][]float64{m.History.Baseline, m.History.Canary} {
				for j := range side {
					side[j] += 10
				}
			}
		}
		ms[i] = m
	}
	return ms
}
