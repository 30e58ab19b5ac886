package journal

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/prometheus/prometheus/model/labels"
)

// TestMain turns the test binary into the child of TestKill.
func TestMain(m *testing.M) {
	if dir := os.Getenv("BELLWETHER_JOURNAL_CHILD"); dir != "" {
		killChild(dir, os.Getenv("BELLWETHER_JOURNAL_RUN"))
		return
	}
	os.Exit(m.Run())
}

// killChild writes as fast as it can until it is killed. It reports every
// transition ("T id kind") and every acknowledged event ("A id seq").
func killChild(dir, run string) {
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	e, _, err := OpenEngine(EngineOptions{Dir: dir, SnapshotEvery: 300, Log: Options{SegmentBytes: 64 << 10},
		Deliver: func(outs []alerting.Output) {
			for _, o := range outs {
				if o.Transition != nil {
					say("T %s %s", o.Transition.ID, o.Transition.Kind)
				}
			}
		}})
	if err != nil {
		say("E %v", err)
		return
	}
	say("R")
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				s := alerting.Unhealthy
				if i%2 == 1 {
					s = alerting.Healthy
				}
				id := fmt.Sprintf("%s-%d-%d", run, w, i)
				seq, err := e.Submit(context.Background(), alerting.Input{Event: &alerting.Event{ID: id, Monitor: "disk", Status: s,
					Priority: alerting.High, Labels: labels.FromStrings("host", fmt.Sprint(w, i/2%50)),
					Filters: []alerting.Filter{{Type: "flap", Params: map[string]string{"off": "true"}}}}})
				if err != nil {
					say("E %v", err)
					return
				}
				say("A %s %d", id, seq)
			}
		}()
	}
	time.Sleep(time.Minute) // The parent kills long before.
}

// Killed in the middle of writes again and again, the journal holds every
// acknowledged event at the place it said, and no transition happened twice.
func TestKill(t *testing.T) {
	rounds := 25
	if testing.Short() {
		rounds = 5
	}
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	acked := map[string]string{}
	told := map[string]string{}
	for run := range rounds {
		killRound(t, dir, run, time.Duration(1+rng.IntN(60))*time.Millisecond, acked, told)
	}
	l, _, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	core, err := alerting.New(alerting.LogID(l.ID()), alerting.Config{})
	if err != nil {
		t.Fatal(err)
	}
	logged := map[string]string{}
	again := map[string]string{}
	for r, err := range l.Read(1) {
		if err != nil {
			t.Fatal(err)
		}
		in, err := decodeInput(r)
		if err != nil {
			t.Fatal(err)
		}
		if in.Event != nil {
			logged[in.Event.ID] = fmt.Sprint(r.Seq)
		}
		for _, o := range core.Apply(in) {
			if x := o.Transition; x != nil {
				if _, twice := again[x.ID]; twice {
					t.Fatalf("transition %s happened twice", x.ID)
				}
				again[x.ID] = string(x.Kind)
			}
		}
	}
	for id, seq := range acked {
		if logged[id] != seq {
			t.Fatalf("event %s was acknowledged as record %s, the log has %q", id, seq, logged[id])
		}
	}
	for id, kind := range told {
		if again[id] != kind {
			t.Fatalf("transition %s was told as %s, a replay says %q", id, kind, again[id])
		}
	}
	t.Logf("%d kills, %d acknowledged events, %d transitions", rounds, len(acked), len(told))
	if len(acked) < 100 {
		t.Errorf("only %d events were acknowledged: the test proves little", len(acked))
	}
	l.Close()
	// The recovered state is that of the whole log.
	e, _, err := OpenEngine(EngineOptions{Dir: dir, Tick: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if stateHash(e) != core.StateHash() {
		t.Error("snapshot and tail give another state than the log alone")
	}
}

// killRound runs one child for a while after it is ready and kills it.
func killRound(t *testing.T, dir string, run int, life time.Duration, acked, told map[string]string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "BELLWETHER_JOURNAL_CHILD="+dir, fmt.Sprint("BELLWETHER_JOURNAL_RUN=", run))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		switch {
		case len(f) == 1 && f[0] == "R":
			time.AfterFunc(life, func() { cmd.Process.Kill() })
		case len(f) == 3 && f[0] == "A":
			acked[f[1]] = f[2]
		case len(f) == 3 && f[0] == "T":
			if _, twice := told[f[1]]; twice {
				t.Errorf("transition %s was told twice", f[1])
			}
			told[f[1]] = f[2]
		case len(f) > 0 && f[0] == "E":
			cmd.Process.Kill()
			t.Errorf("child %d: %s", run, lines.Text())
		}
	}
	cmd.Wait()
}
