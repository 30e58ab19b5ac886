package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
)

// The report: one section a question, the settings above the figures.

func report(w io.Writer, replicates int, corpus string) {
	fmt.Fprintf(w, "# Canary judges, measured\n\nWritten by `go run ./bench/canary -replicates %d`; %s, %s/%s. Every figure is from simulated or real metrics drawn with fixed seeds; one configuration (the default policy) for all.\n", replicates, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	falseFails(w, replicates)
	power(w, 10*replicates)
	counts(w, 10*replicates)
	wanderingCounts(w, replicates)
	hiding(w, 10*replicates)
	realTraces(w, corpus)
	speed(w)
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

func load(shared float64) string {
	if shared > 0 {
		return "80 % common"
	}
	return "independent"
}

func pct(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) + " %" }

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
		k, mw := run(n/4, false, end, kayenta), run(n/4, false, end, plainMannWhitney)
		fmt.Fprintf(w, "| %v sd | %s | %v | %s | %.0f | %s | %s | %.0f | %s | %s |\n", c.shift, load(c.shared), c.phi,
			pct(h.failRate()), h.meanFail(), pct(e.failRate()), pct(cold.failRate()), cold.meanFail(), pct(k.failRate()), pct(mw.failRate()))
	}
}

func counts(w io.Writer, n int) {
	every := make([]int, 60)
	for i := range every {
		every[i] = i + 1
	}
	fmt.Fprintf(w, "\n## Counts\n\nPoisson errors a minute on the baseline, multiplied on the canary, judged every minute for an hour, direction increase, no history, %d canaries each. Goals: 5 a minute times 5 in 2 minutes on average; 1 a minute times 2 in 85 %% of hours; no more than 1 %% fail at times 1.\n\n| a minute | times | fails | minutes | passes | Kayenta at 60 |\n|---|---|---|---|---|---|\n", n)
	for _, c := range []struct{ rate, times float64 }{{5, 1}, {1, 1}, {0.2, 1}, {5, 5}, {5, 3}, {1, 2}, {0.2, 3}, {0.2, 5}, {0.05, 5}} {
		run := func(n int, at []int, j judge) tally {
			return replicate(n, func(i int) tally {
				return watchFails([]canary.Metric{countMetric(source(fmt.Sprint("counts", c), i), 60, c.rate, c.times)}, at, j)
			})
		}
		b, k := run(n, every, native(canary.Policy{})), run(n/4, []int{60}, kayenta)
		fmt.Fprintf(w, "| %v | %v | %s | %.1f | %s | %s |\n", c.rate, c.times, pct(b.failRate()), b.meanFail(), pct(b.passRate()), pct(k.failRate()))
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

func realTraces(w io.Writer, corpus string) {
	fmt.Fprint(w, "\n## Real traces\n\n")
	if corpus == "" {
		fmt.Fprint(w, "Not run: set BELLWETHER_CORPUS to a folder with nab/ (github.com/numenta/NAB) and wsd/ (github.com/alumik/AnoTransfer-data).\n")
		return
	}
	fmt.Fprint(w, "Consecutive windows of 60 samples of one series as baseline and canary, 1,440 samples of the same comparison as history; windows that touch a labelled anomaly left out. One metric, one look. A FAIL is false as far as the labels go: series with daily waves and drifts do change from hour to hour. Goal: 2 % a metric.\n\n| series | windows | Bellwether, history | Bellwether, cold | Kayenta | Mann-Whitney 2 % | threshold 10 % |\n|---|---|---|---|---|---|---|\n")
	nab, err := loadNAB(corpus)
	if err != nil {
		fmt.Fprintf(w, "cannot read NAB: %v\n", err)
	}
	wsd, err := loadWSD(corpus, 40)
	if err != nil {
		fmt.Fprintf(w, "cannot read WSD: %v\n", err)
	}
	groups := map[string][]canary.Metric{}
	for _, tr := range append(nab, wsd...) {
		groups[tr.group] = append(groups[tr.group], tr.placebos()...)
	}
	var names []string
	for g := range groups {
		names = append(names, g)
	}
	slices.Sort(names)
	for _, g := range names {
		ms := groups[g]
		if len(ms) == 0 {
			fmt.Fprintf(w, "| %s | 0 | its series are too short | | | | |\n", g)
			continue
		}
		if over := len(ms)/2000 + 1; over > 1 {
			var kept []canary.Metric
			for i := 0; i < len(ms); i += over {
				kept = append(kept, ms[i])
			}
			ms = kept
		}
		run := func(history bool, j judge) string {
			return pct(replicate(len(ms), func(i int) tally {
				m := ms[i]
				if !history {
					m.History = nil
				}
				return watch([]canary.Metric{m}, []int{sideSamples}, j)
			}).failRate())
		}
		fmt.Fprintf(w, "| %s | %d | %s | %s | %s | %s | %s |\n", g, len(ms), run(true, native(canary.Policy{})), run(false, native(canary.Policy{})),
			run(false, kayenta), run(false, plainMannWhitney), run(false, threshold))
	}
}

// speed measures processor time, not the clock, so that a busy machine does not
// spoil the figure.
func speed(w io.Writer) {
	fmt.Fprint(w, "\n## Speed\n\nProcessor time of one thread for 1,000 metrics of 60 + 60 samples, trace included; the least of 10 runs. Goal: 40 ms.\n\n| judge | history | ms |\n|---|---|---|\n")
	procs := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(procs)
	for _, c := range []struct {
		name    string
		history bool
		judge   judge
	}{{"Bellwether", false, native(canary.Policy{})}, {"Bellwether", true, native(canary.Policy{})}, {"Kayenta", false, kayenta}, {"Mann-Whitney 2 %", false, plainMannWhitney}} {
		ms := canaryOf(process{0.3, 0.5}, source("speed", 0), 1000, c.history)
		best := math.Inf(1)
		for range 10 {
			runtime.GC()
			start := cpuTime()
			if c.name == "Mann-Whitney 2 %" {
				for _, m := range ms { // All of them: it stops at the first failure otherwise.
					c.judge([]canary.Metric{m})
				}
			} else {
				c.judge(ms)
			}
			best = min(best, (cpuTime()-start).Seconds()*1000)
		}
		fmt.Fprintf(w, "| %s | %v | %.0f |\n", c.name, map[bool]string{true: "24 h", false: "none"}[c.history], best)
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
