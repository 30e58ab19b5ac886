package custom

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"

	"github.com/bellwether-ts/bellwether/detect"
)

// evaluate computes one expression at a series whose last values are window.
func evaluate(t testing.TB, expr string, window ...float64) float64 {
	t.Helper()
	src := fmt.Sprintf("name: f\nmatch: m\nwindow: 64\nevidence: |\n  %s\n", expr)
	ds, err := Parse("f.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	s, err := ds[0].NewSeries(detect.Config{}, detect.Meta{Kind: detect.MetricGauge}, labels.FromStrings("__name__", "m", "job", "mail"))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range window {
		s.Step(1_767_225_600_000+int64(i)*60_000, v, nil)
	}
	if s.inRow > 0 { // The last one failed; earlier ones may, an element may not be there yet.
		t.Fatalf("%s failed: %+v", expr, s.Account())
	}
	return s.last.raw
}

// Values from R 4: mean, median, sd, quantile (its default, type 7), lm, and
// mad(x, constant = 1).
func TestFunctions(t *testing.T) {
	w := []float64{3.5, -1, 4.25, 1, 5, 9, 2, 6.5, 5, 3}
	for expr, want := range map[string]float64{
		"mean(window)":                               3.825,
		"sum(window)":                                38.25,
		"count(window)":                              10,
		"median(window)":                             3.875,
		"stddev(window)":                             2.83345588,
		"mad(window)":                                1.5,
		"min(window) + 10":                           9,
		"max(window)":                                9,
		"quantile(window, 0.9)":                      6.75,
		"quantile(window, 0.25)":                     2.25,
		"quantile(window, 1)":                        9,
		"slope(window)":                              0.33787879,
		"last(window)":                               3,
		"window[2]":                                  4.25,
		"window[size(window) - 1]":                   3,
		"size(window) + size(labels.job)":            14,
		"min(2, 3) + max(2, 3)":                      5,
		"pow(2, 10) + mod(7, 4)":                     1027,
		"abs(-2) + sqrt(9) + floor(1.7) + ceil(1.2)": 8,
		"round(2.5) + exp(0) + log(1) + log10(1000)": 7,
		"2 * 3 + 4 / 8 - 1":                          5.5,
		"7 / 2":                                      3.5,
		"-(-3)":                                      3,
		"sum(window.map(x, x * 2))":                  76.5,
		"count(window.filter(x, x > 4))":             5,
		"window.all(x, x > -2) ? 1 : 0":              1,
		"window.exists_one(x, x == 9) ? 1 : 0":       1,
		"5 in window ? 1 : 0":                        1,
		"hour(t)":                                    0,
		"weekday(t)":                                 4, // 1 January 2026 is a Thursday.
		"hour(t + 86399 - 540) + weekday(t + 3 * 86400)": 23,
		"weekday(0 - 1) + hour(0 - 1)":                   26, // 31 December 1969, a Wednesday, 23 h.
		"step":                                           60,
		"n":                                              10,
		"size(text(12.3456))":                            5,
		`labels.job == "mail" && has(labels.job) && !has(labels.pod) && "job" in labels ? 1 : 0`:                                        1,
		`labels.job.startsWith("ma") && labels.job.endsWith("il") && labels.job.contains("ai") && labels.job.matches("^m.*l$") ? 1 : 0`: 1,
		`"a" + "b" == "ab" && "a" < "b" ? 1 : 0`:          1,
		`labels.map(k, k) == ["__name__", "job"] ? 1 : 0`: 1,
	} {
		if got := evaluate(t, expr, w...); math.Abs(got-want) > 1e-6 {
			t.Errorf("%s = %v, want %v", expr, got, want)
		}
	}
}

// A statistic of nothing cannot be said, and does not pass for healthy.
func TestFunctionsOfNothing(t *testing.T) {
	for _, expr := range []string{"mean([])", "median([])", "stddev(window)", "slope(window)", "min(window.filter(x, false))", "quantile(window, 2)", "mad([])", "last([])", "log(-1)", "0 / 0"} {
		if got := evaluate(t, expr, 1); !math.IsNaN(got) {
			t.Errorf("%s of one value = %v, want NaN", expr, got)
		}
	}
}

func TestStatisticsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 64).Draw(t, "x")
		lo, hi := slices.Min(x), slices.Max(x)
		for _, q := range []float64{0, .1, .5, .9, 1} {
			if v := quantile(x, q); v < lo || v > hi {
				t.Fatalf("quantile %v of %v is %v, outside of the values", q, x, v)
			}
		}
		shuffled := rapid.Permutation(x).Draw(t, "shuffled")
		if median(x) != median(shuffled) || mad(x) != mad(shuffled) {
			t.Fatal("the order matters")
		}
	})
}
