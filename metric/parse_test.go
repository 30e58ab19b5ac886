package metric

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
)

func TestParseSeries(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		ls, err := ParseSeries(in)
		if err != nil {
			t.Fatalf("ParseSeries(%q): %v", in, err)
		}
		if got := FormatSeries(ls); got != want {
			t.Errorf("ParseSeries(%q) = %q, want %q", in, got, want)
		}
	}
	f("cpu", "cpu")
	f(" cpu ", "cpu")
	f(`http_requests_total{service="cart"}`, `http_requests_total{service="cart"}`)
	f(`{b="2",a="1"}`, `{a="1",b="2"}`)
	f(`x{a="},{",}`, `x{a="},{"}`)
	f(`x{}`, `x`)
	f("CPU load, %", "CPU load, %")
	f(`x{"a.b"="c"}`, `x{a.b="c"}`)
}

func TestParseMatchersRefuses(t *testing.T) {
	f := func(in string) {
		t.Helper()
		if ms, err := ParseMatchers(in); err == nil {
			t.Errorf("ParseMatchers(%q) = %v, want an error", in, ms)
		}
	}
	f(`x{a="b"`)
	f(`x{a="b"} y`)
	f(`x{a=b}`)
	f(`x{a=~"("}`)
	f(`x{="b"}`)
	f(`a="b" c="d"`)
	f(`a!"b"`)
}

func TestMatchers(t *testing.T) {
	ls := labels.FromStrings("__name__", "up", "job", "api", "zone", "eu-1")
	f := func(in string, want bool) {
		t.Helper()
		ms, err := ParseMatchers(in)
		if err != nil {
			t.Fatalf("ParseMatchers(%q): %v", in, err)
		}
		if got := Matches(ms, ls); got != want {
			t.Errorf("%q matches %s = %v, want %v", in, ls, got, want)
		}
	}
	f("", true)
	f("up", true)
	f("down", false)
	f(`up{job="api",zone=~"eu-.*"}`, true)
	f(`job!="api"`, false)
	f(`job="api", absent=""`, true)
	f(`zone!~"us.*"`, true)
	f(`{job="a{pi"}`, false)
	f(`job="a{pi"`, false)
}

func FuzzParseSeries(f *testing.F) {
	for _, s := range []string{"cpu", `x{a="b"}`, `{a=~"b"}`, `x{`, "\xff", `x{"a"="b"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ls, err := ParseSeries(s)
		if err != nil || ls.IsEmpty() {
			return
		}
		again, err := ParseSeries(FormatSeries(ls))
		if err != nil {
			return // A free-text name need not be notation.
		}
		_ = again
	})
}

func TestResample(t *testing.T) {
	nan := math.NaN()
	in := []Sample{{1, 1}, {10, 2}, {15, 4}, {20, 6}, {41, 9}, {50, nan}}
	got := Resample(in, 10, 60, 10)
	want := Window{Start: 10, Step: 10, V: []float64{1.5, 5, nan, nan, 9}}
	eq := cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })
	if d := cmp.Diff(want, got, eq); d != "" {
		t.Error(d)
	}
	if got.End() != 60 || got.Missing() != 0.4 {
		t.Errorf("End %d, Missing %v", got.End(), got.Missing())
	}
}

func TestMedianStep(t *testing.T) {
	f := func(want int64, ts ...int64) {
		t.Helper()
		if got := MedianStep(ts); got != want {
			t.Errorf("MedianStep(%v) = %d, want %d", ts, got, want)
		}
	}
	f(0)
	f(0, 5)
	f(0, 5, 5)
	f(60, 0, 60, 60, 120, 500, 560)
}

func TestStale(t *testing.T) {
	if !IsStale(StaleNaN()) || IsStale(math.NaN()) || IsStale(1) {
		t.Error("only the stale marker is stale")
	}
}
