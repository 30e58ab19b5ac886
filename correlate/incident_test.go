package correlate

// Ranking: dialogues in testdata/incident.txt, and what must never matter.

import (
	"encoding/json"
	"math"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/cockroachdb/datadriven"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// points reads "level*count" runs: "1*60 5*10" with a small sawtooth on top, so
// that no baseline is constant unless it is 0.
func points(t testing.TB, text string) []float64 {
	var v []float64
	for _, run := range strings.Fields(text) {
		level, count, _ := strings.Cut(run, "*")
		l, err := strconv.ParseFloat(level, 64)
		n, err2 := strconv.Atoi(count)
		if err != nil || err2 != nil {
			t.Fatalf("cannot read run %q", run)
		}
		for range n {
			v = append(v, l*(1+0.02*float64(len(v)%5)))
		}
	}
	return v
}

// TestIncidentDialogues: each `series` line is NAME = RUNS on a one-minute grid
// from minute 0; `rank` takes from, to, symptom, by and prints the trace.
func TestIncidentDialogues(t *testing.T) {
	datadriven.Walk(t, "testdata/incident", func(t *testing.T, path string) {
		var in Incident
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "series":
				in = Incident{}
				for _, line := range strings.Split(strings.TrimSpace(d.Input), "\n") {
					name, runs, _ := strings.Cut(line, " = ")
					c := series(name, points(t, runs))
					c.Window.Start, c.Window.Step = 60_000, 60_000
					in.Series = append(in.Series, c)
				}
				return ""
			case "calls":
				for _, line := range strings.Split(strings.TrimSpace(d.Input), "\n") {
					a, b, _ := strings.Cut(line, " -> ")
					in.Edges = append(in.Edges, Edge{a, b})
				}
				return ""
			case "rank":
				q := in
				var from, to int
				d.MaybeScanArgs(t, "from", &from)
				d.MaybeScanArgs(t, "to", &to)
				d.MaybeScanArgs(t, "by", &q.EntityLabel)
				q.Symptom = strings.TrimSpace(d.Input)
				q.From, q.To = int64(from)*60_000, int64(to)*60_000
				out, err := RankSuspects(q)
				if err != nil {
					return err.Error()
				}
				return out.Trace.String()
			}
			t.Fatalf("unknown command %q", d.Cmd)
			return ""
		})
	})
}

func drawnIncident(t *rapid.T) Incident {
	in := Incident{From: testStart + 60*testStep, To: testStart + 80*testStep, Symptom: `latency{service="s0"}`}
	for i := range rapid.IntRange(1, 8).Draw(t, "services") {
		for _, m := range []string{"latency", "cpu"} {
			name := m + `{service="s` + strconv.Itoa(i) + `"}`
			v := drawAny(t, name, 100)
			if rapid.Bool().Draw(t, "poison") {
				v[rapid.IntRange(0, 99).Draw(t, "at")] = rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), 1e308, -1e308}).Draw(t, "poison value")
			}
			in.Series = append(in.Series, series(name, v))
		}
		if i > 0 {
			in.Edges = append(in.Edges, Edge{"s" + strconv.Itoa(rapid.IntRange(0, i).Draw(t, "caller")), "s" + strconv.Itoa(i)})
		}
	}
	return in
}

func TestEveryEntityOnceInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawnIncident(t)
		out, err := RankSuspects(in)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range out.Suspects {
			got = append(got, s.Entity)
			for _, v := range []float64{s.Score, s.Components.Shape, s.Components.Change, s.Components.Edge, s.Components.Onset, s.Components.Sibling} {
				if !(v >= 0) || math.IsInf(v, 1) {
					t.Errorf("component out of range: %+v", s)
				}
			}
		}
		sort.Strings(got)
		var want []string
		for i := range len(in.Series) / 2 {
			want = append(want, "s"+strconv.Itoa(i))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("entities (-file +ranked):\n%s", d)
		}
		if _, err := json.Marshal(out); err != nil {
			t.Errorf("not JSON: %v", err)
		}
		in.Series = rapid.Permutation(in.Series).Draw(t, "order")
		in.Edges = rapid.Permutation(in.Edges).Draw(t, "edge order")
		again, err := RankSuspects(in)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(out, again); d != "" {
			t.Errorf("order of series or edges matters:\n%s", d)
		}
	})
}

func TestEntities(t *testing.T) {
	f := func(by string, want string, names ...string) {
		t.Helper()
		var cs []Candidate
		for _, n := range names {
			cs = append(cs, series(n, nil))
		}
		own, _ := owners(cs, by)
		var got []string
		for _, o := range own {
			if o.caller != "" {
				got = append(got, o.caller+">"+o.callee)
			} else {
				got = append(got, o.entity)
			}
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("owners(%v by %q) = %s, want %s", names, by, g, want)
		}
	}
	f("", "cart web", `cpu{service="cart"}`, `cpu{service="web"}`)
	f("zone", "eu us", `cpu{zone="eu",service="a"}`, `cpu{zone="us",service="b"}`)
	f("", "cart cart", `cpu{pod="cart-579f59597d-wc2lz"}`, `mem{pod="cart-579f59597d-wc2lz"}`)
	f("", "web>cart cart", `rtt{caller="web",callee="cart"}`, `cpu{service="cart"}`)
	f("", "web>cart cart", `rtt{service="web",peer="cart"}`, `cpu{service="cart"}`)
	f("", "cart cart front-end front-end", "cart_cpu", "cart_mem", "front-end_cpu", "front-end_mem")
	f("", "ts_auth ts_auth ts_user ts_user", "ts_auth_cpu", "ts_auth_mem", "ts_user_cpu", "ts_user_mem")
	f("", "db db web web", "db:latency:avg", "db:latency:p99", "web:latency:avg", "web:latency:p99")
	f("", "frontend frontend ", `cpu{service="frontend"}`, "frontend_latency", "unrelated")
	f("", "service1 service2", "service1", "service2")
	f("", "a.net/x;GET b.net/y;GET", "a.net/x;GET", "b.net/y;GET")
}

func TestBaselineAfterTheIncident(t *testing.T) {
	v := points(t, "5*10 1*60")
	w := metric.Window{Start: testStart, Step: testStep, V: v}
	out, err := RankSuspects(Incident{Series: []Candidate{{Labels: series("a_cpu", nil).Labels, Window: w}}, From: testStart, To: testStart + 10*testStep})
	if err != nil {
		t.Fatal(err)
	}
	if out.Verdict != VerdictRanked || !strings.Contains(out.Trace.String(), "points after it were added") {
		t.Errorf("%s", out.Trace)
	}
}
