package pipeline

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

func newForms(t testing.TB, o DistributionOptions) (*Distributions, *[]Finding) {
	t.Helper()
	var found []Finding
	o.Emit = func(f Finding) { found = append(found, f) }
	d, err := NewDistributions(o)
	if err != nil {
		t.Fatal(err)
	}
	return d, &found
}

// classicFeed is a classic histogram as series of samples: counts[tick][bucket],
// cumulative over bounds and time.
type classicFeed struct {
	le     []string
	counts [][]float64
}

// latencies makes ticks of rate requests, lognormal around a median of .1 s,
// from tick slow on twice as slow.
func latencies(ticks, rate, slow int) classicFeed {
	f := classicFeed{le: []string{"0.05", "0.1", "0.2", "0.4", "0.8", "+Inf"}}
	bounds := []float64{.05, .1, .2, .4, .8, math.Inf(1)}
	r := rand.New(rand.NewPCG(1, 1))
	sum := make([]float64, len(bounds))
	for i := range ticks {
		for range rate {
			x := .1 * math.Exp(.5*r.NormFloat64())
			if i >= slow {
				x *= 2
			}
			for k, b := range bounds {
				if x <= b {
					sum[k]++
				}
			}
		}
		f.counts = append(f.counts, slices.Clone(sum))
	}
	return f
}

// add adds the buckets as series of references 1, 2, ...
func (f classicFeed) add(t testing.TB, d *Distributions) {
	t.Helper()
	for i, le := range f.le {
		d.Add(uint64(i+1), series(t, fmt.Sprintf(`http_request_duration_seconds_bucket{le=%q,service="cart"}`, le)), KindCounter)
	}
}

// scrape hands over tick i as a scrape does: all buckets of one instant.
func (f classicFeed) scrape(d *Distributions, i int, skip ...int) {
	for k := range f.le {
		if !slices.Contains(skip, k) {
			d.Observe(uint64(k+1), int64(i)*minute, f.counts[i][k], nil)
		}
	}
}

// A classic histogram that slows down opens one anomaly, told in words that say
// what moved; the same history read series by series finds the same.
func TestClassicHistogramIsOneDistribution(t *testing.T) {
	f := latencies(500, 300, 460)
	live, found := newForms(t, DistributionOptions{})
	f.add(t, live)
	for i := range f.counts {
		f.scrape(live, i)
		live.Tick(int64(i)*minute + 15_000)
	}
	i := slices.IndexFunc(*found, func(f Finding) bool { return f.Transition == detect.TransitionOpened })
	if i < 0 {
		t.Fatal("a doubled latency went unseen")
	}
	one := (*found)[i]
	if at := one.At / minute; at < 460 || at > 464 {
		t.Errorf("opened at minute %d, want within 5 of 460", at)
	}
	if one.Name() != `distribution of http_request_duration_seconds{service="cart"}` || one.Anomaly.Kind != detect.KindDistribution {
		t.Errorf("found %s, %s", one.Name(), one.Anomaly.Kind)
	}
	e := AnomalyEvent(one)
	if err := e.Validate(); err != nil {
		t.Errorf("the event is not valid: %v", err)
	}
	if !strings.HasPrefix(e.Message, `http_request_duration_seconds{service="cart"} distribution: p`) || !strings.Contains(e.Message, " s -> ") {
		t.Errorf("message %q", e.Message)
	}
	if e.Labels.Get("service") != "cart" || e.Labels.Has("le") {
		t.Errorf("labels %s", e.Labels)
	}

	// Read back at a start: an hour of one bucket, then an hour of the next.
	again, refound := newForms(t, DistributionOptions{})
	f.add(t, again)
	for from := 0; from < len(f.counts); from += 60 {
		to := min(from+60, len(f.counts))
		for k := range f.le {
			for i := from; i < to; i++ {
				again.Observe(uint64(k+1), int64(i)*minute, f.counts[i][k], nil)
			}
		}
		again.Tick(int64(to)*minute - 1)
	}
	ids := func(fs []Finding) (out []string) {
		for _, f := range fs {
			out = append(out, fmt.Sprint(f.ID, f.Transition, f.At))
		}
		return out
	}
	if d := cmp.Diff(ids(*found), ids(*refound)); d != "" {
		t.Errorf("history by series finds other things than scrapes:\n%s", d)
	}
	if l := again.Losses(); l != (DistributionLosses{}) {
		t.Errorf("lost %+v of a history without holes", l)
	}
}

