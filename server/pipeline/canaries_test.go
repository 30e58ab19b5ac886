package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwether-ts/bellwether/canary"
)

// Starting under a key twice starts once, also after a restart; asking for
// something else under it is refused with what differs.
func TestRunKeys(t *testing.T) {
	r := newRunRig(t)
	ctx := context.Background()
	first, err := r.p.Canaries.Ensure(ctx, "rollout-7", gaugeSpec())
	if err != nil {
		t.Fatal(err)
	}
	other := gaugeSpec()
	other.Canary, other.MaxDuration = `service="cart",track="other"`, 2*time.Hour
	again := func(when string) {
		t.Helper()
		if run, err := r.p.Canaries.Ensure(ctx, "rollout-7", gaugeSpec()); err != nil || run.ID != first.ID {
			t.Errorf("%s: %s %v, want %s", when, run.ID, err, first.ID)
		}
		_, err := r.p.Canaries.Ensure(ctx, "rollout-7", other)
		if !errors.Is(err, ErrKeyTaken) || !strings.Contains(err.Error(), "another canary, max_duration") || !strings.Contains(err.Error(), first.ID) {
			t.Errorf("%s: %v", when, err)
		}
	}
	again("at once")
	r.live(t, 3)
	again("after looks")
	r.kill(t)
	again("after a restart")
	if _, err := r.p.Canaries.Cancel(first.ID); err != nil {
		t.Fatal(err)
	}
	again("after its end")
	if n := len(r.p.Canaries.List(0)); n != 1 {
		t.Errorf("%d runs", n)
	}
	if _, err := r.p.Canaries.Ensure(ctx, strings.Repeat("k", maxKey+1), gaugeSpec()); err == nil {
		t.Error("a key without bound was taken")
	}
}

// Many who ask at the same time get one run.
func TestRunKeyAtTheSameTime(t *testing.T) {
	r := newRunRig(t)
	ids := make([]string, 16)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			run, err := r.p.Canaries.Ensure(context.Background(), "k", gaugeSpec())
			if err != nil {
				t.Error(err)
			}
			ids[i] = run.ID
		})
	}
	all.Wait()
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 1 {
		t.Errorf("ids %v", ids)
	}
}

// A start that cannot be written is not a start, and its key is free again.
func TestRunThatCannotBeKept(t *testing.T) {
	r := newRunRig(t)
	runs := filepath.Join(r.dir, "runs")
	if err := os.RemoveAll(runs); err != nil {
		t.Fatal(err)
	}
	if _, err := r.p.Canaries.Ensure(context.Background(), "k", gaugeSpec()); err == nil {
		t.Fatal("started without a file")
	}
	if n := len(r.p.Canaries.List(0)); n != 0 || r.p.Canaries.Stats().Running != 0 {
		t.Errorf("%d runs in the book", n)
	}
	if err := os.Mkdir(runs, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := r.p.Canaries.Ensure(context.Background(), "k", gaugeSpec()); err != nil {
		t.Error(err)
	}
}

// Specs that are refused, all faults at once, and what is asked of who wrote
// them.
func TestRunSpecFaults(t *testing.T) {
	r := newRunRig(t)
	for _, f := range []struct {
		change func(*RunSpec)
		want   []string
	}{
		{func(s *RunSpec) { s.Service = "pay" }, []string{`baseline`, `it names another service`, `canary`}},
		{func(s *RunSpec) { s.Service, s.Baseline = "cart", "" }, []string{`empty baseline of service "cart"`, `track="baseline"`}},
		{func(s *RunSpec) { s.Warmup = -time.Minute; s.OnUndecided = "pas" }, []string{"warmup -1m", `on_undecided "pas"`}},
		{func(s *RunSpec) { s.Gates = []RunGate{{Objective: "cart-availabilty"}} }, []string{`no such objective`, `did you mean "cart-availability"?`}},
		{func(s *RunSpec) { s.Gates = []RunGate{{Objective: "cart-availability", BurnRate: -1}} }, []string{"burn_rate -1"}},
		{func(s *RunSpec) { s.Previous = "last" }, []string{`no run of that name has passed`, "baseline beside it"}},
		{func(s *RunSpec) { s.Previous = "ca-123" }, []string{"no such run"}},
		{func(s *RunSpec) { s.Previous, s.Offset = "last", time.Hour }, []string{"together"}},
		{func(s *RunSpec) { s.Offset = -time.Hour }, []string{"offset -1h"}},
		{func(s *RunSpec) { s.Start = testEpoch * 1000 }, []string{"is start in milliseconds?"}},
		{func(s *RunSpec) { s.LookEvery, s.MaxDuration = time.Second, 24*time.Hour }, []string{"at most 10000 looks"}},
		{func(s *RunSpec) { s.MaxDuration, s.Step = 25*time.Hour, time.Millisecond }, []string{"max_duration 25h", "step 1ms"}},
	} {
		s := gaugeSpec()
		f.change(&s)
		_, err := r.p.Canaries.Start(s)
		for _, want := range f.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v\nwant %q", err, want)
			}
		}
	}
	if n := len(r.p.Canaries.List(0)); n != 0 {
		t.Errorf("%d refused runs were kept", n)
	}
}

