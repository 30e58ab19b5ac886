package alerting

import (
	"strings"
	"testing"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
)

func TestQueries(t *testing.T) {
	c := mustNew(t, Config{})
	at := int64(1_700_000_000_000)
	say := func(monitor, service string, s Status) []Output {
		at += 1000
		return append([]Output(nil), c.Apply(Input{At: at, Event: &Event{Monitor: monitor, Status: s, Priority: High, Labels: labels.FromStrings("service", service)}})...)
	}
	outs := say("errors", "cart", Unhealthy)
	say("errors", "shop", Unhealthy)
	say("latency", "cart", Unhealthy)
	say("errors", "cart", Healthy)
	for range 10 {
		at += Minute
		c.Apply(Input{At: at})
	}
	say("errors", "cart", Unhealthy)

	f := func(selector string, alerts, groups int) {
		t.Helper()
		ms, err := metric.ParseMatchers(selector)
		if err != nil {
			t.Fatal(err)
		}
		if a, g := len(c.Alerts(ms, 0)), len(c.Groups(GroupQuery{Matchers: ms})); a != alerts || g != groups {
			t.Errorf("%s: %d alerts and %d groups, want %d and %d", selector, a, g, alerts, groups)
		}
	}
	f("", 3, 4)
	f("errors", 2, 3)
	f(`monitor="errors",service="cart"`, 1, 2)
	f(`{service=~"sh.*"}`, 1, 1)

	key := `monitor="errors",service="cart",region=""`
	h := c.History(key)
	if len(h) != 2 || h[0].Previous != h[1].ID || h[1].State != GroupEnded || h[0].State != GroupUnhealthy {
		t.Fatalf("history %+v", h)
	}
	if got, ok := c.Group(h[1].ID); !ok || len(got.Members) != 1 || len(got.Told) != 1 || got.Told[0].Count != 2 || got.Told[0].Kind != Cleared {
		t.Errorf("closed group %+v", got)
	}
	// Every id an event led to leads back to its trace.
	for _, o := range outs {
		var id string
		switch {
		case o.Transition != nil:
			id = o.Transition.ID
		case o.Notification != nil:
			id = o.Notification.ID
		default:
			id = o.Decision.Event
		}
		if text := c.Explain(id); !strings.Contains(text, "first HIGH member: at once") || !strings.Contains(text, "=> told") {
			t.Errorf("explain %s: %s", id, text)
		}
	}
	if text := c.Explain("nonsense"); !strings.Contains(text, "nothing is known") {
		t.Error(text)
	}
}

// The preview is the verdict: same counts, same guard, and nothing changes.
func TestPreview(t *testing.T) {
	c := mustNew(t, Config{})
	inv := &Inventory{}
	for i := range 40 {
		inv.Things = append(inv.Things, Thing{"cpu", labels.FromStrings("host", string(rune('A'+i)), "service", string(rune('a'+i/4)))})
	}
	c.Apply(Input{At: 1000, Inventory: inv})
	c.Apply(Input{At: 1000, Event: &Event{Monitor: "cpu", Status: Unhealthy, Priority: High, Labels: inv.Things[0].Labels}})
	before := c.StateHash()
	p, err := c.Preview(Suppression{End: 1000 + Hour, Targets: []string{`service="a"`}})
	if err != nil {
		t.Fatal(err)
	}
	want := Preview{Known: 40, Matched: 4, Unhealthy: 1, Services: []string{"a"}, Listed: inv.Things[:4]}
	if d := cmp.Diff(want, p, cmp.Comparer(labels.Equal)); d != "" {
		t.Error(d)
	}
	p, err = c.Preview(Suppression{End: 1000 + Hour, Targets: []string{`service=~"[a-f]"`}})
	if err != nil || !strings.Contains(p.Guard, "24 of 40") || !strings.Contains(p.Guard, "6 services") {
		t.Errorf("%v, guard %q", err, p.Guard)
	}
	if c.StateHash() != before {
		t.Error("a preview changed the state")
	}
	for _, confirmed := range []bool{false, true} {
		s := &Suppression{ID: "s", End: 1000 + Hour, Targets: []string{`service=~"[a-f]"`}, Confirmed: confirmed}
		if err := c.Check(Input{Suppress: s}); (err == nil) != confirmed {
			t.Errorf("confirmed %v: %v", confirmed, err)
		}
		c.Apply(Input{At: 1000, Suppress: s})
		if _, made := c.Suppression("s"); made != confirmed {
			t.Errorf("confirmed %v, made %v", confirmed, made)
		}
	}
}

// Limits are kept, and what they cost is counted.
func TestLimits(t *testing.T) {
	c := mustNew(t, Config{Limits: Limits{Members: 2, History: 2, Decisions: 5, Outbox: 3, Muted: 1, EventBytes: 100, EventLabels: 2, Suppressions: 1}})
	at := int64(1_700_000_000_000)
	apply := func(in Input) {
		at += 1000
		in.At = at
		c.Apply(in)
		checkInvariants(t, c)
	}
	event := func(host string, s Status) Input {
		return Input{Event: &Event{Monitor: "m", Status: s, Priority: High, Labels: labels.FromStrings("host", host, "service", host)}}
	}
	for _, h := range []string{"a", "b", "c", "d"} {
		apply(event(h, Unhealthy))
		apply(event(h, Healthy))
	}
	for range 6 {
		at += 59_000
		apply(Input{})
	}
	apply(Input{Event: &Event{Monitor: "m", Status: Healthy, Message: strings.Repeat("x", 200)}})
	apply(Input{Event: &Event{Monitor: "m", Status: Healthy, Labels: labels.FromStrings("a", "1", "b", "2", "c", "3")}})
	apply(Input{Suppress: &Suppression{ID: "s1", End: at + Hour, Targets: []string{`host="zz"`}}})
	apply(Input{Suppress: &Suppression{ID: "s2", End: at + Hour, Targets: []string{`host="yy"`}}})
	s := c.Stats()
	want := map[string]uint64{"closed group dropped from history": 2, "malformed event": 2, "too many suppressions": 1, "undelivered notification dropped from outbox": 5}
	if d := cmp.Diff(want, s.Refusals); d != "" {
		t.Error(d)
	}
	if n := len(c.Groups(GroupQuery{})); n != 2 || s.Outbox != 3 || len(c.decisions.list) != 5 {
		t.Errorf("%d groups, %d in the outbox, %d decisions", n, s.Outbox, len(c.decisions.list))
	}
	for _, h := range []string{"p", "q", "r"} {
		in := event("p", Unhealthy)
		in.Event.Labels = labels.FromStrings("host", h, "service", "one")
		apply(in)
	}
	if g := c.Groups(GroupQuery{State: GroupUnhealthy}); len(g) != 1 || g[0].Total != 3 || len(g[0].Members) != 2 {
		t.Errorf("%+v", g)
	}
}
