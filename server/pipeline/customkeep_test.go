package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/bellwether-ts/bellwether/detect/custom"
	"github.com/bellwether-ts/bellwether/metric"
)

const countsForever = `name: forever
match: m
state:
  seen: {initial: 0, next: state.seen + 1}
evidence: 'value > 10 ? bar : 0'
reason: '"sample " + text(state.seen)'
`

// with gives a life its detectors, which the rig does not know of.
func (l *life) with(src string) {
	l.t.Helper()
	ds, err := custom.Parse("t.yaml", []byte(src))
	if err != nil {
		l.t.Fatal(err)
	}
	l.p.opts.Detectors = ds
	if _, err := l.p.ApplyDetectors(ds); err != nil {
		l.t.Fatal(err)
	}
}

// What a detector remembers, and the anomaly it holds open, outlive a restart,
// also what the store could not give back. A damaged file costs the memory, not
// the start.
func TestCustomOverRestart(t *testing.T) {
	l := newLife(t, false)
	l.with(countsForever)
	all := map[string]func(int) float64{"m": func(i int) float64 {
		if i >= 50 {
			return 20
		}
		return 1
	}}
	restart := func() {
		t.Helper()
		l.end()
		l.begin()
		l.with(countsForever)
		l.store.SetTap(nil)
		if err := l.p.Learn(context.Background(), l.now, nil); err != nil {
			t.Fatal(err)
		}
		l.p.CatchUp(context.Background(), l.now)
		l.store.SetTap(func(b *metric.Batch) { l.tapped = append(l.tapped, b) })
	}
	status := func() string {
		t.Helper()
		list, _ := l.p.Detectors()
		open := l.p.Anomalies.List(func(f Finding) bool { return f.Anomaly.Open && f.View == "detector/forever" })
		text := fmt.Sprint(list[0].Counts.Judged, " judged, ", list[0].Open, " open")
		for _, f := range open {
			text += fmt.Sprint(", ", f.Said, " since ", (f.Anomaly.Start-testEpoch)/minute)
		}
		return text
	}
	l.minutes(60, all)
	ref, _ := l.store.Ref(series(t, "m"))
	l.p.custom.Observe(ref, l.now+1, 20, nil) // The store does not have this one.
	want := "61 judged, 1 open, sample 49 since 50"
	if got := status(); got != want {
		t.Fatalf("before: %s, want %s", got, want)
	}
	if err := l.p.Keep(); err != nil {
		t.Fatal(err)
	}
	restart()
	if got := status(); got != want {
		t.Errorf("after a restart: %s, want %s", got, want)
	}
	l.minutes(2, all)
	if got := status(); got != "63 judged, 1 open, sample 49 since 50" {
		t.Errorf("going on: %s", got)
	}

	file := filepath.Join(l.dir, "detect", customFile)
	if err := os.WriteFile(file, []byte("not what was written"), 0o600); err != nil {
		t.Fatal(err)
	}
	restart()
	if got := status(); got != "62 judged, 1 open, sample 49 since 50" {
		t.Errorf("after damage, learned from the store: %s", got)
	}
}
