package pipeline

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// What an INCONCLUSIVE end is told as, and what it is never told as.
func TestTell(t *testing.T) {
	undecided := canary.MetricVerdict{Name: "a", Verdict: canary.Inconclusive, Channel: "location", N: [2]int{60, 60}}
	missing := canary.MetricVerdict{Name: "b", Verdict: canary.NoData, N: [2]int{60, 0}}
	thin := canary.MetricVerdict{Name: "c", Verdict: canary.Inconclusive, Channel: "missing", N: [2]int{60, 2}}
	quiet := canary.GateVerdict{Gate: canary.Gate{Objective: "o"}, Verdict: canary.NoData}
	of := func(word canary.Outcome, ms ...canary.MetricVerdict) canary.Verdict {
		return canary.Verdict{Verdict: word, Reasons: []string{"because"}, Metrics: ms}
	}
	gated := of(canary.Inconclusive, undecided)
	gated.Gates = []canary.GateVerdict{quiet}
	for _, f := range []struct {
		name  string
		as    Undecided
		final bool
		v     canary.Verdict
		want  canary.Outcome
		first string
	}{
		{"by default it holds", UndecidedHold, true, of(canary.Inconclusive, undecided), canary.Inconclusive, "because"},
		{"not before the end", UndecidedPass, false, of(canary.Inconclusive, undecided), canary.Inconclusive, "because"},
		{"pass", UndecidedPass, true, of(canary.Inconclusive, undecided), canary.Pass, "undecided, told as PASS by on_undecided"},
		{"fail", UndecidedFail, true, of(canary.Inconclusive, undecided), canary.Fail, "undecided, told as FAIL by on_undecided"},
		{"no pass without data", UndecidedPass, true, of(canary.Inconclusive, undecided, missing), canary.Inconclusive, "not told as PASS"},
		{"no pass for want of samples", UndecidedPass, true, of(canary.Inconclusive, thin), canary.Inconclusive, "metric c lacks samples"},
		{"no pass with a silent gate", UndecidedPass, true, gated, canary.Inconclusive, "objective o"},
		{"no pass without metrics", UndecidedPass, true, of(canary.Inconclusive), canary.Inconclusive, "no metric"},
		{"a judged FAIL stays", UndecidedPass, true, of(canary.Fail, undecided), canary.Fail, "because"},
		{"NO_DATA is not undecided", UndecidedPass, true, of(canary.NoData, missing), canary.NoData, "because"},
		{"NO_DATA is not told as FAIL", UndecidedFail, true, of(canary.NoData, missing), canary.NoData, "because"},
	} {
		got := RunSpec{OnUndecided: f.as}.tell(f.v, f.final)
		if got.Verdict != f.want || !strings.Contains(got.Reasons[0], f.first) {
			t.Errorf("%s: %s %q", f.name, got.Verdict, got.Reasons)
		}
		if got.Reasons[len(got.Reasons)-1] != "because" {
			t.Errorf("%s: the judge's reason is gone: %q", f.name, got.Reasons)
		}
	}
}

// A run that ends undecided is told as asked, and what was judged is kept.
func TestRunUndecidedEnd(t *testing.T) {
	r := newRunRig(t)
	s := gaugeSpec()
	s.Metrics[0].MinEffect, s.MaxDuration, s.OnUndecided = 0.001, 10*time.Minute, UndecidedPass
	run := r.start(t, s)
	r.live(t, 12)
	got := r.get(t, run.ID)
	if got.State != RunDone || got.Last.Verdict != canary.Pass || got.Last.Judged != canary.Inconclusive {
		t.Errorf("%s %+v", got.State, got.Last)
	}
	if _, ok := r.p.Canaries.lastPassed("cart"); ok {
		t.Error("a run that was only told as PASS is what later ones are compared with")
	}
	r.kill(t)
	if full := r.full(t, run.ID); full.Verdict.Verdict != canary.Pass || !strings.Contains(full.Verdict.Reasons[0], "on_undecided") {
		t.Errorf("judged again: %s %q", full.Verdict.Verdict, full.Verdict.Reasons)
	}
}

// The second release is compared with the first, at the same age.
func TestRunPrevious(t *testing.T) {
	r := newRunRig(t)
	s := gaugeSpec()
	s.History = 30 * time.Minute
	first := r.start(t, s)
	r.live(t, 62)
	if got := r.get(t, first.ID); got.Last.Verdict != canary.Pass {
		t.Fatalf("the first: %s %q", got.Last.Verdict, got.Last.Reasons)
	}
	next := s
	next.Previous, next.Baseline = "last", ""
	r.level["canary"] = 104
	second := r.start(t, next)
	if second.Spec.Previous != first.ID || second.Spec.Baseline != s.Canary || second.Spec.Offset != time.Duration(second.Spec.Start-first.Spec.Start)*time.Millisecond {
		t.Errorf("resolved to %+v", second.Spec)
	}
	r.live(t, 62)
	got := r.get(t, second.ID)
	if got.Last.Verdict != canary.Fail {
		t.Errorf("the second is higher by 4: %s %q", got.Last.Verdict, got.Last.Reasons)
	}
	next.Previous = second.ID
	if _, err := r.p.Canaries.Start(next); err == nil || !strings.Contains(err.Error(), "it FAILed") {
		t.Error(err)
	}
	next.Previous = "last"
	if third := r.start(t, next); third.Spec.Previous != first.ID {
		t.Errorf("the last that passed is %s, not %s", first.ID, third.Spec.Previous)
	}
}

