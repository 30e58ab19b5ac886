package alerting

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"
)

// drawConfig draws a configuration small enough to reach every corner.
func drawConfig(t *rapid.T) Config {
	return Config{
		Flap:   Flap{Switches: rapid.IntRange(3, 8).Draw(t, "switches"), Window: 5 * Minute, Hold: 2 * Minute},
		Limits: Limits{Alerts: rapid.SampledFrom([]int{6, 1000}).Draw(t, "alerts"), Groups: rapid.SampledFrom([]int{3, 1000}).Draw(t, "groups"), History: 3, Decisions: 20, Outbox: 5, Ended: 2, Muted: 3},
		Guard:  Guard{MaxShare: 1, MaxServices: 100}, GroupWindow: 3 * Minute, CloseAfter: Minute, Forget: 10 * Minute,
		Routes: []Route{{`service="b"`, []string{"chat", "pager"}}},
	}
}

// drawInput draws anything that can happen, on few enough things to collide.
func drawInput(t *rapid.T, now int64) Input {
	switch rapid.IntRange(0, 19).Draw(t, "kind") {
	case 0, 1:
		s := &Suppression{ID: rapid.SampledFrom([]string{"s1", "s2", "s3"}).Draw(t, "sid"),
			End:     now + rapid.Int64Range(1, 5*Minute).Draw(t, "end"),
			Targets: []string{rapid.SampledFrom([]string{`service="a"`, `service=~"a|b",host="1"`, `host="2"`, `monitor="m1",service="c"`}).Draw(t, "target")}}
		if rapid.Bool().Draw(t, "later") {
			s.Start = now + 30*Second
		}
		return Input{Suppress: s}
	case 2:
		return Input{Expire: &Expire{ID: rapid.SampledFrom([]string{"s1", "s2"}).Draw(t, "sid")}}
	case 3, 4:
		return Input{Act: &Act{Verb: rapid.SampledFrom([]Verb{Ack, Unack, Close, AddNote, Assign}).Draw(t, "verb"), By: "ann", Owner: "bob", Text: "x",
			Outcome: Known, Group: fmt.Sprintf("gb00b1e57-%d-0", rapid.IntRange(1, 60).Draw(t, "group"))}}
	case 5, 6:
		return Input{}
	}
	e := &Event{Monitor: rapid.SampledFrom([]string{"m1", "m2"}).Draw(t, "monitor"), Status: rapid.SampledFrom([]Status{Healthy, Unhealthy, Unhealthy}).Draw(t, "status"),
		Priority: rapid.SampledFrom([]Priority{High, Low}).Draw(t, "priority"),
		Labels:   labels.FromStrings("service", rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "service"), "host", rapid.SampledFrom([]string{"1", "2"}).Draw(t, "host"))}
	switch rapid.IntRange(0, 5).Draw(t, "extra") {
	case 0:
		e.ValidUntil = now + rapid.Int64Range(1, 3*Minute).Draw(t, "valid")
		e.ObservedAt = now
	case 1:
		e.Since = now - 10*Minute
	case 2:
		e.Alerting.TicketQueue = "Q"
	case 3:
		e.Message = "on ${alert.host}"
	}
	return Input{Event: e}
}

type step struct {
	in  Input
	gap int64
}

func drawHistory(t *rapid.T, jumps bool) (Config, []step) {
	cfg := drawConfig(t)
	now := int64(1_700_000_000_000)
	var steps []step
	for range rapid.IntRange(5, 80).Draw(t, "n") {
		gap := rapid.Int64Range(0, 50*Second).Draw(t, "gap")
		if jumps && rapid.IntRange(0, 15).Draw(t, "jump") == 0 {
			gap = rapid.SampledFrom([]int64{-Day, -Minute, Hour, Day}).Draw(t, "by")
		}
		now += gap
		steps = append(steps, step{drawInput(t, now), gap})
	}
	return cfg, steps
}

// model follows the notifications like a receiver does.
type model struct {
	owed map[string]string // Group, receiver, queue -> the last unhealthy word.
	ids  map[string]bool
}

func (m *model) see(t *rapid.T, outs []Output) {
	for _, o := range outs {
		var id string
		switch {
		case o.Transition != nil:
			id = o.Transition.ID
			if o.Transition.Kind == GroupClosed {
				for k := range m.owed {
					if strings.HasPrefix(k, o.Transition.Group+" ") {
						t.Fatalf("contract R: %s closed and %s still thinks it unhealthy", o.Transition.Group, k)
					}
				}
			}
		case o.Notification != nil:
			n := o.Notification
			id = n.ID
			key := n.Group + " " + n.Receiver + " " + n.TicketQueue
			switch n.Kind {
			case Opened, Update:
				if n.Unhealthy == 0 {
					t.Fatalf("I4: %s told of nothing unhealthy and unmuted: %+v", n.Receiver, n)
				}
				if _, known := m.owed[key]; known != (n.Kind == Update) {
					t.Fatalf("%s to %s, which was told before: %v", n.Kind, key, known)
				}
				m.owed[key] = n.ID
			default:
				if _, known := m.owed[key]; !known {
					t.Fatalf("%s to %s, which was never told unhealthy", n.Kind, key)
				}
				delete(m.owed, key)
			}
		}
		if id != "" && m.ids[id] {
			t.Fatalf("I2: %s happened twice", id)
		}
		m.ids[id] = true
	}
}

