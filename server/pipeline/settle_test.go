package pipeline

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/alerting/journal"
	"github.com/bellwether-ts/bellwether/detect"
)

// unhealthyMonitors lists what the core holds unhealthy.
func (r *rig) unhealthyMonitors() (out []string) {
	r.engine.View(func(c *alerting.Core) {
		for _, v := range c.Alerts(nil, 1000) {
			if v.Status == alerting.Unhealthy {
				out = append(out, v.Event.Monitor)
			}
		}
	})
	return out
}

// What an earlier process said is unhealthy and nobody finds unhealthy after a
// restart is told healthy; what others sent stays as they left it.
func TestCatchUpSettlesWhatIsOver(t *testing.T) {
	r := newRig(t, "")
	r.company(t, 300, 300, false)
	ctx := context.Background()
	for _, e := range []alerting.Event{
		{Source: SourceDetect, Monitor: `latency_seconds{service="cart"}`},
		{Source: SourceSLO, Monitor: "slo/removed"},
		{Source: "nagios", Monitor: "disk"},
	} {
		e.Status, e.Priority = alerting.Unhealthy, alerting.High
		if _, err := r.engine.Submit(ctx, alerting.Input{Event: &e}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.p.Learn(ctx, r.now, nil); err != nil {
		t.Fatal(err)
	}
	r.p.CatchUp(ctx, r.now)
	if got := r.unhealthyMonitors(); !slices.Equal(got, []string{"disk"}) {
		t.Errorf("unhealthy after the restart: %q; want what somebody else sent and nothing of ours", got)
	}
}

// An objective that a new configuration leaves out does not burn for ever.
func TestApplyObjectivesSettlesRemovedOnes(t *testing.T) {
	r := newRig(t, "")
	r.company(t, 300, 270, false)
	ctx := context.Background()
	if err := r.p.Learn(ctx, r.now, nil); err != nil {
		t.Fatal(err)
	}
	r.p.CatchUp(ctx, r.now)
	if !slices.Contains(r.unhealthyMonitors(), "slo/cart-availability") {
		t.Fatalf("the objective does not burn: %q", r.unhealthyMonitors())
	}
	if err := r.p.ApplyObjectives(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if got := r.unhealthyMonitors(); slices.Contains(got, "slo/cart-availability") {
		t.Errorf("the removed objective is still unhealthy: %q", got)
	}
}

// A series that the store lets go takes its open anomaly with it.
func TestRemoveClosesTheOpenAnomaly(t *testing.T) {
	w, found := newTestWatch(t, WatchOptions{})
	w.Add(1, series(t, `latency{service="cart"}`), KindGauge)
	for i := range 1500 {
		v := wave(i)
		if i >= 1450 {
			v *= 50
		}
		w.Observe(1, int64(i)*minute, v, nil)
	}
	if n := len(*found); n == 0 || !(*found)[n-1].Anomaly.Open {
		t.Fatal("no anomaly is open")
	}
	open := (*found)[len(*found)-1]
	w.Remove(1, 2000*minute)
	last := (*found)[len(*found)-1]
	if last.ID != open.ID || last.Transition != detect.TransitionClosed || last.Anomaly.Open || last.Anomaly.End != 2000*minute {
		t.Errorf("after the series went: %+v", last)
	}
	if e := AnomalyEvent(last); e.Status != alerting.Healthy || !strings.Contains(e.Message, "is gone") {
		t.Errorf("its event: %s %q", e.Status, e.Message)
	}
}

// While the alert log cannot be written, events wait; nothing blocks, and what
// is still unhealthy is told when it can be again.
func TestEventsSurviveAFullDisk(t *testing.T) {
	fs := &fullDisk{}
	engine, _, err := journal.OpenEngine(journal.EngineOptions{Dir: filepath.Join(t.TempDir(), "a"), Tick: -1, Log: journal.Options{FS: fs}})
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, "")
	r.p.engine = engine
	defer engine.Close()
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { defer close(stopped); _ = r.p.Run(ctx) }()
	defer func() { cancel(); <-stopped }()
	fs.full.Store(true)
	e := alerting.Event{Source: "t", Monitor: "m", Status: alerting.Unhealthy, Priority: alerting.High, ObservedAt: testEpoch}
	for !r.p.running.Load() {
		time.Sleep(time.Millisecond)
	}
	for range maxOutbox + 100 { // More than the queue holds.
		r.p.emit(e)
	}
	if f := r.p.Flow(); f.LogFailures == 0 || f.Lost == 0 {
		t.Errorf("failures %d, lost %d; both are counted", f.LogFailures, f.Lost)
	}
	r.p.Anomalies.Add(Finding{ID: "an-1", Labels: series(t, `latency{a="b"}`), Anomaly: detect.Anomaly{Open: true}})
	fs.full.Store(false)
	held := func(monitor string) bool {
		found := false
		engine.View(func(c *alerting.Core) {
			for _, v := range c.Alerts(nil, 10) {
				found = found || v.Event.Monitor == monitor && v.Status == alerting.Unhealthy
			}
		})
		return found
	}
	for deadline := time.Now().Add(20 * time.Second); !held("m") || !held(`latency{a="b"}`); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not told after the disk has room: the waiting event %v, the open anomaly %v", held("m"), held(`latency{a="b"}`))
		}
	}
}

// fullDisk is the real file system with a switch that makes writes fail.
type fullDisk struct{ full atomic.Bool }

type fullFile struct {
	*os.File
	disk *fullDisk
}

func (f fullFile) Write(b []byte) (int, error) {
	if f.disk.full.Load() {
		return 0, &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	return f.File.Write(b)
}

func (d *fullDisk) open(name string, flag int) (journal.File, error) {
	f, err := os.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return fullFile{f, d}, nil
}

func (d *fullDisk) Create(name string) (journal.File, error) {
	return d.open(name, os.O_CREATE|os.O_EXCL|os.O_RDWR)
}
func (d *fullDisk) Append(name string) (journal.File, error) {
	return d.open(name, os.O_RDWR|os.O_APPEND)
}
func (d *fullDisk) Open(name string) (journal.File, error) { return d.open(name, os.O_RDONLY) }
func (d *fullDisk) MkdirAll(dir string) error              { return os.MkdirAll(dir, 0o700) }
func (d *fullDisk) Rename(from, to string) error           { return os.Rename(from, to) }
func (d *fullDisk) Remove(name string) error               { return os.Remove(name) }
func (d *fullDisk) SyncDir(string) error                   { return nil }
func (d *fullDisk) Lock(string) (io.Closer, error)         { return io.NopCloser(nil), nil }
func (d *fullDisk) ReadDir(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}
