package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/bellwether-ts/bellwether/detect/change"
)

// streamSection sets change.Stream beside go-change, as its compatible mode
// reproduces it, on generated noise: false changes, delay, cost.
func streamSection(r *report) {
	r.head("Change points in a stream, beside go-change")
	r.text("Window 240, 30 samples on a side, a look after every sample, Gaussian noise. False changes: those told, after an hour without, in 200 days of minutes without any. " +
		"Delay: median samples from a step to the first change told after it, of 300 steps; - where none was. go-change by the compatible mode of detect/change. " +
		"go-change at .9999 and ours at .995 have about the same price in false changes.")
	r.table("stream", "confidence", "false changes a day", "delay of +1 sigma", "+2", "+3", "-2")
	for _, compatible := range []bool{false, true} {
		name := "change.Stream"
		if compatible {
			name = "go-change"
		}
		for _, confidence := range []float64{0.95, 0.99, 0.995, 0.999, 0.9999} {
			cells := []string{name, fmt.Sprint(confidence), fmt.Sprintf("%.3f", falseChanges(streamOf(confidence, compatible, 1)))}
			for _, d := range []float64{1, 2, 3, -2} {
				cells = append(cells, stepDelay(d, confidence, compatible))
			}
			r.row(cells...)
		}
	}
	r.end()
	r.text(fmt.Sprintf("Cost at window 240: %d ns of CPU a sample with a look every 10, %d with a look at each; no allocation (a test of detect/change holds that).",
		pushTime(10).Nanoseconds(), pushTime(1).Nanoseconds()))
}

func streamOf(confidence float64, compatible bool, block int) *change.Stream {
	return change.NewStreamConfig(change.StreamConfig{
		Detector:   change.Detector{MinSampleSize: 30, MinConfidence: confidence, Compatible: compatible},
		WindowSize: 240, BlockSize: block,
	})
}

// falseChanges returns the changes told a day, those an hour or less after
// another not counted: a compatible stream repeats itself.
func falseChanges(s *change.Stream) float64 {
	const days = 200
	rng := rand.New(rand.NewPCG(1, 1))
	n, last := 0, math.MinInt/2
	for i := range days * 1440 {
		if s.Push(rng.NormFloat64()) != nil {
			if i-last > 60 {
				n++
			}
			last = i
		}
	}
	return float64(n) / days
}

// stepDelay returns the median delay of steps of d, or - if most are not found.
func stepDelay(d, confidence float64, compatible bool) string {
	const steps = 300
	delays := make([]int, steps)
	for seed := range delays {
		rng := rand.New(rand.NewPCG(uint64(seed), 2))
		s := streamOf(confidence, compatible, 1)
		for range 300 {
			s.Push(rng.NormFloat64())
		}
		delays[seed] = math.MaxInt
		for i := range 240 {
			if cp := s.Push(d + rng.NormFloat64()); cp != nil && cp.Difference*d > 0 {
				delays[seed] = i + 1
				break
			}
		}
	}
	slices.Sort(delays)
	if middle := delays[steps/2]; middle < math.MaxInt {
		return fmt.Sprint(middle)
	}
	return "-"
}

// pushTime returns the CPU time of a Push.
func pushTime(block int) time.Duration {
	const n = 300_000
	rng := rand.New(rand.NewPCG(1, 1))
	x := make([]float64, 4096)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	s := streamOf(0.999, false, block)
	began := processTime()
	for i := range n {
		s.Push(x[i&4095])
	}
	return (processTime() - began) / n
}
