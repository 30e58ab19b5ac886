package alerting

import (
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
)

func ExampleCore() {
	c, err := New(LogID{1}, DefaultConfig())
	if err != nil {
		panic(err)
	}
	outs := c.Apply(Input{At: 1_700_000_000_000, Event: &Event{
		Monitor: "latency", Status: Unhealthy, Priority: High,
		Labels:  labels.FromStrings("service", "cart"),
		Message: "p99 of ${alert.service} is high",
	}})
	for _, o := range outs {
		if o.Notification != nil {
			fmt.Println(o.Notification.Action, o.Notification.Title)
		}
	}
	// Output: page UNHEALTHY (HIGH): p99 of cart is high; 1 of 1 unhealthy in monitor="latency",service="cart",region=""
}

func TestEventJSONKeepsEverything(t *testing.T) {
	e := Event{SchemaVersion: 1, ID: "x", Source: "detect", Monitor: "m", Status: Unhealthy, Priority: High, Since: 1, ObservedAt: 2, ValidUntil: 3,
		Labels: labels.FromStrings("a", "b"), Context: map[string]string{"k": "v"}, Message: "hi",
		Evidence: &Evidence{Value: Num(math.Inf(1)), P: Num(0), Sparkline: []Number{1, Number(math.NaN())}, Votes: []Vote{{"v", 0.5, 1}}},
		Links:    []Link{{"l", "http://x"}}, Filters: []Filter{{"min-age", map[string]string{"duration": "1m"}}},
		Grouping: Grouping{[]string{"service"}, 5}, Alerting: Alerting{"c", "q"}}
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var got Event
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	same := cmp.Comparer(func(a, b Number) bool { return a == b || a != a && b != b })
	if d := cmp.Diff(e, got, cmp.Comparer(labels.Equal), same); d != "" {
		t.Error(d)
	}
}

// Two things never share a key, however their texts are cut.
func TestKeysAreExact(t *testing.T) {
	things := []Thing{
		{"m", labels.FromStrings("a", "b")}, {"ma", labels.FromStrings("b", "x")}, {"m", labels.FromStrings("a", "b1:c")},
		{"m", labels.FromStrings("a", "b", "c", "d")}, {"m1:a", labels.EmptyLabels()}, {"m", labels.FromStrings("a1:b", "c")}, {"m", labels.EmptyLabels()},
	}
	seen := map[string]Thing{}
	for _, x := range things {
		if y, ok := seen[x.Key()]; ok {
			t.Errorf("%v and %v share the key %q", x, y, x.Key())
		}
		seen[x.Key()] = x
	}
}

func TestContentID(t *testing.T) {
	e := Event{Monitor: "m", Status: Unhealthy, Since: 5, Labels: labels.FromStrings("a", "b")}
	id := e.Defaults(9).ID
	f := func(what string, same bool, change func(*Event)) {
		t.Helper()
		x := e
		change(&x)
		if (x.Defaults(9).ID == id) != same {
			t.Errorf("%s: same id %v, want %v", what, !same, same)
		}
	}
	f("another source", true, func(e *Event) { e.Source = "replica-2" })
	f("another observation", true, func(e *Event) { e.ObservedAt = 77 })
	f("another status", false, func(e *Event) { e.Status = Healthy })
	f("another start", false, func(e *Event) { e.Since = 6 })
	f("another label", false, func(e *Event) { e.Labels = labels.FromStrings("a", "c") })
	f("another monitor", false, func(e *Event) { e.Monitor = "n" })
}

func TestConfigErrorsAllAtOnce(t *testing.T) {
	err := Config{MinAgeHigh: -5, CloseAfter: -1, GroupKeys: []string{"${alrt.x}"}, Guard: Guard{MaxShare: 7},
		Routes: []Route{{"a=b", []string{"x"}}, {`a="b"`, nil}}, Limits: Limits{Alerts: -1}, UpdateGaps: []int64{-1}, Flap: Flap{Switches: 1}}.Validate()
	for _, want := range []string{"min_age_high_ms", "close_after_ms", "did you mean alert?", "guard.max_share 7", "route 1", "route 2", "limit -1", "update_gaps_ms[0]", "flap.switches 1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nsays nothing of %q", err, want)
		}
	}
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}

