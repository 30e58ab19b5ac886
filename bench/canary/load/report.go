package main

import (
	"context"
	"fmt"
	"io"
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
	kept, err := measureFleet(ctx, o, 64<<30)
	if err != nil {
		return err
	}
	o.profile = nil
	budget, err := measureFleet(ctx, o, 0)
	if err != nil {
		return err
	}
	few := o
	few.runs, few.looks = min(o.runs, 1000), 2
	none, err := measureFleet(ctx, few, -1)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "# What canary runs cost\n\nWritten by `go run ./bench/canary/load`, %s %s/%s, %d processors.\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Fprintf(w, "\n## %d runs beside each other\n\n", o.runs)
	fmt.Fprintf(w, "Every run names a service and two tracks and nothing else; the convention finds it %d metrics. A look a minute in the\nmiddle of a run of two hours, a point a minute, %s of history at a scrape every 30 s. The runs are spread over %d services, so several read the same series.\n\n",
		kept.metrics, o.past, o.services)
	fmt.Fprintln(w, "| memory for samples | looks | CPU per look | looks/s on 2 cores | runs with 1-minute looks on 2 cores | reread | first look, CPU | bytes a run, estimated | bytes a run, heap | verdicts |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|")
	line := func(name string, f fleet) {
		perSecond := 2 * float64(time.Second) / float64(f.rest.perLook())
		fmt.Fprintf(w, "| %s | %d | %s | %.0f | %.0f | %.0f %% | %s | %d | %d | %s |\n", name, f.rest.looks, ms(f.rest.perLook()), perSecond, 60*perSecond,
			100*float64(f.reread-uint64(f.first.looks))/float64(max(1, f.rest.looks)), ms(f.first.perLook()), f.kept/int64(f.runs), f.heap/int64(f.runs), words(f.verdicts))
	}
	line("as much as it takes", kept)
	line("512 MiB, the default", budget)
	line(fmt.Sprintf("none (%d runs)", few.runs), none)
	need := 120 * time.Second / time.Duration(10_000)
	fmt.Fprintf(w, "\n10,000 runs with a look a minute on 2 cores leave %s of CPU a look. With the default memory a look takes %s: %s.\n",
		ms(need), ms(budget.rest.perLook()), holds(budget.rest.perLook() < need))
	fmt.Fprintf(w, "First looks read the history and are spread over the first minute: %s, %s.\n", ms(budget.first.perLook()), holds(budget.first.perLook() < need))
	fmt.Fprintf(w, "A start takes %s of CPU and %s of time: the spec is checked against the store, a file is written and synced.\n", ms(budget.start.perLook()), ms(budget.start.wall/time.Duration(max(1, budget.runs))))
	fmt.Fprintf(w, "\n## One verdict on %d metrics from the store\n\nAn hour at a point a minute on both sides, named gauges, both processors.\n\n", o.metrics)
	fmt.Fprintln(w, "| history | check of the spec | read and judge | CPU | verdict | must 1 s | aim 0.5 s |\n|---|---|---|---|---|---|---|")
	for _, x := range []struct {
		name string
		w    wide
	}{{"none", wideBare}, {o.past.String(), wideHistory}} {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s |\n", x.name, ms(x.w.start.wall), ms(x.w.judge.wall), ms(x.w.judge.cpu), x.w.verdict,
			holds(x.w.judge.wall <= time.Second), holds(x.w.judge.wall <= 500*time.Millisecond))
	}
	return nil
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
