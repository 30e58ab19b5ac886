package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/bellwether-ts/bellwether/correlate"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/server/pipeline"
	"github.com/bellwether-ts/bellwether/sim"
)

// The demo is the whole server on a simulated company. A week of history and
// the running incident are fed in virtual time through the same pipeline as
// live samples, so what the page shows is what would have happened; then the
// company goes on in real time.

// DemoOptions are the flags of `bellwether demo`.
type DemoOptions struct {
	Options            // StoragePath, ConfigFile and Source are not read.
	Seed     uint64    // Which company and which noise.
	At       time.Time // The company's present; zero: now. The same seed and instant give the same bytes.
	Scenario sim.Scenario
	// Story is called when the history is in, with what happened.
	Story func(Story)
}

// Story is what the demo's page shows, in figures.
type Story struct {
	Series, Samples int
	Truth           sim.Truth
	Took            time.Duration
}

// demoStep is the company's scrape interval.
const demoStep = 30 * time.Second

// Demo runs until ctx ends or a termination signal comes, and leaves nothing
// behind.
func Demo(ctx context.Context, o DemoOptions) (err error) {
	o.fillDefaults()
	dir, err := os.MkdirTemp("", "bellwether-demo-")
	if err != nil {
		return fmt.Errorf("cannot make a directory for the demo: %w; set TMPDIR to a writable one", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o.StoragePath, o.ConfigFile, o.inDemo = dir, "", true
	d, err := newDemo(o, dir)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	return errors.Join(d.run(ctx), d.w.close())
}

// demo is a server and the company that feeds it.
type demo struct {
	o       DemoOptions
	w       *whole
	company *sim.Company
	series  []sim.Description
	refs    []uint64 // By series; 0: not in the store yet.
	samples int
}

func newDemo(o DemoOptions, dir string) (*demo, error) {
	present := o.At
	if present.IsZero() {
		present = time.Now()
	}
	if o.Scenario.Name == "" {
		o.Scenario = sim.BadCanary()
	}
	step := demoStep.Milliseconds()
	company := sim.New(sim.Options{Seed: o.Seed, Start: present.UnixMilli()/step*step - o.Scenario.History, Step: step, Scenario: o.Scenario})
	sum := sha256.Sum256(fmt.Appendf(nil, "demo\x00%d\x00%d\x00%s", o.Seed, company.Now(), o.Scenario.Name))
	copy(o.logID[:], sum[:])
	cfg := config.Default()
	cfg.Alerting.Grouping.Keys = []string{"environment"} // The company is one environment: its trouble is one group.
	cfg.SLO.Files = []string{filepath.Join(dir, "objectives.yaml")}
	if err := os.WriteFile(cfg.SLO.Files[0], company.OpenSLO(), 0o600); err != nil {
		return nil, fmt.Errorf("cannot write the demo's objectives: %w", err)
	}
	log := slog.New(slog.NewTextHandler(o.Log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	w, err := build(o.Options, cfg, log)
	if err != nil {
		return nil, err
	}
	if !o.At.IsZero() {
		shift := o.At.Sub(time.Now())
		w.now = func() time.Time { return time.Now().Add(shift) }
	}
	for _, e := range company.Topology() {
		w.calls = append(w.calls, correlate.Edge{Caller: e[0], Callee: e[1]})
	}
	return &demo{o: o, w: w, company: company, series: company.Series(), refs: make([]uint64, len(company.Series()))}, nil
}

func (d *demo) run(ctx context.Context) error {
	began := time.Now()
	var progress func(float64)
	if d.o.Progress != nil {
		progress = d.o.Progress()
	}
	if err := d.relive(ctx, progress); err != nil || ctx.Err() != nil {
		return err
	}
	d.w.live = d.goOn
	if d.o.Story != nil {
		d.o.Story(Story{Series: len(d.series), Samples: d.samples, Truth: d.company.Truth(), Took: time.Since(began)})
	}
	return d.w.run(ctx)
}

// How the past is fed: long before the incident in chunks, near it step by
// step with time passing, so that events, groups and looks happen when they
// would have.
const (
	chunkSteps = 240
	closeUp    = 10 * time.Minute
)

// relive feeds the company's history.
func (d *demo) relive(ctx context.Context, progress func(float64)) error {
	p := d.w.pipeline
	last := d.company.Now()
	near := last
	for _, in := range d.company.Truth().Incidents {
		near = min(near, in.Start)
	}
	near -= closeUp.Milliseconds()
	p.QuietBefore(near)
	var c chunk
	for i := range d.company.Steps() {
		t, values, hists := d.company.Next()
		c.add(t, values, hists)
		if t < near && c.len() < chunkSteps && t < last {
			continue
		}
		if err := d.store(ctx, &c); err != nil {
			return err
		}
		p.Advance(ctx, t)
		if t >= near {
			if err := d.startCanary(t); err != nil {
				return err
			}
			p.Canaries.LookAll(ctx, t)
		}
		if progress != nil {
			progress(float64(i+1) / float64(d.company.Steps()))
		}
		if ctx.Err() != nil {
			return nil
		}
	}
	p.CatchUp(ctx, last)
	return nil
}

// startCanary does what a deploy pipeline would: it asks for a verdict when a
// canary goes out.
func (d *demo) startCanary(t int64) error {
	for _, dep := range d.company.Deploys() {
		if dep.Track != "canary" || dep.At > t || dep.At <= t-demoStep.Milliseconds() {
			continue
		}
		_, err := d.w.pipeline.Canaries.Start(pipeline.RunSpec{
			Name:     dep.Service + " " + dep.Version,
			Baseline: fmt.Sprintf(`service=%q,track="stable"`, dep.Service),
			Canary:   fmt.Sprintf(`service=%q,track="canary"`, dep.Service),
			Start:    dep.At,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
