package change_test

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/detect/change"
)

// ripple is a healthy series around a level: it never repeats and needs no
// random source.
func ripple(i int, level float64) float64 {
	return level + math.Sin(float64(i*i)) + math.Cos(float64(7*i))
}

func ExampleDetector_Check() {
	var window []float64
	for i := range 240 {
		level := 100.0
		if i >= 150 {
			level = 97 // A drop.
		}
		window = append(window, ripple(i, level))
	}
	d := change.Detector{MinConfidence: 0.999}
	if cp := d.Check(window); cp != nil {
		fmt.Printf("at %d, by %.1f (%.1f standard deviations): %.1f before, %.1f after\n",
			cp.Index, cp.Difference, cp.Effect, cp.Before.Mean(), cp.After.Mean())
	}
	// Output:
	// at 150, by -3.0 (2.8 standard deviations): 100.0 before, 97.0 after
}

func ExampleStream() {
	s := change.NewStream(240, 30, 10, 0.999)
	for i := range 2000 {
		level := 100.0
		if i >= 1200 {
			level = 103
		}
		if cp := s.Push(ripple(i, level)); cp != nil {
			fmt.Printf("after %d samples: a change by %.1f at %d\n", i+1, cp.Difference, cp.Position)
		}
	}
	// Output:
	// after 1220 samples: a change by 2.9 at 1200
}

func ExampleInstant() {
	window := []float64{5, 6, 5, math.NaN(), 5, 6, 5, 5, 6, 19, 21, 20}
	fmt.Println(change.Instant(window))
	// Output:
	// 9 true
}

func ExampleSegment() {
	var x []float64
	for i := range 400 {
		level := 50.0
		if i >= 120 {
			level = 60
		}
		if i >= 300 {
			level += 0.2 * float64(i-300) // A bend.
		}
		x = append(x, ripple(i, level))
	}
	for _, cp := range change.Segment(x) {
		fmt.Printf("at %d, confidence %.3f\n", cp.Index, cp.Confidence)
	}
	// Output:
	// at 120, confidence 1.000
	// at 304, confidence 1.000
}
