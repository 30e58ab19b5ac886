package pipeline

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwether-ts/bellwether/canary"
)

// kill -9 in the middle of a run: it goes on with the look the clock says, and
// comes to the same end as one that was never killed.
func TestRunSurvivesKill(t *testing.T) {
	var ends [2]Run
	for i, killed := range []bool{false, true} {
		r := newRunRig(t)
		run := r.start(t, gaugeSpec())
		r.live(t, 7)
		if killed {
			r.kill(t)
			if got := r.get(t, run.ID); got.State != RunRunning || got.Last.Verdict == "" {
				t.Fatalf("after the kill: %s %+v", got.State, got.Last)
			}
		}
		r.live(t, 1)
		if got := r.get(t, run.ID); got.Looks != 7 && got.Looks != 8 {
			t.Errorf("killed %v: look %d at minute 8", killed, got.Looks)
		}
		r.level["canary"] = 104
		r.live(t, 60)
		ends[i] = r.get(t, run.ID)
	}
	if a, b := ends[0], ends[1]; a.State != RunDone || a.Last.Verdict != canary.Fail || a.Last.Digest != b.Last.Digest || a.Looks != b.Looks || a.Ended != b.Ended {
		t.Errorf("not killed: %d %+v\nkilled: %d %+v", a.Looks, a.Last, b.Looks, b.Last)
	}
}

// After a restart an ended run says its verdict at once, and its whole verdict
// is judged again from the store: the same digest, the same words.
func TestEndedRunAfterRestart(t *testing.T) {
	r := newRunRig(t)
	run := r.start(t, gaugeSpec())
	r.level["canary"] = 104
	r.live(t, 30)
	before := r.get(t, run.ID)
	if before.State != RunDone || before.Request == nil || before.Last.Digest == "" {
		t.Fatalf("%s %+v", before.State, before.Last)
	}
	r.kill(t)
	at := r.get(t, run.ID)
	if d := cmp.Diff(before.Verdict.Reasons, at.Verdict.Reasons); d != "" || at.Verdict.Verdict != canary.Fail || at.Last.Score != before.Last.Score {
		t.Errorf("at once: %s %s", at.Verdict.Verdict, d)
	}
	if d := cmp.Diff(before.Path, at.Path); d != "" {
		t.Error(d)
	}
	full := r.full(t, run.ID)
	if full.Verdict.Text() != before.Verdict.Text() || full.Verdict.Digest != before.Last.Digest || len(full.Verdict.Warnings) != len(before.Verdict.Warnings) || full.Request == nil {
		t.Errorf("judged again:\n%s\nbefore:\n%s", full.Verdict.Text(), before.Verdict.Text())
	}
}

// If the samples are not those of the look any more, the word stays and a
// warning says so.
func TestEndedRunWithoutItsSamples(t *testing.T) {
	r := newRunRig(t)
	run := r.start(t, gaugeSpec())
	r.level["canary"] = 104
	r.live(t, 30)
	r.kill(t)
	if err := os.RemoveAll(filepath.Join(r.dir, "store")); err != nil {
		t.Fatal(err)
	}
	r.rig = r.open(t, r.dir, r.now)
	full := r.full(t, run.ID)
	if full.Verdict.Verdict != canary.Fail || full.Verdict.Digest != full.Last.Digest || !strings.Contains(strings.Join(full.Verdict.Warnings, " "), "no longer those that were judged") {
		t.Errorf("%s, warnings %q", full.Verdict.Verdict, full.Verdict.Warnings)
	}
}

