package detect

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// The dialogues in testdata are scripts: a command, what was fed, and the text
// an operator would see. After a change run with -rewrite, read the difference,
// and commit it only if you understand it.
//
//	new [profile=skyline] [kind=counter] [open=1000] [budget=10] [adapt=1h] [ttl=5m]
//	feed n=500 [value=100] [noise=5] [daily=30] [slope=1] [step=1m]
//	     lines of the transitions on the way, then the state at the end
//	skip for=30m        let time pass without samples
//	tick                tell the series that time has passed
//	explain, anomaly, votes
//	dismiss, confirm, deploy, heir, resume    see service_test.go
func TestDialogues(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if !strings.HasSuffix(path, ".txt") {
			return
		}
		d := dialogue{t: t, now: 1_704_067_200_000} // 2024-01-01, a Monday.
		datadriven.RunTest(t, path, d.run)
	})
}

// hash is the state hash in a trace: it changes with every constant, and a test
// of its own compares it.
var hash = regexp.MustCompile(`state [0-9a-f]{16}`)

type dialogue struct {
	cfg  Config
	meta Meta
	t    *testing.T
	s    *Series
	now  int64
	i    int
	raw  float64 // The counter's value.
	r    *rand.Rand
	last Result
}

// arg returns an argument of the command, or what it is without one.
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

func (g *dialogue) run(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "new":
		return g.begin(t, d)
	case "feed":
		return g.feed(t, d)
	case "skip":
		g.now += length(t, d, "for", "0s").Milliseconds()
		return ""
	case "tick":
		return g.say(g.s.Tick(g.now)) + g.state()
	case "explain":
		return hash.ReplaceAllString(g.s.Explain().String(), "state #")
	case "anomaly":
		a, ok := g.s.Anomaly()
		if !ok {
			return "none\n"
		}
		out := fmt.Sprintf("%s %s, %s to %s, change %s, peak %.2f, open %v, adapted %v\n", a.Kind, a.Direction, stamp(a.Start), stamp(a.End), stamp(a.Change), a.Peak, a.Open, a.Adapted)
		for _, m := range a.Members {
			if m.Share >= .05 {
				out += fmt.Sprintf("  %s p=%.1g share %.0f%%\n", m.Name, m.P, 100*m.Share)
			}
		}
		return out
	case "dismiss", "confirm", "deploy", "heir", "resume":
		return g.serve(t, d)
	case "votes":
		out := ""
		for _, v := range g.s.Votes() {
			if v.Counted {
				out += fmt.Sprintf("%s fired %v\n", v.Name, v.Fired)
			}
		}
		return out
	}
	t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
	return ""
}

func (g *dialogue) begin(t *testing.T, d *datadriven.TestData) string {
	cfg := Config{Budget: number(t, d, "budget", 0), Open: number(t, d, "open", 0), Adapt: length(t, d, "adapt", "0s")}
	meta := Meta{TTL: length(t, d, "ttl", "0s")}
	if err := cfg.Profile.UnmarshalText([]byte(arg(d, "profile", "default"))); err != nil {
		return err.Error()
	}
	if err := meta.Kind.UnmarshalText([]byte(arg(d, "kind", "unknown"))); err != nil {
		return err.Error()
	}
	s, err := New(cfg, meta)
	if err != nil {
		return err.Error()
	}
	g.cfg, g.meta = cfg, meta
	g.s, g.r, g.i = s, rand.New(rand.NewPCG(1, 1)), 0
	return ""
}

func (g *dialogue) feed(t *testing.T, d *datadriven.TestData) string {
	var out strings.Builder
	step := length(t, d, "step", "1m").Milliseconds()
	value, sd := number(t, d, "value", 100), number(t, d, "noise", 5)
	daily, slope := number(t, d, "daily", 0), number(t, d, "slope", 0)
	for k := range int(number(t, d, "n", 1)) {
		g.now += step
		v := value + sd*g.r.NormFloat64() + slope*float64(k) - daily*math.Cos(2*math.Pi*float64(g.now%86400e3)/86400e3)
		if MetricKind(g.s.s.Hygiene.Kind) == MetricCounter {
			g.raw += max(0, v) * float64(step) / 1000
			v = g.raw
			if arg(d, "reset", "") == strconv.Itoa(k) {
				g.raw, v = 0, 0
			}
		}
		out.WriteString(g.say(g.s.Step(g.now, v)))
		g.i++
	}
	return out.String() + g.state()
}

// say is the line of a transition, or nothing.
func (g *dialogue) say(r Result) string {
	g.last = r
	if r.Transition == TransitionNone {
		return ""
	}
	return fmt.Sprintf("%s %s %s %s, score %.2f, alarm %.2f\n", stamp(g.now), r.Transition, r.Kind, r.Direction, r.Score, r.Alarm)
}

func (g *dialogue) state() string {
	return fmt.Sprintf("%s %s\n", stamp(g.now), g.last.Verdict)
}
