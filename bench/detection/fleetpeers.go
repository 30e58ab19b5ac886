package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/bench/detection/soak"
	"github.com/bellwether-ts/bellwether/detect"
)

// Jobs of many instances, one of them bad: what comparing with peers finds that
// a series' own past does not show.

// fault is what is wrong with one instance from an instant on.
type fault struct {
	name string
	do   func(v, level, last float64, r *rand.Rand) float64
}

var faults = []fault{
	{"level x1.5", func(v, _, _ float64, _ *rand.Rand) float64 { return v * 1.5 }},
	{"slower by 20 %", func(v, _, _ float64, _ *rand.Rand) float64 { return v * 1.2 }},
	{"noise x4", func(v, level, _ float64, _ *rand.Rand) float64 { return level + 4*(v-level) }},
	{"stuck", func(_, _, last float64, _ *rand.Rand) float64 { return last }},
}

// job generates the values of n instances: a daily wave they share, shares of
// the load that differ, noise of different size, some of it slow, and a deploy
// a day that moves all of them, one after the other.
type job struct {
	r           *rand.Rand
	share, rage []float64
	slow        []float64
	deploy      float64 // Level the newest deploy brought,
	before      float64 // and the one before it.
	last        []float64
}

func newJob(n int, seed uint64) *job {
	j := &job{r: rand.New(rand.NewPCG(uint64(n), seed)), deploy: 1, before: 1, share: make([]float64, n), rage: make([]float64, n), slow: make([]float64, n), last: make([]float64, n)}
	for i := range n {
		j.share[i] = math.Exp(.25 * j.r.NormFloat64())
		j.rage[i] = .03 * math.Exp(.3*j.r.NormFloat64())
	}
	return j
}

const deployAt = 600 // Minute of the day; an instance follows every half minute.

// minute returns the values of all instances in minute i; bad is spoilt from
// minute from on.
func (j *job) minute(i, bad, from int, f *fault) []float64 {
	wave := 40 + 60*(.5-.5*math.Cos(2*math.Pi*float64(i%1440)/1440))
	if i%1440 == deployAt {
		j.before, j.deploy = j.deploy, math.Exp(.2*j.r.NormFloat64())
	}
	out := make([]float64, len(j.share))
	for k := range out {
		version := j.deploy
		if i%1440 >= deployAt && i%1440 < deployAt+k/2 {
			version = j.before
		}
		j.slow[k] = .9*j.slow[k] + .4*j.r.NormFloat64()
		noise := j.rage[k] * (j.r.NormFloat64() + j.slow[k])
		if j.r.IntN(2000) == 0 {
			noise += .3 // A pause.
		}
		level := wave * version * j.share[k]
		v := level * (1 + noise)
		if k == bad && i >= from && f != nil {
			v = f.do(v, level, j.last[k], j.r)
		}
		j.last[k], out[k] = v, v
	}
	return out
}

// peerRun is what came of one job.
type peerRun struct {
	peerAlarms, ownAlarms int // False ones.
	peerDelay, ownDelay   int // Minutes from the fault to the opening; -1 never.
}

const (
	peerDays  = 4
	peerFault = 3*1440 + 777
	peerWait  = 480 // Minutes within which a fault counts as found.
)

// runJob compares the members of one job with each other and each with itself.
func runJob(n int, seed uint64, f *fault, own bool) (peerRun, error) {
	p, err := detect.NewPeers(detect.PeerConfig{})
	if err != nil {
		return peerRun{}, err
	}
	series := make([]*detect.Series, n)
	for k := range n {
		p.Add(uint64(k), labels.FromStrings("__name__", "latency", "job", "api", "instance", fmt.Sprint(k)), detect.MetricGauge)
		if series[k], err = detect.New(detect.Config{}, detect.Meta{Kind: detect.MetricGauge}); err != nil {
			return peerRun{}, err
		}
	}
	j := newJob(n, seed)
	bad := int(seed) % n
	out := peerRun{peerDelay: -1, ownDelay: -1}
	count := func(k, i int, alarms, delay *int) {
		switch {
		case i < 1440: // Learning.
		case f != nil && k == bad && i >= peerFault:
			if *delay < 0 && i-peerFault <= peerWait {
				*delay = i - peerFault
			}
		default:
			*alarms++
		}
	}
	for i := range peerDays * 1440 {
		t := soak.Start + int64(i)*soak.StepMS
		for k, v := range j.minute(i, bad, peerFault, f) {
			p.Observe(uint64(k), t, v)
			if own && (f == nil || k == bad) && series[k].Step(t, v).Transition == detect.TransitionOpened {
				count(k, i, &out.ownAlarms, &out.ownDelay)
			}
		}
		for _, x := range p.Tick(t + 15_000) {
			if x.Transition == detect.TransitionOpened {
				count(int(x.Ref), int((x.At-soak.Start)/soak.StepMS), &out.peerAlarms, &out.peerDelay)
			}
		}
	}
	return out, nil
}

