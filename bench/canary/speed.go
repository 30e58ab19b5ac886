package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"syscall"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
)

// What a verdict costs.

// speed measures processor time, not the clock, so that a busy machine does not
// spoil the figure.
func speed(w io.Writer) {
	fmt.Fprint(w, "\n## Speed\n\nProcessor time of one thread for 1,000 metrics of 60 + 60 samples, trace included; the least of 10 runs. Goal: 40 ms.\n\n| judge | history | ms |\n|---|---|---|\n")
	procs := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(procs)
	for _, c := range []struct {
		name    string
		history bool
		judge   judge
	}{{"Bellwether", false, native(canary.Policy{})}, {"Bellwether", true, native(canary.Policy{})}, {"Kayenta", false, kayentaJudge}, {"Mann-Whitney 2 %", false, plainMannWhitney}} {
		ms := canaryOf(process{0.3, 0.5}, source("speed", 0), 1000, c.history)
		best := math.Inf(1)
		for range 10 {
			runtime.GC()
			start := cpuTime()
			if c.name == "Mann-Whitney 2 %" {
				for _, m := range ms { // All of them: it stops at the first failure otherwise.
					c.judge([]canary.Metric{m})
				}
			} else {
				c.judge(ms)
			}
			best = min(best, (cpuTime()-start).Seconds()*1000)
		}
		fmt.Fprintf(w, "| %s | %v | %.0f |\n", c.name, map[bool]string{true: "24 h", false: "none"}[c.history], best)
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
