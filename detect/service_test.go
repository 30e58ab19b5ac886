package detect

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// serve is what a service does to a series beside feeding it:
//
//	dismiss, confirm     "not an anomaly", "useful": of the open or last one
//	deploy [ago=5m]      mark a deploy
//	heir                 go on with a new series that inherits
//	resume [for=6h]      nobody listened for so long
func (g *dialogue) serve(t *testing.T, d *datadriven.TestData) string {
	a, ok := g.s.Anomaly()
	switch d.Cmd {
	case "dismiss":
		if !ok {
			return "nothing to dismiss\n"
		}
		return g.say(g.s.Dismiss(a, g.now)) + g.state()
	case "confirm":
		if !ok {
			return "nothing to confirm\n"
		}
		g.s.Confirm(a)
		return ""
	case "deploy":
		g.s.MarkDeploy(g.now - length(t, d, "ago", "0s").Milliseconds())
		return ""
	case "heir":
		heir, err := New(g.cfg, g.meta)
		if err != nil {
			t.Fatal(err)
		}
		took := heir.Inherit(g.s)
		g.s, g.raw = heir, 0
		return fmt.Sprintf("inherited %v, claims %d samples\n", took, heir.s.N)
	default:
		g.now += length(t, d, "for", "0s").Milliseconds()
		g.s.Resume(g.now)
		return g.say(g.s.TickSince(g.now, g.now)) + g.state()
	}
}

// Whatever is said between the samples, a restored series goes on as the one
// that was never interrupted.
func TestCheckpointHoldsVerdictsAndDeploys(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := Config{Open: 1000}
		whole := series(t, cfg, Meta{})
		act := func(s *Series, at int64, what int) {
			a, ok := s.Anomaly()
			switch {
			case what == 1 && ok:
				s.Dismiss(a, at)
			case what == 2 && ok:
				s.Confirm(a)
			case what == 3:
				s.MarkDeploy(at)
			case what == 4:
				s.Resume(at)
			case what == 5:
				s.TickSince(at, at-minute)
			}
		}
		start := rapid.IntRange(0, 2300).Draw(rt, "start")
		for i := range start {
			whole.Step(int64(i)*minute, disturbed(i))
		}
		if rapid.Bool().Draw(rt, "heir") {
			heir := series(t, cfg, Meta{})
			heir.Inherit(whole)
			whole = heir
		}
		acts := rapid.SliceOfN(rapid.IntRange(0, 5), 120, 120).Draw(rt, "acts")
		cut := rapid.IntRange(0, 119).Draw(rt, "cut")
		jump := rapid.OneOf(rapid.Float64Range(-200, 200), rapid.Float64Range(-9e29, 9e29)).Draw(rt, "jump")
		var part *Series
		for i, what := range acts {
			at := int64(start+i) * minute
			if i == cut {
				var err error
				if part, err = Restore(cfg, Meta{}, whole.AppendState(nil)); err != nil {
					rt.Fatal(err)
				}
			}
			v := disturbed(start + i)
			if i > 40 {
				v += jump
			}
			r := whole.Step(at, v)
			checkResult(t, i, r)
			act(whole, at+1, what)
			if part != nil {
				if got := part.Step(at, v); got != r {
					rt.Fatalf("step %d: restored gives %+v, uninterrupted %+v", i, got, r)
				}
				act(part, at+1, what)
			}
		}
		if d := cmp.Diff(whole.Explain(), part.Explain()); d != "" {
			rt.Fatalf("explanations differ:\n%s", d)
		}
		_ = whole.Explain().String()
	})
}