// judged is the number of batches a histogram has judged.
func judged(d *Distributions) uint64 {
	for _, s := range d.classic {
		return s.det.Explain().Samples
	}
	return 0
}

// Late and missing buckets are counted; a bucket that is gone changes the
// bounds, and one that is new does.
func TestClassicBucketsThatDoNotCome(t *testing.T) {
	f := latencies(60, 100, 60)
	d, _ := newForms(t, DistributionOptions{})
	f.add(t, d)
	tick := func(i int, skip ...int) {
		f.scrape(d, i, skip...)
		d.Tick(int64(i)*minute + 15_000)
	}
	for i := range 20 {
		tick(i)
	}
	if n := judged(d); n != 19 {
		t.Fatalf("%d batches of 20 scrapes, want 19", n)
	}
	tick(20, 2) // One bucket is late ...
	d.Observe(3, 20*minute, f.counts[20][2], nil)
	if n := judged(d); n != 20 {
		t.Errorf("%d batches, want 20: the late bucket completes its tick", n)
	}
	tick(21, 2) // ... and now comes too late.
	tick(22)
	d.Tick(23 * minute)
	d.Observe(3, 21*minute, f.counts[21][2], nil)
	if l := d.Losses(); l.Incomplete != 1 || l.Late != 1 {
		t.Errorf("losses %+v, want one incomplete tick and one late value", l)
	}
	if n := judged(d); n != 21 {
		t.Errorf("%d batches, want 21: the tick after the lost one holds both", n)
	}
	for i := 23; i < 40; i++ {
		tick(i, 2) // Gone for good: other bounds.
	}
	if tr := d.Explain(series(t, `http_request_duration_seconds{service="cart"}`)); len(tr) != 1 || !strings.Contains(tr[0].String(), "1 changes of bounds") {
		t.Errorf("a bucket that is gone did not change the bounds: %v", tr)
	}
	if n := judged(d); n == 0 || n > 16 {
		t.Errorf("%d batches on the bounds that are left", n)
	}
	for i := 40; i < 60; i++ {
		tick(i)
	}
	if tr := d.Explain(series(t, `http_request_duration_seconds_bucket{service="cart",le="0.2"}`)); len(tr) != 1 || !strings.Contains(tr[0].String(), "2 changes of bounds") {
		t.Errorf("a bucket that is back did not change the bounds: %v", tr)
	}
}

// A tick in the middle of the first scrape costs that scrape, not the histogram.
func TestTickInTheMiddleOfAScrape(t *testing.T) {
	f := latencies(40, 100, 40)
	d, _ := newForms(t, DistributionOptions{})
	f.add(t, d)
	for k := range f.le {
		d.Observe(uint64(k+1), 0, f.counts[0][k], nil)
		d.Tick(int64(k + 1))
	}
	for i := 1; i < 40; i++ {
		f.scrape(d, i)
		d.Tick(int64(i)*minute + 15_000)
	}
	if n := judged(d); n != 38 {
		t.Errorf("%d batches of 39 whole scrapes, want 38", n)
	}
}

// A histogram of which only the count of all observations came, and later with
// its bounds: neither is a reason to stop.
func TestClassicHistogramOfOneBucket(t *testing.T) {
	f := latencies(40, 100, 40)
	d, found := newForms(t, DistributionOptions{})
	f.add(t, d)
	bounds := []int{0, 1, 2, 3, 4}
	for i := range 40 {
		if i < 20 {
			f.scrape(d, i, bounds...)
		} else {
			f.scrape(d, i)
		}
		d.Tick(int64(i)*minute + 15_000)
	}
	if len(*found) > 0 {
		t.Errorf("found %+v", *found)
	}

	alone, _ := newForms(t, DistributionOptions{})
	inf := classicFeed{le: []string{"+Inf"}, counts: [][]float64{{1}, {3}, {8}}}
	inf.add(t, alone)
	for i := range inf.counts {
		inf.scrape(alone, i)
		alone.Tick(int64(i)*minute + 15_000)
	}
}

