package detect

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// The dialogue of a histogram, as TestDialogues for a series:
//
//	new [budget=10] [adapt=1h] [schema=3] [classic]
//	feed n=500 [rate=200] [median=0.1] [spread=0.4] [slow=0.02] [by=10]
//	     lines of the transitions on the way, then the state at the end
//	     slow is the share of requests that take by times as long
//	restart             the process begins to count from zero
//	skip for=30m        let time pass without samples
//	bounds              other bounds of a classic histogram
//	explain, anomaly
func TestHistogramDialogue(t *testing.T) {
	g := histogramDialogue{now: 1_704_067_200_000} // 2024-01-01, a Monday.
	datadriven.RunTest(t, "testdata/histogram.dialogue", g.run)
}

type histogramDialogue struct {
	d    *HistogramSeries
	src  *source
	now  int64
	last Result
}

func (g *histogramDialogue) run(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "new":
		g.d = newHistogram(t, Config{Budget: number(t, d, "budget", 0), Adapt: length(t, d, "adapt", "0s")})
		g.src = &source{r: rand.New(rand.NewPCG(1, 2)), schema: int32(number(t, d, "schema", 3)), count: map[int]float64{}}
		if d.HasArg("classic") {
			g.src.bounds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
		}
		return ""
	case "feed":
		return g.feed(t, d)
	case "restart":
		clear(g.src.count)
		return ""
	case "bounds":
		clear(g.src.count)
		g.src.bounds = []float64{.01, .1, 1, 10}
		return ""
	case "skip":
		g.now += length(t, d, "for", "0s").Milliseconds()
		g.last = g.d.Tick(g.now)
		return g.state()
	case "explain":
		return hash.ReplaceAllString(g.d.Explain().String(), "state #")
	case "anomaly":
		a, ok := g.d.Anomaly()
		if !ok {
			return "none\n"
		}
		return a.Kind.String() + " " + a.Direction.String() + ", " + stamp(a.Start) + " to " + stamp(a.End) + ", change " + stamp(a.Change) + "\n"
	}
	t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
	return ""
}

func (g *histogramDialogue) feed(t *testing.T, d *datadriven.TestData) string {
	rate := number(t, d, "rate", 200)
	median, spread := number(t, d, "median", .1), number(t, d, "spread", .4)
	slow, by := number(t, d, "slow", 0), number(t, d, "by", 10)
	out, owed := "", 0.0
	for range int(number(t, d, "n", 1)) {
		for owed += rate; owed >= 1; owed-- {
			x := median * math.Exp(spread*g.src.r.NormFloat64())
			if g.src.r.Float64() < slow {
				x *= by
			}
			g.src.add(x, 1)
		}
		g.now += minute
		g.last = g.d.Step(g.now, g.src.sample())
		if r := g.last; r.Transition != TransitionNone {
			out += stamp(g.now) + " " + r.Transition.String() + " " + r.Kind.String() + " " + r.Direction.String() + "\n"
		}
	}
	return out + g.state()
}

func (g *histogramDialogue) state() string {
	return stamp(g.now) + " " + g.last.Verdict.String() + "\n"
}
