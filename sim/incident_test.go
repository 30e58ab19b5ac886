package sim

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
)

// history is a whole company's life, by series.
type history struct {
	c *Company
	t []int64
	v [][]float64 // By series, then step.

	found map[string][]int // Series by name and labels, once looked up.
}

func record(o Options) *history {
	h := &history{c: New(o), found: map[string][]int{}}
	h.v = make([][]float64, len(h.c.Series()))
	for range h.c.Steps() {
		t, values, _ := h.c.Next()
		h.t = append(h.t, t)
		for i, v := range values {
			h.v[i] = append(h.v[i], v)
		}
	}
	return h
}

// sum adds the series with a name and labels at the step nearest to since
// milliseconds before now.
func (h *history) sum(before int64, name string, pairs ...string) float64 {
	step := len(h.t) - 1 - int(before/h.c.o.Step)
	total := 0.0
	for _, i := range h.find(name, pairs) {
		if v := h.v[i][step]; !math.IsNaN(v) {
			total += v
		}
	}
	return total
}

func (h *history) find(name string, pairs []string) []int {
	key := name + "|" + strings.Join(pairs, "|")
	if list, ok := h.found[key]; ok {
		return list
	}
	var list []int
	for i, d := range h.c.Series() {
		match := d.Labels.Get(labels.MetricName) == name
		for p := 0; p < len(pairs); p += 2 {
			match = match && d.Labels.Get(pairs[p]) == pairs[p+1]
		}
		if match {
			list = append(list, i)
		}
	}
	h.found[key] = list
	return list
}

// grow is the increase of counters between two moments before now.
func (h *history) grow(from, to int64, name string, pairs ...string) float64 {
	return h.sum(to, name, pairs...) - h.sum(from, name, pairs...)
}

// track compares one track of checkout over the last 20 minutes.
func (h *history) track(track string) (errors, latency, cpuPerRequest float64) {
	pairs := []string{"service", "checkout", "track", track}
	n := h.grow(20*minute, 0, "http_request_duration_seconds_count", pairs...)
	errors = h.grow(20*minute, 0, "http_requests_total", append(pairs, "code", "500")...) / n
	latency = h.grow(20*minute, 0, "http_request_duration_seconds_sum", pairs...) / n
	cpuPerRequest = h.grow(20*minute, 0, "process_cpu_seconds_total", pairs...) / n
	return errors, latency, cpuPerRequest
}

func TestBadCanaryShows(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		h := record(Options{Seed: seed, Start: testStart, Scenario: short(BadCanary())})
		ce, cl, cc := h.track("canary")
		be, bl, bc := h.track("baseline")
		if ce-be < .05 || ce/be < 1.6 {
			t.Errorf("seed %d: error ratio canary %.3f, baseline %.3f: not plain", seed, ce, be)
		}
		if cl/bl < 1.5 || cl/bl > 2.4 {
			t.Errorf("seed %d: latency canary %.3f, baseline %.3f, want about 1.9 times", seed, cl, bl)
		}
		if cc/bc < .8 || cc/bc > 1.25 {
			t.Errorf("seed %d: CPU per request canary %.4f, baseline %.4f: should be alike", seed, cc, bc)
		}
		ratio := h.grow(hour, 0, "http_requests_total", "service", "checkout", "code", "500") / h.grow(hour, 0, "http_requests_total", "service", "checkout")
		if ratio < .0144 {
			t.Errorf("seed %d: checkout failed %.2f %% in the last hour, want a burn of 14.4x at 99.9 %%", seed, ratio*100)
		}
		for _, calm := range []string{"cart", "catalog", "search", "recommend", "users", "payment"} {
			ratio := h.grow(hour, 0, "http_requests_total", "service", calm, "code", "500") / h.grow(hour, 0, "http_requests_total", "service", calm)
			if ratio > .002 {
				t.Errorf("seed %d: %s failed %.2f %%, but it has no part in the incident", seed, calm, ratio*100)
			}
		}
	}
}

func TestHealthyCanaryIsAlike(t *testing.T) {
	h := record(Options{Seed: 2, Start: testStart, Scenario: short(Calm())})
	ce, cl, _ := h.track("canary")
	be, bl, _ := h.track("baseline")
	if math.Abs(ce-be) > .01 || math.Abs(cl/bl-1) > .15 {
		t.Errorf("canary %.4f %.3f s, baseline %.4f %.3f s: a healthy canary should be alike", ce, cl, be, bl)
	}
}