// Whoever watches a million things and suppresses a few hundred pays for his
// own candidates only: the index agrees with asking every suppression.
func TestMuteIndexAgreesWithScan(t *testing.T) {
	c := mustNew(t, Config{Guard: Guard{MaxShare: 1, MaxServices: 1000}})
	targets := []string{`service="s1"`, `service="s1",host="h2"`, `host=~"h[34]"`, `monitor="m1",host!="h1"`, `m2{service=~"s.*",host="h5"}`, `service="s2",region=""`}
	for i, text := range targets {
		c.Apply(Input{At: 1000, Suppress: &Suppression{ID: fmt.Sprint("x", i), End: 1000 + Hour, Targets: []string{text}}})
	}
	hits := 0
	for m := range 3 {
		for s := range 4 {
			for h := range 7 {
				monitor, ls := fmt.Sprint("m", m), labels.FromStrings("service", fmt.Sprint("s", s), "host", fmt.Sprint("h", h))
				var want []string
				for _, id := range sortedKeys(c.supps) {
					if c.supps[id].matches(monitor, ls) {
						want = append(want, id)
					}
				}
				hits += len(want)
				if d := cmp.Diff(want, c.muting.find(monitor, ls)); d != "" {
					t.Errorf("%s%s: %s", monitor, ls, d)
				}
			}
		}
	}
	if hits < 20 {
		t.Errorf("only %d hits: the test proves little", hits)
	}
}

func benchEvents(n int) []*Event {
	es := make([]*Event, n)
	for i := range es {
		es[i] = &Event{ID: fmt.Sprint("e", i), Source: "detect", Monitor: "latency", Status: Unhealthy, Priority: High, Since: 1, ObservedAt: 1_700_000_000_000,
			Labels: labels.FromStrings("service", fmt.Sprint("s", i%1000), "host", fmt.Sprint("h", i), "region", "eu", "team", "cart"), Message: "p99 is high"}
	}
	return es
}

// cpuTime reports the CPU time of the process per operation: the wall clock
// says little on a machine that does other things too.
func cpuTime(b *testing.B) func() {
	b.Helper()
	var from, to syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &from)
	return func() {
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &to)
		ns := to.Utime.Nano() + to.Stime.Nano() - from.Utime.Nano() - from.Stime.Nano()
		b.ReportMetric(float64(ns)/float64(b.N), "cpu-ns/op")
	}
}

// BenchmarkApplyRepeated is the steady state: sources repeat what is known.
func BenchmarkApplyRepeated(b *testing.B) {
	for _, supps := range []int{0, 10_000} {
		b.Run(fmt.Sprintf("suppressions=%d", supps), func(b *testing.B) {
			c := mustNew(b, Config{})
			es := benchEvents(100_000)
			for i := range supps {
				c.Apply(Input{At: 1000, Suppress: &Suppression{ID: fmt.Sprint("x", i), End: 1000 + Hour, Targets: []string{fmt.Sprintf(`host="other%d"`, i)}}})
			}
			for _, e := range es {
				c.Apply(Input{At: 1000, Event: e})
			}
			b.ReportAllocs()
			defer cpuTime(b)()
			i := 0
			for b.Loop() {
				c.Apply(Input{At: 1000, Event: es[i%len(es)]})
				i++
			}
		})
	}
}

// BenchmarkApplyChange is the costly way: every event changes its status.
func BenchmarkApplyChange(b *testing.B) {
	for _, supps := range []int{0, 10_000} {
		b.Run(fmt.Sprintf("suppressions=%d", supps), func(b *testing.B) {
			c := mustNew(b, Config{Flap: Flap{Off: true}})
			es := benchEvents(20_000)
			for i := range supps {
				c.Apply(Input{At: 1000, Suppress: &Suppression{ID: fmt.Sprint("x", i), End: 1000 + Hour, Targets: []string{fmt.Sprintf(`host="other%d"`, i)}}})
			}
			b.ReportAllocs()
			defer cpuTime(b)()
			i, at := 0, int64(1_700_000_000_000)
			for b.Loop() {
				e := es[i%len(es)]
				if i/len(es)%2 == 1 {
					x := *e
					x.Status, x.ID = Healthy, ""
					e = &x
				}
				at++
				c.Apply(Input{At: at, Event: e})
				i++
			}
		})
	}
}

func BenchmarkSnapshot(b *testing.B) {
	c := mustNew(b, Config{})
	for _, e := range benchEvents(10_000) {
		c.Apply(Input{At: 1000, Event: e})
	}
	b.ReportAllocs()
	defer cpuTime(b)()
	for b.Loop() {
		b.SetBytes(int64(len(c.Snapshot())))
	}
}

// BenchmarkApplyStorm is 100,000 things that turn unhealthy within seven
// seconds, in 1,000 groups; memory is what the core then holds per alert.
func BenchmarkApplyStorm(b *testing.B) {
	const n = 100_000
	es := benchEvents(n)
	var told uint64
	var held float64
	done := cpuTime(b)
	for b.Loop() {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c := mustNew(b, Config{})
		for i, e := range es {
			c.Apply(Input{At: 1_700_000_000_000 + int64(i)*7/100, Event: e})
		}
		told = c.Stats().Notifications
		runtime.GC()
		runtime.ReadMemStats(&after)
		held = float64(after.HeapAlloc-before.HeapAlloc) / n
		runtime.KeepAlive(c)
	}
	done()
	b.ReportMetric(float64(told), "notifications")
	b.ReportMetric(held, "heap-B/alert")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "wall-ns/event")
}
