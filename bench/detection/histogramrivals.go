package main

import (
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/detect"
)

// What the distribution shift is measured beside: each says whether a tick is
// an alarm, having seen no later one.

// rival judges the ticks of one series.
type rival struct {
	name string
	new  func(form latencyForm) func(t int64, tick *rivalTick) bool
}

var histogramRivals = []rival{
	{"Bellwether distribution", distributionRival},
	{"Bellwether default, on the mean", scalarRival(meanOfTick)},
	{"Bellwether default, on p99", scalarRival(p99OfTick)},
	{"fixed, mean above .999 of day one", fixedRival(meanOfTick)},
	{"fixed, p99 above .999 of day one", fixedRival(p99OfTick)},
	{"KS, asymptotic p at the budget", ksRival},
}

// distributionRival is the detector the section is about.
func distributionRival(latencyForm) func(int64, *rivalTick) bool {
	s, err := detect.NewHistogram(detect.Config{}, detect.HistogramMeta{Unit: "s"})
	if err != nil {
		panic(err) // The configuration is a constant.
	}
	return func(t int64, tick *rivalTick) bool { return s.Step(t, &tick.c.h).Alarm > 0 }
}

// scalarRival watches one number of a tick with the default profile.
func scalarRival(value func(*rivalTick) float64) func(latencyForm) func(int64, *rivalTick) bool {
	return func(latencyForm) func(int64, *rivalTick) bool {
		s, err := detect.New(detect.Config{}, detect.Meta{Kind: detect.MetricGauge})
		if err != nil {
			panic(err) // The configuration is a constant.
		}
		return func(t int64, tick *rivalTick) bool {
			if tick.n == 0 {
				return false
			}
			return s.Step(t, value(tick)).Alarm > 0
		}
	}
}

// fixedRival is the threshold people set: the .999 quantile of the first day.
func fixedRival(value func(*rivalTick) float64) func(latencyForm) func(int64, *rivalTick) bool {
	return func(latencyForm) func(int64, *rivalTick) bool {
		var first []float64
		bar, ticks := math.Inf(1), 0
		return func(_ int64, tick *rivalTick) bool {
			ticks++
			if tick.n == 0 {
				return false
			}
			v := value(tick)
			if ticks < 1440 {
				first = append(first, v)
				return false
			}
			if ticks == 1440 || math.IsInf(bar, 1) {
				slices.Sort(first)
				bar = first[int(.999*float64(len(first)-1))]
			}
			return v > bar
		}
	}
}

// ksRival holds every tick against the hour before it by Kolmogorov and Smirnov,
// with the asymptotic p at ten false alarms per 1000 series-days.
func ksRival(latencyForm) func(int64, *rivalTick) bool {
	const bar = 5.16
	var past []float64
	n0 := 0.0
	return func(_ int64, tick *rivalTick) bool {
		if tick.n == 0 {
			return false
		}
		if len(past) != len(tick.delta) {
			past, n0 = make([]float64, len(tick.delta)), 0
		}
		d, f1, f0 := 0.0, 0.0, 0.0
		for i, x := range tick.delta {
			f1 += x / tick.n
			f0 += past[i] / max(1, n0)
			d = max(d, math.Abs(f1-f0))
		}
		alarm := false
		if n0 > 0 {
			m := tick.n * n0 / (tick.n + n0)
			alarm = (2*m*d*d-math.Ln2)/math.Ln10 >= bar
		}
		for i, x := range tick.delta {
			past[i] = past[i]*59/60 + x
		}
		n0 = n0*59/60 + tick.n
		return alarm
	}
}

// rivalTick is one tick as every rival gets it: the cumulative histogram, and
// its increase.
type rivalTick struct {
	c           *counter
	prev, delta []float64
	n, sum      float64 // Requests, and the sum of their latencies.
}

// take adds the requests of a tick.
func (r *rivalTick) take(n *[worldCells]int32) {
	r.c.add(n)
	b := r.c.h.PositiveBuckets
	if len(r.prev) != len(b) {
		r.prev, r.delta = make([]float64, len(b)), make([]float64, len(b))
	}
	r.n, r.sum = 0, 0
	for i, x := range b {
		r.delta[i] = max(0, x-r.prev[i])
		r.prev[i] = x
		r.n += r.delta[i]
	}
	for i, k := range n {
		if k > 0 {
			r.sum += float64(k) * math.Exp2((float64(i)+.5)/(1<<worldSchema)+octaveLow)
		}
	}
}

func meanOfTick(r *rivalTick) float64 { return r.sum / r.n }

// p99OfTick interpolates as PromQL does.
func p99OfTick(r *rivalTick) float64 {
	below, want := 0.0, .99*r.n
	for i, x := range r.delta {
		if x > 0 && below+x >= want {
			share := (want - below) / x
			if r.c.form != formClassic {
				return math.Exp2((float64(r.c.first()+i-1) + share) / float64(int(1)<<r.c.schema))
			}
			if i == len(defaultBounds) {
				return defaultBounds[i-1]
			}
			lo := 0.0
			if i > 0 {
				lo = defaultBounds[i-1]
			}
			return lo + (defaultBounds[i]-lo)*share
		}
		below += x
	}
	return 0
}
