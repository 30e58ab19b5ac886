package pipeline

import (
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/alerting/journal"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/slo"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// rig is a pipeline on a real store and a real journal, with its own clock.
type rig struct {
	store  *tsdb.Store
	engine *journal.Engine
	p      *Pipeline
	now    int64
}

const testObjective = `
apiVersion: openslo/v1
kind: SLO
metadata: {name: cart-availability}
spec:
  service: cart
  budgetingMethod: Occurrences
  timeWindow: [{duration: 30d, isRolling: true}]
  indicator:
    metadata: {name: cart-availability}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: 'requests_total{service="cart",code!~"5.."}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'requests_total{service="cart"}'}}}
  objectives: [{target: 0.999}]
`

// testEpoch is a Monday, 2026-01-05 00:00 UTC.
const testEpoch = int64(1767571200000)

func newRig(t *testing.T, runs string) *rig {
	t.Helper()
	r := &rig{now: testEpoch}
	clock := func() time.Time { return time.UnixMilli(r.now) }
	var err error
	if r.store, err = tsdb.Open(tsdb.Options{Now: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.store.Close() })
	cfg := config.Default()
	dir := filepath.Join(t.TempDir(), "alerts")
	r.engine, _, err = journal.OpenEngine(journal.EngineOptions{
		Dir: dir, Config: AlertPolicyOf(cfg.Alerting), Tick: -1, Now: func() time.Time {
			if r.p != nil {
				return r.p.Now()
			}
			return clock()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.engine.Close() })
	objectives, err := slo.ParseOpenSLO([]byte(testObjective))
	if err != nil {
		t.Fatal(err)
	}
	r.p, err = New(Options{Store: r.store, Engine: r.engine, Config: cfg, Objectives: objectives, RunsDir: runs, Shards: 2, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// company writes four hours of requests and latency at 30 s; from minute bad on
// the cart fails half of its requests and is slow. Sides a and b are two tracks
// of the cart; only b fails when canary is set.
func (r *rig) company(t *testing.T, minutes, bad int, canary bool) {
	t.Helper()
	var out []tsdb.Series
	add := func(name string, f func(i int) float64) {
		s := tsdb.Series{Labels: series(t, name)}
		for i := range minutes * 2 {
			s.Samples = append(s.Samples, metric.Sample{T: testEpoch + int64(i)*30_000, V: f(i)})
		}
		out = append(out, s)
	}
	for _, track := range []string{"stable", "canary"} {
		failing := func(i int) bool { return i >= bad*2 && (!canary || track == "canary") }
		add(`requests_total{service="cart",code="200",track="`+track+`"}`, func(i int) float64 {
			n := float64(i * 300)
			if failing(i) {
				n = float64(bad*2*300 + (i-bad*2)*150)
			}
			return n
		})
		add(`requests_total{service="cart",code="500",track="`+track+`"}`, func(i int) float64 {
			if failing(i) {
				return float64((i - bad*2) * 150)
			}
			return 0
		})
		add(`process_resident_memory_bytes{service="cart",track="`+track+`"}`, func(i int) float64 { return 1e8 + 1e5*wave(i) })
	}
	add(`latency_seconds{service="cart"}`, func(i int) float64 {
		if i >= bad*2 {
			return 0.005 * wave(i)
		}
		return 0.001 * wave(i)
	})
	r.now = testEpoch + int64(minutes)*minute
	res, err := r.store.Append(context.Background(), out)
	if err != nil || res.Refused.Total() > 0 {
		t.Fatalf("%v %s", err, res.Refused)
	}
}

// History read at start gives the open anomaly, the burning objective and one
// group, without a word about what is over.
func TestLearnAndCatchUp(t *testing.T) {
	r := newRig(t, "")
	r.company(t, 300, 270, false)
	ctx := context.Background()
	if err := r.p.Learn(ctx, r.now, nil); err != nil {
		t.Fatal(err)
	}
	r.p.CatchUp(ctx, r.now)
	open := r.p.Anomalies.List(func(f Finding) bool { return f.Anomaly.Open })
	if !names(open)[`latency_seconds{service="cart"}`] {
		t.Errorf("the latency's fivefold level is not open: %v", names(open))
	}
	st := r.p.Objectives()
	if len(st) != 1 || st[0].Severity != slo.Page {
		t.Fatalf("objective %+v", st)
	}
	r.engine.View(func(c *alerting.Core) {
		groups := c.Groups(alerting.GroupQuery{})
		if len(groups) != 1 || groups[0].Key == "" {
			t.Fatalf("%d groups, want the cart's one", len(groups))
		}
		var told bool
		for _, m := range groups[0].Members {
			told = told || m.Monitor == "slo/cart-availability" && m.Priority == alerting.High
		}
		if !told {
			t.Errorf("the burning objective is not a HIGH member: %+v", groups[0].Members)
		}
	})
}

// A second start tells nobody anything twice.
func TestCatchUpAgainTellsNothingNew(t *testing.T) {
	r := newRig(t, "")
	r.company(t, 300, 270, false)
	ctx := context.Background()
	for range 2 {
		if err := r.p.Learn(ctx, r.now, nil); err != nil {
			t.Fatal(err)
		}
		r.p.CatchUp(ctx, r.now)
	}
	r.engine.View(func(c *alerting.Core) {
		if n := len(c.Groups(alerting.GroupQuery{})); n != 1 {
			t.Errorf("%d groups after two starts, want 1", n)
		}
		opened := 0
		for _, told := range c.Groups(alerting.GroupQuery{})[0].Told {
			opened += told.Count
		}
		if opened != 1 {
			t.Errorf("told %d times, want once", opened)
		}
	})
}

// What is read at a start is bounded in samples, not in days.
func TestLearnedHours(t *testing.T) {
	for series, want := range map[int]int{1: 168, 2_900: 168, 10_000: 50, 250_000: 2, 5_000_000: 1} {
		if got := learnedHours(series); got != want {
			t.Errorf("%d series: %d h, want %d", series, got, want)
		}
	}
}

// A live pipeline scores what the store commits: every sample handed over is
// analysed by every lane or counted as dropped.
func TestLiveAccounting(t *testing.T) {
	r := newRig(t, "")
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	r.p.Hold()
	go func() { defer close(stopped); _ = r.p.Run(ctx) }()
	r.company(t, 300, 270, false)
	cancel()
	<-stopped
	f := r.p.Flow()
	if f.Tapped == 0 {
		t.Fatal("the tap handed nothing over")
	}
	for _, lane := range []string{"detect-0", "detect-1", "correlate", "slo"} {
		if f.Done[lane]+f.Dropped[lane] != f.Tapped && f.Tapped > 0 {
			// Samples committed after the tap closed are in the store and read at the next start.
			t.Errorf("%s: %d done + %d dropped of %d", lane, f.Done[lane], f.Dropped[lane], f.Tapped)
		}
	}
}

// A run with only two sides named picks the error share and fails the canary
// that fails its requests; a restart goes on with the runs of before.
func TestCanaryRun(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, dir)
	r.company(t, 240, 200, true)
	ctx := context.Background()
	start := testEpoch + 200*minute
	run, err := r.p.Canaries.Start(RunSpec{Baseline: `service="cart",track="stable"`, Canary: `service="cart",track="canary"`, Start: start})
	if err != nil {
		t.Fatal(err)
	}
	for at := start; at <= r.now; at += minute {
		r.p.Canaries.LookAll(ctx, at)
	}
	got, _ := r.p.Canaries.Get(run.ID)
	if got.Spec.Name != "cart" || len(got.Spec.Metrics) < 2 {
		t.Fatalf("chosen by convention: %+v", got.Spec)
	}
	if got.State != RunDone || got.Verdict.Verdict != "FAIL" {
		t.Fatalf("after %d looks: %s, %s", got.Looks, got.State, got.Verdict.Text())
	}
	if minutes := (got.Ended - start) / minute; minutes > 15 {
		t.Errorf("a canary that fails half of its requests took %d minutes", minutes)
	}
	if !strings.Contains(strings.Join(got.Verdict.Reasons, " "), "error share") {
		t.Errorf("reasons %q", got.Verdict.Reasons)
	}
	again := newRig(t, dir)
	if kept, ok := again.p.Canaries.Get(run.ID); !ok || kept.State != RunDone || kept.Looks != got.Looks {
		t.Errorf("after a restart: %+v", kept)
	}
}

func TestCanarySpecErrors(t *testing.T) {
	r := newRig(t, "")
	r.company(t, 60, 60, false)
	f := func(s RunSpec, want string) {
		t.Helper()
		_, err := r.p.Canaries.Start(s)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", s, err, want)
		}
	}
	f(RunSpec{}, "matches everything")
	f(RunSpec{Baseline: `a="b"`, Canary: `a="b"`}, "with itself")
	f(RunSpec{Baseline: `a=~".*"`, Canary: `a="b"`}, "matches everything")
	f(RunSpec{Baseline: `a="b"`, Canary: `a="c"`, Metrics: []RunMetric{{Name: "x", Query: "up"}}}, "no $side")
	f(RunSpec{Baseline: `a="b"`, Canary: `a="c"`, Metrics: []RunMetric{{Name: "x", Query: "sum($side"}}}, "cannot parse")
	f(RunSpec{Baseline: `a="b"`, Canary: `a="c"`, Metrics: []RunMetric{{Name: "x", Query: "sum(increase(e_total{$side}[1m]))", Traffic: "rate(r_total{$side}[1m])"}}}, "cannot use traffic")
	f(RunSpec{Baseline: `a="b"`, Canary: `a="c"`, Metrics: []RunMetric{{Name: "x", Query: "avg(q{$side})", Kind: "gauge", Traffic: "sum(increase(r_total{$side}[1m]))"}}}, "for kind count")
	f(RunSpec{Baseline: `a="b"`, Canary: `a="c"`, Judge: "mannwhitny"}, "did you mean")
	f(RunSpec{Baseline: `a="b"`, Canary: `a="c"`, FalseFail: math.NaN()}, "false_fail")
	f(RunSpec{Baseline: `a="b"`, Canary: `a="c"`, FalsePass: -0.1}, "false_pass")
	if runs := r.p.Canaries.List(0); len(runs) != 0 {
		t.Errorf("a refused run was kept: %+v", runs)
	}
	f(RunSpec{Baseline: `a="b"`, Canary: `a="c"`, MaxDuration: 48 * time.Hour}, "max_duration")
}

// A canary that never shows up is NO_DATA with the reason, never a pass.
func TestCanaryWithoutSeries(t *testing.T) {
	r := newRig(t, "")
	r.company(t, 60, 60, false)
	run, err := r.p.Canaries.Start(RunSpec{Baseline: `service="cart",track="stable"`, Canary: `service="cart",track="ghost"`, Start: testEpoch, MaxDuration: 30 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	r.p.Canaries.LookAll(context.Background(), r.now)
	got, _ := r.p.Canaries.Get(run.ID)
	if got.State != RunDone || got.Verdict.Verdict != "NO_DATA" || !strings.Contains(strings.Join(got.Verdict.Reasons, " "), "share 0 metric names") {
		t.Errorf("%s %+v", got.State, got.Verdict)
	}
}

func names(fs []Finding) map[string]bool {
	out := map[string]bool{}
	for _, f := range fs {
		out[f.Name()] = true
	}
	return out
}
