package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/alerting/journal"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/slo"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// runRig is a pipeline for runs: a store with one gauge on two tracks, minute
// by minute, and a clock set by hand.
type runRig struct {
	*rig
	dir   string
	rng   *rand.Rand
	level map[string]float64 // By track; absent: it sends nothing.
	keep  int64
}

// gaugeSpec compares the gauge.
func gaugeSpec() RunSpec {
	return RunSpec{
		Name: "cart", Baseline: `service="cart",track="stable"`, Canary: `service="cart",track="canary"`, History: 90 * time.Minute,
		Metrics: []RunMetric{{Name: "level", Query: "avg(level{$side})", Direction: "increase", MinEffect: 1}},
	}
}

// newRunRig fills an hour and a half in which both tracks are alike: little
// enough for the store not to move its blocks while a test copies them.
func newRunRig(t *testing.T) *runRig {
	t.Helper()
	return newRunRigKeeping(t, 0)
}

func newRunRigKeeping(t *testing.T, bytes int64) *runRig {
	t.Helper()
	r := &runRig{dir: t.TempDir(), keep: bytes, rng: rand.New(rand.NewPCG(1, 2)), level: map[string]float64{"stable": 100, "canary": 100}}
	r.rig = r.open(t, r.dir, testEpoch)
	r.pass(t, 90*time.Minute)
	return r
}

// open starts a process on what lies in dir.
func (r *runRig) open(t *testing.T, dir string, now int64) *rig {
	t.Helper()
	g := &rig{now: now}
	clock := func() time.Time { return time.UnixMilli(g.now) }
	var err error
	if g.store, err = tsdb.Open(tsdb.Options{Dir: filepath.Join(dir, "store"), Now: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.store.Close() })
	cfg := config.Default()
	g.engine, _, err = journal.OpenEngine(journal.EngineOptions{Dir: filepath.Join(t.TempDir(), "alerts"), Config: AlertPolicyOf(cfg.Alerting), Tick: -1, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.engine.Close() })
	objectives, err := slo.ParseOpenSLO([]byte(testObjective))
	if err != nil {
		t.Fatal(err)
	}
	g.p, err = New(Options{Store: g.store, Engine: g.engine, Config: cfg, Objectives: objectives, RunsDir: filepath.Join(dir, "runs"), Shards: 1, KeepBytes: r.keep, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// kill is kill -9 and a start: a new process on a copy of what is on the disk,
// nothing closed.
func (r *runRig) kill(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	if err := copyTree(r.dir, dir); err != nil {
		t.Fatal(err)
	}
	r.dir = dir
	r.rig = r.open(t, dir, r.now)
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		// The store reserves its files in full; what was not written yet stays a hole.
		to := filepath.Join(to, rel)
		return errors.Join(os.WriteFile(to, bytes.TrimRight(data, "\x00"), 0o600), os.Truncate(to, int64(len(data))))
	})
}

// pass lets time pass: a sample a track a minute.
func (r *runRig) pass(t *testing.T, d time.Duration) {
	t.Helper()
	until := r.now + d.Milliseconds()
	batch := map[string][]metric.Sample{}
	for at := r.now + minute; at <= until; at += minute {
		for _, track := range []string{"stable", "canary"} {
			noise := r.rng.NormFloat64()
			if level, ok := r.level[track]; ok {
				batch[track] = append(batch[track], metric.Sample{T: at, V: level + noise})
			}
		}
	}
	r.now = until
	var out []tsdb.Series
	for _, track := range []string{"stable", "canary"} {
		out = append(out, tsdb.Series{Labels: labels.FromStrings(labels.MetricName, "level", "service", "cart", "track", track), Samples: batch[track]})
	}
	res, err := r.store.Append(context.Background(), out)
	if err != nil || res.Refused.Total() > 0 {
		t.Fatalf("%v %s", err, res.Refused)
	}
}

// live lets minutes pass, each with the looks that are due.
func (r *runRig) live(t *testing.T, minutes int) {
	t.Helper()
	for range minutes {
		r.pass(t, time.Minute)
		r.look()
	}
}

func (r *runRig) look() { r.p.Canaries.LookAll(context.Background(), r.now) }

func (r *runRig) start(t *testing.T, s RunSpec) Run {
	t.Helper()
	run, err := r.p.Canaries.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func (r *runRig) get(t *testing.T, id string) Run {
	t.Helper()
	run, ok := r.p.Canaries.Get(id)
	if !ok {
		t.Fatalf("run %s is gone", id)
	}
	return run
}

func (r *runRig) full(t *testing.T, id string) Run {
	t.Helper()
	run, ok := r.p.Canaries.Full(context.Background(), id)
	if !ok {
		t.Fatalf("run %s is gone", id)
	}
	return run
}

// told lists what the alert core knows of a canary.
func (r *runRig) told(name string) (status string) {
	r.engine.View(func(c *alerting.Core) {
		for _, g := range c.Groups(alerting.GroupQuery{}) {
			for _, m := range g.Members {
				if m.Monitor == "canary/"+name {
					status = fmt.Sprint(m.Status, " ", m.Priority)
				}
			}
		}
	})
	return status
}
