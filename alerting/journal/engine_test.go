package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/prometheus/prometheus/model/labels"
)

func event(monitor string, s alerting.Status, host int) alerting.Input {
	return alerting.Input{Event: &alerting.Event{Monitor: monitor, Status: s, Priority: alerting.High,
		Labels: labels.FromStrings("host", fmt.Sprint("h", host), "service", "cart")}}
}

func openEngine(t testing.TB, o EngineOptions) (*Engine, *Report) {
	t.Helper()
	if o.Dir == "" {
		o.Dir = "log"
	}
	e, rep, err := OpenEngine(o)
	if err != nil {
		t.Fatal(err)
	}
	return e, rep
}

func submit(t testing.TB, e *Engine, ins ...alerting.Input) uint64 {
	t.Helper()
	seq, err := e.Submit(context.Background(), ins...)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func stateHash(e *Engine) (h [32]byte) {
	e.View(func(c *alerting.Core) { h = c.StateHash() })
	return h
}

// The same state after a clean stop, after a stop without a snapshot, and from
// the log alone.
func TestEngineRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := newMemFS()
		o := EngineOptions{Log: Options{FS: fs}, SnapshotEvery: 7}
		e, _ := openEngine(t, o)
		for i := range 30 {
			submit(t, e, event("disk", alerting.Unhealthy, i%5), event("cpu", alerting.Unhealthy, i))
			time.Sleep(20 * time.Second)
			submit(t, e, event("disk", alerting.Healthy, i%5))
		}
		synctest.Wait()
		want := stateHash(e)
		seq := e.core.Seq()
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		check := func(what string, replayed bool) {
			t.Helper()
			e, rep := openEngine(t, EngineOptions{Log: Options{FS: fs}, Tick: -1})
			defer e.log.Close()
			defer close(e.stop)
			if got := stateHash(e); got != want || e.core.Seq() != seq {
				t.Errorf("%s: another state (seq %d, want %d)", what, e.core.Seq(), seq)
			}
			if (rep.Replayed > 0) != replayed {
				t.Errorf("%s: report %+v", what, *rep)
			}
		}
		check("clean stop", false)
		seqs, _ := e.snaps.list()
		fs.Remove(e.snaps.path(seqs[len(seqs)-1]))
		check("older snapshot and tail", true)
		fs.files[e.snaps.path(seqs[len(seqs)-2])].data[60] ^= 1
		check("damaged snapshot", true)
		for _, s := range seqs {
			fs.Remove(e.snaps.path(s))
		}
		check("log alone", true)
	})
}

func TestEngineRefusesAndReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := openEngine(t, EngineOptions{Log: Options{FS: newMemFS()}})
		defer e.Close()
		before := e.log.Last()
		bad := event("disk", "DEGRADED", 1)
		if _, err := e.Submit(context.Background(), event("cpu", alerting.Unhealthy, 1), bad); err == nil || !strings.Contains(err.Error(), "exactly two") {
			t.Errorf("a third status: %v", err)
		}
		if e.log.Last() != before {
			t.Error("something was logged with a malformed input beside it")
		}
		// What passes the check and is refused by the state when its turn comes.
		cfg := alerting.Config{Limits: alerting.Limits{Alerts: 1}}
		submit(t, e, alerting.Input{Config: &cfg})
		_, err := e.Submit(context.Background(), event("cpu", alerting.Unhealthy, 1), event("cpu", alerting.Unhealthy, 2))
		var refused *RefusedError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), "limits.alerts") {
			t.Errorf("beyond a limit: %v", err)
		}
	})
}

func TestEngineOutboxSurvives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := newMemFS()
		var sent []string
		o := EngineOptions{Log: Options{FS: fs}, Tick: -1, Deliver: func(outs []alerting.Output) {
			for _, o := range outs {
				if o.Notification != nil {
					sent = append(sent, o.Notification.ID)
				}
			}
		}}
		e, _ := openEngine(t, o)
		submit(t, e, event("disk", alerting.Unhealthy, 1))
		submit(t, e, event("cpu", alerting.Unhealthy, 1))
		if len(sent) != 2 {
			t.Fatalf("sent %v", sent)
		}
		if err := e.Delivered(context.Background(), sent[0], nil); err != nil {
			t.Fatal(err)
		}
		close(e.stop) // No Close: no snapshot.
		<-e.stopped
		e, _ = openEngine(t, o)
		defer e.Close()
		var left []string
		e.View(func(c *alerting.Core) {
			for _, n := range c.Outbox() {
				left = append(left, n.ID)
			}
		})
		if !slices.Equal(left, sent[1:]) || len(sent) != 2 {
			t.Errorf("outbox %v, sent %v", left, sent)
		}
	})
}

func TestEngineFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := newMemFS()
		e, _ := openEngine(t, EngineOptions{Log: Options{FS: fs}})
		defer e.Close()
		submit(t, e, event("disk", alerting.Unhealthy, 1))
		want := stateHash(e)
		fs.budget = 30
		if _, err := e.Submit(context.Background(), event("cpu", alerting.Unhealthy, 1)); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("full disk: %v", err)
		}
		if stateHash(e) != want {
			t.Error("the state moved though nothing was logged")
		}
		fs.budget = -1
		submit(t, e, event("cpu", alerting.Unhealthy, 1))
	})
}

// Time alone fires timers, and idle time costs almost no log.
func TestEngineTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var kinds []string
		e, _ := openEngine(t, EngineOptions{Log: Options{FS: newMemFS()}, Deliver: func(outs []alerting.Output) {
			mu.Lock()
			defer mu.Unlock()
			for _, o := range outs {
				if o.Notification != nil {
					kinds = append(kinds, string(o.Notification.Kind))
				}
			}
		}})
		defer e.Close()
		in := event("disk", alerting.Unhealthy, 1)
		in.Event.Priority = alerting.Low
		submit(t, e, in)
		before := e.log.Last()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(kinds, []string{"opened"}) {
			t.Errorf("told %v, want the LOW event once it is two minutes old", kinds)
		}
		if n := e.log.Last() - before; n > 25 {
			t.Errorf("%d ticks logged in ten idle minutes", n)
		}
	})
}

// A new configuration is an input like any other: it is logged once, and what
// came before it is replayed under the old one.
func TestEngineLogsItsConfig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := newMemFS()
		high := func(wait int64) alerting.Config { return alerting.Config{MinAgeHigh: wait, DefaultReceiver: "pager"} }
		e, _ := openEngine(t, EngineOptions{Log: Options{FS: fs}, Config: high(0), Tick: -1})
		submit(t, e, event("disk", alerting.Unhealthy, 1))
		before := e.log.Last()
		e.Close()
		e, _ = openEngine(t, EngineOptions{Log: Options{FS: fs}, Config: high(0), Tick: -1})
		if e.log.Last() != before {
			t.Error("the same configuration was logged again")
		}
		e.Close()
		e, _ = openEngine(t, EngineOptions{Log: Options{FS: fs}, Config: high(60_000), Tick: -1})
		submit(t, e, event("disk", alerting.Unhealthy, 2))
		var open int
		e.View(func(c *alerting.Core) { open = c.Stats().Unhealthy })
		if open != 1 {
			t.Errorf("%d count as unhealthy, want the one from before the minimum age", open)
		}
		want := stateHash(e)
		close(e.stop)
		<-e.stopped
		seqs, _ := e.snaps.list()
		for _, s := range seqs {
			fs.Remove(e.snaps.path(s))
		}
		e, rep := openEngine(t, EngineOptions{Log: Options{FS: fs}, Config: high(60_000), Tick: -1})
		defer e.Close()
		if stateHash(e) != want || rep.Snapshot != 0 {
			t.Error("a replay from the first record gives another state")
		}
		if _, _, err := OpenEngine(EngineOptions{Dir: "x", Log: Options{FS: newMemFS()}, Config: alerting.Config{MinAgeHigh: -1}}); err == nil {
			t.Error("a wrong configuration was taken")
		}
	})
}

func TestWatchEndsWithTheEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := openEngine(t, EngineOptions{Log: Options{FS: newMemFS()}, Tick: -1})
		w, err := e.Watch(WatchOptions{Start: StartOldest})
		if err != nil {
			t.Fatal(err)
		}
		submit(t, e, event("disk", alerting.Unhealthy, 1))
		e.Close()
		for n := 0; ; n++ {
			if _, err := w.Next(context.Background()); err != nil {
				if !errors.Is(err, ErrClosed) || n != 2 { // The configuration, then the event.
					t.Errorf("%v after %d messages", err, n)
				}
				break
			}
		}
		if _, err := e.Submit(context.Background(), event("disk", alerting.Unhealthy, 1)); !errors.Is(err, ErrClosed) {
			t.Errorf("submit after close: %v", err)
		}
	})
}

