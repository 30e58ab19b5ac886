package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting/journal"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/server/pipeline"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// rig is a store, an alert log and a pipeline in a folder of their own, with a
// clock that is set by hand.
type rig struct {
	dir    string
	now    int64 // Unix milliseconds.
	store  *tsdb.Store
	engine *journal.Engine
	p      *pipeline.Pipeline
}

const (
	scrape = int64(30_000)
	minute = int64(60_000)
)

// epoch is a Monday, 2026-01-05 00:00 UTC.
const epoch = int64(1767571200000)

func newRig(keep int64) (*rig, error) {
	dir, err := os.MkdirTemp("", "canary-load-")
	if err != nil {
		return nil, err
	}
	r := &rig{dir: dir, now: epoch}
	clock := func() time.Time { return time.UnixMilli(r.now) }
	if r.store, err = tsdb.Open(tsdb.Options{Dir: filepath.Join(dir, "store"), Now: clock}); err != nil {
		return nil, err
	}
	cfg := config.Default()
	cfg.Canary.MaxRuns = 100_000
	r.engine, _, err = journal.OpenEngine(journal.EngineOptions{
		Dir: filepath.Join(dir, "alerts"), Config: pipeline.AlertPolicyOf(cfg.Alerting), Tick: -1, Now: clock,
	})
	if err != nil {
		return nil, err
	}
	r.p, err = pipeline.New(pipeline.Options{
		Store: r.store, Engine: r.engine, Config: cfg, RunsDir: filepath.Join(dir, "runs"), KeepBytes: keep, Now: clock,
	})
	return r, err
}

func (r *rig) close() {
	_ = r.engine.Close()
	_ = r.store.Close()
	_ = os.RemoveAll(r.dir)
}

// signal is one series: a counter that grows by increase each scrape, or a
// gauge.
type signal struct {
	ls      labels.Labels
	counter bool
	level   float64
	spread  float64
	load    *load
	rng     *rand.Rand
	sum     float64
	whole   bool
}

// load is what both tracks of a service share: a walk.
type load struct {
	rng *rand.Rand
	at  int64
	v   float64
}

// step moves the load on, once an instant.
func (l *load) step(t int64) float64 {
	if l.at != t {
		l.at, l.v = t, 0.9*l.v+0.436*l.rng.NormFloat64()
	}
	return l.v
}

func (s *signal) next(t int64) float64 {
	v := s.level * (1 + s.spread*(0.8*s.load.step(t)+0.6*s.rng.NormFloat64()))
	v = max(0, v)
	if s.whole {
		v = math.Round(v)
	}
	if !s.counter {
		return v
	}
	s.sum += v
	return s.sum
}

// company makes the series of services with two tracks each: requests by code,
// the sum and count of a latency, memory.
func company(services int) []*signal {
	var out []*signal
	for i := range services {
		l := &load{rng: rand.New(rand.NewPCG(1, uint64(i)))}
		for j, track := range []string{"stable", "canary"} {
			rng := rand.New(rand.NewPCG(uint64(i)+2, uint64(j)))
			add := func(name string, counter, whole bool, level, spread float64, more ...string) {
				b := labels.NewBuilder(labels.FromStrings(more...))
				b.Set(labels.MetricName, name).Set("service", service(i)).Set("track", track).Set("pod", service(i)+"-"+track)
				out = append(out, &signal{ls: b.Labels(), counter: counter, whole: whole, level: level, spread: spread, load: l, rng: rng})
			}
			add("http_requests_total", true, true, 3000, .1, "code", "200")
			add("http_requests_total", true, true, 6, .5, "code", "500")
			add("http_request_duration_seconds_sum", true, false, 300, .1)
			add("http_request_duration_seconds_count", true, true, 3000, .1)
			add("process_resident_memory_bytes", false, false, 2e8, .02)
		}
	}
	return out
}

func service(i int) string { return fmt.Sprintf("service-%04d", i) }

// gauges makes n metrics of one service, both tracks.
func gauges(n int) []*signal {
	var out []*signal
	for i := range n {
		l := &load{rng: rand.New(rand.NewPCG(7, uint64(i)))}
		for j, track := range []string{"stable", "canary"} {
			out = append(out, &signal{
				ls:    labels.FromStrings(labels.MetricName, fmt.Sprintf("metric_%04d", i), "service", "wide", "track", track, "pod", "wide-"+track),
				level: 100, spread: .1, load: l, rng: rand.New(rand.NewPCG(uint64(i)+9, uint64(j))),
			})
		}
	}
	return out
}

// fill appends the samples of (now, to] and sets the clock to to.
func (r *rig) fill(ctx context.Context, all []*signal, to int64) error {
	const chunk = 200
	for r.now < to {
		var steps []int64
		for t := r.now + scrape; t <= to && len(steps) < chunk; t += scrape {
			steps = append(steps, t)
		}
		if len(steps) == 0 {
			r.now = to
			break
		}
		out := make([]tsdb.Series, len(all))
		for i, s := range all {
			out[i].Labels = s.ls
		}
		for _, t := range steps {
			for i, s := range all {
				out[i].Samples = append(out[i].Samples, metric.Sample{T: t, V: s.next(t)})
			}
		}
		r.now = steps[len(steps)-1]
		res, err := r.store.Append(ctx, out)
		if err != nil {
			return err
		}
		if n := res.Refused.Total(); n > 0 {
			return fmt.Errorf("the store refused %d samples: %s", n, res.Refused)
		}
	}
	return nil
}
