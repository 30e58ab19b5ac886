package offline

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// A classic histogram in OpenMetrics text is watched as one distribution; the
// csv output keeps its line for each sample.
func TestDetectClassicHistogram(t *testing.T) {
	var in strings.Builder
	fmt.Fprintln(&in, "# TYPE d_seconds histogram")
	le, bounds := []string{"0.05", "0.1", "0.2", "0.4", "+Inf"}, []float64{.05, .1, .2, .4, math.Inf(1)}
	r, sum, lines := rand.New(rand.NewPCG(1, 1)), make([]int, 5), 0
	for i := range 400 {
		for range 200 {
			x := .1 * math.Exp(.5*r.NormFloat64())
			if i >= 360 {
				x *= 2
			}
			for k, b := range bounds {
				if x <= b {
					sum[k]++
				}
			}
		}
		for k := range le {
			fmt.Fprintf(&in, "d_seconds_bucket{le=%q,service=\"cart\"} %d %d\n", le[k], sum[k], 1700000000+60*i)
			lines++
		}
	}
	fmt.Fprintln(&in, "# EOF")
	run := func(o DetectOptions) string {
		t.Helper()
		var out bytes.Buffer
		if err := Detect(context.Background(), []Input{{Name: "f", R: strings.NewReader(in.String())}}, o, &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	text := run(DetectOptions{Output: Text})
	if !strings.Contains(text, `distribution of d_seconds{service="cart"}  distribution up, from 2023-11-15T04:1`) || !strings.Contains(text, " s -> ") {
		t.Errorf("no distribution in\n%s", text)
	}
	if doc := run(DetectOptions{Output: JSON}); !strings.Contains(doc, `"kind": "distribution"`) && !strings.Contains(doc, `"kind":"distribution"`) {
		t.Errorf("no distribution in %.2000s", doc)
	}
	if n := strings.Count(run(DetectOptions{Output: CSV}), "\n"); n != lines+1 {
		t.Errorf("%d lines of csv for %d samples", n, lines)
	}
	if text := run(DetectOptions{Output: Text, Profile: "skyline"}); strings.Contains(text, "distribution of") {
		t.Error("the skyline profile judged a distribution")
	}
}
