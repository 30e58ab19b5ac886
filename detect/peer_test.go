package detect

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"
)

// The dialogues of peers; see TestDialogues.
//
//	new n=8 [noise=.03]          a job: copy i usually runs at a place of its own
//	run rounds=200 [bad=3 times=1.5 | bad=3 stuck | gone=3] [all=2]   a minute each
//	     lines of the transitions
//	explain i=3, context i=3, counts
func TestPeerDialogues(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if !strings.HasSuffix(path, ".peers") {
			return
		}
		g := peerDialogue{}
		datadriven.RunTest(t, path, g.run)
	})
}

type peerDialogue struct {
	p     *Peers
	n     int
	now   int64
	level float64
	noise float64
	r     *rand.Rand
	last  []float64
}

func instance(i int) labels.Labels {
	return labels.FromStrings(labels.MetricName, "latency", "job", "api", "instance", fmt.Sprint(i))
}

func (g *peerDialogue) run(t *testing.T, d *datadriven.TestData) string {
	i := uint64(number(t, d, "i", 0))
	switch d.Cmd {
	case "new":
		p, err := NewPeers(PeerConfig{})
		if err != nil {
			return err.Error() + "\n"
		}
		*g = peerDialogue{p: p, n: int(number(t, d, "n", 8)), now: 1_704_067_200_000, level: 100, noise: number(t, d, "noise", .03), r: rand.New(rand.NewPCG(1, 1))}
		g.last = make([]float64, g.n)
		for i := range g.n {
			p.Add(uint64(i), instance(i), MetricGauge)
		}
		return ""
	case "run":
		return g.feed(t, d)
	case "explain":
		tr, ok := g.p.Explain(i)
		if !ok {
			return "not compared\n"
		}
		return hash.ReplaceAllString(tr.String(), "state #")
	case "context":
		c, ok := g.p.Context(i)
		return fmt.Sprintf("%v %s\n", ok, c)
	case "remove":
		out := ""
		for _, f := range g.p.Remove(i, g.now) {
			out += g.say(f)
		}
		return out
	case "counts":
		return fmt.Sprintf("%+v\n", g.p.Counts())
	}
	t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
	return ""
}

func (g *peerDialogue) feed(t *testing.T, d *datadriven.TestData) string {
	bad, gone, times := int(number(t, d, "bad", -1)), int(number(t, d, "gone", -1)), number(t, d, "times", 1)
	g.level *= number(t, d, "all", 1)
	out := ""
	for range int(number(t, d, "rounds", 1)) {
		g.now += 60_000
		for i := range g.n {
			v := g.level * (1 + .1*float64(i)) * (1 + g.noise*g.r.NormFloat64())
			switch {
			case i == gone:
				continue
			case i == bad && d.HasArg("stuck"):
				v = g.last[i]
			case i == bad:
				v *= times
			}
			g.last[i] = v
			g.p.Observe(uint64(i), g.now+int64(i)*100, v)
		}
		for _, f := range g.p.Tick(g.now + 15_000) {
			if f.Transition != TransitionNone {
				out += g.say(f)
			}
		}
	}
	return out
}

func (g *peerDialogue) say(f PeerFinding) string {
	a := f.Anomaly
	gone := ""
	if f.Gone {
		gone = ", gone"
	}
	return fmt.Sprintf("%s copy %d %s: %s %s, peak %.1f, adapted %v%s\n", stamp(f.At), f.Ref, f.Transition, a.Kind, a.Direction, a.Peak, a.Adapted, gone)
}

// jobRun feeds a job of n copies and returns the openings; value gives the
// value of copy i in round k.
func jobRun(t testing.TB, n, rounds int, value func(i, k int) float64) []PeerFinding {
	t.Helper()
	p, err := NewPeers(PeerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		p.Add(uint64(i), instance(i), MetricGauge)
	}
	var out []PeerFinding
	for k := range rounds {
		now := int64(k+1) * 60_000
		for i := range n {
			p.Observe(uint64(i), now, value(i, k))
		}
		for _, f := range p.Tick(now + 15_000) {
			if f.Transition == TransitionOpened {
				out = append(out, f)
			}
		}
	}
	return out
}

// What moves everybody is nobody's anomaly: waves, jumps of all, a counter of
// the fleet. Copies that always differ are no news.
func TestPeersCancelWhatAllDo(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	found := jobRun(t, 12, 3000, func(i, k int) float64 {
		wave := 100 + 80*math.Sin(float64(k)/200)
		if k >= 1500 {
			wave *= 3
		}
		return wave * (1 + .3*float64(i)) * (1 + .02*r.NormFloat64())
	})
	if len(found) > 0 {
		t.Errorf("%d openings, the first of copy %d at round %d:\n%s", len(found), found[0].Ref, found[0].At/60_000, found[0].Anomaly.Trace)
	}
}

// Scale and unit do not matter: the same job in other units is judged alike.
func TestPeersAreScaleInvariant(t *testing.T) {
	run := func(scale float64) string {
		r := rand.New(rand.NewPCG(5, 5))
		out := ""
		for _, f := range jobRun(t, 9, 900, func(i, k int) float64 {
			v := 50 * (1 + .1*float64(i)) * (1 + .03*r.NormFloat64())
			if i == 4 && k > 600 {
				v *= 1.5
			}
			return v * scale
		}) {
			out += fmt.Sprintf("%d at %d, ", f.Ref, f.At)
		}
		return out
	}
	want := run(1)
	if !strings.HasPrefix(want, "4 at ") {
		t.Fatalf("the bad copy was not found: %q", want)
	}
	for _, scale := range []float64{1. / 1024, 1 << 20} {
		if got := run(scale); got != want {
			t.Errorf("scaled by %v: %q, want %q", scale, got, want)
		}
	}
}

