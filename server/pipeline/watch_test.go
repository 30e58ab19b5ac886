package pipeline

import (
	"math"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
)

func series(t testing.TB, name string) labels.Labels {
	t.Helper()
	ls, err := metric.ParseSeries(name)
	if err != nil {
		t.Fatal(err)
	}
	return ls
}

// wave is a calm value with a little deterministic noise.
func wave(i int) float64 { return 100 + 3*math.Sin(float64(i)/7) + math.Sin(float64(i)*12.9898) }

const minute = int64(60_000)

func newTestWatch(t testing.TB, o WatchOptions) (*Watch, *[]Finding) {
	t.Helper()
	var found []Finding
	o.Emit = func(f Finding) { found = append(found, f) }
	w, err := NewWatch(o)
	if err != nil {
		t.Fatal(err)
	}
	return w, &found
}

// A jump opens an anomaly with a stable id; the event says what and why.
func TestWatchFindsAJump(t *testing.T) {
	run := func() []Finding {
		w, found := newTestWatch(t, WatchOptions{})
		w.Add(1, series(t, `latency{service="cart"}`), KindGauge)
		for i := range 1500 {
			v := wave(i)
			if i >= 1400 {
				v += 80
			}
			w.Observe(1, int64(i)*minute, v, nil)
		}
		return *found
	}
	found := run()
	if len(found) == 0 || found[len(found)-1].At < 1400*minute {
		t.Fatalf("no anomaly near the jump: %+v", found)
	}
	var opened *Finding
	for i := range found {
		if f := &found[i]; f.Transition == detect.TransitionOpened && f.At >= 1400*minute {
			opened = f
			break
		}
	}
	if opened == nil || opened.At > 1410*minute {
		t.Fatalf("the jump at minute 1400 was not opened within ten: %+v", found)
	}
	if again := run(); again[len(again)-1].ID != found[len(found)-1].ID {
		t.Errorf("a replay names the anomaly %s, the first run %s", again[len(again)-1].ID, found[len(found)-1].ID)
	}
	e := AnomalyEvent(*opened)
	if err := e.Validate(); err != nil {
		t.Errorf("the event of an anomaly is not valid: %v", err)
	}
	if e.Status != alerting.Unhealthy || e.Monitor != `latency{service="cart"}` || e.Labels.Get("service") != "cart" || e.Evidence.Summary == "" {
		t.Errorf("event %+v", e)
	}
}

// What is not watched is counted by reason; nothing disappears.
func TestCoverage(t *testing.T) {
	ignore, err := parseSelectors([]string{`job="batch"`})
	if err != nil {
		t.Fatal(err)
	}
	w, _ := newTestWatch(t, WatchOptions{Max: 2, Ignore: ignore})
	for i, name := range []string{`up`, `cpu{job="batch"}`, `bellwether_anomaly_score{a="b"}`, `x_bucket{le="1"}`, `a`, `b`, `c`} {
		ls := series(t, name)
		w.Add(uint64(i+1), ls, KindByName(ls))
	}
	c := w.Coverage()
	if c.Watched != 2 || c.WarmingUp != 2 {
		t.Errorf("watched %d, warming %d; want 2, 2", c.Watched, c.WarmingUp)
	}
	want := map[string]int{
		"named in detect.ignore": 1, "our own results": 1, "limit of watched series reached": 2,
		"bucket of a classic histogram (watched as one distribution; its _sum and _count too)": 1,
	}
	for reason, n := range want {
		if c.NotWatched[reason] != n {
			t.Errorf("%q: %d, want %d (all: %v)", reason, c.NotWatched[reason], n, c.NotWatched)
		}
	}
	for ref := range uint64(8) {
		w.Remove(ref, 0)
	}
	if c := w.Coverage(); c.Watched != 0 || c.WarmingUp != 0 || len(c.NotWatched) != 0 {
		t.Errorf("after removing everything: %+v", c)
	}
}

// A native histogram is watched by its rate and its mean.
func TestNativeHistogramViews(t *testing.T) {
	w, found := newTestWatch(t, WatchOptions{})
	w.Add(1, series(t, `http_duration_seconds{service="cart"}`), KindHistogram)
	h := &histogram.FloatHistogram{}
	for i := range 1500 {
		mean := 0.1 + 0.002*math.Sin(float64(i)*12.9898)
		if i >= 1400 {
			mean = 0.9
		}
		h = h.Copy()
		h.Count += 100
		h.Sum += 100 * mean
		w.Observe(1, int64(i)*minute, 0, h)
	}
	if len(*found) == 0 {
		t.Fatal("a ninefold mean latency went unseen")
	}
	f := (*found)[len(*found)-1]
	if f.View != "mean" || f.Name() != `mean of http_duration_seconds{service="cart"}` {
		t.Errorf("found %s", f.Name())
	}
}

func TestIncrease(t *testing.T) {
	at := func(count, sum float64) *histogram.FloatHistogram {
		return &histogram.FloatHistogram{Count: count, Sum: sum}
	}
	if _, _, ok := increase(nil, 0, at(1, 1), 1000); ok {
		t.Error("the first sample has no increase")
	}
	if rate, mean, ok := increase(at(10, 5), 0, at(30, 25), 10_000); !ok || rate != 2 || mean != 1 {
		t.Errorf("rate %v mean %v ok %v", rate, mean, ok)
	}
	if _, _, ok := increase(at(30, 25), 0, at(10, 5), 10_000); ok {
		t.Error("a reset has no increase")
	}
	if rate, mean, ok := increase(at(30, 25), 0, at(30, 25), 10_000); !ok || rate != 0 || !math.IsNaN(mean) {
		t.Errorf("silence: rate %v mean %v ok %v", rate, mean, ok)
	}
}
