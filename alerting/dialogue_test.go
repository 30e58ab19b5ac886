package alerting

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/prometheus/prometheus/model/labels"
)

// TestDialogues runs the scripts of testdata: a command, then everything the
// core says to it. Read a diff before rewriting it; commit it only if you can
// say why it is right.
//
// Every event comes a second after what was before it.
//
//	event MONITOR U|H [HIGH|LOW] label=value... [id= since=-10m valid=5m msg= queue= channel= observed=-1m]
//	tick DURATION          time passes (may be negative: the clock jumps back)
//	suppress ID end=1h [start=10m] [confirmed]   targets in the body, one a line
//	expire ID | act VERB GROUP by=NAME [owner= text= until= outcome=]
//	inventory N            N things of monitor "probe"
//	config                 the body as "key=duration" lines
//	restart                snapshot, restore, and prove they are the same
//	explain ID | groups | stats | muted ID | alerts | outbox
func TestDialogues(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) { datadriven.RunTest(t, path, newDialogue(t).run) })
	}
}

type dialogue struct {
	t   *testing.T
	c   *Core
	now int64
}

var testLog = LogID{0xb0, 0x0b, 0x1e, 0x57}

func newDialogue(t *testing.T) *dialogue {
	c, err := New(testLog, Config{})
	if err != nil {
		t.Fatal(err)
	}
	return &dialogue{t: t, c: c, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).UnixMilli()}
}

func (d *dialogue) apply(in Input) string {
	in.At = d.now
	var b strings.Builder
	for _, o := range d.c.Apply(in) {
		printOutput(&b, o)
	}
	if b.Len() == 0 {
		return "(nothing)\n"
	}
	return b.String()
}

func printOutput(b *strings.Builder, o Output) {
	at := clock(o.At)[11:]
	switch {
	case o.Transition != nil:
		x := o.Transition
		fmt.Fprintf(b, "%s T %s %s", at, x.ID, x.Kind)
		for _, s := range []string{x.Monitor, string(x.Status), x.Group, x.Suppression} {
			if s != "" {
				b.WriteString(" " + s)
			}
		}
		if x.Text != "" {
			b.WriteString(": " + x.Text)
		}
		b.WriteByte('\n')
	case o.Notification != nil:
		n := o.Notification
		fmt.Fprintf(b, "%s N %s %s %s to %s", at, n.ID, n.Action, n.Kind, n.Receiver)
		if n.TicketQueue != "" {
			b.WriteString(" queue " + n.TicketQueue)
		}
		fmt.Fprintf(b, "\n    %s\n", n.Title)
		for line := range strings.Lines(n.Text) {
			b.WriteString("    " + line)
		}
	case o.Decision != nil:
		fmt.Fprintf(b, "%s D %s: %s\n", at, o.Decision.Verdict, o.Decision.Trace.What)
		for _, s := range o.Decision.Trace.Steps {
			fmt.Fprintf(b, "    %-9s %s\n", s.Stage, strings.ReplaceAll(s.Said, "\n", "\n              "))
		}
	}
}

func (d *dialogue) span(s string) int64 {
	v, err := time.ParseDuration(s)
	if err != nil {
		d.t.Fatal(err)
	}
	return v.Milliseconds()
}

func (d *dialogue) run(t *testing.T, td *datadriven.TestData) string {
	word := func(i int) string { return td.CmdArgs[i].Key }
	switch td.Cmd {
	case "event":
		d.now += Second
		return d.apply(Input{Event: d.event(td)})
	case "tick":
		d.now += d.span(word(0))
		return d.apply(Input{})
	case "pass": // Time passes in full: ticks no further apart than MaxStep.
		to := d.now + d.span(word(0))
		var b strings.Builder
		for _, at := range append(d.c.TicksTo(d.now, to), to) {
			d.now = at
			if s := d.apply(Input{}); s != "(nothing)\n" {
				b.WriteString(s)
			}
		}
		return b.String()
	case "suppress":
		s := Suppression{ID: word(0), Targets: strings.Split(td.Input, "\n"), CreatedBy: "ann", Confirmed: td.HasArg("confirmed")}
		if td.Input == "" {
			s.Targets = nil
		}
		for _, a := range td.CmdArgs[1:] {
			switch a.Key {
			case "start":
				s.Start = d.now + d.span(a.Vals[0])
			case "end":
				s.End = d.now + d.span(a.Vals[0])
			}
		}
		return d.apply(Input{Suppress: &s})
	case "expire":
		return d.apply(Input{Expire: &Expire{ID: word(0), By: "ann"}})
	case "act":
		return d.apply(Input{Act: d.act(td)})
	case "inventory":
		inv := &Inventory{}
		for i := range 200 {
			inv.Things = append(inv.Things, Thing{"probe", labels.FromStrings("host", fmt.Sprint("h", i), "service", fmt.Sprint("s", i/20))})
		}
		return d.apply(Input{Inventory: inv})
	case "config":
		return d.apply(Input{Config: d.config(td)})
	case "delivered":
		return d.apply(Input{Delivered: &Delivered{Sent: []string{word(0)}}})
	case "restart":
		return d.restart()
	}
	return d.ask(td)
}

