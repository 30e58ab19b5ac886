package main

import (
	"math"
	"runtime"
	"sync"

	"github.com/bellwether-ts/bellwether/canary"
)

// What is measured: how often a healthy canary fails, how soon a sick one does,
// and how often a PASS hides a change that matters.

// looks are the window lengths a growing canary is judged at.
var looks = []int{5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60}

// tally counts outcomes over replicates.
type tally struct {
	n, fail, pass int
	minutes       float64 // Sum over failing replicates of the minute of failure.
}

func (t tally) failRate() float64 { return float64(t.fail) / float64(max(1, t.n)) }
func (t tally) passRate() float64 { return float64(t.pass) / float64(max(1, t.n)) }
func (t tally) meanFail() float64 { return t.minutes / float64(max(1, t.fail)) }

// upper is the upper end of the 95 % Wilson interval of k in n.
func upper(k, n int) float64 {
	if n == 0 {
		return 1
	}
	p, z, m := float64(k)/float64(n), 1.96, float64(n)
	return (p + z*z/(2*m) + z*math.Sqrt(p*(1-p)/m+z*z/(4*m*m))) / (1 + z*z/m)
}

// replicate runs f for every replicate on all cores and adds the tallies.
func replicate(n int, f func(i int) tally) tally {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var sum tally
	next := 0
	for range runtime.GOMAXPROCS(0) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= n {
					return
				}
				t := f(i)
				mu.Lock()
				sum.n += t.n
				sum.fail += t.fail
				sum.pass += t.pass
				sum.minutes += t.minutes
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	return sum
}

// judge is a judge under test: it says whether a canary fails or passes.
type judge func(ms []canary.Metric) canary.Outcome

func native(policy canary.Policy) judge {
	return func(ms []canary.Metric) canary.Outcome {
		return canary.Judge(canary.Request{Metrics: ms, Policy: policy}).Verdict
	}
}

// watch judges a growing canary until it is decided.
func watch(ms []canary.Metric, at []int, j judge) tally { return follow(ms, at, j, true) }

// watchFails judges at every look and counts a failure at any, as an operator
// does who never accepts a PASS early.
func watchFails(ms []canary.Metric, at []int, j judge) tally { return follow(ms, at, j, false) }

func follow(ms []canary.Metric, at []int, j judge, untilPass bool) tally {
	t := tally{n: 1}
	window := make([]canary.Metric, len(ms))
	for _, n := range at {
		for i, m := range ms {
			window[i] = upTo(m, n)
		}
		switch j(window) {
		case canary.Fail:
			t.fail, t.minutes = 1, float64(n)
			return t
		case canary.Pass:
			if t.pass = 1; untilPass {
				return t
			}
		}
	}
	return t
}
