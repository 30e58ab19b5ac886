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
	fmt.Fprintf(w, "\n## A healthy canary fails\n\n50 metrics, judged at minutes 5, 10, ... 60 as the window grows; a FAIL at any look counts. Autoregressive series with coefficient phi, independent or with 80 %% of the variance common. %d canaries a setting for Bellwether with 24 h of history (as often as one likes, or with twelve looks stated beforehand, as the service does), %d without, %d for the peers. Goal: at most 1.3 %% with history (upper end of the 95 %% interval), 2 %% without.\n\n", n, 2*n, max(10, n/5))
	fmt.Fprint(w, "| load | phi | Bellwether, history | upper | history, looks stated | Bellwether, cold | upper |")
	for _, p := range peers {
		fmt.Fprintf(w, " %s |", p.name)
	}
	fmt.Fprint(w, "\n|---|---|---|---|---|---|---|---|---|---|\n")
	var warm, stated, cold tally
	for _, shared := range []float64{0, 0.8} {
		for _, phi := range []float64{0, 0.3, 0.5, 0.8, 0.9} {
			p := process{phi, shared}
			run := func(n int, history bool, j judge) tally {
				key := fmt.Sprint("null", p, history)
				return replicate(n, func(i int) tally {
					return watchFails(canaryOf(p, source(key, i), 50, history), looks, j)
				})
			}
			h, l, c := run(n, true, native(canary.Policy{})), run(n/2, true, statedLooks), run(2*n, false, native(canary.Policy{}))
			warm.n, warm.fail, cold.n, cold.fail = warm.n+h.n, warm.fail+h.fail, cold.n+c.n, cold.fail+c.fail
			stated.n, stated.fail = stated.n+l.n, stated.fail+l.fail
			fmt.Fprintf(w, "| %s | %v | %s | %s | %s | %s | %s |", load(shared), phi, pct(h.failRate()), pct(upper(h.fail, h.n)), pct(l.failRate()), pct(c.failRate()), pct(upper(c.fail, c.n)))
			for _, q := range peers {
				fmt.Fprintf(w, " %s |", pct(run(max(10, n/5), false, q.judge).failRate()))
			}
			fmt.Fprintln(w)
		}
	}
	total := func(t tally) string {
		return fmt.Sprintf("%d of %d (%s, 95 %% interval up to %s)", t.fail, t.n, pct(t.failRate()), pct(upper(t.fail, t.n)))
	}
	fmt.Fprintf(w, "\nAll settings together: with history %s, with looks stated %s, cold %s.\n", total(warm), total(stated), total(cold))
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

// statedLooks judges as the service does: twelve looks of an hour, said beforehand.
func statedLooks(ms []canary.Metric) canary.Outcome {
	look := len(ms[0].Baseline) / (60 / len(looks))
	return native(canary.Policy{Looks: len(looks), Look: look, PlannedSamples: 60})(ms)
}
