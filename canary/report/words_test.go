package report

import (
	"math"
	"strings"
	"testing"

	"github.com/bellwether-ts/bellwether/canary"
)

func TestNumbers(t *testing.T) {
	inf := math.Inf(1)
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(num(0), "0")
	f(num(0.062081), "0.06208")
	f(num(-2), "-2")
	f(num(1234.56), "1235")
	f(num(12345), "12.35k")
	f(num(-2.1e6), "-2.1M")
	f(num(4.12e11), "412G")
	f(num(3e12), "3T")
	f(num(1.5e-7), "1.5e-07")
	f(num(1e300), "1e+300")
	f(num(math.NaN()), "")
	f(num(-inf), "-unbounded")
	f(signed(3), "+3")
	f(signed(inf), "unbounded")
	f(percent(0.297), "+30 %")
	f(percent(-0.0164), "-1.6 %")
	f(percent(1e-9), "0 %")
	f(percent(inf), "")
	f(pvalue(-4000), "1e-1737")
	f(pvalue(math.Log(2.5e-12)), "2.5e-12")
	f(span(0.5), "30 seconds")
	f(span(24.4), "24 minutes")
	f(span(150), "2.5 hours")
	f(interval([2]float64{-1, inf}), "-1 to unbounded")
	f(interval([2]float64{nan, 1}), "")
	f(clip("größe", 3), "gr…")
}

// A gap is a gap, a lone sample a dot, and the peak of a long series survives.
func TestPath(t *testing.T) {
	y := extent{0, 1}
	if got, want := path([]float64{0, 1, nan, nan, 1, nan, 0}, 7, y, 100), "M0 140l100-140M400 0l0 0M600 140l0 0"; got != want {
		t.Errorf("path %q, want %q", got, want)
	}
	long := make([]float64, 10_000)
	long[7777] = 1
	got := path(long, len(long), y, 100)
	if len(got) > 1000 || !strings.Contains(got, "-140") {
		t.Errorf("10,000 samples with one peak: %d bytes, %s", len(got), got)
	}
	if got := path([]float64{nan}, 1, y, 100); got != "" {
		t.Errorf("nothing is drawn as %q", got)
	}
}

// The line people read first, for every way a verdict can come about.
func TestHeadlines(t *testing.T) {
	f := func(r *Report, headline, next string) {
		t.Helper()
		if got := r.headline(); got != headline {
			t.Errorf("headline %q, want %q", got, headline)
		}
		if got := r.next(); !strings.Contains(got, next) {
			t.Errorf("next %q, want %q", got, next)
		}
	}
	f(failing(), "latency p99 is 30 % higher on the canary, and 1 more metric is worse", "Take the canary back.")
	f(waiting(), "Neither safe nor bad is shown yet: error share holds it back", "about 24 minutes more, until 10:24 UTC")
	f(passing(), "No metric differs by as much as matters: 1 metric judged", "Go on with the rollout.")
	f(empty(), "up: there is nothing to compare", "No data is never a pass.")
	f(&Report{}, "There is nothing to judge", "No data is never a pass.")

	never := waiting()
	never.Verdict.MinutesNeeded = math.Inf(1)
	f(never, "Neither safe nor bad is shown yet: error share holds it back", "More of the same will not decide")
	done := waiting()
	done.Meta.State = "done"
	f(done, "Neither safe nor bad is shown yet: error share holds it back", "Its time was too short")
	told := waiting()
	told.Verdict.Verdict, told.Verdict.Reasons = canary.Pass, []string{"undecided, told as PASS by on_undecided"}
	f(told, "undecided, told as PASS by on_undecided", "Go on")
	burning := passing()
	burning.Verdict.Verdict = canary.Fail
	burning.Verdict.Gates = []canary.GateVerdict{{Gate: canary.Gate{Objective: "checkout", Burn: 21.3, Limit: 14.4}, Verdict: canary.Fail}}
	f(burning, "Objective checkout burns 21 times its budget, 14.4 is the limit", "Take the canary back.")
	named := passing()
	named.Verdict.Judge = "mad"
	f(named, "Judge mad flagged none of 1 metric; this does not show that they are equivalent", "Go on")
	tail := failing()
	tail.Verdict.Metrics = tail.Verdict.Metrics[3:]
	f(tail, "request duration: 1.2 % of the canary's observations lie above the baseline's 99.9th percentile", "Take the canary back.")
}

// INCONCLUSIVE is a failure in JUnit XML only where the run says so; a form or a
// file nobody knows is an error.
func TestChoices(t *testing.T) {
	r := waiting()
	for fails, want := range map[bool]string{false: `failures="0" errors="0" skipped="2"`, true: `failures="2" errors="0" skipped="0"`} {
		r.Meta.UndecidedFails = fails
		if out, _ := r.Render(JUnit); !strings.Contains(string(out), want) {
			t.Errorf("undecided fails %v: %s, want %s", fails, out, want)
		}
	}
	if _, err := r.Render("pdf"); err == nil || !strings.Contains(err.Error(), "known forms are html, markdown") {
		t.Errorf("pdf: %v", err)
	}
	if _, err := FormOf("x.pdf"); err == nil {
		t.Error("x.pdf has a form")
	}
	for path, want := range map[string]Form{"a.HTML": HTML, "b/c.md": Markdown, "d.xml": JUnit, "e.txt": Text} {
		if got, err := FormOf(path); got != want || err != nil {
			t.Errorf("%s: %s, %v", path, got, err)
		}
	}
}

func BenchmarkPage(b *testing.B) {
	r := crowd(1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Render(HTML); err != nil {
			b.Fatal(err)
		}
	}
}
