// Command load measures what canary runs cost: ten thousand of them beside each
// other with a look a minute, and one verdict on a thousand metrics from the
// embedded store. It writes the report that is committed next to it:
//
//	go run ./bench/canary/load               about three minutes on two free cores
//	go run ./bench/canary/load -runs 1000    smaller
//
// Time is virtual: the store is filled minute by minute and every run is given
// the looks that are due, as fast as they go. CPU is the process's own, user
// and system, while looks are taken and nothing else.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"time"
)

func main() {
	var o options
	flag.IntVar(&o.runs, "runs", 10_000, "runs beside each other")
	flag.IntVar(&o.looks, "looks", 3, "looks of each")
	flag.IntVar(&o.services, "services", 400, "services the runs are spread over")
	flag.DurationVar(&o.past, "past", 24*time.Hour, "history in the store before the runs start")
	flag.IntVar(&o.metrics, "metrics", 1000, "metrics of the one verdict")
	profile := flag.String("cpuprofile", "", "file for a CPU profile of the looks")
	out := flag.String("out", "bench/canary/load/REPORT.md", "report to write; empty for none")
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			fail(err)
		}
		defer f.Close()
		o.profile = func() { _ = pprof.StartCPUProfile(f) }
	}
	start := time.Now()
	var b bytes.Buffer
	if err := report(&b, o); err != nil {
		fail(err)
	}
	pprof.StopCPUProfile()
	fmt.Print(b.String())
	fmt.Fprintf(os.Stderr, "took %.0f s\n", time.Since(start).Seconds())
	if *out == "" {
		return
	}
	if err := os.WriteFile(*out, b.Bytes(), 0o644); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "load:", err)
	os.Exit(1)
}

type options struct {
	runs, looks, services, metrics int
	past                           time.Duration
	profile                        func()
}
