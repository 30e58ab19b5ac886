package pipeline

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
)

// spiky is a calm series with a spike every day at the same minute, from a day
// on.
func spiky(from, at int) func(i int) float64 {
	return func(i int) float64 {
		v := wave(i)
		if i >= from && i%1440 == at {
			v += 90
		}
		return v
	}
}

// A person says of a spike that it was none; the next day's is not told. The
// verdict is one however often it is given, is shown with the anomaly, holds
// over a restart that learned everything from the store, and can be taken back.
func TestFeedbackIsHeldAndShown(t *testing.T) {
	l := newLife(t, false)
	name := `queue{service="mail"}`
	all := map[string]func(i int) float64{name: spiky(2000, 600)}
	l.minutes(2100, all)
	found := l.p.Anomalies.List(func(f Finding) bool { return f.Anomaly.Start > testEpoch+2000*minute })
	if len(found) != 1 {
		t.Fatalf("%d anomalies on the first day with a spike, want 1", len(found))
	}
	id := found[0].ID
	if _, err := l.p.GiveFeedback("an-none", false, ""); !errors.Is(err, ErrNoAnomaly) {
		t.Errorf("an unknown id: %v", err)
	}
	for range 2 {
		f, err := l.p.GiveFeedback(id, false, "backup")
		if err != nil || f.Verdict == nil || f.Verdict.String() != "not an anomaly: backup" {
			t.Fatalf("%+v, %v", f.Verdict, err)
		}
	}
	if n := len(l.p.said.verdicts); n != 1 {
		t.Errorf("%d verdicts are kept, want 1", n)
	}
	for _, path := range l.p.shardFiles() { // No checkpoint: everything is learned from the store.
		_ = os.Remove(path)
	}
	l.again()
	if f, ok := l.p.Anomalies.Get(id); !ok || f.Verdict == nil {
		t.Errorf("after a restart the anomaly is %v, its verdict %v", ok, f.Verdict)
	}
	l.minutes(1440, all)
	if n := len(l.p.Anomalies.List(func(f Finding) bool { return f.Anomaly.Start > testEpoch+2100*minute })); n != 0 {
		t.Errorf("the day after, %d were told", n)
	}
	if _, err := l.p.GiveFeedback(id, true, ""); err != nil {
		t.Fatal(err)
	}
	if f, _ := l.p.Anomalies.Get(id); !f.Verdict.Useful {
		t.Error("the last verdict does not hold")
	}
}

// explain returns the trace of a series as text.
func (l *life) explain(t *testing.T, name string) string {
	t.Helper()
	traces, err := l.p.Explain(series(t, name))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, tr := range traces {
		b.WriteString(tr.String())
	}
	return b.String()
}

