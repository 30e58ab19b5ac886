package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/canary"
)

// What must not change a verdict: the unit, the zero point, the order of the
// metrics, which side is called which. And what must never be a PASS.

// canaries of every kind, healthy and sick, for the checks below.
func assorted(i int) []canary.Metric {
	rng := source("assorted", i)
	shift := []float64{0, 0.5, 1, 3}[i%4]
	a := process{0.3, 0.5}.metric(rng, 60, shift, i%2 == 0)
	b := process{0.8, 0.8}.metric(rng, 60, 0, i%3 == 0)
	a.Name, b.Name = "a", "b"
	a.Direction = []canary.Direction{canary.Increase, canary.Decrease, canary.Either}[i%3]
	b.Direction = canary.Increase
	return []canary.Metric{a, b}
}

// eachSample returns the metrics with every sample mapped.
func eachSample(ms []canary.Metric, f func(float64) float64) []canary.Metric {
	out := slices.Clone(ms)
	apply := func(v []float64) []float64 {
		v = slices.Clone(v)
		for i := range v {
			v[i] = f(v[i])
		}
		return v
	}
	for i, m := range out {
		out[i].Baseline, out[i].Canary = apply(m.Baseline), apply(m.Canary)
		if m.History != nil {
			out[i].History = &canary.History{Baseline: apply(m.History.Baseline), Canary: apply(m.History.Canary), SameInstances: m.History.SameInstances}
		}
	}
	return out
}

func invariance(w io.Writer, n int) {
	fmt.Fprintf(w, "\n## What must not change a verdict\n\n%d canaries of two metrics, healthy and sick, with and without history; the share whose verdicts, metric by metric, are the same after the change. Goal: all. Kayenta's judge in the same run.\n\n| change | Bellwether | Kayenta |\n|---|---|---|\n", n)
	swap := map[canary.Direction]canary.Direction{canary.Increase: canary.Decrease, canary.Decrease: canary.Increase, canary.Either: canary.Either}
	type change struct {
		name string
		do   func([]canary.Metric) []canary.Metric
	}
	var changes []change
	for _, k := range []float64{1e-12, 1e-6, 1e-3, 1e3, 1e12} {
		changes = append(changes, change{fmt.Sprintf("unit times %g", k), func(ms []canary.Metric) []canary.Metric {
			return eachSample(ms, func(v float64) float64 { return v * k })
		}})
	}
	changes = append(changes,
		change{"zero point plus 1000", func(ms []canary.Metric) []canary.Metric {
			return eachSample(ms, func(v float64) float64 { return v + 1000 })
		}},
		change{"order of the metrics", func(ms []canary.Metric) []canary.Metric {
			out := slices.Clone(ms)
			slices.Reverse(out)
			return out
		}},
		change{"sides swapped, directions turned", func(ms []canary.Metric) []canary.Metric {
			out := slices.Clone(ms)
			for i, m := range out {
				out[i].Baseline, out[i].Canary, out[i].Direction = m.Canary, m.Baseline, swap[m.Direction]
				if m.History != nil {
					out[i].History = &canary.History{Baseline: m.History.Canary, Canary: m.History.Baseline, SameInstances: m.History.SameInstances}
				}
			}
			return out
		}})
	for _, c := range changes {
		same, alike := 0, 0
		for i := range n {
			ms := assorted(i)
			changed := c.do(ms)
			if slices.Equal(outcomes(ms), outcomes(changed)) {
				same++
			}
			if kayentaJudge(ms) == kayentaJudge(changed) {
				alike++
			}
		}
		fmt.Fprintf(w, "| %s | %s | %s |\n", c.name, pct(float64(same)/float64(n)), pct(float64(alike)/float64(n)))
	}
}

// outcomes are the verdicts by metric name.
func outcomes(ms []canary.Metric) []string {
	v := canary.Judge(canary.Request{Metrics: ms})
	out := []string{string(v.Verdict)}
	for _, m := range v.Metrics {
		out = append(out, m.Name+" "+string(m.Verdict))
	}
	slices.Sort(out)
	return out
}

func silence(w io.Writer) {
	fmt.Fprint(w, "\n## What must never pass\n\nA healthy hour of one metric with something wrong about the samples. Kayenta at its defaults.\n\n| samples | Bellwether | why | Kayenta |\n|---|---|---|---|\n")
	nan := math.NaN()
	healthy := func() canary.Metric {
		return canaryOf(process{0.3, 0.5}, source("silence", 0), 1, true)[0]
	}
	hole := func(v []float64, from, to int) {
		for i := from; i < to; i++ {
			v[i] = nan
		}
	}
	for _, c := range []struct {
		name string
		do   func(m *canary.Metric)
	}{
		{"none on either side", func(m *canary.Metric) { m.Baseline, m.Canary = nil, nil }},
		{"none on the canary", func(m *canary.Metric) { m.Canary = nil }},
		{"none on the baseline", func(m *canary.Metric) { m.Baseline = nil }},
		{"all NaN on the canary", func(m *canary.Metric) { hole(m.Canary, 0, 60) }},
		{"the canary's last 20 minutes missing", func(m *canary.Metric) { hole(m.Canary, 40, 60) }},
		{"every third of the canary's missing", func(m *canary.Metric) {
			for i := 0; i < 60; i += 3 {
				m.Canary[i] = nan
			}
		}},
		{"the canary late: 15 of 60", func(m *canary.Metric) { m.Canary = m.Canary[:15] }},
		{"infinite", func(m *canary.Metric) { m.Canary[10] = math.Inf(1) }},
		{"counts that turn negative (a reset)", func(m *canary.Metric) {
			m.Kind = canary.Count
			for i := range 60 {
				m.Baseline[i], m.Canary[i] = 5, 5
			}
			m.Canary[30], m.History = -200, nil
		}},
		{"one sample a side", func(m *canary.Metric) { m.Baseline, m.Canary = m.Baseline[:1], m.Canary[:1] }},
		{"it could not be read", func(m *canary.Metric) { m.Err = "query timed out" }},
	} {
		m := healthy()
		m.Name = "m"
		c.do(&m)
		v := canary.Judge(canary.Request{Metrics: []canary.Metric{m}})
		said := "passes"
		switch {
		case m.Err != "":
			said = "an error, which its score does not count"
		case len(m.Canary) == 0 || len(m.Baseline) == 0 || math.IsNaN(slices.Max(m.Canary)) && longestRun(m.Canary) == len(m.Canary):
			said = "no data; passes with nanStrategy replace"
		case kayentaJudge([]canary.Metric{m}) == canary.Fail:
			said = "fails"
		}
		reason := ""
		if len(v.Metrics) > 0 {
			reason = v.Metrics[0].Reason
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", c.name, v.Verdict, reason, said)
	}
}

// longestRun is the longest stretch of missing samples.
func longestRun(v []float64) (best int) {
	run := 0
	for _, x := range v {
		if run++; !math.IsNaN(x) {
			run = 0
		}
		best = max(best, run)
	}
	return best
}
