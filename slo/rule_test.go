package slo

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestStandardRules compares with the table of the SRE workbook, chapter 5, and
// with the limits from which each of its rules is dead.
func TestStandardRules(t *testing.T) {
	f := func(target float64, period int64, want ...string) {
		t.Helper()
		rules, refused := StandardRules(target, period)
		var got []string
		for _, r := range rules {
			got = append(got, fmt.Sprintf("%s %.4g %s/%s", r.Severity, r.Factor, FormatDuration(r.Long), FormatDuration(r.Short)))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("target %v, period %s: %s", target, FormatDuration(period), d)
		}
		if len(rules)+len(refused) != 4 {
			t.Errorf("%d rules and %d sentences", len(rules), len(refused))
		}
	}
	f(.999, 30*day, "page 14.4 1 h/5 m", "page 6 6 h/30 m", "ticket 3 1 d/2 h", "ticket 1 3 d/6 h")
	f(.931, 30*day, "page 14.4 1 h/5 m", "page 6 6 h/30 m", "ticket 3 1 d/2 h", "ticket 1 3 d/6 h")
	f(.930, 30*day, "page 6 6 h/30 m", "ticket 3 1 d/2 h", "ticket 1 3 d/6 h")
	f(.83, 30*day, "ticket 3 1 d/2 h", "ticket 1 3 d/6 h")
	f(.999, 28*day, "page 13.44 1 h/5 m", "page 5.6 6 h/30 m", "ticket 2.8 1 d/2 h", "ticket 1 3 d/6 h")
	f(.999, day, "page 1 1 h/5 m", "page 1 6 h/30 m", "ticket 1 1 d/2 h")
}

func TestRuleCheckSaysWhy(t *testing.T) {
	f := func(r Rule, want string) {
		t.Helper()
		err := r.Check(.9, 30*day)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", r, err, want)
		}
	}
	f(Rule{Name: "a", Factor: 14.4, Long: hour, Short: minute}, "can never fire: at a target of 90 % even a total outage burns at 10x, not above 14.4x")
	f(Rule{Name: "a", Factor: 10, Long: hour, Short: minute}, "can never fire")
	f(Rule{Name: "a", Factor: 0, Long: hour, Short: minute}, "not above 0")
	f(Rule{Name: "a", Factor: math.NaN(), Long: hour, Short: minute}, "not above 0")
	f(Rule{Name: "a", Factor: 2, Long: minute, Short: hour}, "0 < short <= long")
	f(Rule{Name: "a", Factor: 2, Long: 31 * day, Short: minute}, "longer than the objective's")
}

// TestChernoffBound: the bounds are evaluations of the formula, the tails exact
// sums of binomial probabilities in rational arithmetic (Python 3.11,
// fractions.Fraction), which the bound must not be below.
func TestChernoffBound(t *testing.T) {
	f := func(bad, total, p, want, tail float64) {
		t.Helper()
		got := ChernoffBound(bad, total, p)
		if math.Abs(got/want-1) > 1e-9 {
			t.Errorf("ChernoffBound(%v, %v, %v) = %v, want %v", bad, total, p, got, want)
		}
		if got < tail*(1-1e-12) {
			t.Errorf("ChernoffBound(%v, %v, %v) = %v is below the exact tail %v", bad, total, p, got, tail)
		}
	}
	f(1, 60, .001, 0.15246499416, 0.0582637377768)
	f(2, 60, .001, 0.00606721970961, 0.00170300130697)
	f(3, 60, .001, 0.000140629785522, 3.27893691732e-05)
	f(5, 300, .001, 8.23854858736e-05, 1.5326659468e-05)
	f(10, 1000, .001, 7.78019876245e-07, 1.07428338685e-07)
	f(3, 3, .001, 1e-09, 1e-09)
	f(20, 100, .1, 0.0117923913222, 0.00197856086577)
	f(30, 100, .1, 2.12068037877e-07, 2.44511223939e-08)
	for _, none := range [][3]float64{{0, 100, .1}, {10, 100, .1}, {0, 0, .1}, {1, 2, 0}, {1, 2, 1}, {math.NaN(), 2, .1}} {
		if got := ChernoffBound(none[0], none[1], none[2]); got != 1 {
			t.Errorf("ChernoffBound(%v) = %v, want 1: no evidence", none, got)
		}
	}
}
