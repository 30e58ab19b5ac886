package main

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/bellwether-ts/bellwether/bench/detection/soak"
	"github.com/bellwether-ts/bellwether/detect"
)

// soakSection runs healthy generated series: every alarm is false.
func soakSection(r *report, _ string) error {
	const copies, days = 20, 10
	configs := []detect.Config{{Open: 1000}, {Open: 100}, {Open: 10}, {Open: 100, Shape: true}, {Open: 10, Shape: true}}
	r.head("Null soak")
	r.text(fmt.Sprintf("Healthy generated series, %d of each family, %d days of minutes after one of warm-up; false alarms (openings) per 1000 series-days "+
		"at three opening bars, and at two of them with the shape member. A calibrated detector shows about the bar, or less.", copies, days-1))
	r.table("family", "bar 1000", "bar 100", "bar 10", "bar 100, shape", "bar 10, shape")
	for fi, f := range soak.Families() {
		cells := []string{f.Name}
		for _, cfg := range configs {
			alarms := 0
			for c := range copies {
				n, err := soakOne(f, uint64(fi), uint64(c), days, cfg)
				if err != nil {
					return err
				}
				alarms += n
			}
			cells = append(cells, fmt.Sprintf("%.0f", float64(alarms)*1000/float64(copies*(days-1))))
		}
		r.row(cells...)
	}
	r.end()
	return nil
}

// soakOne returns the number of openings of one series after its first day.
func soakOne(f soak.Family, family, seed uint64, days int, cfg detect.Config) (int, error) {
	meta := detect.Meta{}
	if f.Counter {
		meta.Kind = detect.MetricCounter
	}
	s, err := detect.New(cfg, meta)
	if err != nil {
		return 0, err
	}
	next := f.New(soak.Rand(family, seed))
	n := 0
	for i := range days * 1440 {
		now := soak.Start + int64(i)*soak.StepMS
		if f.Deploy != nil && f.Deploy(i) {
			s.MarkDeploy(now)
		}
		res := s.Step(now, next(i))
		if i >= 1440 && res.Transition == detect.TransitionOpened {
			n++
		}
	}
	return n, nil
}

// costSection measures time and memory.
func costSection(r *report, _ string) error {
	r.head("Cost")
	hot, err := stepTime(1, 2_000_000, detect.Config{})
	if err != nil {
		return err
	}
	cold, err := stepTime(20_000, 2_000_000, detect.Config{})
	if err != nil {
		return err
	}
	shape, err := stepTime(1, 2_000_000, detect.Config{Shape: true})
	if err != nil {
		return err
	}
	r.text(fmt.Sprintf("Default profile: %d ns of CPU a sample with the state in cache, %d ns round-robin over 20,000 series; "+
		"%d bytes a series; no allocation (a test of detect holds that). With the shape member %d ns, and 42 KB more. One thread of a shared machine, process CPU time.",
		hot.Nanoseconds(), cold.Nanoseconds(), reflect.TypeFor[detect.Series]().Size(), shape.Nanoseconds()))
	return nil
}

// stepWarm is how many samples each series has seen before it is timed.
const stepWarm = 1_500

// stepTime steps n series in turn with noise around a daily shape and returns
// the CPU time of a step.
func stepTime(n, steps int, cfg detect.Config) (time.Duration, error) {
	all := make([]*detect.Series, n)
	for i := range all {
		s, err := detect.New(cfg, detect.Meta{Kind: detect.MetricGauge})
		if err != nil {
			return 0, err
		}
		all[i] = s
	}
	f := soak.Families()[6].New(rand.New(rand.NewPCG(1, 1)))
	values := make([]float64, 4096)
	for i := range values {
		values[i] = f(i)
	}
	for i := range max(stepWarm*n, 20_000) { // A series that warms up does less.
		round := i / n
		all[i%n].Step(soak.Start+int64(round)*soak.StepMS, values[round&4095])
	}
	began := processTime()
	for i := range steps {
		round := stepWarm + 20_000/n + i/n
		all[i%n].Step(soak.Start+int64(round)*soak.StepMS, values[round&4095])
	}
	return (processTime() - began) / time.Duration(steps), nil
}
