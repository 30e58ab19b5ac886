package metric_test

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/metric"
)

func ExampleParseSeries() {
	for _, text := range []string{`http_requests_total{zone="eu",service="cart"}`, `CPU load, %`, `{"CPU load, %",host="a"}`} {
		ls, err := metric.ParseSeries(text)
		fmt.Println(metric.FormatSeries(ls), err)
	}
	// Output:
	// http_requests_total{service="cart",zone="eu"} <nil>
	// CPU load, % <nil>
	// {"CPU load, %",host="a"} <nil>
}

func ExampleParseMatchers() {
	canary, _ := metric.ParseMatchers(`{service="cart",version=~"2\\..*"}`)
	for _, name := range []string{`rps{service="cart",version="2.1"}`, `rps{service="cart",version="1.9"}`} {
		ls, _ := metric.ParseSeries(name)
		fmt.Println(metric.Matches(canary, ls), name)
	}
	_, err := metric.ParseMatchers(`{service=cart}`)
	fmt.Println(err)
	// Output:
	// true rps{service="cart",version="2.1"}
	// false rps{service="cart",version="1.9"}
	// cannot read selector "{service=cart}": expected a quoted value in UTF-8 at "cart}"; write it as name{label="value",other=~"regex"}
}

func ExampleResample() {
	samples := []metric.Sample{{T: 1_000, V: 2}, {T: 9_000, V: 4}, {T: 31_000, V: 7}}
	w := metric.Resample(samples, 10_000, 50_000, 10_000)
	fmt.Println(w.V, w.End(), w.Missing(), math.IsNaN(w.V[1]))
	// Output: [3 NaN NaN 7] 50000 0.5 true
}
