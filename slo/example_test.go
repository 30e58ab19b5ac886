package slo_test

import (
	"fmt"

	"github.com/bellwether-ts/bellwether/slo"
)

// A file of objectives in, raw samples in, a verdict in words out.
func Example() {
	objectives, err := slo.ParseOpenSLO([]byte(`
apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout}
spec:
  service: checkout
  budgetingMethod: Occurrences
  timeWindow: [{duration: 30d, isRolling: true}]
  indicator:
    metadata: {name: checkout}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {spec: {query: 'http_requests_total{service="checkout",code!~"5.."}'}}}
        total: {metricSource: {spec: {query: 'http_requests_total{service="checkout"}'}}}
  objectives: [{target: 0.999}]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	evaluator, err := slo.NewEvaluator(objectives[0], slo.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	const start, minute = int64(1_767_571_200_000), int64(60_000)
	for i := range int64(7 * 60) { // Seven hours at 1,000 requests a minute; the last one fails 2 % of them.
		good := float64(1000 * i)
		if bad := i - 6*60 + 1; bad > 0 {
			good -= 20 * float64(bad)
		}
		evaluator.ObserveGood(1, start+i*minute, good)
		evaluator.ObserveTotal(1, start+i*minute, float64(1000*i))
	}
	status := evaluator.Evaluate(start + (7*60-1)*minute)
	fmt.Println(status.Verdict, status.Severity)
	fmt.Println(status.Trace().Headline)
	// Output:
	// BURNING page
	// checkout spends its 30-day error budget 20x too fast: 2.78 % in the last hour; at this rate it is gone in 1 d 11 h
}