// The order in which samples of one round arrive does not matter.
func TestPeersOrderOfArrival(t *testing.T) {
	run := func(shuffle bool) string {
		p, _ := NewPeers(PeerConfig{})
		for i := range 6 {
			p.Add(uint64(i), instance(i), MetricGauge)
		}
		r, mix := rand.New(rand.NewPCG(9, 9)), rand.New(rand.NewPCG(1, 9))
		out := ""
		for k := range 400 {
			type s struct {
				i int
				v float64
			}
			var round []s
			for i := range 6 {
				v := 10 + float64(i) + r.NormFloat64()
				if i == 2 && k > 300 {
					v += 30
				}
				round = append(round, s{i, v})
			}
			if shuffle {
				mix.Shuffle(6, func(a, b int) { round[a], round[b] = round[b], round[a] })
			}
			for _, x := range round {
				p.Observe(uint64(x.i), int64(k+1)*60_000+int64(x.i), x.v)
			}
			for _, f := range p.Tick(int64(k+1)*60_000 + 15_000) {
				out += fmt.Sprintln(f.Ref, f.At, f.Transition, f.Anomaly.Peak, f.Beyond)
			}
		}
		return out
	}
	if a, b := run(false), run(true); a != b || a == "" {
		t.Errorf("in order:\n%sshuffled:\n%s", a, b)
	}
}

// Constant copies, zeros, huge values, gaps, copies that come and go: no NaN in
// anything that comes out.
func TestPeersTakeAnything(t *testing.T) {
	values := []float64{0, 0, 1, 1, -1, 1e308, -1e308, math.NaN(), math.Inf(1), 5e-324, 1e12, 1e12 + 1}
	rapid.Check(t, func(t *rapid.T) {
		p, _ := NewPeers(PeerConfig{MaxMembers: 8, MaxSeries: 12})
		now := int64(1)
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			now += int64(rapid.SampledFrom([]int{0, 1, 60_000, 60_000, 3_600_000}).Draw(t, "dt"))
			ref := uint64(rapid.IntRange(0, 15).Draw(t, "ref"))
			switch rapid.IntRange(0, 9).Draw(t, "op") {
			case 0:
				p.Remove(ref, now)
			case 1, 2:
				for _, f := range p.Tick(now) {
					check(t, f.Anomaly.Trace)
				}
			default:
				p.Add(ref, instance(int(ref)), MetricUnknown)
				p.Observe(ref, now, rapid.SampledFrom(values).Draw(t, "v"))
			}
			if tr, ok := p.Explain(ref); ok {
				check(t, tr)
			}
		}
	})
}

func check(t *rapid.T, tr Trace) {
	for _, x := range []float64{tr.Observed, tr.Expected, tr.Lower, tr.Upper, tr.Score, tr.Bar, tr.Effect} {
		if math.IsNaN(x) {
			t.Fatalf("NaN in\n%s", tr)
		}
	}
	for _, m := range tr.Members {
		if !(m.P >= 0 && m.P <= 1) || !(m.Share >= 0 && m.Share <= 1+1e-9) {
			t.Fatalf("member %+v", m)
		}
	}
}

// Groups are what labels have in common without those that name a copy; limits
// are kept and counted.
func TestPeerGroups(t *testing.T) {
	p, err := NewPeers(PeerConfig{MaxMembers: 4, MaxSeries: 6})
	if err != nil {
		t.Fatal(err)
	}
	add := func(ref uint64, pairs ...string) { p.Add(ref, labels.FromStrings(pairs...), MetricGauge) }
	for i := range uint64(5) {
		add(i, "__name__", "cpu", "pod", fmt.Sprint(i), "mode", "user")
	}
	add(10, "__name__", "cpu", "pod", "1", "mode", "idle")
	add(11, "__name__", "orders", "service", "shop")
	add(12, "__name__", "up", "instance", "a")
	add(13, "__name__", "up", "instance", "b")
	c := p.Counts()
	if c.Groups != 1 || c.Judged != 4 || c.TooFew != 2 || c.Alone != 1 || c.Series != 6 {
		t.Errorf("counts %+v", c)
	}
	if c.Refused["limit of members in a group reached"] != 1 || c.Refused["limit of series compared reached"] != 1 {
		t.Errorf("refused %v", c.Refused)
	}
	for ref := range uint64(14) {
		p.Remove(ref, 0)
	}
	if c := p.Counts(); c.Series != 0 || c.Alone < 0 || len(p.groups) != 0 || len(p.order) != 0 {
		t.Errorf("after removing everything: %+v", c)
	}
	for _, cfg := range []PeerConfig{{Budget: -1}, {MaxMembers: 3}, {Adapt: 1}, {MaxSeries: -1}} {
		if _, err := NewPeers(cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}

func TestMiddle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-1e9, 1e9), 1, 30).Draw(t, "x")
		slices.Sort(x)
		m := middle(x)
		below, above := 0, 0
		for _, v := range x {
			if v < m {
				below++
			}
			if v > m {
				above++
			}
		}
		if 2*below > len(x) || 2*above > len(x) {
			t.Fatalf("median %v of %v", m, x)
		}
	})
}

func BenchmarkPeers(b *testing.B) {
	const n = 50
	p, _ := NewPeers(PeerConfig{})
	for i := range n {
		p.Add(uint64(i), instance(i), MetricGauge)
	}
	r := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, 4096)
	for i := range values {
		values[i] = 100 + r.NormFloat64()
	}
	b.ReportAllocs()
	for k := range b.N {
		i := k % n
		t := int64(k/n+1) * 60_000
		p.Observe(uint64(i), t, values[k&4095])
		if i == n-1 {
			p.Tick(t)
		}
	}
}
