package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/detect"
)

// One pass over everything: each of so many series, with its last day in
// memory, gets one new point and is judged.

var passSeries = flag.Int("series", 250_000, "series of part pass")

// passSection measures time and memory of a pass.
func passSection(r *report, _ string) error {
	r.head("One pass over everything")
	r.text(fmt.Sprintf("%d series, a day of minutes behind each, get one new point each and are judged, on %d threads. "+
		"CPU is that of the process over the number of threads: the clock of a machine of our own; the clock of this shared one beside. "+
		"The median of five passes. Memory is what the process has resident once garbage is returned, and the most it ever had, setting up included. "+
		"The skyline profile holds its 1,441 points in memory; the default profile holds a state that does not grow.",
		*passSeries, runtime.GOMAXPROCS(0)))
	r.table("profile", "CPU, s", "clock, s", "ns a series", "bytes a series", "resident, GB", "at most, GB")
	for _, p := range []detect.Profile{detect.ProfileSkyline, detect.ProfileDefault} {
		if err := passOf(r, p); err != nil {
			return err
		}
	}
	r.end()
	return nil
}

func passOf(r *report, p detect.Profile) error {
	debug.FreeOSMemory()
	before := heap()
	n := *passSeries
	f, err := newWarmFleet(n, detect.Config{Profile: p}, time.Minute)
	if err != nil {
		return err
	}
	bytes := (heap() - before) / n
	var cpu, clock []float64
	for range 5 {
		began, start := processTime(), time.Now()
		if err := each(runtime.GOMAXPROCS(0), func(i int) error {
			per := (n + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
			f.pass(i*per, min(n, (i+1)*per))
			return nil
		}); err != nil {
			return err
		}
		f.next++
		cpu = append(cpu, (processTime()-began).Seconds()/float64(runtime.GOMAXPROCS(0)))
		clock = append(clock, time.Since(start).Seconds())
	}
	slices.Sort(cpu)
	slices.Sort(clock)
	mid := cpu[len(cpu)/2]
	debug.FreeOSMemory()
	r.row(p.String(), fmt.Sprintf("%.2f", mid), fmt.Sprintf("%.2f", clock[len(clock)/2]),
		fmt.Sprintf("%.0f", mid*1e9*float64(runtime.GOMAXPROCS(0))/float64(n)), fmt.Sprint(bytes), memory("VmRSS:"), memory("VmHWM:"))
	runtime.KeepAlive(f)
	return nil
}

// memory returns a figure of the process in gigabytes where /proc tells it.
func memory(name string) string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			if kb, err := strconv.Atoi(strings.Fields(rest)[0]); err == nil {
				return fmt.Sprintf("%.2f", float64(kb)*1024/1e9)
			}
		}
	}
	return "unknown"
}