// A service is put before both sides, and short sides will do.
func TestRunService(t *testing.T) {
	r := newRunRig(t)
	s := gaugeSpec()
	s.Name, s.Service, s.Baseline, s.Canary = "", "cart", `{track="stable"}`, `service="cart",track="canary"`
	run := r.start(t, s)
	if run.Spec.Baseline != `service="cart",track="stable"` || run.Spec.Canary != `service="cart",track="canary"` || run.Spec.Name != "cart" {
		t.Errorf("%+v", run.Spec)
	}
	s.Service, s.Baseline, s.Canary, s.Offset = "cart", "", `track="canary"`, time.Hour
	if run = r.start(t, s); run.Spec.Baseline != run.Spec.Canary {
		t.Errorf("a baseline of an hour ago: %+v", run.Spec)
	}
}

// What a canary does while it warms up does not count, and nobody looks.
func TestRunWarmup(t *testing.T) {
	r := newRunRig(t)
	r.level["canary"] = 120
	s := gaugeSpec()
	s.Warmup = 20 * time.Minute
	warm, cold := r.start(t, s), r.start(t, gaugeSpec())
	r.live(t, 20)
	if got := r.get(t, warm.ID); got.Looks != 0 {
		t.Errorf("%d looks while it warmed up", got.Looks)
	}
	if got := r.get(t, cold.ID); got.Last.Verdict != canary.Fail {
		t.Errorf("without warm-up: %+v", got.Last)
	}
	r.level["canary"] = 100
	r.live(t, 62)
	if got := r.get(t, warm.ID); got.State != RunDone || got.Last.Verdict != canary.Pass {
		t.Errorf("after its warm-up: %s %+v", got.State, got.Last)
	}
}

// A run in the future waits; one in the past is judged at once as the look the
// clock says it is; one whose time is over ends with its first look.
func TestRunStartElsewhere(t *testing.T) {
	r := newRunRig(t)
	s := gaugeSpec()
	s.Start = r.now + 30*minute
	ahead := r.start(t, s)
	s.Start, s.MaxDuration = r.now-30*minute, 4*time.Hour
	behind := r.start(t, s)
	s.Start, s.MaxDuration = r.now-75*minute, time.Hour
	past := r.start(t, s)
	r.look()
	if got := r.get(t, ahead.ID); got.Looks != 0 || got.Brief().Verdict != canary.Inconclusive || !strings.Contains(got.Brief().Reason, "nothing is judged yet") {
		t.Errorf("ahead: %+v", got.Brief())
	}
	if got := r.get(t, behind.ID); got.Looks != 30 {
		t.Errorf("behind: look %d", got.Looks)
	}
	if got := r.get(t, past.ID); got.State != RunDone || got.Looks != 60 || got.Ended != s.Start+60*minute {
		t.Errorf("past: %s, look %d, ended %d", got.State, got.Looks, got.Ended)
	}
}

// Who cancels while a look is under way is not overruled by it.
func TestRunCancelDuringLook(t *testing.T) {
	r := newRunRig(t)
	run := r.start(t, gaugeSpec())
	r.pass(t, 2*time.Minute)
	c := r.p.Canaries
	due := c.takeDue(r.now, 10)
	if len(due) != 1 {
		t.Fatalf("%d due", len(due))
	}
	found := []outcome{c.look(context.Background(), due[0].run, r.now)}
	if _, err := c.Cancel(run.ID); err != nil {
		t.Fatal(err)
	}
	c.enterLooks(context.Background(), due, found)
	got := r.get(t, run.ID)
	if got.State != RunCanceled || got.Looks != 0 {
		t.Errorf("%+v", got)
	}
	r.live(t, 5)
	if got := r.get(t, run.ID); got.Looks != 0 {
		t.Errorf("a cancelled run looked %d times", got.Looks)
	}
	if _, err := c.Cancel("ca-0"); !errors.Is(err, ErrNoRun) {
		t.Error(err)
	}
}

