package main

import (
	"fmt"
	"strings"
	"time"
)

// result is what a step came to. A step that is one check counts as one; a
// step that runs tests counts those.
type result struct {
	passed, failed int
	note           string   // What was looked at, one short sentence; may be empty.
	skipped        []string // What did not run, and why.
	output         string   // Shown only when failed > 0.
}

// verdict is the result of a step that either passes or fails as a whole.
func verdict(output string, err error) result {
	if err != nil {
		if !strings.Contains(err.Error(), "exit status") {
			output += "\n" + err.Error()
		}
		return result{failed: 1, output: output}
	}
	return result{passed: 1}
}

// print writes the line of the step, then what is worth reading.
func (r result) print(s step, took time.Duration) {
	word := "ok  "
	switch {
	case r.failed > 0:
		word = "FAIL"
	case r.passed == 0:
		word = "skip"
	}
	fmt.Println(strings.TrimRight(fmt.Sprintf("%s  %-15s %7s  %s", word, s.name, round(took), r.note), " "))
	for _, why := range r.skipped {
		fmt.Printf("      skipped %s\n", why)
	}
	if r.failed == 0 {
		return
	}
	for line := range strings.Lines(strings.TrimSpace(r.output) + "\n") {
		fmt.Printf("      %s", line)
	}
	if s.again != "" {
		fmt.Printf("      again: %s\n", s.again)
	}
}

// round keeps durations short enough to compare by eye.
func round(d time.Duration) string {
	if d >= time.Minute {
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%.1fs", d.Seconds())
}
