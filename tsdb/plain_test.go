package tsdb

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePlain(t *testing.T) {
	f := func(expr, want string) {
		t.Helper()
		p, ok := ParsePlain(expr)
		got := "no"
		if ok {
			got = strings.Join([]string{p.Aggregate, strings.Join(p.By, ","), p.Func, p.Range.String()}, "|")
			for _, m := range p.Matchers {
				got += "|" + m.String()
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", expr, got, want)
		}
	}
	f(`sum by (le) (increase(x_bucket{a="b"}[1m]))`, `sum|le|increase|1m0s|a="b"|__name__="x_bucket"`)
	f(`(sum((rate(x[30s]))))`, `sum||rate|30s|__name__="x"`)
	f(`x{a="b"}`, `|||0s|a="b"|__name__="x"`)
	f(`avg(x)`, `avg|||0s|__name__="x"`)
	f(`sum(rate(x[1m] offset 1h))`, "no")
	f(`sum(x @ 10)`, "no")
	f(`sum without (pod) (x)`, "no")
	f(`topk(3, x)`, "no")
	f(`sum(irate(x[1m]))`, "no")
	f(`sum(rate(x[1m])) / 2`, "no")
	f(`sum(rate(`, "no")
	f(`x[5m]`, "no")
}

func TestSplitBy(t *testing.T) {
	f := func(expr, want string) {
		t.Helper()
		got, err := SplitBy(expr, "pod")
		if err != nil {
			got = "no"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", expr, got, want)
		}
	}
	f(`sum(rate(x[1m]))`, `sum by (pod) (rate(x[1m]))`)
	f(`avg by (pod) (x)`, `avg by (pod) (x)`)
	f(`sum(rate(a[1m])) / sum(rate(b[1m]))`, `sum by (pod) (rate(a[1m])) / sum by (pod) (rate(b[1m]))`)
	f(`100 * (1 - avg(x))`, `100 * (1 - avg by (pod) (x))`)
	f(`histogram_quantile(0.99, sum by (le) (rate(x_bucket[1m])))`, `histogram_quantile(0.99, sum by (le, pod) (rate(x_bucket[1m])))`)
	f(`sum(x) or vector(0)`, "no")
	f(`count(x)`, "no")
	f(`sum(a) / on () group_left sum(b)`, "no")
	f(`absent(x)`, "no")
	f(`x`, "no")
	f(`sum(`, "no")
	if diff := cmp.Diff([]string{"a", "b"}, MetricNames(`sum(a) / (sum(b) + a)`)); diff != "" {
		t.Error(diff)
	}
}

// Whatever the expression, looking into it does not panic, and what a split
// returns is PromQL with the label in it.
func FuzzSplitBy(f *testing.F) {
	for _, seed := range []string{`sum by (le) (increase(x_bucket{a="b"}[1m]))`, `(avg(x) - 1) / sum(y)`, `histogram_quantile(0.9, sum(rate(x[1m])))`, `a or b`, `{`, ``} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		ParsePlain(expr)
		MetricNames(expr)
		got, err := SplitBy(expr, "pod")
		if err != nil {
			return
		}
		if again, err := SplitBy(got, "pod"); err != nil || again != got {
			t.Errorf("%q split to %q, then to %q, %v", expr, got, again, err)
		}
	})
}
