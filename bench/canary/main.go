// Command canary measures the canary judges on simulated and real metrics,
// beside their peers, and writes the report that is committed next to it:
//
//	go run ./bench/canary                  about six minutes on two cores
//	go run ./bench/canary -replicates 1000 for tighter figures
//
// Real traces are read from the folder named by BELLWETHER_CORPUS, with the
// Numenta Anomaly Benchmark in nab/ and the Web Service Dataset in wsd/;
// without it that part is left out and the report says so.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	replicates := flag.Int("replicates", 50, "simulated canaries per setting; power and counts use ten times as many")
	out := flag.String("out", "bench/canary/REPORT.md", "report to write; empty for none")
	flag.Parse()
	start := time.Now()
	var b bytes.Buffer
	report(&b, *replicates, os.Getenv("BELLWETHER_CORPUS"))
	fmt.Print(b.String())
	fmt.Fprintf(os.Stderr, "took %.0f s\n", time.Since(start).Seconds())
	if *out == "" {
		return
	}
	if err := os.WriteFile(*out, b.Bytes(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "cannot write report:", err)
		os.Exit(1)
	}
}
