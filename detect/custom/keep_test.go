package custom

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
)

const keeping = "name: level\nmatch: m\nstate:\n  level: {initial: 0, next: 'state.level + 0.1 * (value - state.level)'}\n  n: {initial: 0, next: state.n + 1}\n" +
	"evidence: 'state.n > 20 && abs(value - state.level) > 5 ? bar : 0'\nreason: text(state.n)\n" +
	"---\nname: bomb\nmatch: m\nstate:\n  s: {initial: \"ab\", next: 'state.s + state.s'}\nscore: value\n"

// A restart in the midst of an anomaly, fed the last part of history again,
// goes on as if nothing had happened: the same findings, the same counts.
func TestRunnerRestore(t *testing.T) {
	value := func(ref uint64, i int) float64 {
		if i >= 60 && i < 90 {
			return 10 + float64(ref)
		}
		return float64(ref)
	}
	start := func(out *string) *Runner {
		ds, err := Parse("t.yaml", []byte(keeping))
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewRunner(Options{Emit: func(f Finding) {
			*out += fmt.Sprintln(f.Labels, f.At, f.Transition, f.Reason, f.Anomaly.Start, f.Ended)
		}}, ds)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	run := func(r *Runner, refs []uint64, from, to int) {
		for i := from; i < to; i++ {
			for k, ref := range refs {
				r.Add(ref, labels.FromStrings("__name__", "m", "i", fmt.Sprint(k)), detect.Meta{Kind: detect.MetricGauge})
				r.Observe(ref, int64(i+1)*60_000, value(uint64(k), i))
			}
		}
	}
	var whole, parts string
	a := start(&whole)
	run(a, []uint64{1, 2}, 0, 120)

	b := start(&parts)
	run(b, []uint64{1, 2}, 0, 70)
	state := b.AppendState(nil)
	c := start(&parts)
	if complete, err := c.Restore(state); !complete || err != nil {
		t.Fatal(complete, err)
	}
	run(c, []uint64{9, 7}, 60, 120) // Other references; ten samples come again.
	if diff := cmp.Diff(whole, parts); diff != "" {
		t.Errorf("findings (-uninterrupted +restarted):\n%s", diff)
	}
	if a, c := fmt.Sprint(a.List()), fmt.Sprint(c.List()); a != c {
		t.Errorf("uninterrupted %s\nrestarted %s", a, c)
	}
	open := 0
	b.EachOpen(func(detector string, _ labels.Labels, _ detect.Anomaly) {
		if detector == "level" {
			open++
		}
	})
	if open != 2 {
		t.Errorf("%d open at the restart, want 2", open)
	}

	other := newRunner(t, keeping+"---\nname: new\nmatch: m\nscore: value\n")
	if complete, err := other.Restore(state); complete || err != nil {
		t.Errorf("a detector that was not there: complete %v, %v", complete, err)
	}
	fresh := start(&parts)
	for i := range state {
		bad := bytes.Clone(state)
		bad[i] ^= 0x10
		if _, err := fresh.Restore(bad); !errors.Is(err, detect.ErrForeignState) {
			t.Fatalf("byte %d damaged: %v", i, err)
		}
	}
}
