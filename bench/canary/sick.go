package main

import (
	"fmt"
	"io"

	"github.com/bellwether-ts/bellwether/canary"
)

// How often a sick canary fails and how soon, and how often a PASS hides one.

func power(w io.Writer, n int) {
	fmt.Fprintf(w, "\n## A sick canary fails\n\nOne metric, either direction, no margin given, shift in standard deviations, %d canaries each (peers %d). \"Fails\" is by minute 60, the minutes are the mean over those that fail; the last Bellwether column judges minute 60 alone. Goals: 0.5 sd, common load, phi 0: 97 %%; 1 sd, common load, phi 0.5: 97 %%, 30 minutes. The peers' figures come with the false alarms above.\n\n", n, n/4)
	fmt.Fprint(w, "| shift | load | phi | Bellwether, history | minutes | minute 60 alone | Bellwether, cold | minutes | Kayenta at 60 | Mann-Whitney at 60 |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, c := range []struct{ shift, shared, phi float64 }{
		{0.5, 0.8, 0}, {1, 0.8, 0.5}, {3, 0.8, 0.8}, {0.5, 0, 0}, {1, 0, 0}, {1, 0, 0.5}, {2, 0, 0.8}, {3, 0, 0.9},
	} {
		p := process{c.phi, c.shared}
		run := func(n int, history bool, at []int, j judge) tally {
			key := fmt.Sprint("power", c, history)
			return replicate(n, func(i int) tally {
				return watch([]canary.Metric{p.metric(source(key, i), 60, c.shift, history)}, at, j)
			})
		}
		end := []int{60}
		h, e, cold := run(n, true, looks, native(canary.Policy{})), run(n, true, end, native(canary.Policy{})), run(n, false, looks, native(canary.Policy{}))
		k, mw := run(n/4, false, end, kayentaJudge), run(n/4, false, end, plainMannWhitney)
		fmt.Fprintf(w, "| %v sd | %s | %v | %s | %.0f | %s | %s | %.0f | %s | %s |\n", c.shift, load(c.shared), c.phi,
			pct(h.failRate()), h.meanFail(), pct(e.failRate()), pct(cold.failRate()), cold.meanFail(), pct(k.failRate()), pct(mw.failRate()))
	}
}

func hiding(w io.Writer, n int) {
	fmt.Fprintf(w, "\n## A PASS hides a change\n\nOne metric, direction increase, margin as stated, judged at minutes 5 to 60 until decided, %d canaries each. \"Hides\" is the share that PASSes although the shift is exactly the margin; goal at most 5 %%. \"Passes\" is the share that PASSes without any shift: what the margin is worth in an hour.\n\n| margin | load | phi | hides, history | hides, cold | passes, history | passes, cold |\n|---|---|---|---|---|---|---|\n", n)
	for _, margin := range []float64{0.5, 1} {
		for _, shared := range []float64{0, 0.8} {
			for _, phi := range []float64{0, 0.5, 0.9} {
				p := process{phi, shared}
				run := func(shift float64, history bool) float64 {
					key := fmt.Sprint("hide", p, margin, shift, history)
					return replicate(n, func(i int) tally {
						m := p.metric(source(key, i), 60, shift, history)
						m.MinEffect, m.Direction = margin, canary.Increase
						return watch([]canary.Metric{m}, looks, native(canary.Policy{}))
					}).passRate()
				}
				fmt.Fprintf(w, "| %v sd | %s | %v | %s | %s | %s | %s |\n", margin, load(shared), phi,
					pct(run(margin, true)), pct(run(margin, false)), pct(run(0, true)), pct(run(0, false)))
			}
		}
	}
}