// A look stopped by the end of the server is not entered and comes again.
func TestRunStoppedDuringLook(t *testing.T) {
	r := newRunRig(t)
	run := r.start(t, gaugeSpec())
	r.pass(t, 2*time.Minute)
	c := r.p.Canaries
	ctx, cancel := context.WithCancel(context.Background())
	due := c.takeDue(r.now, 10)
	cancel()
	c.enterLooks(ctx, due, []outcome{c.look(ctx, due[0].run, r.now)})
	if got := r.get(t, run.ID); got.Looks != 0 || got.Last.Verdict != "" {
		t.Errorf("entered: %+v", got.Last)
	}
	r.look()
	if got := r.get(t, run.ID); got.Looks != 2 {
		t.Errorf("look %d", got.Looks)
	}
}

// Each run looks once an interval, whatever its phase, and ten thousand do not
// look in the same second.
func TestSchedule(t *testing.T) {
	var perSecond [60]int
	for i := range 10_000 {
		at := phase(fmt.Sprintf("ca-%012x", i*7919), minute)
		if at < 0 || at >= minute {
			t.Fatalf("phase %d", at)
		}
		perSecond[at/1000]++
	}
	if most := slices.Max(perSecond[:]); most > 250 {
		t.Errorf("%d of 10,000 looks in one second, want about 167", most)
	}
	r := newRunRig(t)
	var ids []string
	for range 20 {
		ids = append(ids, r.start(t, gaugeSpec()).ID)
		r.now++ // Another id.
	}
	r.now = r.now / minute * minute
	for m := 1; m <= 5; m++ {
		r.live(t, 1)
		early := 0
		for _, id := range ids {
			got := r.get(t, id).Looks
			if got < m-1 || got > m {
				t.Errorf("minute %d: look %d", m, got)
			}
			early += m - got
		}
		if m > 1 && early == 0 {
			t.Errorf("minute %d: every run looked at its first millisecond", m)
		}
	}
}

// The order of looks and of events does not depend on processors.
func TestQueueOrder(t *testing.T) {
	var q queue
	for i := range 100 {
		q.add(&entry{run: Run{ID: fmt.Sprintf("ca-%02d", (i*37)%100)}, due: int64((i * 31) % 10), place: -1})
	}
	q.remove(q[50])
	last := &entry{due: -1}
	for len(q) > 0 {
		e := q[0]
		q.remove(e)
		if e.due < last.due || e.due == last.due && e.run.ID < last.run.ID {
			t.Fatalf("%s at %d after %s at %d", e.run.ID, e.due, last.run.ID, last.due)
		}
		last = e
	}
}

// Only those who wait for a run are woken by it.
func TestRunChanged(t *testing.T) {
	r := newRunRig(t)
	a := r.start(t, gaugeSpec())
	s := gaugeSpec()
	s.Start = r.now + 60*minute
	b := r.start(t, s)
	onA, onB := r.p.Canaries.Changed(a.ID), r.p.Canaries.Changed(b.ID)
	r.live(t, 2)
	select {
	case <-onA:
	default:
		t.Error("a look woke nobody")
	}
	select {
	case <-onB:
		t.Error("woken by another run")
	case <-r.p.Canaries.Changed("ca-0"):
	}
}

func TestFindRuns(t *testing.T) {
	r := newRunRig(t)
	var want []string
	for i := range 7 {
		s := gaugeSpec()
		s.Name = []string{"cart", "pay"}[i%2]
		r.now++
		want = append(want, r.start(t, s).ID)
	}
	slices.Reverse(want)
	var got []string
	f := RunFilter{Limit: 3}
	for {
		page, more := r.p.Canaries.Find(f)
		for _, run := range page {
			got = append(got, run.ID)
		}
		if !more {
			break
		}
		f.After = got[len(got)-1]
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, err := r.p.Canaries.Cancel(want[1]); err != nil { // A "pay".
		t.Fatal(err)
	}
	if runs, _ := r.p.Canaries.Find(RunFilter{Name: "pay", State: RunRunning}); len(runs) != 2 {
		t.Errorf("%d running runs of pay", len(runs))
	}
}

// With no room to keep samples every look reads them anew and finds the same.
func TestRunWithoutRoom(t *testing.T) {
	var digests [2]string
	for i, keep := range []int64{0, -1} {
		r := newRunRigKeeping(t, keep)
		run := r.start(t, gaugeSpec())
		r.live(t, 12)
		got := r.get(t, run.ID)
		digests[i] = fmt.Sprint(got.Looks, got.Last.Verdict, got.Last.Digest)
		st := r.p.Canaries.Stats()
		if keep < 0 && (st.KeptBytes != 0 || st.Reread != st.Looks || got.Request != nil) {
			t.Errorf("no room: %+v", st)
		}
		if keep == 0 && (st.KeptBytes == 0 || st.Reread != 1) {
			t.Errorf("room: %+v", st)
		}
	}
	if digests[0] != digests[1] {
		t.Errorf("kept %s, read anew %s", digests[0], digests[1])
	}
}