// onset is the first instant in the last hour at which f(before now) exceeds
// factor times its mean over the hour before; 0 if it never does.
func (h *history) onset(factor float64, f func(before int64) float64) int64 {
	mean, n := 0.0, 0.0
	for before := 2 * hour; before > hour; before -= h.c.o.Step {
		mean += f(before)
		n++
	}
	for before := hour; before >= 0; before -= h.c.o.Step {
		if f(before) > factor*mean/n {
			return h.c.Now() - before
		}
	}
	return 0
}

// latency is a service's mean latency over the half minute up to a moment.
func (h *history) latency(service string) func(before int64) float64 {
	return func(before int64) float64 {
		from := before + 30*second
		return h.grow(from, before, "http_request_duration_seconds_sum", "service", service) /
			h.grow(from, before, "http_request_duration_seconds_count", "service", service)
	}
}

func TestPoolWaitLeads(t *testing.T) {
	h := record(Options{Seed: 4, Start: testStart, Step: 5 * second, Scenario: short(Pool())})
	truth := h.c.Truth().Incidents[0]
	wait := h.onset(5, func(before int64) float64 { return h.sum(before, "db_pool_wait_seconds", "database", "orders-db") })
	if lag := wait - truth.Start; lag < 0 || lag > 30*second {
		t.Errorf("pool wait shows %d s after its start", lag/1000)
	}
	last := wait
	for _, o := range truth.Spread[1:] {
		at := h.onset(1.6, h.latency(o.Entity))
		if at < o.At || at > o.At+90*second {
			t.Errorf("%s shows %d s after it is hit", o.Entity, (at-o.At)/1000)
		}
		if o.Entity == "shipping" { // A sister of checkout, at the same distance.
			continue
		}
		if at <= last {
			t.Errorf("%s shows before what it waits for", o.Entity)
		}
		last = at
	}
	want := []string{"orders-db", "orders", "checkout", "shipping", "gateway"}
	var got []string
	for _, o := range truth.Spread {
		got = append(got, o.Entity)
	}
	if !slices.Equal(got, want) {
		t.Errorf("spread %v, want %v", got, want)
	}
	if after := h.sum(0, "db_pool_wait_seconds", "database", "orders-db"); after > .01 {
		t.Errorf("pool wait is %v s after the fault has ended", after)
	}
}

func TestRhythm(t *testing.T) {
	h := record(Options{Seed: 5, Start: testStart, Step: 5 * minute, Scenario: Calm()})
	at := func(days, hours int64) float64 { // Requests in the hour after that moment.
		before := h.c.Now() - testStart - days*day - hours*hour
		return h.grow(before, before-hour, "http_requests_total", "service", "gateway")
	}
	if r := at(1, 14) / at(1, 4); r < 2 || r > 4 {
		t.Errorf("afternoon is %.2f times the night, want 2 to 4", r)
	}
	if r := at(5, 14) / at(1, 14); r < .65 || r > .9 {
		t.Errorf("Saturday is %.2f of Tuesday, want 0.65 to 0.9", r)
	}
	if r := at(6, 14) / at(1, 14); r < .6 || r > .85 {
		t.Errorf("Sunday is %.2f of Tuesday, want 0.6 to 0.85", r)
	}
	if r := at(2, 14) / at(1, 14); r < .85 || r > 1.15 {
		t.Errorf("Wednesday is %.2f of Tuesday, want about 1", r)
	}
}

func TestTruthIsSound(t *testing.T) {
	for _, s := range []Scenario{BadCanary(), Pool(), Calm()} {
		c := New(Options{Seed: 1, Start: testStart, Scenario: s})
		truth := c.Truth()
		decoys := map[int]bool{}
		for _, d := range truth.Decoys {
			decoys[d.Index] = true
		}
		for _, in := range truth.Incidents {
			if len(in.Series) == 0 || in.Start < testStart || in.Start > c.Now() {
				t.Errorf("%s: %s incident at %d shows nowhere", s.Name, in.Kind, in.Start)
			}
			for _, x := range in.Series {
				if decoys[x.Index] {
					t.Errorf("%s: %s is a decoy and a symptom", s.Name, c.Series()[x.Index].Labels)
				}
				if x.At < in.Start {
					t.Errorf("%s: %s shows before the incident", s.Name, c.Series()[x.Index].Labels)
				}
			}
		}
		if (len(truth.Incidents) == 0) != (s.Name == "calm") {
			t.Errorf("%s has %d incidents", s.Name, len(truth.Incidents))
		}
		if len(c.Deploys()) == 0 {
			t.Errorf("%s has no deploy markers", s.Name)
		}
	}
}
