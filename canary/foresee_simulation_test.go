package canary

import (
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// The forecast against the judge: a forecast power of 0.9 must mean that about
// nine in ten canaries worse by min_effect FAIL by the foretold time, and that
// nine in ten healthy ones PASS by theirs.

// world is a process both sides of a metric follow.
type world struct {
	name      string
	phi       float64
	shared    float64 // Share of the variance that is load common to both sides.
	rate      float64 // Mean events per sample; 0 for a level of standard deviation 1.
	direction Direction
	minEffect float64
	history   int
	looks     int
	metrics   int // Others beside it, which only make the test stricter.
}

// draw returns n samples of both sides, the canary worse by shift in the last
// window of them.
func (w world) draw(r *rand.Rand, n, window int, shift float64) (base, side []float64) {
	var common, b, c float64
	innovation := math.Sqrt(1 - w.phi*w.phi)
	for i := -50; i < n; i++ {
		common = w.phi*common + innovation*r.NormFloat64()
		b = w.phi*b + innovation*r.NormFloat64()
		c = w.phi*c + innovation*r.NormFloat64()
		if i < 0 {
			continue
		}
		up := 0.0
		if i >= n-window {
			up = shift
		}
		if w.rate > 0 {
			base = append(base, poisson(r, w.rate))
			side = append(side, poisson(r, max(0, w.rate+up)))
			continue
		}
		own, all := math.Sqrt(1-w.shared), math.Sqrt(w.shared)
		base = append(base, 100+all*common+own*b)
		side = append(side, 100+all*common+own*c+up)
	}
	return base, side
}

func poisson(r *rand.Rand, mean float64) float64 {
	if mean > 50 {
		return max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64()))
	}
	limit, p, k := math.Exp(-mean), 1.0, 0.0
	for {
		if p *= r.Float64(); p <= limit {
			return k
		}
		k++
	}
}

const simulatedWindow = 60 // Samples of a full run, one a minute.

// ends runs one canary through its looks and returns when it ended, and how.
func (w world) ends(base, side []float64, s Schedule) (Outcome, time.Duration) {
	for k := 1; k <= s.looks(); k++ {
		n := s.samples(k, 60)
		from := len(base) - simulatedWindow
		m := Metric{Name: "m", StepSeconds: 60, Direction: w.direction, MinEffect: w.minEffect, Baseline: base[from : from+n], Canary: side[from : from+n]}
		if from > 0 {
			m.History = &History{Baseline: base[:from], Canary: side[:from], SameInstances: true}
		}
		if w.rate > 0 {
			m.Kind = Count
		}
		req := Request{Policy: s.at(w.policy(), k, 60), Metrics: []Metric{m}}
		if v := Judge(req); v.Verdict == Fail || v.Verdict == Pass {
			return v.Verdict, s.time(k)
		}
	}
	return Inconclusive, s.Longest
}

var wide = flag.Bool("wide", false, "simulate forecasts on many more canaries, and print the table")

// worlds are what forecasts are tried on; those with often are tried always,
// the others with -wide.
var worlds = []struct {
	world
	often bool
}{
	{world{name: "independent, any change", direction: Either, minEffect: 1, history: 1440, looks: 30}, true},
	{world{name: "phi 0.5, load shared", phi: 0.5, shared: 0.8, direction: Increase, minEffect: 0.8, history: 1440, looks: 30}, true},
	{world{name: "phi 0.9", phi: 0.9, direction: Increase, minEffect: 4, history: 1440, looks: 30}, true},
	{world{name: "errors, 0.2 a minute", rate: 0.2, direction: Increase, minEffect: 0.8, history: 1440, looks: 30}, true},
	{world{name: "errors, 5 a minute", rate: 5, direction: Increase, minEffect: 3, history: 1440, looks: 30}, true},
	{world{name: "orders, 5 a minute", rate: 5, direction: Decrease, minEffect: 2.2, history: 1440, looks: 30}, true},
	{world{name: "independent, 12 looks", direction: Increase, minEffect: 1, history: 1440, looks: 12}, false},
	{world{name: "phi 0.5, load shared, 60 looks", phi: 0.5, shared: 0.8, direction: Increase, minEffect: 0.8, history: 1440, looks: 60}, false},
	{world{name: "phi 0.5, one of 20 metrics", phi: 0.5, direction: Decrease, minEffect: 2, history: 1440, looks: 30, metrics: 20}, false},
	{world{name: "phi 0.8, load shared", phi: 0.8, shared: 0.8, direction: Either, minEffect: 1.5, history: 1440, looks: 30}, false},
	{world{name: "phi 0.5, a week of history", phi: 0.5, direction: Increase, minEffect: 1.7, history: 10080, looks: 30}, false},
	{world{name: "phi 0.3, 4 h of history (model)", phi: 0.3, direction: Increase, minEffect: 1.7, history: 240, looks: 30}, false},
	{world{name: "no history, independent", direction: Increase, minEffect: 1.5, history: 0, looks: 30}, true},
	{world{name: "no history, phi 0.5", phi: 0.5, direction: Increase, minEffect: 3.5, history: 0, looks: 30}, false},
	{world{name: "errors, 1 a minute", rate: 1, direction: Increase, minEffect: 1.2, history: 1440, looks: 60}, false},
	{world{name: "requests, 500 a minute", rate: 500, direction: Either, minEffect: 25, history: 1440, looks: 60}, false},
}

