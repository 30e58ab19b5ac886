package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report measures and writes.
func report(w io.Writer, o options) error {
	ctx := context.Background()
	profile := o.profile
	o.profile = nil
	wideHistory, err := measureWide(ctx, o, o.past)
	if err != nil {
		return err
	}
	wideBare, err := measureWide(ctx, o, 0)
	if err != nil {
		return err
	}
	o.profile = profile
	full, err := measureFleet(ctx, o, 0)
	if err != nil {
		return err
	}
	few := o
	few.profile = nil
	few.runs, few.looks = min(o.runs, 500), 3
	kept, err := measureFleet(ctx, few, 64<<30)
	if err != nil {
		return err
	}
	none, err := measureFleet(ctx, few, -1)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "# What canary runs cost\n\nWritten by `go run ./bench/canary/load`, %s %s/%s, %d processors,\nload average %s while it ran: judge by the CPU, which other work does not lengthen much; times are as they were.\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), loadAverage())
	fmt.Fprintf(w, "\n## %d runs beside each other\n\n", o.runs)
	fmt.Fprintf(w, "Every run names a service and two tracks and nothing else; the convention finds it %d metrics. A look a minute in the\nmiddle of a run of two hours, a point a minute, %s of history at a scrape every 30 s. The runs are spread over %d services, so several read the same series.\n\n",
		full.metrics, o.past, o.services)
	fmt.Fprintln(w, "| memory for samples | looks | CPU per look | looks/s on 2 cores | runs with 1-minute looks on 2 cores | reread | first look, CPU | bytes a run, estimated | bytes a run, heap | verdicts |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|")
	line := func(name string, f fleet) {
		perSecond := 2 * float64(time.Second) / float64(f.rest.perLook())
		fmt.Fprintf(w, "| %s | %d | %s | %.0f | %.0f | %.0f %% | %s | %d | %d | %s |\n", name, f.rest.looks, ms(f.rest.perLook()), perSecond, 60*perSecond,
			100*float64(f.reread-uint64(f.first.looks))/float64(max(1, f.rest.looks)), ms(f.first.perLook()), f.kept/int64(f.runs), f.heap/int64(f.runs), words(f.verdicts))
	}
	line(fmt.Sprintf("1 GiB, the default (%d runs)", full.runs), full)
	line(fmt.Sprintf("no bound (%d runs)", kept.runs), kept)
	line(fmt.Sprintf("none (%d runs)", none.runs), none)
	need := 120 * time.Second / time.Duration(10_000)
	fmt.Fprintf(w, "\n10,000 runs with a look a minute on 2 cores leave %s of CPU a look. Beside each other with the default memory a look takes %s: %s.\n",
		ms(need), ms(full.rest.perLook()), holds(full.rest.perLook() < need))
	fmt.Fprintf(w, "First looks read all the history: %s each, so the first looks of 10,000 runs begun in one minute take 2 cores %.0f s.\n",
		ms(full.first.perLook()), 5_000*full.first.perLook().Seconds())
	fmt.Fprintf(w, "Without room for its samples every look costs %s (%s): what a run weighs is 23 KB a metric and day of history, and\n1 GiB is room for %.0f runs of %d metrics.\n",
		ms(none.rest.perLook()), holds(none.rest.perLook() < need), float64(1<<30)/float64(max(1, kept.kept/int64(kept.runs))), kept.metrics)
	fmt.Fprintf(w, "A start takes %s of CPU and %s of time: the spec is checked against the store, a file is written and synced.\n", ms(full.start.perLook()), ms(full.start.wall/time.Duration(max(1, full.runs))))
	fmt.Fprintf(w, "\n## One verdict on %d metrics from the store\n\nAn hour at a point a minute on both sides, named gauges, read and judged on both processors; whether it holds is told\nby the CPU over two cores, see the load average above.\n\n", o.metrics)
	fmt.Fprintln(w, "| history | check of the spec, CPU | read and judge, time | CPU | CPU over 2 cores | verdict | must 1 s | aim 0.5 s |\n|---|---|---|---|---|---|---|---|")
	for _, x := range []struct {
		name string
		w    wide
	}{{"none", wideBare}, {o.past.String(), wideHistory}} {
		free := x.w.judge.cpu / 2
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", x.name, ms(x.w.start.cpu), ms(x.w.judge.wall), ms(x.w.judge.cpu), ms(free), x.w.verdict,
			holds(free <= time.Second), holds(free <= 500*time.Millisecond))
	}
	return nil
}

// loadAverage is how busy the machine is with everything, where that is told.
func loadAverage() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(data))[:3], ", ")
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond)) }

func holds(ok bool) string {
	if ok {
		return "holds"
	}
	return "does not hold"
}

func words(counts map[string]int) string {
	var out []string
	for w, n := range counts {
		out = append(out, fmt.Sprintf("%d %s", n, w))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