// The stale markers of a target that went end its buckets; they come back.
func TestClassicBucketsGoStale(t *testing.T) {
	f := latencies(40, 100, 40)
	d, _ := newForms(t, DistributionOptions{})
	f.add(t, d)
	for i := range 40 {
		f.scrape(d, i)
		d.Tick(int64(i)*minute + 15_000)
		if i == 20 {
			for k := range f.le {
				d.Observe(uint64(k+1), int64(i)*minute+20_000, math.Float64frombits(value.StaleNaN), nil)
			}
		}
	}
	if n, l := judged(d), d.Losses(); n != 39 || l.Incomplete != 0 {
		t.Errorf("%d batches, losses %+v", n, l)
	}
}

// Without le="+Inf" nothing says how many there are; too many buckets and too
// many histograms are left out by name; nothing that waits grows without end.
func TestClassicLimits(t *testing.T) {
	d, _ := newForms(t, DistributionOptions{Max: 2})
	d.Add(1, series(t, `a_bucket{le="1"}`), KindCounter)
	for i := range 10 {
		d.Observe(1, int64(i)*minute, 1, nil)
		d.Tick(int64(i+1) * minute)
	}
	if l := d.Losses(); l.Incomplete == 0 {
		t.Error("ticks without +Inf were not counted")
	}
	for i := range maxBucketsOf + 1 {
		d.Add(uint64(100+i), series(t, fmt.Sprintf(`b_bucket{le="%d"}`, i)), KindCounter)
	}
	d.Add(2, series(t, `c_bucket{le="1"}`), KindCounter)
	d.Add(3, series(t, `e_bucket{le="1"}`), KindCounter)
	d.Add(4, series(t, `bellwether_x_bucket{le="1"}`), KindCounter)
	d.Add(5, series(t, `e_bucket{le="nonsense"}`), KindCounter)
	d.Add(6, series(t, `requests_total`), KindCounter)
	want := map[string]int{"classic histogram of more than 200 buckets": 1, "limit of watched histograms reached": 2}
	if diff := cmp.Diff(want, d.Coverage().NotWatched); diff != "" {
		t.Errorf("left out:\n%s", diff)
	}
	if c := d.Coverage(); c.Watched != 2 || c.WarmingUp != 2 {
		t.Errorf("coverage %+v, want two watched and warming up", c)
	}
	for i := range maxRows + 10 {
		d.Observe(2, int64(1000+i)*minute, 1, nil)
	}
	if l := d.Losses(); l.Overflow != 10 {
		t.Errorf("%d ticks let go, want 10 beyond the limit", l.Overflow)
	}
	for ref := range uint64(400) {
		d.Remove(ref, 0)
	}
	if c := d.Coverage(); c.Watched != 0 || c.WarmingUp != 0 || len(c.NotWatched) != 0 || d.held != 0 || len(d.classic)+len(d.series) != 0 {
		t.Errorf("after removing everything: %+v, %d values held", c, d.held)
	}
}

// A native histogram is watched by its form, beside rate and mean.
func TestNativeHistogramIsADistribution(t *testing.T) {
	d, found := newForms(t, DistributionOptions{})
	name := series(t, `rpc_seconds{service="cart"}`)
	d.Add(1, name, KindHistogram)
	r := rand.New(rand.NewPCG(1, 1))
	h := &histogram.FloatHistogram{Schema: 3, ZeroThreshold: 1e-128, PositiveSpans: []histogram.Span{{Offset: -80, Length: 100}}, PositiveBuckets: make([]float64, 100)}
	for i := range 400 {
		h = h.Copy()
		for range 300 {
			x := -3.3 + .6*r.NormFloat64()
			if i >= 350 && r.Float64() < .3 {
				x += 3 // A third takes another way: the rate is the same.
			}
			h.PositiveBuckets[int(math.Ceil(x*8))+80]++
		}
		d.Observe(1, int64(i)*minute, 0, h)
	}
	if len(*found) == 0 || (*found)[0].At < 350*minute || (*found)[0].At > 354*minute {
		t.Fatalf("found %v", *found)
	}
	d.Remove(1, 400*minute)
	if last := (*found)[len(*found)-1]; !last.Gone || last.Transition != detect.TransitionClosed {
		t.Errorf("the last finding is %+v, want the end of a histogram that is gone", last)
	}
}