// requests feeds the objective's requests: bad of every hundred fail.
func (r *runRig) requests(t *testing.T, minutes, bad int) {
	t.Helper()
	good := tsdb.Series{Labels: labels.FromStrings(labels.MetricName, "requests_total", "service", "cart", "code", "200")}
	fail := tsdb.Series{Labels: labels.FromStrings(labels.MetricName, "requests_total", "service", "cart", "code", "500")}
	for i := range minutes {
		at := r.now - int64(minutes-1-i)*minute
		good.Samples = append(good.Samples, metric.Sample{T: at, V: float64(i * (100 - bad) * 10)})
		fail.Samples = append(fail.Samples, metric.Sample{T: at, V: float64(i * bad * 10)})
	}
	if _, err := r.store.Append(context.Background(), []tsdb.Series{good, fail}); err != nil {
		t.Fatal(err)
	}
	if err := r.p.Learn(context.Background(), r.now, nil); err != nil {
		t.Fatal(err)
	}
	r.p.virtual.Store(0)
}

// An objective that burns fails the canary, however alike the sides are; one
// that nobody feeds lets nothing pass.
func TestRunGates(t *testing.T) {
	for _, f := range []struct {
		name string
		bad  int // Of a hundred; -1: no requests.
		want canary.Outcome
		says string
	}{
		{"burning", 20, canary.Fail, "gate: objective cart-availability burns"},
		{"healthy", 0, canary.Pass, "within the margin"},
		{"silent", -1, canary.Inconclusive, "nobody knows how fast the budget of objective cart-availability burns"},
	} {
		r := newRunRig(t)
		s := gaugeSpec()
		s.Gates = []RunGate{{Objective: "cart-availability"}}
		s.Start, s.Metrics[0].MinEffect = r.now-60*minute, 3
		s.History = 20 * time.Minute
		if f.bad >= 0 {
			r.requests(t, 90, f.bad)
		}
		run := r.start(t, s)
		if got := run.Spec.Gates[0].BurnRate; got != defaultGate {
			t.Errorf("limit %v", got)
		}
		r.p.Canaries.LookAll(context.Background(), r.now+minute-1)
		got := r.get(t, run.ID)
		if got.State != RunDone || got.Last.Verdict != f.want || !strings.Contains(strings.Join(got.Last.Reasons, "\n"), f.says) {
			t.Errorf("%s: %s, %s %q", f.name, got.State, got.Last.Verdict, got.Last.Reasons)
		}
		if g := got.Last.Gates; len(g) != 1 || (g[0].Burn == nil) != (f.bad < 0) {
			t.Errorf("%s: readings %+v", f.name, g)
		}
		if f.bad < 0 {
			continue
		}
		// What the gate read then is what it is judged by again, whatever it reads now.
		r.kill(t)
		full := r.full(t, run.ID)
		if full.Verdict.Verdict != f.want || full.Verdict.Digest != got.Last.Digest {
			t.Errorf("%s, again: %s %q", f.name, full.Verdict.Verdict, full.Verdict.Warnings)
		}
	}
}

// A gate of the past cannot be read and says so; a retrospective honours the
// warm-up.
func TestRetrospect(t *testing.T) {
	r := newRunRig(t)
	r.level["canary"] = 120
	start := r.now
	r.pass(t, 20*time.Minute)
	r.level["canary"] = 100
	r.pass(t, 60*time.Minute)
	r.requests(t, 90, 0)
	s := gaugeSpec()
	s.Start, s.MaxDuration = start, 75*time.Minute
	v, req, _, err := r.p.Retrospect(context.Background(), s, start+75*minute)
	if err != nil || v.Verdict == canary.Pass || v.Metrics[0].Effect < 4 || len(req.Metrics[0].Canary) != 75 {
		t.Errorf("with its warm-up: %s %v %v", v.Verdict, err, v.Metrics)
	}
	s.Warmup = 20 * time.Minute
	v, req, used, err := r.p.Retrospect(context.Background(), s, start+75*minute)
	if err != nil || v.Verdict == canary.Fail || v.Metrics[0].Effect > 1 || used.Until() != start+75*minute || len(req.Metrics[0].Canary) != 55 {
		t.Errorf("without: %s %v, %d samples", v.Verdict, err, len(req.Metrics[0].Canary))
	}
	s.Gates = []RunGate{{Objective: "cart-availability"}}
	v, _, _, err = r.p.Retrospect(context.Background(), s, start+75*minute)
	if err != nil || v.Verdict == canary.Pass || len(v.Gates) != 1 || v.Gates[0].Verdict != canary.NoData || !strings.Contains(v.Gates[0].Reason, "only be read while it happens") {
		t.Errorf("gate of the past: %s %+v %v", v.Verdict, v.Gates, err)
	}
}

