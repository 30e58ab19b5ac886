package main

// The generated mix of series that the search is timed on: what a fleet's
// windows look like, with twenty incidents planted in it. Fixed seed.

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/bellwether-ts/bellwether/correlate"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
)

const (
	mixPoints = 240
	mixStep   = 15_000
	mixStart  = 1_700_000_010_000 / mixStep * mixStep
)

// mixShares are in percent; they sum to 100.
var mixShares = []struct {
	kind  string
	share int
}{{"noise", 20}, {"season", 22}, {"AR(1)", 13}, {"random walk", 13}, {"step", 10}, {"burst", 10}, {"sawtooth", 8}, {"levels", 4}}

// generate draws one series of a kind.
func generate(r *rand.Rand, kind string) []float64 {
	v := make([]float64, mixPoints)
	level, at, period := 0.0, r.IntN(mixPoints-40)+20, 10+r.IntN(30)
	phase := r.IntN(period)
	for i := range v {
		e := r.NormFloat64()
		switch kind {
		case "noise":
			v[i] = e
		case "season": // Shared phase: a fleet follows one day.
			v[i] = math.Sin(2*math.Pi*float64(i)/mixPoints*1.5) + 0.4*e
		case "AR(1)":
			level = 0.8*level + e
			v[i] = level
		case "random walk":
			level += e
			v[i] = level
		case "step":
			v[i] = e
			if i >= at {
				v[i] += 3
			}
		case "burst":
			v[i] = 0.3 * e
			if i >= at && i < at+period {
				v[i] += 4
			}
		case "sawtooth":
			v[i] = float64((i+phase)%period)/float64(period) + 0.05*e
		case "levels":
			v[i] = float64(r.IntN(4))
		}
	}
	return v
}

// mixture returns n series plus, if incidents > 0, that many templates with 40
// delayed and noisy copies each.
func mixture(n, incidents int, seed uint64) []correlate.Candidate {
	r := rand.New(rand.NewPCG(seed, 1))
	var out []correlate.Candidate
	add := func(kind string, v []float64) {
		ls := labels.FromStrings("__name__", fmt.Sprintf("m%d", len(out)), "kind", kind, "service", fmt.Sprintf("s%d", len(out)%997))
		out = append(out, correlate.Candidate{Ref: uint64(len(out) + 1), Labels: ls, Window: metric.Window{Start: mixStart, Step: mixStep, V: v}})
	}
	for _, m := range mixShares {
		for range n * m.share / 100 {
			add(m.kind, generate(r, m.kind))
		}
	}
	for range incidents {
		tpl := generate(r, "random walk")
		for i := range tpl { // Smooth: an incident has a shape.
			lo := max(0, i-4)
			sum := 0.0
			for _, x := range tpl[lo : i+1] {
				sum += x
			}
			tpl[i] = sum / float64(i+1-lo)
		}
		_, sd := moments(tpl)
		for range 40 {
			lag, noise := r.IntN(17)-8, 0.02+0.2*r.Float64()
			v := make([]float64, mixPoints)
			for i := range v {
				v[i] = tpl[max(0, min(mixPoints-1, i-lag))] + noise*sd*r.NormFloat64()
			}
			add("planted", v)
		}
	}
	return out
}
