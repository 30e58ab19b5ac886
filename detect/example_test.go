package detect_test

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
)

// A week of minutes with an outage of ten near its end.
func ExampleRun() {
	var week []metric.Sample
	for i := range 7 * 1440 {
		v := 100 + 3*math.Sin(float64(i)*1.7) + 2*math.Sin(float64(i)*.913)
		if i >= 9000 && i < 9010 {
			v = 0
		}
		week = append(week, metric.Sample{T: int64(i) * 60_000, V: v})
	}
	_, anomalies, err := detect.Run(detect.Config{}, detect.Meta{}, week)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range anomalies {
		fmt.Printf("%s %s from minute %d to %d, expected %.0f, observed %.0f\n",
			a.Kind, a.Direction, a.Start/60_000, a.End/60_000, a.Expected, a.Observed)
	}
	// Output: spike down from minute 9000 to 9014, expected 100, observed 0
}
