package slo

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bellwether-ts/bellwether/metric"
)

func TestParseQuery(t *testing.T) {
	f := func(in, want string, wantRated bool) {
		t.Helper()
		q, rated := parseQuery(in)
		if q.Selector != want || rated != wantRated {
			t.Errorf("parseQuery(%q) = %q, rated %v; want %q, %v", in, q.Selector, rated, want, wantRated)
		}
	}
	f(`x_total`, `x_total`, false)
	f(` x_total{a="b"} `, `x_total{a="b"}`, false)
	f(`{__name__="x_total",a=~"b|c"}`, `{__name__="x_total",a=~"b|c"}`, false)
	f(`sum(x_total{a="b"})`, `x_total{a="b"}`, false)
	f(`sum by (job) (rate(x_total{a="b"}[5m]))`, `x_total{a="b"}`, true)
	f(`sum(increase(x_total[1h])) by (job)`, `x_total`, true)
	f(`sum(irate(x_total{a=")"}[5m]))`, `x_total{a=")"}`, true)
	f("rate(x_total[5m])", `x_total`, true)
	// More than a selector: kept as text.
	f(`sum(a) / sum(b)`, ``, false)
	f(`sum(rate(a[5m])) - sum(rate(b[5m]))`, ``, false)
	f(`a{x="1"} / b{x="1"}`, ``, false)
	f(`avg(x)`, ``, false)
	f(`x_total[5m]`, ``, false)
	f(`{}`, ``, false)
	f(``, ``, false)
	f(`sum(`, ``, false)
}

func TestParseErrorsHaveLines(t *testing.T) {
	_, err := ParseOpenSLO([]byte("apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: x}\nspec:\n  objctives: []\n"))
	var p *ParseError
	if !errors.As(err, &p) || p.Line != 5 || !strings.Contains(p.Why, `did you mean "objectives"?`) {
		t.Errorf("got %v", err)
	}
	if _, err := ParseOpenSLO([]byte("a: [")); err == nil || !strings.Contains(err.Error(), "line") {
		t.Errorf("broken YAML gives %v", err)
	}
	if got, err := ParseOpenSLO(nil); len(got) != 0 || err != nil {
		t.Errorf("an empty file gives %v, %v", got, err)
	}
	if _, err := ParseOpenSLO(make([]byte, maxFileBytes+1)); err == nil {
		t.Error("a file over the limit is read")
	}
}

// FuzzParseOpenSLO wants no panic, errors with words, and objectives that can be
// watched and whose selectors can be read.
func FuzzParseOpenSLO(f *testing.F) {
	files, _ := filepath.Glob("testdata/dialogue/*.txt")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "\nslo\n")[1:] {
			yaml, _, _ := strings.Cut(part, "\n----")
			f.Add([]byte(yaml))
		}
	}
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("apiVersion: openslo/v1\nkind: SLO\nmetadata: &m {name: x, labels: *m}\nspec: {}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		objectives, err := ParseOpenSLO(data)
		if err != nil {
			if len(objectives) != 0 || strings.TrimSpace(err.Error()) == "" {
				t.Fatalf("%d objectives with error %q", len(objectives), err)
			}
			return
		}
		for _, o := range objectives {
			if o.Window.Length > 40*day {
				continue // Sums for years are only slow to make.
			}
			e, err := NewEvaluator(o, Options{})
			if err != nil {
				t.Fatalf("read, but cannot be watched: %v", err)
			}
			e.ObserveTotal(1, 1e12, 1)
			e.ObserveValue(1, 1e12, 1)
			if e.Evaluate(1e12+60_000).Trace().Text() == "" {
				t.Fatal("a status without words")
			}
			for _, q := range []Query{o.Indicator.Good, o.Indicator.Bad, o.Indicator.Total, o.Indicator.Value} {
				if q.Selector == "" {
					continue
				}
				if _, err := metric.ParseMatchers(q.Selector); err != nil {
					t.Fatalf("selector %q: %v", q.Selector, err)
				}
			}
		}
	})
}