func next(t *testing.T, w *Watcher) Message {
	t.Helper()
	m, err := w.Next(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Whatever the ring holds, wherever a watcher resumes, it sees every matching
// transition once, in order (invariant I7).
func TestWatchSeesEverything(t *testing.T) {
	for _, ring := range []int{1, 4, 1000} {
		for _, snapEvery := range []int{5, 100000} {
			synctest.Test(t, func(t *testing.T) {
				e, _ := openEngine(t, EngineOptions{Log: Options{FS: newMemFS()}, Ring: ring, SnapshotEvery: snapEvery, KeepSnapshots: 100})
				defer e.Close()
				ms := []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "host", "h1")}
				live, err := e.Watch(WatchOptions{Matchers: ms})
				if err != nil {
					t.Fatal(err)
				}
				for i := range 60 {
					s := alerting.Unhealthy
					if i/3%2 == 1 {
						s = alerting.Healthy
					}
					submit(t, e, event("disk", s, i%3))
					time.Sleep(time.Second)
				}
				synctest.Wait()
				collect := func(w *Watcher) (ids, tokens []string) {
					prev := uint64(0)
					for {
						m := next(t, w)
						if m.Bookmark {
							return ids, tokens
						}
						if prev != 0 && m.PrevSeq != prev {
							t.Fatalf("message %d follows %d, says %d", m.Seq, prev, m.PrevSeq)
						}
						prev = m.Seq
						for _, x := range m.Transitions {
							if x.Labels.Get("host") != "h1" {
								t.Fatalf("%v does not match", x)
							}
							ids = append(ids, x.ID)
						}
						tokens = append(tokens, m.Token)
					}
				}
				want, tokens := collect(live)
				if len(want) < 10 {
					t.Fatalf("only %d transitions", len(want))
				}
				seen := 0
				for _, tok := range tokens {
					w, err := e.Watch(WatchOptions{Matchers: ms, Token: tok})
					if err != nil {
						t.Fatal(err)
					}
					got, _ := collect(w)
					w.Close()
					if tail := want[len(want)-len(got):]; !slices.Equal(got, tail) {
						t.Fatalf("resumed: %v, want %v", got, tail)
					}
					seen += len(got)
				}
				if seen == 0 {
					t.Fatal("no resumption saw anything")
				}
			})
		}
	}
}

func TestWatchRefusesTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := newMemFS()
		o := EngineOptions{Log: Options{FS: fs, SegmentBytes: 300}, Ring: 2, SnapshotEvery: 5, KeepSnapshots: 1, RetainBytes: 1}
		e, _ := openEngine(t, o)
		defer e.Close()
		w, _ := e.Watch(WatchOptions{})
		submit(t, e, event("disk", alerting.Unhealthy, 0))
		first := next(t, w)
		for i := range 40 {
			submit(t, e, event("disk", alerting.Unhealthy, i))
			synctest.Wait()
		}
		f := func(o WatchOptions, want string) {
			t.Helper()
			if _, err := e.Watch(o); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: want %q", err, want)
			}
		}
		f(WatchOptions{Token: "rubbish"}, "copy it whole")
		f(WatchOptions{Token: first.Token[:20] + "A" + first.Token[21:]}, "unusable token")
		f(WatchOptions{Token: first.Token, Kinds: []alerting.TransitionKind{alerting.Fired}}, "another filter")
		f(WatchOptions{Token: first.Token}, "no longer kept")
		_, err := e.Watch(WatchOptions{Token: first.Token})
		var expired *ExpiredError
		if !errors.As(err, &expired) {
			t.Fatal(err)
		}
		if w, err := e.Watch(WatchOptions{Token: expired.Oldest}); err != nil {
			t.Errorf("the oldest token does not work: %v", err)
		} else if m := next(t, w); m.Bookmark {
			t.Error("nothing after the oldest token")
		}
		other, _ := openEngine(t, EngineOptions{Dir: "other", Log: Options{FS: newMemFS()}})
		defer other.Close()
		if _, err := other.Watch(WatchOptions{Token: first.Token}); !errors.Is(err, ErrToken) || !strings.Contains(err.Error(), "another log") {
			t.Errorf("token of another log: %v", err)
		}
	})
}

// A reader that never reads costs the engine nothing.
func TestWatchNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := openEngine(t, EngineOptions{Log: Options{FS: newMemFS()}, Ring: 2, Tick: -1})
		defer e.Close()
		w, _ := e.Watch(WatchOptions{})
		for i := range 100 {
			submit(t, e, event("disk", alerting.Unhealthy, i))
		}
		n := 0
		for m := next(t, w); !m.Bookmark; m = next(t, w) {
			n++
		}
		if n != 100 {
			t.Errorf("the slow reader saw %d messages, want 100", n)
		}
	})
}

func FuzzToken(f *testing.F) {
	f.Add(token{[16]byte{1}, 5, 6}.String())
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		tok, err := parseToken(s)
		if err == nil && tok.String() != s {
			t.Fatalf("%q reads as %q", s, tok.String())
		}
	})
}

func FuzzDecodeInput(f *testing.F) {
	b, _ := encodeInput(event("disk", alerting.Unhealthy, 1))
	f.Add(b)
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := decodeInput(Record{1, b})
		if err != nil {
			return
		}
		c, _ := alerting.New(alerting.LogID{1}, alerting.Config{})
		c.Apply(in)
		if _, err := alerting.Restore(c.Snapshot()); err != nil {
			t.Fatalf("%q: %v", b, err)
		}
	})
}

func BenchmarkSubmit(b *testing.B) {
	e, _ := openEngine(b, EngineOptions{Dir: b.TempDir()})
	defer e.Close()
	b.ReportAllocs()
	defer cpuTime(b)()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := e.Submit(context.Background(), event("disk", alerting.Unhealthy, i%1000)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
