package metric

import (
	"strings"
	"testing"

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
	f(`x{"a.b"="c"}`, `x{"a.b"="c"}`)
	f(`x{a.b="c"}`, `x{"a.b"="c"}`)
	f(`{"a name", b='it\'s "so"'}`, `{"a name",b="it's \"so\""}`)
	f("x{a=`\\`}", `x{a="\\"}`)
	f(`{"a name"}`, "a name")
	f(`{"a{b}"}`, `{"a{b}"}`)
	f(`{" padded "}`, `{" padded "}`)
	f(`{"a=b"="c"}`, `{"a=b"="c"}`)
	f(`job:rate5m{a="b"}`, `job:rate5m{a="b"}`)
	f(`{"a:b"="c"}`, `{"a:b"="c"}`)
	f(`x{a=""}`, `x`)
	f(`{}`, `{}`)
}

func TestParseSeriesRefuses(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		ls, err := ParseSeries(in)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseSeries(%q) = %v, %v; want an error with %q", in, ls, err, want)
		}
	}
	f("", "empty")
	f("  ", "empty")
	f("a\xff", "not UTF-8")
	f(`x{a="\xff"}`, "UTF-8")
	f(`x{a='\xff'}`, "UTF-8")
	f(`x{a=~"b"}`, "only allows =")
	f(`x{a="1",a="1"}`, "label a stands twice")
	f(`x{"y"}`, "second metric name")
	f(`x{__name__="y"}`, "label __name__ stands twice")
	f(`{""="y"}`, "empty name")
	f(`{"y"~"z"}`, "expected an operator")
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
	f(`"a"`)
	f(`a='b`)
	f(`a='b\'`)
	f(`a="\z"`)
	f("a=\"\xff\"")
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