// What the configuration names may be the histogram or its buckets.
func TestDistributionsHeedTheConfiguration(t *testing.T) {
	matcher := func(s string) [][]*labels.Matcher {
		ms, err := metric.ParseMatchers(s)
		if err != nil {
			t.Fatal(err)
		}
		return [][]*labels.Matcher{ms}
	}
	for _, by := range []string{`__name__="a_bucket"`, `__name__="a"`} {
		d, _ := newForms(t, DistributionOptions{Ignore: matcher(by)})
		d.Add(1, series(t, `a_bucket{le="1"}`), KindCounter)
		if d.Coverage().NotWatched["named in detect.ignore"] != 1 {
			t.Errorf("ignore %s was not heeded", by)
		}
	}
}

// A pipeline learns classic histograms from its store, finds what is open,
// explains it by the histogram's own name and draws it.
func TestPipelineLearnsDistributions(t *testing.T) {
	r := newRig(t, "")
	f := latencies(420, 300, 400)
	var out []tsdb.Series
	for k, le := range f.le {
		s := tsdb.Series{Labels: series(t, fmt.Sprintf(`http_request_duration_seconds_bucket{le=%q,service="cart"}`, le))}
		for i := range f.counts {
			s.Samples = append(s.Samples, metric.Sample{T: testEpoch + int64(i)*minute, V: f.counts[i][k]})
		}
		out = append(out, s)
	}
	r.now = testEpoch + 420*minute
	ctx := context.Background()
	if res, err := r.store.Append(ctx, out); err != nil || res.Refused.Total() > 0 {
		t.Fatalf("%v %s", err, res.Refused)
	}
	if err := r.p.Learn(ctx, r.now, nil); err != nil {
		t.Fatal(err)
	}
	r.p.CatchUp(ctx, r.now)
	name := series(t, `http_request_duration_seconds{service="cart"}`)
	open := r.p.Anomalies.List(func(f Finding) bool { return f.Anomaly.Open && f.View == distributionView })
	if len(open) != 1 || !labels.Equal(open[0].Labels, name) {
		t.Fatalf("open distributions: %v", names(open))
	}
	traces, err := r.p.Explain(name)
	if err != nil || len(traces) != 1 || traces[0].Verdict != detect.VerdictAnomalous {
		t.Errorf("explain: %v %v", traces, err)
	}
	if c, _ := r.p.Distributions(); c.Watched != 1 || c.WarmingUp != 0 {
		t.Errorf("coverage %+v", c)
	}
	if ms := r.p.Shape(exactly(name)); ms[0].Value != "http_request_duration_seconds_sum" {
		t.Errorf("shape search is asked for %v", ms)
	}
	samples, points, err := r.p.Analyze(ctx, name, distributionView, testEpoch, testEpoch+390*minute, r.now)
	if err != nil || len(points) < 25 || len(samples) != len(points) {
		t.Fatalf("%d points: %v", len(points), err)
	}
	if first, last := points[0].Observed, points[len(points)-1].Observed; last < 1.5*first {
		t.Errorf("the chart's p99 goes from %v to %v, want about twofold", first, last)
	}

	// A start at which the other rooms remember: this one reads it all again.
	second, found := newForms(t, DistributionOptions{})
	was := r.p.forms
	r.p.forms = second
	r.p.formLane = newLane(distributionView, r.p.feed(second), func(now int64) { r.p.forms.Tick(now) })
	if err := r.p.learnForms(ctx, testEpoch, r.now); err != nil {
		t.Fatal(err)
	}
	if len(*found) == 0 || (*found)[0].ID != open[0].ID {
		t.Errorf("read again it finds %v, want %s", *found, open[0].ID)
	}
	if was == second {
		t.Error("the test did not replace the room")
	}
}
