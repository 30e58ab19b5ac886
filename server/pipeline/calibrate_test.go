package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// fleet fills hours of a level on the given instances, a sample a minute.
func (r *rig) fleet(t *testing.T, hours int, instances ...string) {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, 6))
	var out []tsdb.Series
	for _, matchers := range instances {
		s := tsdb.Series{Labels: series(t, `level{`+matchers+`}`)}
		for i := range hours * 60 {
			s.Samples = append(s.Samples, metric.Sample{T: testEpoch + int64(i)*minute, V: 100 + rng.NormFloat64()})
		}
		out = append(out, s)
	}
	r.now = testEpoch + int64(hours)*60*minute
	res, err := r.store.Append(context.Background(), out)
	if err != nil || res.Refused.Total() > 0 {
		t.Fatalf("%v %s", err, res.Refused)
	}
}

func fleetSpec() RunSpec {
	return RunSpec{
		Baseline: `service="cart",track="stable"`, Canary: `service="cart",track="canary"`, LookEvery: 5 * time.Minute,
		Metrics: []RunMetric{{Name: "level", Query: "avg(level{$side})", Direction: canary.Increase, MinEffect: 1}},
	}
}

// Where the canary's side has a past, it is used; where it has none, instances
// of the baseline stand in; where there is one instance only, it is assumed to
// be alike, and said; where there is nothing, nothing is said.
func TestPlanFromTheStore(t *testing.T) {
	for _, c := range []struct {
		name        string
		instances   []string
		calibration string
		sentence    string
	}{
		{"both sides", []string{`service="cart",track="stable",pod="a"`, `service="cart",track="canary",pod="b"`}, "history", "spread from 1440 samples of history"},
		{"stand-ins", []string{`service="cart",track="stable",pod="a"`, `service="cart",track="stable",pod="b"`, `service="cart",track="stable",pod="c"`}, "history", "of history"},
		{"one instance", []string{`service="cart",track="stable",pod="a"`}, "assumed", "assumed to move like the baseline"},
		{"nothing", []string{`service="search",pod="a"`}, "", "cannot say"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, "")
			r.fleet(t, 30, c.instances...)
			f, spec, err := r.p.Plan(context.Background(), fleetSpec(), 0)
			if err != nil {
				t.Fatal(err)
			}
			m := f.Metrics[0]
			if m.Calibration != c.calibration || !strings.Contains(m.Reason, c.sentence) || spec.MaxDuration != time.Hour {
				t.Errorf("calibration %q, %s; want %q and %q", m.Calibration, m.Reason, c.calibration, c.sentence)
			}
			if c.calibration != "" && (m.Fail <= 0 || m.Pass <= 0 || m.Visible <= 0) {
				t.Errorf("%+v", m)
			}
		})
	}
}

// A past beyond one query is read in parts, and judged.
func TestCalibrateFromTheStore(t *testing.T) {
	r := newRig(t, "")
	r.fleet(t, 200, `service="cart",track="stable",pod="a"`, `service="cart",track="stable",pod="b"`)
	got, _, err := r.p.Calibrate(context.Background(), fleetSpec(), 160)
	if err != nil {
		t.Fatal(err)
	}
	if got.Runs != 160 || got.Independent != 160 || got.Failed > 6 || got.Passed < 100 || got.Metrics[0].Name != "level" {
		t.Errorf("%+v", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := r.p.Calibrate(ctx, fleetSpec(), 160); !errors.Is(err, context.Canceled) && !strings.Contains(fmt.Sprint(err), "canceled") {
		t.Errorf("a caller who left: %v", err)
	}
}

// What cannot be calibrated is refused with what to do.
func TestCalibrateRefuses(t *testing.T) {
	r := newRig(t, "")
	r.fleet(t, 3, `service="cart",track="stable",pod="a"`)
	for want, change := range map[string]func(*RunSpec) int{
		"have a past":              func(*RunSpec) int { return 0 },
		"between 10 and 1000":      func(*RunSpec) int { return 5 },
		"only the native judge":    func(s *RunSpec) int { s.Judge = "mad"; return 0 },
		"is a chance in (0, 0.5]":  func(s *RunSpec) int { s.FalseFail = 2; return 0 },
		"cannot read the baseline": func(s *RunSpec) int { s.Baseline = "{{"; return 0 },
	} {
		s := fleetSpec()
		runs := change(&s)
		if _, _, err := r.p.Calibrate(context.Background(), s, runs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}