// A file that is no run keeps nobody from the others: it is set aside under
// another name, counted, and not thrown away.
func TestUnreadableRunFile(t *testing.T) {
	r := newRunRig(t)
	good := r.start(t, gaugeSpec())
	dir := filepath.Join(r.dir, "runs")
	bad := map[string]string{
		"ca-1.json":     `{"id": "ca-1", "state": "runn`,
		"ca-2.json":     ``,
		"ca-3.json":     `{"id": "ca-4", "state": "running"}`,
		"ca-5.json":     `{"id": "ca-5", "state": "flying", "spec": {"look_every": 1, "step": 1, "max_duration": 1}}`,
		"ca-6.json":     `{"id": "ca-6", "state": "running", "looks": 1}`,
		"ca-7.json.new": `{"id": "ca-7"`,
	}
	for name, text := range bad {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.kill(t)
	if runs := r.p.Canaries.List(0); len(runs) != 1 || runs[0].ID != good.ID {
		t.Errorf("runs %+v", runs)
	}
	if aside := r.p.Canaries.Stats().SetAside; len(aside) != 5 {
		t.Errorf("set aside: %q", aside)
	}
	for name, text := range bad {
		data, err := os.ReadFile(filepath.Join(r.dir, "runs", name+".unreadable"))
		if strings.HasSuffix(name, ".new") {
			continue // A write never finished.
		}
		if err != nil || string(data) != text {
			t.Errorf("%s: %q %v", name, data, err)
		}
	}
	r.kill(t)
	if aside := r.p.Canaries.Stats().SetAside; len(aside) != 0 {
		t.Errorf("set aside again: %q", aside)
	}
}

// A look without news writes nothing.
func TestLooksWriteOnNewsOnly(t *testing.T) {
	r := newRunRig(t)
	s := gaugeSpec()
	s.MaxDuration, s.Metrics[0].MinEffect = 4*time.Hour, 0.001
	run := r.start(t, s)
	path := filepath.Join(r.dir, "runs", run.ID+".json")
	writes, last := 0, ""
	for range 60 {
		r.live(t, 1)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(data) != last {
			writes, last = writes+1, string(data)
		}
	}
	if got := r.get(t, run.ID); got.Looks < 59 || got.Last.Verdict != canary.Inconclusive {
		t.Fatalf("look %d: %+v", got.Looks, got.Last)
	}
	if writes > 7 { // The start, the words of the first looks, a checkpoint each quarter of an hour.
		t.Errorf("%d writes in 60 looks", writes)
	}
}

// Ended runs are bounded; the ones that ended first go first, file and key too.
func TestEndedRunsAreBounded(t *testing.T) {
	r := newRunRig(t)
	c := r.p.Canaries
	c.p.opts.Config.Canary.MaxRuns = 10
	keep := c.endedKept()
	c.mu.Lock()
	for i := range keep + 5 {
		e := &entry{run: Run{ID: fmt.Sprintf("ca-%d", i), Key: fmt.Sprint(i), Started: int64(i), State: RunRunning}, place: -1}
		c.enter(e)
		c.end(e, RunDone, int64(i))
	}
	c.forgetOld()
	c.mu.Unlock()
	if n := len(c.List(0)); n != keep || c.byKey("0") != nil || c.byKey("5") == nil || c.Stats().Forgotten != 5 {
		t.Errorf("%d kept of %d, forgotten %d", n, keep, c.Stats().Forgotten)
	}
}

// The path of a run keeps its beginning and its end.
func TestPath(t *testing.T) {
	var path []Stretch
	for i := 1; i <= 500; i++ {
		l := Look{At: int64(i), Verdict: canary.Inconclusive, Limiting: fmt.Sprint("metric ", i/2)}
		before := slices.Clone(path)
		next := extend(path, i, l)
		if d := cmp.Diff(before, path); d != "" {
			t.Fatalf("a shared path changed: %s", d)
		}
		path = next
	}
	if len(path) != maxPath || path[0].First != 1 || path[len(path)-1].Last != 500 || path[1].First < 300 {
		t.Errorf("%d stretches, first %+v, second %+v, last %+v", len(path), path[0], path[1], path[len(path)-1])
	}
}

// What is remembered of a look survives JSON, numbers that JSON has not
// included.
func TestLookOf(t *testing.T) {
	v := canary.Verdict{Verdict: canary.Inconclusive, MinutesNeeded: math.Inf(1), Limiting: "p99", Digest: "d"}
	for i := range 30 {
		v.Reasons = append(v.Reasons, strings.Repeat("x", 400+10*i))
	}
	gates := []canary.Gate{{Objective: "a", Burn: math.NaN(), Limit: 14.4}, {Objective: "b", Burn: 2, Limit: 3, Detail: "d"}}
	l := lookOf(v, canary.Inconclusive, 7, gates)
	s := l.summary()
	if len(l.Reasons) != maxReasons+1 || len(l.Reasons[19]) > maxReasonLen+3 || !math.IsInf(s.MinutesNeeded, 1) || s.Limiting != "p99" || l.Judged != "" {
		t.Errorf("%d reasons, %+v", len(l.Reasons), s)
	}
	back := gatesOf(l.Gates)
	if !math.IsNaN(back[0].Burn) || back[1] != gates[1] {
		t.Errorf("%+v", back)
	}
}

// A full disk of reasons: save reports every run it could not keep.
func TestSaveReportsAll(t *testing.T) {
	r := newRunRig(t)
	a := r.start(t, gaugeSpec())
	r.now++
	b := r.start(t, gaugeSpec())
	if err := os.RemoveAll(filepath.Join(r.dir, "runs")); err != nil {
		t.Fatal(err)
	}
	c := r.p.Canaries
	err := c.save(c.runs[a.ID], c.runs[b.ID])
	if err == nil || !strings.Contains(err.Error(), a.ID) || !strings.Contains(err.Error(), b.ID) {
		t.Error(err)
	}
	r.live(t, 3) // The run goes on in memory.
	if got := r.get(t, a.ID); got.Looks == 0 {
		t.Error("a run that cannot be written does not look")
	}
}