// A rollout replaces every pod of a deployment. Heirs open nothing at their
// birth; a fault that begins within their first half hour is told by then. A
// series without inheritance is there for comparison: it tells nothing.
func TestRolloutOpensNothingAndHearsTheFault(t *testing.T) {
	const pods, fault = 40, 18
	opened, heard, heardAlone := 0, 0, 0
	for pod := range pods {
		r := rand.New(rand.NewPCG(uint64(pod), 7))
		at := 0
		load := func(share float64) float64 {
			v := 100 + 20*math.Sin(2*math.Pi*float64(at)/1440) + 3*r.NormFloat64()
			return v * share
		}
		old := series(t, Config{}, Meta{Kind: MetricGauge})
		for ; at < 5*1440; at++ {
			old.Step(int64(at)*minute, load(1))
		}
		heir, alone := series(t, Config{}, Meta{Kind: MetricGauge}), series(t, Config{}, Meta{Kind: MetricGauge})
		if !heir.Inherit(old) {
			t.Fatal("nothing inherited")
		}
		share := []float64{1, 1, 1, .7}[pod%4] // Some get less of the load.
		for i := range 30 {
			at++
			v := load(share)
			switch {
			case i < pod%3: // The balancer comes round to it.
				v *= float64(i+1) / 4
			case i >= fault:
				v += 150
			}
			told := heir.Step(int64(at)*minute, v).Transition == TransitionOpened
			if told && i < fault {
				opened++
			} else if told {
				heard++
			}
			if alone.Step(int64(at)*minute, v).Transition == TransitionOpened {
				heardAlone++
			}
		}
	}
	if opened > 0 || heard < pods*9/10 {
		t.Errorf("%d opened at birth, want 0; the fault was heard by %d of %d", opened, heard, pods)
	}
	if heardAlone > 0 {
		t.Errorf("without inheritance %d heard it: the test shows nothing", heardAlone)
	}
}

// What cannot be inherited is not.
func TestInheritRefuses(t *testing.T) {
	old := series(t, Config{}, Meta{})
	for i := range 100 {
		old.Step(int64(i)*minute, wave(i))
	}
	young := series(t, Config{}, Meta{})
	if young.Inherit(old) {
		t.Error("inherited from a series that is hardly older")
	}
	for i := range 1000 {
		old.Step(int64(100+i)*minute, wave(i))
	}
	for name, heir := range map[string]*Series{
		"another budget": series(t, Config{Budget: 1}, Meta{}), "another kind": series(t, Config{}, Meta{Kind: MetricGauge}),
		"skyline": series(t, Config{Profile: ProfileSkyline}, Meta{}), "itself": old,
	} {
		if heir.Inherit(old) {
			t.Errorf("%s: inherited", name)
		}
	}
	grown := series(t, Config{}, Meta{})
	for i := range birthSamples {
		grown.Step(int64(i)*minute, wave(i))
	}
	if grown.Inherit(old) {
		t.Error("a series that stands on its own feet inherited")
	}
	if !young.Inherit(old) || young.s.N != old.s.N/2 {
		t.Errorf("an heir claims %d samples of %d, want half", young.s.N, old.s.N)
	}
}

// Feedback and deploys together stay within their budget of state.
func TestServiceStateIsSmall(t *testing.T) {
	if n := binary.Size(feedback{}) + binary.Size(deploy{}); n > 64 {
		t.Errorf("%d bytes, want at most 64", n)
	}
}

// Silence is counted from when somebody listens, and without outages TickSince
// is Tick.
func TestSilenceCountsFromWhenSomebodyListens(t *testing.T) {
	s := series(t, Config{}, Meta{})
	for i := range 2000 {
		s.Step(int64(i)*minute, wave(i))
	}
	down := int64(2000+6*60) * minute
	s.Resume(down)
	if r := s.TickSince(down+2*minute, down); r.Transition != TransitionNone {
		t.Errorf("two minutes after an outage of ours: %v %v", r.Transition, r.Kind)
	}
	if r := s.TickSince(down+60*minute, down); r.Transition != TransitionOpened || r.Kind != KindNoData {
		t.Errorf("an hour after it: %v %v, want no-data", r.Transition, r.Kind)
	}
	if r := s.Step(down+61*minute, wave(1)); r.Transition != TransitionClosed {
		t.Errorf("it is back: %v", r.Transition)
	}
	if s.s.Quiet.GapMax > 2*minute {
		t.Errorf("a gap of %v minutes is remembered as the series' own", s.s.Quiet.GapMax/minute)
	}
}
