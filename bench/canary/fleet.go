package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/bellwether-ts/bellwether/canary"
)

// Fleets: both sides are several instances, and an instance may simply be
// slower than another, whatever version it runs. One pair of series cannot tell
// that from a bad version; instances of the baseline can.

// fleet says how many instances there are and how they differ.
type fleet struct {
	baseline, canary int
	spread           float64 // Standard deviation of an instance's own level, in that of its samples.
	process          process // Of one instance; the common load is the service's.
}

// metric draws one metric of the fleet. The canary's instances are new: its
// history is that of as many instances of the baseline against the others, as
// the service reads it. sick of the canary's instances are shifted.
func (f fleet) metric(rng *rand.Rand, n int, shift float64, sick int) canary.Metric {
	load := process{phi: f.process.phi, shared: 1}
	common, _ := load.series(rng, historySamples+n)
	instance := func() []float64 {
		own, _ := process{phi: f.process.phi}.series(rng, historySamples+n)
		level := 10 + f.spread*rng.NormFloat64()
		ws, wo := math.Sqrt(f.process.shared), math.Sqrt(1-f.process.shared)
		for i := range own {
			own[i] = level + ws*common[i] + wo*own[i]
		}
		return own
	}
	var base, side [][]float64
	for range f.baseline {
		base = append(base, instance())
	}
	for i := range f.canary {
		s := instance()
		if i < sick {
			for j := historySamples; j < len(s); j++ {
				s[j] += shift
			}
		}
		side = append(side, s[historySamples:])
	}
	rng.Shuffle(len(base), func(i, j int) { base[i], base[j] = base[j], base[i] })
	stand := min(f.canary, f.baseline/2)
	m := canary.Metric{Kind: canary.Latency, Direction: canary.Increase, StepSeconds: 60,
		History: &canary.History{Baseline: mean(base[stand:], 0, historySamples), Canary: mean(base[:stand], 0, historySamples)},
		Shards:  &canary.Shards{Canary: side},
	}
	m.Baseline, m.Canary = mean(base, historySamples, historySamples+n), mean(side, 0, n)
	for _, b := range base {
		m.Shards.Baseline = append(m.Shards.Baseline, b[historySamples:])
	}
	return m
}

// mean is the mean over instances of samples from to to.
func mean(instances [][]float64, from, to int) []float64 {
	out := make([]float64, to-from)
	for _, s := range instances {
		for i := range out {
			out[i] += s[from+i] / float64(len(instances))
		}
	}
	return out
}

func heterogeneity(w io.Writer, n int) {
	fmt.Fprintf(w, "\n## Some hosts are simply slower\n\nThe same version on both sides, but every instance has a level of its own, spread as stated in standard deviations of its samples; 80 %% of their variance is the service's load, phi 0.5. 20 metrics (latency, increase), judged at minutes 5 to 60; the canary's instances are new, so its history is that of baseline instances standing in for them. %d canaries a setting, peers %d. \"One sick\" is the share of canaries of one metric that fail when one instance of the canary is worse by eight spreads (or standard deviations, whichever is more). Goal: at most 2 %% of healthy ones.\n\n| instances | canary's | spread | Bellwether | upper 95 %% | Kayenta | Mann-Whitney 2 %% | one sick fails | all sick fail |\n|---|---|---|---|---|---|---|---|---|\n", n, max(10, n/15))
	var healthy tally
	for _, f := range []fleet{{8, 2, 0, process{0.5, 0.8}}, {8, 2, 1, process{0.5, 0.8}}, {8, 2, 3, process{0.5, 0.8}}, {8, 1, 1, process{0.5, 0.8}}, {4, 1, 1, process{0.5, 0.8}}, {20, 5, 1, process{0.5, 0.8}}} {
		key := fmt.Sprint("fleet", f)
		draw := func(i, metrics int, shift float64, sick int) []canary.Metric {
			rng := source(key+fmt.Sprint(shift, sick), i)
			ms := make([]canary.Metric, metrics)
			for k := range ms {
				ms[k] = f.metric(rng, 60, shift, sick)
				ms[k].Name = strconv.Itoa(k)
			}
			return ms
		}
		bad := 8 * max(1, f.spread)
		b := replicate(n, func(i int) tally { return watchFails(draw(i, 20, 0, 0), looks, native(canary.Policy{})) })
		healthy.n, healthy.fail = healthy.n+b.n, healthy.fail+b.fail
		peer := func(j judge) string { // They fail nearly all: few are enough.
			return pct(replicate(max(10, n/15), func(i int) tally { return watchFails(draw(i, 20, 0, 0), looks, j) }).failRate())
		}
		one := replicate(n, func(i int) tally { return watchFails(draw(i, 1, bad, 1), looks, native(canary.Policy{})) })
		all := replicate(n, func(i int) tally { return watchFails(draw(i, 1, bad, f.canary), looks, native(canary.Policy{})) })
		fmt.Fprintf(w, "| %d | %d | %v | %s | %s | %s | %s | %s | %s |\n", f.baseline, f.canary, f.spread, pct(b.failRate()), pct(upper(b.fail, b.n)),
			peer(kayentaJudge), peer(plainMannWhitney), pct(one.failRate()), pct(all.failRate()))
	}
	fmt.Fprintf(w, "\nAll settings together: %d of %d healthy canaries failed (%s, 95 %% interval up to %s).\n", healthy.fail, healthy.n, pct(healthy.failRate()), pct(upper(healthy.fail, healthy.n)))
}
