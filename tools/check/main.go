// Command check runs what a change must pass, and what `make test` is: it
// prints one line a step with its duration, the output of a step only when it
// failed, every skipped test with its reason, and last "N passed, N failed".
//
// With arguments it runs only the steps named; -list prints the steps. It goes
// on after a failure, so that one run tells everything there is to repair.
//
// It is Go and not a shell script because the summary is read from `go test
// -json`, and because Go is the one tool everybody here has.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

func main() {
	list := flag.Bool("list", false, "print the steps and exit")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: go run ./tools/check [-list] [step...]")
	}
	flag.Parse()
	all := steps()
	if *list {
		for _, s := range all {
			fmt.Printf("%-16s %s\n", s.name, s.about)
		}
		return
	}
	chosen, err := choose(all, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if !run(chosen) {
		os.Exit(1)
	}
}

// choose returns the steps of that name, in the order of the table; all of
// them when no name is given.
func choose(all []step, names []string) ([]step, error) {
	if len(names) == 0 {
		all = slices.DeleteFunc(slices.Clone(all), func(s step) bool { return s.part })
		return all, nil
	}
	var known []string
	for _, s := range all {
		known = append(known, s.name)
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("cannot run step %q: no such step; there are %s", n, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(s step) bool { return !slices.Contains(names, s.name) }), nil
}

// run executes the steps in order and reports whether none failed.
func run(steps []step) bool {
	var total result
	began := time.Now()
	for _, s := range steps {
		start := time.Now()
		announce(s)
		r := s.do()
		r.print(s, time.Since(start))
		total.passed += r.passed
		total.failed += r.failed
		total.skipped = append(total.skipped, r.skipped...)
	}
	fmt.Printf("took %s", round(time.Since(began)))
	if n := len(total.skipped); n > 0 {
		fmt.Printf(", %d skipped (named above)", n)
	}
	fmt.Printf("\n%d passed, %d failed\n", total.passed, total.failed)
	return total.failed == 0
}

// announce names the running step on a terminal; its line replaces this one.
func announce(s step) {
	if info, err := os.Stdout.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		fmt.Printf("...   %s\r", s.name)
	}
}
