package fleet

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/bellwether-ts/bellwether/detect"
)

// The dialogues of what needs more than one series; see TestDialogues.
//
//	new watching=10000 [high=5]
//	open id=a evidence=6 [n=100 each=1s] [high] [kind=spike]
//	still id=a beyond=1.3 [n=3]   samples, a minute apart
//	close id=a
//	skip for=1h
//	tick                          lines of what is admitted, many as a number
//	why id=a, held, counts
func TestFleetDialogues(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if !strings.HasSuffix(path, ".fleet") {
			return
		}
		g := fleetDialogue{now: 1_704_067_200_000, last: map[string]Ruling{}}
		datadriven.RunTest(t, path, g.run)
	})
}

type fleetDialogue struct {
	f    *Fleet
	now  int64
	last map[string]Ruling
}

func (g *fleetDialogue) run(t *testing.T, d *datadriven.TestData) string {
	id := arg(d, "id", "")
	switch d.Cmd {
	case "new":
		f, err := New(Config{Budget: number(t, d, "budget", 0)})
		if err != nil {
			return err.Error() + "\n"
		}
		f.Watching(int(number(t, d, "watching", 0)), int(number(t, d, "high", 0)))
		g.f = f
		return ""
	case "open":
		return g.open(t, d, id)
	case "still":
		out := ""
		for range int(number(t, d, "n", 1)) {
			g.now += 60_000
			r, wanted := g.f.Still(id, g.now, number(t, d, "beyond", 0))
			if r.Admitted() {
				out += g.say(r)
			}
			if !wanted {
				return out + "no more samples wanted\n"
			}
		}
		return out
	case "close":
		r, known := g.f.Close(id, g.now)
		if !known {
			return "unknown\n"
		}
		return g.say(r)
	case "skip":
		g.now += length(t, d, "for", "0s").Milliseconds()
		return ""
	case "tick":
		return g.tick()
	case "why":
		return g.last[id].String()
	case "held":
		out := ""
		for _, r := range g.f.Held() {
			out += r.Opening.ID + ": " + r.Reason() + "\n"
		}
		return out
	case "counts":
		out := ""
		for _, high := range []bool{true, false} {
			c := g.f.Counts(high)
			out += fmt.Sprintf("high %v: opened %d, admitted", high, c.Opened)
			for door, n := range c.Admitted {
				if n > 0 {
					out += fmt.Sprintf(" %s %d", Door(door), n)
				}
			}
			out += fmt.Sprintf(", never told %d, held %d\n", c.Over, c.Held())
		}
		return out
	}
	t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
	return ""
}

func (g *fleetDialogue) open(t *testing.T, d *datadriven.TestData, id string) string {
	n := int(number(t, d, "n", 1))
	each, err := time.ParseDuration(arg(d, "each", "0s"))
	if err != nil {
		t.Fatal(err)
	}
	o := Opening{Evidence: number(t, d, "evidence", 0), Bar: testBar, Kind: detect.KindSpike, High: d.HasArg("high")}
	if err := o.Kind.UnmarshalText([]byte(arg(d, "kind", "spike"))); err != nil {
		t.Fatal(err)
	}
	told, out := 0, ""
	for i := range n {
		o.ID, o.At = id, g.now
		if n > 1 {
			o.ID = fmt.Sprintf("%s%d", id, i)
		}
		o.Change = o.At - length(t, d, "since", "0s").Milliseconds()
		r := g.f.Open(o)
		if r.Admitted() {
			told++
		}
		if n == 1 {
			out = g.say(r)
		}
		g.last[o.ID] = r
		g.now += each.Milliseconds()
	}
	if n > 1 {
		return fmt.Sprintf("%d of %d told\n", told, n)
	}
	return out
}

func (g *fleetDialogue) tick() string {
	told := g.f.Tick(g.now)
	out := ""
	for i, r := range told {
		g.last[r.Opening.ID] = r
		if i < 3 {
			out += g.say(r)
		}
	}
	if len(told) > 3 {
		out += fmt.Sprintf("%d told in all\n", len(told))
	}
	for _, r := range g.f.Held() {
		g.last[r.Opening.ID] = r
	}
	return out
}

func (g *fleetDialogue) say(r Ruling) string {
	g.last[r.Opening.ID] = r
	line, _, _ := strings.Cut(r.String(), "\n")
	return r.Opening.ID + " " + line + "\n"
}

func arg(d *datadriven.TestData, name, without string) string {
	for _, a := range d.CmdArgs {
		if a.Key == name && len(a.Vals) == 1 {
			return a.Vals[0]
		}
	}
	return without
}

func number(t *testing.T, d *datadriven.TestData, name string, without float64) float64 {
	v, err := strconv.ParseFloat(arg(d, name, fmt.Sprint(without)), 64)
	if err != nil {
		t.Fatalf("%s: %s: %v", d.Pos, name, err)
	}
	return v
}

func length(t *testing.T, d *datadriven.TestData, name, without string) time.Duration {
	v, err := time.ParseDuration(arg(d, name, without))
	if err != nil {
		t.Fatalf("%s: %s: %v", d.Pos, name, err)
	}
	return v
}