// A run has its series from its start until more than an hour after its end, so
// that an instant query always finds one number.
func TestVerdictSeries(t *testing.T) {
	r := newRunRig(t)
	ctx := context.Background()
	run, err := r.p.Canaries.Ensure(ctx, "k1", gaugeSpec())
	if err != nil {
		t.Fatal(err)
	}
	value := func(expr string) float64 {
		t.Helper()
		res, err := r.store.Query(ctx, expr, r.now)
		if err != nil || len(res.Vector) != 1 {
			return math.NaN()
		}
		return res.Vector[0].V
	}
	r.p.writeVerdicts(ctx, r.now)
	if got := value(`canary_verdict{canary="cart",key="k1"}`); got != 0 {
		t.Errorf("before its first look: %v", got)
	}
	r.level["canary"] = 104
	for range 30 {
		r.live(t, 1)
		r.p.writeVerdicts(ctx, r.now)
	}
	if got := r.get(t, run.ID); got.Last.Verdict != canary.Fail {
		t.Fatalf("%+v", got.Last)
	}
	if p := value(`canary_p_value{metric="level"}`); !(p >= 0 && p < 0.01) {
		t.Errorf("p %v", p)
	}
	for at := range 30 { // Once in a long while: the server is busy.
		r.now += 150_000
		r.p.writeVerdicts(ctx, r.now)
		if got := value(`canary_verdict{run="` + run.ID + `"}`); got != -1 && at < 24 {
			t.Errorf("%d s after its end: %v", (r.now-r.get(t, run.ID).Ended)/1000, got)
		}
		if got := value(`canary_score{key="k1"}`); got != 0 && at < 24 {
			t.Errorf("score %v", got)
		}
	}
	r.now += 10 * minute
	r.p.writeVerdicts(ctx, r.now)
	if got := value(`canary_verdict`); !math.IsNaN(got) {
		t.Errorf("told for ever: %v", got)
	}
}

// A run of the past, judged at once, is told from then on and hides no other.
func TestVerdictSeriesOfThePast(t *testing.T) {
	r := newRunRig(t)
	ctx := context.Background()
	s := gaugeSpec()
	s.MaxDuration = 5 * time.Minute
	fresh := r.start(t, s)
	r.live(t, 7)
	s.Start = r.now - 85*minute
	past := r.start(t, s)
	r.look()
	if got := r.get(t, past.ID); got.State != RunDone {
		t.Fatalf("%+v", got)
	}
	r.p.writeVerdicts(ctx, r.now)
	for _, id := range []string{fresh.ID, past.ID} {
		if res, err := r.store.Query(ctx, `canary_score{run="`+id+`"}`, r.now); err != nil || len(res.Vector) != 1 {
			t.Errorf("%s: %v %v", id, res, err)
		}
	}
}

// One writing is bounded, and so are the p-values of a run.
func TestVerdictSeriesAreBounded(t *testing.T) {
	r := Run{ID: "ca-1", Spec: RunSpec{Name: "x"}}
	for range 1000 {
		r.Verdict.Metrics = append(r.Verdict.Metrics, canary.MetricVerdict{Verdict: canary.Pass, P: 0.5})
	}
	r.Verdict.Metrics = append(r.Verdict.Metrics, canary.MetricVerdict{Name: "guilty", Verdict: canary.Fail, P: 0.001}, canary.MetricVerdict{Name: "silent", Verdict: canary.NoData, P: math.NaN()})
	out := verdictSeries(&r, 1)
	if len(out) > maxPValues+4 {
		t.Errorf("%d series", len(out))
	}
	guilty := false
	for _, s := range out {
		guilty = guilty || s.Labels.Get("metric") == "guilty"
		if s.Labels.Get("metric") == "silent" {
			t.Error("a p-value that is none")
		}
		if !isOwnResult(s.Labels) {
			t.Errorf("%s would be watched", s.Labels)
		}
	}
	if !guilty {
		t.Error("the metric that failed is not told")
	}
}

// The end of a run is told to the alert core: a FAIL is unhealthy and high.
func TestRunEvent(t *testing.T) {
	r := newRunRig(t)
	r.start(t, gaugeSpec())
	r.level["canary"] = 104
	r.live(t, 30)
	if got := r.told("cart"); !strings.Contains(got, "UNHEALTHY HIGH") {
		t.Errorf("told %q", got)
	}
}
