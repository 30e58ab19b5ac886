package canary_test

import (
	"fmt"

	"github.com/bellwether-ts/bellwether/canary"
)

// Ten minutes of errors: the canary has about five times as many.
func ExampleJudge() {
	v := canary.Judge(canary.Request{Metrics: []canary.Metric{{
		Name:      "errors",
		Kind:      canary.Count,
		Direction: canary.Increase,
		Baseline:  []float64{1, 0, 2, 1, 0, 1, 0, 1, 0, 1},
		Canary:    []float64{5, 6, 4, 8, 9, 4, 5, 6, 7, 3},
	}}})
	fmt.Println(v.Verdict, v.ExitCode())
	fmt.Println(v.Metrics[0].Reason)
	// Output:
	// FAIL 20
	// the canary is higher by 5 events per sample (interval 1.952 to 9.247), which is worse than chance allows: p = 1.7e-08 over all looks against 0.0095 needed among 1 metric
}

// A canary that reports nothing is no pass.
func ExampleVerdict_ExitCode() {
	v := canary.Judge(canary.Request{Metrics: []canary.Metric{{Name: "cpu", Baseline: []float64{1, 2, 3}}}})
	fmt.Println(v.Verdict, v.ExitCode())
	// Output: NO_DATA 30
}
