package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Trivial detectors and one published one. Nothing fancier may ship unless it
// beats them.

// random scores every row by a seeded coin.
var random = detector{name: "random", new: func() func(int64, float64) (float64, float64) {
	r := rand.New(rand.NewPCG(1, 2))
	return func(int64, float64) (float64, float64) { x := r.Float64(); return x, x }
}}

// clock alarms every 500 rows, blind.
var clock = detector{name: "blind clock (every 500 rows)", new: func() func(int64, float64) (float64, float64) {
	i := 0
	return func(int64, float64) (float64, float64) {
		i++
		if i%500 == 1 { // The first row and every 500th after it.
			return 1, 1
		}
		return 0, 0
	}
}}

// record scores how far a value lies beyond everything seen, in half ranges,
// and is silent unless that beats the last hundred rows.
var record = detector{name: "record of the value", new: func() func(int64, float64) (float64, float64) {
	var lo, hi float64
	var past []float64
	n := 0
	return func(_ int64, v float64) (float64, float64) {
		x := 0.0
		if half := (hi - lo) / 2; n > 30 && half > 0 {
			x = math.Abs(v-(hi+lo)/2) / half
		}
		if n == 0 {
			lo, hi = v, v
		}
		lo, hi = min(lo, v), max(hi, v)
		n++
		alarm := x
		if len(past) > 0 && x <= slices.Max(past) {
			alarm = 0
		}
		if past = append(past, x); len(past) > 100 {
			past = past[1:]
		}
		return x, alarm
	}
}}

// difference scores |x - x1| over the .99 quantile of the last 1440.
var difference = detector{name: "difference / trailing q99", new: func() func(int64, float64) (float64, float64) {
	var ring [1440]float64
	var sorted []float64
	var prev, q float64
	n := 0
	return func(_ int64, v float64) (float64, float64) {
		d, x := math.Abs(v-prev), 0.0
		if n > 100 {
			if n%60 == 41 {
				sorted = append(sorted[:0], ring[:min(n, len(ring))]...)
				slices.Sort(sorted)
				q = sorted[len(sorted)*99/100]
			}
			if q > 0 {
				x = d / q
			}
		}
		if n > 0 {
			ring[n%len(ring)] = d
		}
		prev = v
		n++
		return x, x
	}
}}

// windowedGaussian is the method of that name in the Numenta benchmark: the
// probability of the value under a normal fitted to the last 6400 values,
// refitted every 100. Every row agrees with the published one to 1e-6; its
// published score still differs, because thousands of rows tie at 1 and the last
// bit of the mean decides which: the published threshold is exactly 1.
var windowedGaussian = detector{name: "windowed Gaussian", new: func() func(int64, float64) (float64, float64) {
	const size, every = 6400, 100
	var window, buffer []float64
	mean, std := 0.0, 1.0
	fit := func() {
		mean = 0
		for _, v := range window {
			mean += v
		}
		mean /= float64(len(window))
		ss := 0.0
		for _, v := range window {
			ss += (v - mean) * (v - mean)
		}
		if std = math.Sqrt(ss / float64(len(window))); std == 0 {
			std = 1e-6
		}
	}
	return func(_ int64, v float64) (float64, float64) {
		x := 0.0
		if len(window) > 0 {
			x = 1 - .5*math.Erfc(math.Abs(v-mean)/std/math.Sqrt2)
		}
		if len(window) < size {
			window = append(window, v)
			fit()
		} else if buffer = append(buffer, v); len(buffer) == every {
			window, buffer = append(window[every:], buffer...), nil
			fit()
		}
		return x, x
	}
}}
