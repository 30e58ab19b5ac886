package main

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
	"time"

	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// cost is what a number of looks took.
type cost struct {
	looks int
	cpu   time.Duration
	wall  time.Duration
}

func (c cost) perLook() time.Duration { return c.cpu / time.Duration(max(1, c.looks)) }

// fleet is the result of many runs beside each other.
type fleet struct {
	runs     int
	start    cost // Starting them, a file each.
	first    cost // First looks: all of the history is read.
	rest     cost // Looks after it.
	kept     int64
	heap     int64 // Growth of the heap by the runs, garbage collected.
	reread   uint64
	verdicts map[string]int
	metrics  int // Of one run.
}

// measureFleet starts the runs and gives each its looks.
func measureFleet(ctx context.Context, o options, keep int64) (fleet, error) {
	r, err := newRig(keep)
	if err != nil {
		return fleet{}, err
	}
	defer r.close()
	all := company(o.services)
	if err := r.fill(ctx, all, epoch+o.past.Milliseconds()+begun); err != nil {
		return fleet{}, err
	}
	f := fleet{runs: o.runs, verdicts: map[string]int{}}
	f.start, err = timed(o.runs, func() error {
		for i := range o.runs {
			if _, err := r.p.Canaries.Ensure(ctx, fmt.Sprint("run ", i), specOf(i%o.services, r.now, o.past)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return f, err
	}
	start := r.now
	if o.profile != nil {
		o.profile()
	}
	for k := 1; k <= o.looks; k++ {
		// Every phase of this minute has come.
		if err := r.fill(ctx, all, start+int64(k+1)*minute-1); err != nil {
			return f, err
		}
		was := r.p.Canaries.Stats().Looks
		c, err := timed(0, func() error { r.p.Canaries.LookAll(ctx, r.now); return nil })
		if err != nil {
			return f, err
		}
		c.looks = int(r.p.Canaries.Stats().Looks - was)
		sum := &f.rest
		if k == 1 {
			sum = &f.first
		}
		sum.looks, sum.cpu, sum.wall = sum.looks+c.looks, sum.cpu+c.cpu, sum.wall+c.wall
	}
	st := r.p.Canaries.Stats()
	f.kept, f.reread = st.KeptBytes, st.Reread
	for _, run := range r.p.Canaries.List(0) {
		f.verdicts[string(run.Last.Verdict)]++
		f.metrics = len(run.Spec.Metrics)
	}
	with := heap()
	r.p = nil
	f.heap = with - heap()
	return f, nil
}

// begun is how long before the first look the runs have begun: looks in the
// middle of a run's life are what a running server takes.
const begun = 30 * minute

func specOf(i int, now int64, past time.Duration) pipeline.RunSpec {
	return pipeline.RunSpec{
		Service: service(i), Baseline: `track="stable"`, Canary: `track="canary"`, History: past,
		Start: now - begun, MaxDuration: 2 * time.Hour,
	}
}

// wide is one verdict on many metrics, end to end.
type wide struct {
	metrics int
	start   cost // Checking the spec.
	judge   cost // Reading and judging.
	verdict string
}

// measureWide judges many metrics over an hour with a history before it.
func measureWide(ctx context.Context, o options, history time.Duration) (wide, error) {
	r, err := newRig(0)
	if err != nil {
		return wide{}, err
	}
	defer r.close()
	if err := r.fill(ctx, gauges(o.metrics), epoch+history.Milliseconds()+60*minute); err != nil {
		return wide{}, err
	}
	spec := pipeline.RunSpec{
		Service: "wide", Baseline: `track="stable"`, Canary: `track="canary"`,
		Start: r.now - 60*minute, History: max(history, time.Second), MaxDuration: time.Hour,
	}
	for i := range o.metrics {
		name := fmt.Sprintf("metric_%04d", i)
		spec.Metrics = append(spec.Metrics, pipeline.RunMetric{Name: name, Query: "avg(" + name + "{$side})"})
	}
	w := wide{metrics: o.metrics}
	var run pipeline.Run
	runtime.GC()
	if w.start, err = timed(1, func() (err error) { run, err = r.p.Canaries.Start(spec); return err }); err != nil {
		return w, err
	}
	r.now += 2 * minute
	w.judge, err = timed(1, func() error { r.p.Canaries.LookAll(ctx, r.now); return nil })
	got, _ := r.p.Canaries.Get(run.ID)
	w.verdict = string(got.Last.Verdict)
	return w, err
}

// timed runs f and takes its time.
func timed(looks int, f func() error) (cost, error) {
	began, cpu := time.Now(), processCPU()
	err := f()
	return cost{looks: looks, cpu: processCPU() - cpu, wall: time.Since(began)}, err
}

// processCPU is the CPU time the process has used, user and system.
func processCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// heap is what is in use after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
