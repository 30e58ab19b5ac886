package custom

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
)

func newRunner(t *testing.T, src string) *Runner {
	t.Helper()
	ds, err := Parse("t.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRunner(Options{Emit: func(Finding) {}}, ds)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What does not fit is left out, counted, and says which limit.
func TestRunnerLimits(t *testing.T) {
	r := newRunner(t, "name: many\nmatch: m\nscore: value\n")
	for i := range uint64(MaxSeries + 7) {
		r.Add(i, labels.FromStrings("__name__", "m", "i", fmt.Sprint(i)), detect.Meta{})
	}
	s := r.List()[0]
	if s.Series != MaxSeries || s.LeftOut["more than 10,000 series match"] != 7 {
		t.Errorf("%d series, left out %v", s.Series, s.LeftOut)
	}

	// Four of these would remember some 380 MB.
	var large []string
	for i := range 4 {
		large = append(large, fmt.Sprintf("name: large%d\nmatch: m\nwindow: 512\nstate:\n  s: {initial: \"\", next: state.s}\nscore: value\n", i))
	}
	r = newRunner(t, strings.Join(large, "---\n"))
	for i := range uint64(8000) {
		r.Add(i, labels.FromStrings("__name__", "m", "i", fmt.Sprint(i)), detect.Meta{})
	}
	bytes, left := 0, 0
	for _, s := range r.List() {
		bytes += s.Bytes
		left += s.LeftOut["all detectors together would remember more than 268,435,456 bytes"]
	}
	if bytes > MaxBytes || bytes < MaxBytes-20_000 || left == 0 {
		t.Errorf("%d bytes, %d left out", bytes, left)
	}
	for i := range uint64(8000) {
		r.Remove(i, 0)
	}
	if r.bytes != 0 {
		t.Errorf("%d bytes are held of no series", r.bytes)
	}
}

// What waits for companions is bounded, and what finds no room is counted.
func TestRunnerPending(t *testing.T) {
	r := newRunner(t, "name: joined\nmatch: a\nwith:\n  b: {match: b, on: []}\nscore: value + b\n")
	r.Add(1, labels.FromStrings("__name__", "a"), detect.Meta{Kind: detect.MetricGauge})
	r.Add(2, labels.FromStrings("__name__", "b"), detect.Meta{Kind: detect.MetricGauge})
	for i := range int64(maxPending/2 + 5) {
		r.Observe(1, i, 1)
		r.Observe(2, i, 1)
	}
	if r.Dropped() != 10 {
		t.Errorf("%d dropped, want 10", r.Dropped())
	}
	r.Finish()
	if c := r.List()[0].Counts; c.Judged != maxPending/2 {
		t.Errorf("judged %d", c.Judged)
	}
}

// A detector with too much, or a name twice, is refused before anything runs.
func TestRunnerRefuses(t *testing.T) {
	d := parsed(t, "name: a\nmatch: m\nscore: value\n")
	if _, err := NewRunner(Options{}, []*Detector{d, d}); err == nil || !strings.Contains(err.Error(), `two detectors named "a"`) {
		t.Error(err)
	}
	var src strings.Builder
	for i := range MaxDetectors + 1 {
		fmt.Fprintf(&src, "name: d%d\nmatch: m\nscore: value\n---\n", i)
	}
	if _, err := Parse("t.yaml", []byte(src.String())); err == nil || !strings.Contains(err.Error(), "number of detectors 33 exceeds 32") {
		t.Error(err)
	}
	if _, err := Parse("t.yaml", make([]byte, maxFile+1)); err == nil || !strings.Contains(err.Error(), "262,144 bytes") {
		t.Error(err)
	}
	if _, err := NewRunner(Options{Detect: detect.Config{Budget: math.NaN()}}, nil); err == nil {
		t.Error("a budget of NaN is taken")
	}
}