// simulated is what was foreseen and what came, over many histories.
type simulated struct {
	runs, failed, passed int
	histories, unsure    int     // unsure: a full run was foretold not to be enough.
	fail, pass, visible  float64 // Means, in minutes and in the effect's unit.
}

func TestForecastsComeTrue(t *testing.T) {
	histories, runs := 8, 20
	if *wide {
		histories, runs = 20, 50
	}
	var mu sync.Mutex
	var failed, passed, all int
	t.Run("worlds", func(t *testing.T) {
		for i, w := range worlds {
			if !w.often && !*wide {
				continue
			}
			t.Run(w.name, func(t *testing.T) {
				t.Parallel()
				got := w.simulate(t, uint64(i), histories, runs)
				mu.Lock()
				failed, passed, all = failed+got.failed, passed+got.passed, all+got.runs
				mu.Unlock()
				bad, good := float64(got.failed)/float64(got.runs), float64(got.passed)/float64(got.runs)
				t.Logf("FAILs by %4.1f minutes: %.3f | PASSes by %4.1f minutes: %.3f | sees %.3g, min_effect %.3g | %d of %d histories not sure",
					got.fail, bad, got.pass, good, got.visible, w.minEffect, got.unsure, got.histories)
				if bad < 0.83 || bad > 0.97 || good < 0.83 || good > 0.98 {
					t.Errorf("foretold to FAIL with chance 0.9, %.3f do; to PASS, %.3f do", bad, good)
				}
				if got.unsure > histories/2 {
					t.Errorf("%d of %d histories foretell that a full run is not enough: try a larger min_effect", got.unsure, histories)
				}
			})
		}
	})
	bad, good := float64(failed)/float64(all), float64(passed)/float64(all)
	t.Logf("over all worlds, by the time foretold with chance 0.9: %.3f FAIL, %.3f PASS, %d runs each", bad, good, all)
	if bad < 0.86 || bad > 0.94 || good < 0.86 || good > 0.95 {
		t.Errorf("over all worlds %.3f FAIL and %.3f PASS by the time foretold with chance 0.9", bad, good)
	}
}

// simulate foresees canaries on several histories and then runs them. Where a
// full run is foretold not to be enough, its runs do not count.
func (w world) simulate(t *testing.T, seed uint64, histories, runs int) simulated {
	s := Schedule{Longest: time.Hour, LookEvery: time.Hour / time.Duration(w.looks)}
	out := simulated{histories: histories}
	shift := w.minEffect
	if w.direction == Decrease {
		shift = -shift
	}
	sure := 0.0
	for h := range histories {
		r := rand.New(rand.NewPCG(seed, uint64(h)))
		base, side := w.draw(r, w.history, 0, 0)
		m := Metric{Name: "m", StepSeconds: 60, Direction: w.direction, MinEffect: w.minEffect, History: &History{Baseline: base, Canary: side, SameInstances: true}}
		if w.rate > 0 {
			m.Kind = Count
		}
		if w.history == 0 {
			m.History = nil
			m.Baseline, m.Canary = w.draw(r, 240, 0, 0)
		}
		f, err := Foresee(Request{Metrics: []Metric{m}, Policy: w.policy()}, ForesightOptions{Schedule: s})
		if err != nil {
			t.Fatal(err)
		}
		g := f.Metrics[0]
		if g.Fail == Never || g.Pass == Never || max(g.Fail, g.Pass) > s.Longest {
			out.unsure++
			continue
		}
		sure++
		out.fail, out.pass, out.visible = out.fail+g.Fail.Minutes(), out.pass+g.Pass.Minutes(), out.visible+g.Visible
		for range runs {
			out.runs++
			if v, at := w.after(r, base, side, shift, s); v == Fail && at <= g.Fail {
				out.failed++
			}
			if v, at := w.after(r, base, side, 0, s); v == Pass && at <= g.Pass {
				out.passed++
			}
		}
	}
	out.fail, out.pass, out.visible = out.fail/sure, out.pass/sure, out.visible/sure
	return out
}

func (w world) policy() Policy { return Policy{FalseFail: 0.01 / float64(max(1, w.metrics))} }

// after runs a canary worse by shift after a history.
func (w world) after(r *rand.Rand, base, side []float64, shift float64, s Schedule) (Outcome, time.Duration) {
	b, c := w.draw(r, simulatedWindow, simulatedWindow, shift)
	return w.ends(slices.Concat(base, b), slices.Concat(side, c), s)
}