// peerSection measures the comparison with peers.
func peerSection(r *report, _ string) error {
	r.head("Peers")
	r.text(fmt.Sprintf("Generated jobs: instances that share a daily wave and one deploy a day (rolled out over half a minute an instance, level changed by some 20 %%), with shares of the load, noise and pauses of their own. "+
		"%d days, one instance bad from the fourth on. Found: opened within %d minutes of the fault; false: openings elsewhere, per 1000 member-days. Beside it the default profile on the bad series alone; it has no peers. Both at the default budget.", peerDays, peerWait))
	r.table("instances", "fault", "jobs", "peers: found", "delay p50, min", "own past: found", "delay p50, min")
	for _, n := range []int{4, 10, 50, 200} {
		jobs := map[int]int{4: 20, 10: 20, 50: 12, 200: 6}[n]
		for fi := range faults {
			runs := make([]peerRun, jobs)
			err := parallel(jobs, func(k int) (err error) {
				runs[k], err = runJob(n, uint64(20_000+100*fi+k), &faults[fi], true)
				return err
			})
			if err != nil {
				return err
			}
			peer, own := delaysOf(runs, func(x peerRun) int { return x.peerDelay }), delaysOf(runs, func(x peerRun) int { return x.ownDelay })
			r.row(fmt.Sprint(n), faults[fi].name, fmt.Sprint(jobs), share(len(peer), jobs), median(peer), share(len(own), jobs), median(own))
		}
	}
	r.end()
	return peerHealthy(r)
}

// peerHealthy measures false alarms and cost.
func peerHealthy(r *report) error {
	r.table("instances", "healthy jobs", "peers: false per 1000 member-days", "own past: false per 1000 series-days", "peers, ns of CPU a member and round")
	for _, n := range []int{4, 10, 50, 200} {
		jobs := max(2, 200/n)
		runs := make([]peerRun, jobs)
		err := parallel(jobs, func(k int) (err error) {
			runs[k], err = runJob(n, uint64(30_000+k), nil, true)
			return err
		})
		if err != nil {
			return err
		}
		peer, own := 0, 0
		for _, x := range runs {
			peer, own = peer+x.peerAlarms, own+x.ownAlarms
		}
		days := float64(jobs * n * (peerDays - 1))
		ns, err := peerCost(n)
		if err != nil {
			return err
		}
		r.row(fmt.Sprint(n), fmt.Sprint(jobs), fmt.Sprintf("%.0f", 1000*float64(peer)/days), fmt.Sprintf("%.0f", 1000*float64(own)/days), fmt.Sprint(ns))
	}
	r.end()
	return nil
}

// peerCost returns nanoseconds of CPU a member and round.
func peerCost(n int) (int64, error) {
	p, err := detect.NewPeers(detect.PeerConfig{})
	if err != nil {
		return 0, err
	}
	for k := range n {
		p.Add(uint64(k), labels.FromStrings("__name__", "latency", "instance", fmt.Sprint(k)), detect.MetricGauge)
	}
	j := newJob(n, 1)
	values := make([][]float64, 256)
	for i := range values {
		values[i] = j.minute(i, 0, 0, nil)
	}
	rounds := 200_000 / n
	began := processTime()
	for i := range rounds {
		t := soak.Start + int64(i)*soak.StepMS
		for k, v := range values[i%len(values)] {
			p.Observe(uint64(k), t, v)
		}
		p.Tick(t)
	}
	return (processTime() - began).Nanoseconds() / int64(rounds*n), nil
}

func delaysOf(runs []peerRun, of func(peerRun) int) []int {
	var out []int
	for _, x := range runs {
		if d := of(x); d >= 0 {
			out = append(out, d)
		}
	}
	slices.Sort(out)
	return out
}

func share(n, of int) string { return fmt.Sprintf("%d of %d", n, of) }

func median(sorted []int) string {
	if len(sorted) == 0 {
		return "-"
	}
	return fmt.Sprint(sorted[len(sorted)/2])
}
