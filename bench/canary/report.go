package main

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
)

// The report: one section a question, the settings above the figures.

func report(w io.Writer, replicates int, corpus string) {
	fmt.Fprintf(w, "# Canary judges, measured\n\nWritten by `go run ./bench/canary -replicates %d`; %s, %s/%s. Every figure is from simulated or real metrics drawn with fixed seeds; one configuration (the default policy) for all.\n", replicates, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	falseFails(w, 6*replicates)
	power(w, 10*replicates)
	counts(w, 10*replicates)
	wanderingCounts(w, replicates)
	tails(w, 4*replicates)
	spreads(w, 4*replicates)
	heterogeneity(w, 6*replicates)
	hiding(w, 10*replicates)
	realTraces(w, corpus)
	invariance(w, 10*replicates)
	silence(w)
	speed(w)
}

func load(shared float64) string {
	if shared > 0 {
		return "80 % common"
	}
	return "independent"
}

func pct(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) + " %" }