func mustNew(t interface {
	Helper()
	Fatalf(string, ...any)
}, cfg Config) *Core {
	t.Helper()
	c, err := New(testLog, cfg)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return c
}

// Whatever happens, in whatever order, with whatever clocks: the invariants
// hold after every input, and a core restored at any point goes on exactly as
// the first one did (I2, I4, I5, I6, I8).
func TestAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg, steps := drawHistory(t, true)
		crash := rapid.IntRange(0, len(steps)-1).Draw(t, "crash")
		a := mustNew(t, cfg)
		var b *Core
		m := &model{owed: map[string]string{}, ids: map[string]bool{}}
		now := int64(1_700_000_000_000)
		for i, s := range steps {
			now += s.gap
			s.in.Seq, s.in.At = uint64(i+1), now
			outs := a.Apply(s.in)
			m.see(t, outs)
			checkInvariants(t, a)
			if b != nil {
				again := b.Apply(s.in)
				if x, y := toJSON(outs), toJSON(again); x != y {
					t.Fatalf("input %d after the restore:\n%s\n%s", i+1, x, y)
				}
			}
			if i == crash {
				var err error
				if b, err = Restore(a.Snapshot()); err != nil {
					t.Fatalf("%v", err)
				}
			}
			if len(a.Apply(s.in)) != 0 {
				t.Fatalf("input %d was applied twice", i+1)
			}
		}
		if a.StateHash() != b.StateHash() {
			t.Fatalf("another state:\n%s\n%s", a.Snapshot(), b.Snapshot())
		}
		whole := mustNew(t, cfg)
		now = int64(1_700_000_000_000)
		for i, s := range steps {
			now += s.gap
			s.in.Seq, s.in.At = uint64(i+1), now
			whole.Apply(s.in)
		}
		if a.StateHash() != whole.StateHash() {
			t.Fatalf("a replay gives another state")
		}
	})
}

// How often ticks come makes no difference to what is told and when (I9: a
// backtest without ticks tells what the live run told).
func TestTicksMakeNoDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg, steps := drawHistory(t, false)
		run := func(ticks bool) []string {
			c := mustNew(t, cfg)
			now := int64(1_700_000_000_000)
			var told []string
			hear := func(outs []Output) {
				for _, o := range outs {
					if n := o.Notification; n != nil {
						told = append(told, fmt.Sprint(o.At, n.Kind, n.Receiver, n.GroupKey, n.Unhealthy, n.Muted, n.Total, n.Why))
					}
				}
			}
			for i, s := range steps {
				if s.in.Act != nil { // Group ids hold sequence numbers, which ticks shift.
					s.in.Act = nil
				}
				from := now
				now += s.gap
				if ticks {
					for _, at := range []int64{from + s.gap/3, from + s.gap/2} {
						hear(c.Apply(Input{At: at}))
					}
				}
				_ = i
				s.in.At = now
				hear(c.Apply(s.in))
			}
			slices.Sort(told) // Groups due at the same instant take turns by id.
			return told
		}
		if d := cmp.Diff(run(false), run(true)); d != "" {
			t.Fatalf("%s", d)
		}
	})
}

// Two events of two things in either order end in the same alerts, apart from
// the ids (the log's order decides those).
func TestIndependentEventsCommute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{GroupKeys: []string{"monitor", "service", "host"}}
		one, two := drawInput(t, 1_700_000_000_000), drawInput(t, 1_700_000_000_000)
		if one.Event == nil || two.Event == nil || string(appendKey(nil, one.Event.Monitor, one.Event.Labels)) == string(appendKey(nil, two.Event.Monitor, two.Event.Labels)) {
			return
		}
		run := func(ins ...Input) []string {
			c := mustNew(t, cfg)
			for _, in := range ins {
				in.At = 1_700_000_000_000
				c.Apply(in)
			}
			for i := range int64(10) {
				c.Apply(Input{At: 1_700_000_000_000 + (i+1)*Minute})
			}
			var out []string
			for _, a := range c.Alerts(nil, 0) {
				out = append(out, a.Event.Monitor+a.Event.Labels.String()+string(a.Status)+string(a.Counts))
			}
			for _, g := range c.Groups(GroupQuery{}) {
				out = append(out, fmt.Sprint(g.Key, g.State, g.Total, len(g.Told)))
			}
			slices.Sort(out)
			return out
		}
		if d := cmp.Diff(run(one, two), run(two, one)); d != "" {
			t.Fatalf("%s", d)
		}
	})
}

func toJSON(v []Output) string {
	if len(v) == 0 {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