func (d *dialogue) event(td *datadriven.TestData) *Event {
	e := &Event{Monitor: strings.TrimPrefix(td.CmdArgs[0].Key, "_"), Status: Status(td.CmdArgs[1].Key), ObservedAt: d.now, Source: "test"}
	switch e.Status {
	case "U":
		e.Status = Unhealthy
	case "H":
		e.Status = Healthy
	}
	var ls []string
	for _, a := range td.CmdArgs[2:] {
		if len(a.Vals) == 0 {
			e.Priority = Priority(a.Key)
			continue
		}
		v := a.Vals[0]
		switch a.Key {
		case "id":
			e.ID = v
		case "since":
			e.Since = d.now + d.span(v)
		case "observed":
			e.ObservedAt = d.now + d.span(v)
		case "valid":
			e.ValidUntil = e.ObservedAt + d.span(v)
		case "queue":
			e.Alerting.TicketQueue = v
		case "channel":
			e.Alerting.Channel = v
		case "key":
			e.Grouping.Keys = append(e.Grouping.Keys, v)
		default:
			ls = append(ls, a.Key, v)
		}
	}
	e.Labels = labels.FromStrings(ls...)
	e.Message = td.Input
	return e
}

func (d *dialogue) act(td *datadriven.TestData) *Act {
	x := &Act{Verb: Verb(td.CmdArgs[0].Key), Group: td.CmdArgs[1].Key}
	for _, a := range td.CmdArgs[2:] {
		switch a.Key {
		case "by":
			x.By = a.Vals[0]
		case "owner":
			x.Owner = a.Vals[0]
		case "text":
			x.Text = a.Vals[0]
		case "outcome":
			x.Outcome = Outcome(a.Vals[0])
		case "until":
			x.Until = d.now + d.span(a.Vals[0])
		}
	}
	return x
}

func (d *dialogue) config(td *datadriven.TestData) *Config {
	cfg := d.c.Config()
	for line := range strings.Lines(td.Input) {
		k, v, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch k {
		case "flap.switches":
			fmt.Sscan(v, &cfg.Flap.Switches)
		case "flap.window":
			cfg.Flap.Window = d.span(v)
		case "flap.hold":
			cfg.Flap.Hold = d.span(v)
		case "alerts":
			fmt.Sscan(v, &cfg.Limits.Alerts)
		case "groups":
			fmt.Sscan(v, &cfg.Limits.Groups)
		case "route":
			match, to, _ := strings.Cut(v, " -> ")
			cfg.Routes = append(cfg.Routes, Route{match, strings.Split(to, " ")})
		case "max_share":
			fmt.Sscan(v, &cfg.Guard.MaxShare)
		case "key":
			cfg.GroupKeys = []string{v}
		default:
			d.t.Fatalf("unknown setting %q", k)
		}
	}
	return &cfg
}

// restart proves that a snapshot holds the whole state.
func (d *dialogue) restart() string {
	before := d.c.Snapshot()
	c, err := Restore(before)
	if err != nil {
		d.t.Fatal(err)
	}
	if string(c.Snapshot()) != string(before) {
		d.t.Fatalf("the snapshot of the restored core differs:\n%s\n%s", before, c.Snapshot())
	}
	checkInvariants(d.t, c)
	d.c = c
	return "same state\n"
}

func (d *dialogue) ask(td *datadriven.TestData) string {
	var b strings.Builder
	switch td.Cmd {
	case "explain":
		return d.c.Explain(td.CmdArgs[0].Key)
	case "groups":
		for _, g := range d.c.Groups(GroupQuery{}) {
			fmt.Fprintf(&b, "%s %s %s unhealthy=%d muted=%d total=%d", g.ID, g.Key, g.State, g.Unhealthy, g.Muted, g.Total)
			if g.Previous != "" {
				fmt.Fprintf(&b, " previous=%s", g.Previous)
			}
			if g.AckedBy != "" {
				fmt.Fprintf(&b, " acked=%s", g.AckedBy)
			}
			if g.Owner != "" {
				fmt.Fprintf(&b, " owner=%s", g.Owner)
			}
			if g.Outcome != "" {
				fmt.Fprintf(&b, " outcome=%s", g.Outcome)
			}
			b.WriteByte('\n')
			for _, x := range g.Told {
				fmt.Fprintf(&b, "  told %s %s x%d, last %s\n", x.Action, x.Receiver, x.Count, x.Kind)
			}
		}
	case "alerts":
		for _, a := range d.c.Alerts(nil, 0) {
			fmt.Fprintf(&b, "%s%s %s counts %s pending=%v flapping=%v repeats=%d muted by %v\n", a.Event.Monitor, a.Event.Labels,
				a.Status, a.Counts, a.Pending, a.Flapping, a.Repeats, a.SuppressedBy)
		}
	case "muted":
		v, _ := d.c.Suppression(td.CmdArgs[0].Key)
		fmt.Fprintf(&b, "%s %s muted %d\n", v.ID, v.State, v.MutedTotal)
		for _, m := range v.Muted {
			fmt.Fprintf(&b, "  %s%s at %s\n", m.Monitor, m.Labels, clock(m.At))
		}
	case "outbox":
		for _, n := range d.c.Outbox() {
			fmt.Fprintf(&b, "%s %s\n", n.ID, n.Kind)
		}
	case "stats":
		s := d.c.Stats()
		fmt.Fprintf(&b, "seq %d alerts %d unhealthy %d open %d suppressions %d notifications %d jumps %d\n", s.Seq, s.Alerts, s.Unhealthy, s.OpenGroups, s.Suppressions, s.Notifications, s.ClockJumps)
		fmt.Fprintf(&b, "verdicts %v\nrefusals %v\n", s.Verdicts, s.Refusals)
	default:
		d.t.Fatalf("unknown command %q", td.Cmd)
	}
	return b.String()
}
