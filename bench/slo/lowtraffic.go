package main

// Little traffic: how often the textbook's page rules page a healthy service,
// what the evidence test does about it, and what it costs in detection time. The
// set-up is that of a published kind of experiment: 99.9 %, a service that spends
// half its budget, Poisson arrivals, independent failures, judged every 30 s.

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/bellwether-ts/bellwether/slo"
)

const (
	target = .999
	tick   = int64(30_000)
	day    = int64(86_400_000)
	monday = int64(1_767_571_200_000) // 2026-01-05 00:00:00 UTC.
)

// variants are the a of the evidence test; 1 is the textbook rule.
var variants = []float64{1, 1e-3, 1e-2}

// trial is one service under one variant.
type trial struct {
	e           *slo.Evaluator
	good, total float64
	now         int64
	paging      bool
}

func newTrial(evidence float64) *trial {
	o := slo.Objective{
		Name: "service", Target: target, Evidence: evidence,
		Window:    slo.Window{Rolling: true, Length: 30 * day},
		Indicator: slo.Indicator{Shape: slo.ShapeGoodTotal, Counter: true},
	}
	rules, _ := slo.StandardRules(o.Target, o.Window.Length)
	o.Rules = slices.DeleteFunc(rules, func(r slo.Rule) bool { return r.Severity != slo.Page })
	e, err := slo.NewEvaluator(o, slo.Options{})
	if err != nil {
		panic(err) // The objective above is fixed.
	}
	t := &trial{e: e, now: monday}
	t.e.ObserveGood(1, t.now, 0)
	t.e.ObserveTotal(1, t.now, 0)
	return t
}

// step lives one tick with n requests of which bad fail; it reports whether a
// page begins.
func (t *trial) step(n, bad float64) bool {
	t.now += tick
	t.total += n
	t.good += n - bad
	t.e.ObserveGood(1, t.now, t.good)
	t.e.ObserveTotal(1, t.now, t.total)
	was := t.paging
	t.paging = t.e.Evaluate(t.now).Severity == slo.Page
	return t.paging && !was
}

// row is what one rate of traffic gives.
type row struct {
	perHour   float64
	pages     [3]float64    // False pages per 30 days, by variant.
	detection [2][3]float64 // Median seconds to the page, for total outage and for 20 % errors.
}

// measure lives months of health and then trials of two outages.
func measure(perHour float64, months, trials int, seed uint64) row {
	r := row{perHour: perHour}
	rng := rand.New(rand.NewPCG(seed, math.Float64bits(perHour)))
	mean := perHour * float64(tick) / 3_600_000
	draw := func(p float64) (n, bad float64) {
		n = poisson(rng, mean)
		return n, binomial(rng, n, p)
	}
	for range months {
		var ts [3]*trial
		for v := range ts {
			ts[v] = newTrial(variants[v])
		}
		for range 30 * day / tick {
			n, bad := draw((1 - target) / 2)
			for v, t := range ts {
				if t.step(n, bad) {
					r.pages[v] += 1 / float64(months)
				}
			}
		}
	}
	for kind, errors := range []float64{1, .2} {
		var times [3][]float64
		for range trials {
			detect(draw, errors, &times)
		}
		for v := range times {
			slices.Sort(times[v])
			r.detection[kind][v] = times[v][len(times[v])/2]
		}
	}
	return r
}

// detect lives seven hours of health, so that every window is full, and then an
// outage until every variant pages, at most six hours. Trials in which a page
// already stands when the outage begins are left out.
func detect(draw func(p float64) (n, bad float64), errors float64, times *[3][]float64) {
	var ts [3]*trial
	for v := range ts {
		ts[v] = newTrial(variants[v])
	}
	for range 7 * 3_600_000 / tick {
		n, bad := draw((1 - target) / 2)
		for _, t := range ts {
			t.step(n, bad)
		}
	}
	for _, t := range ts {
		if t.paging {
			return
		}
	}
	begin := ts[0].now
	var found [3]float64
	for range 6 * 3_600_000 / tick {
		n, bad := draw(errors)
		for v, t := range ts {
			if t.step(n, bad) && found[v] == 0 {
				found[v] = float64(t.now-begin) / 1000
			}
		}
	}
	for v := range found {
		if found[v] == 0 {
			found[v] = math.Inf(1)
		}
		times[v] = append(times[v], found[v])
	}
}

// poisson draws by multiplication below 30, by the normal approximation above.
func poisson(rng *rand.Rand, mean float64) float64 {
	if mean > 30 {
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*rng.NormFloat64()))
	}
	limit, p, k := math.Exp(-mean), rng.Float64(), 0.0
	for p > limit {
		p *= rng.Float64()
		k++
	}
	return k
}

// binomial draws one by one below 60, as a Poisson count where failures are
// rare, by the normal approximation elsewhere.
func binomial(rng *rand.Rand, n, p float64) float64 {
	switch {
	case p >= 1:
		return n
	case n < 60:
		k := 0.0
		for range int(n) {
			if rng.Float64() < p {
				k++
			}
		}
		return k
	case n*p < 10:
		return math.Min(n, poisson(rng, n*p))
	}
	return math.Min(n, math.Max(0, math.Round(n*p+math.Sqrt(n*p*(1-p))*rng.NormFloat64())))
}
