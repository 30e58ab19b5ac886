package main

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/bellwether-ts/bellwether/bench/detection/etsy"
	"github.com/bellwether-ts/bellwether/bench/detection/soak"
	"github.com/bellwether-ts/bellwether/detect"
)

// What an evaluation of the skyline profile costs, beside Etsy's own code on
// the same series in the same run: one new point, then the nine votes on the
// last 24 hours.

// etsySection measures both and the ratio.
func etsySection(r *report, _ string) error {
	r.head("The skyline profile beside Etsy's own code")
	r.text("A new point and the nine votes on the 24 hours before it. Microseconds of CPU time of one thread: " +
		"hot, one series over and over; cold, so many series in turn that none is in cache when its turn comes. Noise around a daily wave.")
	lengths := []struct {
		points, fleet int
		step          time.Duration
	}{{1440, 20_000, time.Minute}, {8640, 3_000, 10 * time.Second}}
	var ours []float64
	var cases []etsy.Case
	r.table("points", "hot", "cold", "series in turn", "bytes a series")
	for _, l := range lengths {
		hot, _, err := skylineTime(1, 400_000, l.step)
		if err != nil {
			return err
		}
		cold, bytes, err := skylineTime(l.fleet, 20*l.fleet, l.step)
		if err != nil {
			return err
		}
		ours = append(ours, cold)
		r.row(fmt.Sprint(l.points), fmt.Sprintf("%.2f", hot), fmt.Sprintf("%.2f", cold), fmt.Sprint(l.fleet), fmt.Sprint(bytes))
		cases = append(cases, waveCase(l.points, l.step))
	}
	r.end()
	clone := os.Getenv("BELLWETHER_ETSY_SKYLINE")
	if clone == "" {
		r.text("Etsy's code was not timed: BELLWETHER_ETSY_SKYLINE names no clone of etsy/skyline.")
		return nil
	}
	theirs, versions, err := etsy.Time(cmp.Or(os.Getenv("BELLWETHER_PYTHON"), "python3"), clone, cases)
	if err != nil {
		r.text("Etsy's code was not timed: " + err.Error() + ".")
		return nil
	}
	r.text(fmt.Sprintf("Etsy's algorithms.py on python %s, numpy %s, scipy %s, pandas %s, statsmodels %s, microseconds of CPU time, the least of three.",
		versions["python"], versions["numpy"], versions["scipy"], versions["pandas"], versions["statsmodels"]))
	columns := []string{"algorithm"}
	for _, t := range theirs {
		columns = append(columns, fmt.Sprintf("%d points", t.Points))
	}
	r.table(columns...)
	for _, name := range append(slices.Clone(etsy.Algorithms[:]), "all") {
		cells := []string{name}
		for _, t := range theirs {
			cells = append(cells, fmt.Sprintf("%.0f", t.US[name]))
		}
		r.row(cells...)
	}
	cells := []string{"times our cold evaluation"}
	for i, t := range theirs {
		cells = append(cells, fmt.Sprintf("%.0f", t.US["all"]/ours[i]))
	}
	r.row(cells...)
	r.end()
	return nil
}

// dailyWave returns values of noise around a daily wave.
func dailyWave(seed uint64, step time.Duration) func(i int) float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	perDay := float64(24 * time.Hour / step)
	return func(i int) float64 {
		return 100 + 20*math.Sin(2*math.Pi*float64(i)/perDay) + 5*r.NormFloat64()
	}
}

func waveCase(points int, step time.Duration) etsy.Case {
	var c etsy.Case
	f := dailyWave(1, step)
	for i := range points {
		c.T = append(c.T, float64(soak.Start/1000)+float64(i)*step.Seconds())
		c.V = append(c.V, f(i))
	}
	return c
}

// warmFleet is many series of one profile, each with a full day behind it.
type warmFleet struct {
	all  []*detect.Series
	step time.Duration
	next int // Number of the next point.
	v    []float64
}

// templates are the series a fleet is copied from, by checkpoint: to feed a day
// to each would take longer than to measure.
const templates = 64

func newWarmFleet(n int, cfg detect.Config, step time.Duration) (*warmFleet, error) {
	f := &warmFleet{all: make([]*detect.Series, n), step: step, next: int(24*time.Hour/step) + templates}
	meta := detect.Meta{Kind: detect.MetricGauge}
	var states [templates][]byte
	err := each(templates, func(i int) error {
		s, err := detect.New(cfg, meta)
		if err != nil {
			return err
		}
		x := dailyWave(uint64(i), step)
		for p := range f.next {
			s.Step(f.at(p), x(p))
		}
		states[i] = s.AppendState(nil)
		return nil
	})
	if err != nil {
		return nil, err
	}
	x := dailyWave(templates, step)
	for i := range 1 << 13 {
		f.v = append(f.v, x(f.next+i))
	}
	return f, each(n, func(i int) (err error) {
		f.all[i], err = detect.Restore(cfg, meta, states[i%templates])
		return err
	})
}

func (f *warmFleet) at(i int) int64 { return soak.Start + int64(i)*f.step.Milliseconds() }

// pass gives the series from first to last, exclusive, their next point.
func (f *warmFleet) pass(first, last int) {
	t := f.at(f.next)
	for i := first; i < last; i++ {
		f.all[i].Step(t, f.v[(f.next+31*i)&(len(f.v)-1)])
	}
}

// each calls f for 0..n-1 on every processor and returns the first error.
func each(n int, f func(i int) error) error {
	procs := runtime.GOMAXPROCS(0)
	errs := make(chan error, procs)
	for p := range procs {
		go func() {
			for i := p; i < n; i += procs {
				if err := f(i); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	var first error
	for range procs {
		first = cmp.Or(first, <-errs)
	}
	return first
}

// skylineTime returns the microseconds of CPU time of a step of n series in
// turn, and the bytes each takes.
func skylineTime(n, steps int, step time.Duration) (us float64, bytes int, err error) {
	before := heap()
	f, err := newWarmFleet(n, detect.Config{Profile: detect.ProfileSkyline}, step)
	if err != nil {
		return 0, 0, err
	}
	bytes = (heap() - before) / n
	f.pass(0, n)
	f.next++
	began := processTime()
	for range steps / n {
		f.pass(0, n)
		f.next++
	}
	us = float64((processTime() - began).Nanoseconds()) / 1000 / float64(steps/n*n)
	runtime.KeepAlive(f)
	return us, bytes, nil
}

// heap returns the bytes alive.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
