// Command oracle compares the strict (Kayenta-compatible) interval and estimate
// of canary/stat with R on generated cases, and writes the report that is
// committed next to it:
//
//	go run ./bench/canary/oracle -cases 1000000    about an hour on one core
//	go run ./bench/canary/oracle -cases 20000 -out ""
//
// R's answers come from search.R, run by Rscript in batches; the leading cases
// of every batch are answered by wilcox.test itself as well. Without Rscript on
// the path (Debian: r-base-core) it says so and stops.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func main() {
	cases := flag.Int("cases", 20000, "cases to compare")
	batch := flag.Int("batch", 20000, "cases per run of R")
	proofs := flag.Int("proofs", 400, "leading cases of a batch that wilcox.test answers too")
	script := flag.String("script", "bench/canary/oracle/search.R", "the R side")
	out := flag.String("out", "bench/canary/oracle/REPORT.md", "report to write; empty for none")
	sample := flag.String("sample", "", "file for the first 300 cases with R's answers, for canary/stat/testdata; empty for none")
	flag.Parse()
	if err := run(*cases, *batch, *proofs, *script, *out, *sample); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(cases, batch, proofs int, script, out, sample string) error {
	if _, err := exec.LookPath("Rscript"); err != nil {
		return fmt.Errorf("cannot compare with R: %w; install R (Debian: r-base-core)", err)
	}
	if cases < 1 || batch < 1 {
		return fmt.Errorf("cannot compare %d cases in batches of %d: both must be at least 1", cases, batch)
	}
	dir, err := os.MkdirTemp("", "oracle")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t := newTally()
	start := time.Now()
	for first := 0; first < cases; first += batch {
		ps := make([]pair, min(batch, cases-first))
		for i := range ps {
			ps[i] = draw(uint64(first + i))
		}
		answers, err := askR(dir, script, ps, proofs)
		if err != nil {
			return err
		}
		if first == 0 && sample != "" {
			if err := writeSample(sample, ps, answers, t.version(dir)); err != nil {
				return err
			}
		}
		for i, p := range ps {
			t.add(first+i, p, answers[i])
		}
		t.took = time.Since(start)
		t.version(dir)
		fmt.Fprintf(os.Stderr, "%d of %d cases, %.0f s, %d apart\n", first+len(ps), cases, t.took.Seconds(), t.apart)
		if out != "" { // After every batch, so that what was run is kept.
			if err := os.WriteFile(filepath.Clean(out), t.report(), 0o644); err != nil {
				return fmt.Errorf("cannot write report: %w", err)
			}
		}
	}
	fmt.Print(string(t.report()))
	return nil
}