// A deploy is told once, counts its series, is kept, and the level it moves is
// accepted without an anomaly; the same move without a deploy is one.
func TestDeployReanchors(t *testing.T) {
	l := newLife(t, false)
	step := func(at int) func(i int) float64 {
		return func(i int) float64 {
			if i >= at {
				return wave(i) + 25
			}
			return wave(i)
		}
	}
	all := map[string]func(i int) float64{
		`latency{service="cart"}`: step(1203), `latency{service="search"}`: step(1203), `latency{service="cart",later="yes"}`: step(9e9),
	}
	l.minutes(1200, all)
	for range 2 {
		d, err := l.p.MarkDeploy(`service="cart"`, l.now, "cart v2")
		if err != nil || d.Series != 2 {
			t.Fatalf("%+v, %v", d, err)
		}
	}
	l.again()
	l.minutes(40, all)
	got := map[string]bool{}
	for _, f := range l.p.Anomalies.List(func(Finding) bool { return true }) {
		got[f.Name()] = true
	}
	if got[`latency{service="cart"}`] || !got[`latency{service="search"}`] {
		t.Errorf("anomalies of %v, want only of search", got)
	}
	ds := l.p.Deploys()
	if len(ds) != 1 || ds[0].Moved != 1 || ds[0].Description != "cart v2" {
		t.Errorf("deploys %+v", ds)
	}
	if why := l.explain(t, `latency{service="cart"}`); !strings.Contains(why, "deploy: cart v2") || !strings.Contains(why, "re-anchored") {
		t.Errorf("the trace does not tell of the deploy:\n%s", why)
	}
	for _, c := range []struct {
		matcher string
		at      int64
	}{{`a=~".*"`, 0}, {`a=`, 0}, {``, 0}, {`a="b"`, 1}, {`a="b"`, l.now + 2*maxDeployAhead.Milliseconds()}} {
		if _, err := l.p.MarkDeploy(c.matcher, c.at, ""); !errors.Is(err, ErrBadDeploy) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// A rollout replaces every pod; the new ones inherit, across shards and from
// pods that are gone already, and a fault in their first half hour is told.
func TestRolloutInherits(t *testing.T) {
	l := newLife(t, true)
	pods := func(version, n, fault int) map[string]func(i int) float64 {
		all := map[string]func(i int) float64{}
		for k := range n {
			r := rand.New(rand.NewPCG(uint64(version), uint64(k)))
			all[fmt.Sprintf(`cpu{service="cart",pod="cart-%d-%d"}`, version, k)] = func(i int) float64 {
				v := 100 + 4*r.NormFloat64()
				if i >= fault {
					v += 120
				}
				return v
			}
		}
		return all
	}
	const never = 1 << 30
	l.minutes(2000, pods(1, 6, never))
	young := func(f Finding) bool { return strings.Contains(f.Name(), `"cart-2-`) }
	l.minutes(20, pods(2, 6, never))
	if n := len(l.p.Anomalies.List(young)); n != 0 {
		t.Errorf("%d anomalies at the birth of pods", n)
	}
	heirs := 0
	for _, w := range l.p.watches {
		for _, s := range w.series {
			if s.views[0].det.Inherited() && strings.Contains(metric.FormatSeries(s.labels), `"cart-2-`) {
				heirs++
				if why := w.Explain(refOf(w, s))[0].String(); !strings.Contains(why, "inherited from cpu") {
					t.Errorf("the trace does not name the parent:\n%s", why)
				}
			}
		}
	}
	if heirs != 6 {
		t.Errorf("%d of 6 new pods inherited", heirs)
	}
	l.minutes(8, pods(2, 6, 0))
	heard := l.p.Anomalies.List(young)
	if len(heard) < 5 {
		t.Errorf("the fault of 6 new pods was told of %d", len(heard))
	}
}

func refOf(w *Watch, want *watched) uint64 {
	for ref, s := range w.series {
		if s == want {
			return ref
		}
	}
	return 0
}

// A pod that comes after its parent is gone inherits from what is remembered;
// one that comes back itself goes on where it was.
func TestInheritFromTheGone(t *testing.T) {
	w, _ := newTestWatch(t, WatchOptions{})
	one, two := series(t, `cpu{service="cart",pod="a"}`), series(t, `cpu{service="cart",pod="b"}`)
	w.Add(1, one, KindGauge)
	for i := range 500 {
		w.Observe(1, int64(i)*minute, wave(i), nil)
	}
	hash := w.Explain(1)[0].Samples
	w.Remove(1, 500*minute)
	w.Add(2, two, KindGauge)
	if d := w.series[2].views[0].det; !d.Inherited() || d.Samples() != hash/2 {
		t.Errorf("inherited %v, claims %d samples of %d", d.Inherited(), d.Samples(), hash)
	}
	w.Remove(2, 501*minute)
	w.Add(3, one, KindGauge)
	if d := w.series[3].views[0].det; d.Samples() != hash {
		t.Errorf("the same pod came back with %d samples of %d", d.Samples(), hash)
	}
	w.Add(4, series(t, `cpu{service="search",pod="c"}`), KindGauge)
	if w.series[4].views[0].det.Inherited() {
		t.Error("inherited from another service")
	}
	w.Add(5, two, KindCounter)
	if w.series[5].views[0].det.Inherited() {
		t.Error("a counter inherited from a gauge")
	}
	w.Tick(500*minute + kinTTL + 2*minute) // Those watched are silent, and let go.
	w.Tick(501*minute + 2*kinTTL + 3*minute)
	if n := len(w.tend.kin.gone); n != 0 {
		t.Errorf("%d remembered after a day", n)
	}
}

// What ended is told once, or not at all if it said so, and is let go and named
// in the coverage; if it comes back it is watched.
func TestEndedSeriesAreLetGo(t *testing.T) {
	w, found := newTestWatch(t, WatchOptions{})
	names := []string{`a{pod="x"}`, `b{pod="y"}`, `c`}
	for k, name := range names {
		w.Add(uint64(k+1), series(t, name), KindGauge)
	}
	for i := range 600 {
		for k := range names {
			w.Observe(uint64(k+1), int64(i)*minute, wave(i), nil)
		}
	}
	end := 600 * minute
	w.Observe(1, end, metric.StaleNaN(), nil) // a says that it ended, b does not, c goes on.
	for i := int64(0); i < 10*60; i++ {
		w.Observe(3, end+i*minute, wave(int(i)), nil)
		w.Tick(end + i*minute)
	}
	told := map[string]int{}
	for _, f := range *found {
		told[f.Name()+" "+f.Transition.String()]++
	}
	if told[`a{pod="x"} opened`] != 0 || told[`b{pod="y"} opened`] != 1 || told[`b{pod="y"} closed`] != 1 {
		t.Errorf("told %v", told)
	}
	c := w.Coverage()
	if c.Watched != 1 || c.NotWatched[skipEnded] != 1 || c.NotWatched[skipSilent] != 1 {
		t.Errorf("coverage %+v", c)
	}
	for i := int64(0); i < 40; i++ {
		w.Observe(2, end+(601+i)*minute, wave(int(i)), nil)
	}
	if c := w.Coverage(); c.Watched != 2 || c.NotWatched[skipSilent] != 0 || c.WarmingUp != 0 {
		t.Errorf("after b came back: %+v", c)
	}
}

// After a long stop of our own nothing is called silent that nobody listened
// for.
func TestOurOwnOutageIsNotSilence(t *testing.T) {
	for _, keep := range []bool{true, false} {
		l := newLife(t, false)
		all := map[string]func(i int) float64{}
		for k := range 5 {
			all[fmt.Sprintf("m%d", k)] = func(i int) float64 { return wave(i * (k + 1)) }
		}
		l.minutes(600, all)
		if keep {
			if err := l.p.Keep(); err != nil {
				t.Fatal(err)
			}
		}
		l.now += (9 * time.Hour).Milliseconds()
		l.again()
		l.minutes(2, nil)
		if n := l.p.Anomalies.Open(); n != 0 {
			t.Errorf("kept %v: %d series were called silent after our own outage", keep, n)
		}
		l.minutes(60, all)
		if n := len(l.p.Anomalies.List(func(f Finding) bool { return f.Anomaly.Kind == detect.KindNoData })); n != 0 {
			t.Errorf("kept %v: %d silences are remembered", keep, n)
		}
		delete(all, "m0")
		l.minutes(60, all)
		if n := l.p.Anomalies.Open(); n != 1 {
			t.Errorf("kept %v: %d open, want one: m0 fell silent", keep, n)
		}
		l.end()
	}
}

// What was said is read back line by line; a torn last line costs itself only.
func TestSaidSurvivesATornLine(t *testing.T) {
	l := newLife(t, false)
	for i := range 3 {
		if _, err := l.p.MarkDeploy(fmt.Sprintf(`a="%d"`, i), 0, ""); err != nil {
			t.Fatal(err)
		}
	}
	path := l.p.said.path
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data[:len(data)-7], 0o600); err != nil {
		t.Fatal(err)
	}
	l.again()
	if n := len(l.p.Deploys()); n != 2 || l.p.said.unread != 1 {
		t.Errorf("%d deploys and %d lines unread, want 2 and 1", n, l.p.said.unread)
	}
}

func FuzzSaid(f *testing.F) {
	f.Add([]byte(`{"deploy":{"id":"x","at":1,"given":1,"matcher":"a=\"b\""}}` + "\n" + `{"verdict":{"id":"y","at":2,"useful":true,"series":"a","anomaly":{}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &said{}
		s.read(data, 0)
		for _, d := range s.deploys {
			if len(d.matchers) == 0 {
				t.Fatal("a deploy without matchers was taken")
			}
		}
	})
}
