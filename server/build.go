package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/alerting/journal"
	"github.com/bellwether-ts/bellwether/correlate"
	"github.com/bellwether-ts/bellwether/detect/custom"
	"github.com/bellwether-ts/bellwether/server/compat/kayenta"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/server/offline"
	"github.com/bellwether-ts/bellwether/server/pipeline"
	"github.com/bellwether-ts/bellwether/slo"
	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/bellwether-ts/bellwether/tsdb/ingest"
	"github.com/bellwether-ts/bellwether/web"
)

// whole is every part of a running server.
type whole struct {
	o        Options
	log      *slog.Logger
	registry *prometheus.Registry // Metrics of the embedded Prometheus parts.

	cfg    atomic.Pointer[config.Config]
	ready  atomic.Bool
	panics atomic.Uint64 // Requests that ran into a bug.

	refused atomic.Bool // The source has refused us at least once.

	store    *tsdb.Store
	sink     *ingest.Sink
	source   *ingest.Source
	scraper  *ingest.Scraper
	delivery *delivery
	engine   *journal.Engine
	pipeline *pipeline.Pipeline
	kayenta  *kayenta.Service

	calls []correlate.Edge            // Known call graph: the demo's; otherwise none yet.
	live  func(context.Context) error // The demo's company; nil: a real server, which learns from its store.
	now   func() time.Time            // The clock.

	parts  sync.WaitGroup
	reload sync.Mutex
	reloaded
}

// reloaded says how the last reload went.
type reloaded struct {
	at atomic.Int64 // Unix milliseconds of the last good one.
	ok atomic.Bool
}

// build makes every part, or returns every reason why one cannot be made; what
// was opened is closed again then.
func build(o Options, cfg config.Config, log *slog.Logger) (*whole, error) {
	w := &whole{o: o, log: log, registry: prometheus.NewRegistry(), now: time.Now}
	w.cfg.Store(&cfg)
	w.reloaded.ok.Store(true)
	named, err := loadNamed(cfg, o.ConfigFile)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(config.Config) error{
		w.openStore, w.openWaysIn, w.openAlerting,
		func(c config.Config) error { return w.openPipeline(c, named) },
		w.openKayenta,
	} {
		if err := step(cfg); err != nil {
			return nil, errors.Join(err, w.close())
		}
	}
	return w, nil
}

// named is what the configuration names and other files hold.
type named struct {
	objectives []slo.Objective
	detectors  []*custom.Detector
}

// loadNamed reads those files, or returns every fault of all of them.
func loadNamed(c config.Config, configFile string) (n named, err error) {
	dir := filepath.Dir(configFile)
	var errs [2]error
	n.objectives, errs[0] = offline.LoadObjectives(c.SLO.Files, dir)
	n.detectors, errs[1] = offline.LoadDetectors(c.Detect.Detectors, dir)
	return n, errors.Join(errs[:]...)
}

func (w *whole) openStore(c config.Config) (err error) {
	if err := os.MkdirAll(w.o.StoragePath, 0o750); err != nil {
		return fmt.Errorf("cannot use storage path %q: %w; choose a writable one with --storage.path", w.o.StoragePath, err)
	}
	w.store, err = tsdb.Open(tsdb.Options{
		Dir: filepath.Join(w.o.StoragePath, "tsdb"), Retention: c.Storage.Retention.D, OutOfOrderWindow: c.Storage.OutOfOrderWindow.D,
		MaxSeries: c.Limits.MaxSeries, MaxLabels: c.Limits.MaxLabels, MaxLabelLength: c.Limits.MaxLabelLength,
		Log: w.o.storeLog(w.log), Registerer: w.registry,
	})
	return err
}

func (w *whole) openWaysIn(c config.Config) (err error) {
	w.sink, err = ingest.NewSink(w.store, ingest.SinkOptions{MaxBodyBytes: int(c.Limits.MaxBodyBytes), Log: w.log.With("part", "ingest")})
	if err != nil {
		return err
	}
	if err := w.block(nil, c.Limits.BlockMetrics); err != nil {
		return err
	}
	if c.Source.URL != "" {
		if w.source, err = w.newSource(c); err != nil {
			return err
		}
	}
	if !c.ScrapeConfigs.IsZero() {
		text, err := scrapeDocument(c)
		if err != nil {
			return err
		}
		w.scraper, err = ingest.NewScraper(w.sink, ingest.ScraperOptions{Config: text, Dir: filepath.Dir(w.o.ConfigFile), Log: w.log.With("part", "scrape")})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *whole) openAlerting(c config.Config) (err error) {
	if w.delivery, err = newDelivery(c.Alerting, w); err != nil {
		return err
	}
	var report *journal.Report
	w.engine, report, err = journal.OpenEngine(journal.EngineOptions{
		Dir: filepath.Join(w.o.StoragePath, "alerts"), Config: pipeline.AlertPolicyOf(c.Alerting),
		Deliver: w.deliver, Tick: -1, Now: w.time, Log: journal.Options{ID: w.o.logID},
		Warn: func(err error) { w.log.Error("the alert core has trouble", "err", err) },
	})
	if err != nil {
		return err
	}
	if report.CutBytes > 0 {
		w.log.Warn("the alert log had a torn tail; nothing acknowledged was lost", "file", report.CutFile, "bytes", report.CutBytes)
	}
	w.delivery.sendOutbox()
	return nil
}

func (w *whole) openPipeline(c config.Config, n named) (err error) {
	w.pipeline, err = pipeline.New(pipeline.Options{
		Store: w.store, Engine: w.engine, Config: c, Objectives: n.objectives, Detectors: n.detectors,
		RunsDir: filepath.Join(w.o.StoragePath, "canaries"), StateDir: filepath.Join(w.o.StoragePath, "detect"), Log: w.log.With("part", "pipeline"),
		Now: func() time.Time { return w.now() }, // The demo sets its clock later.
	})
	return err
}

func (w *whole) openKayenta(config.Config) (err error) {
	w.kayenta, err = kayenta.Open(kayenta.Options{
		Store: w.store, Dir: filepath.Join(w.o.StoragePath, "kayenta"), Now: w.time, Log: w.log.With("part", "kayenta"), Page: web.Handler(),
	})
	return err
}

// time is the pipeline's time once there is one: virtual while history is fed.
func (w *whole) time() time.Time {
	if w.pipeline == nil {
		return w.now()
	}
	return w.pipeline.Now()
}

// deliver hands notifications out; it is called on the engine's goroutine and
// does not block.
func (w *whole) deliver(outs []alerting.Output) {
	for _, o := range outs {
		if o.Notification != nil {
			w.delivery.send(*o.Notification)
		}
	}
}

// close frees what is open, last opened first.
func (w *whole) close() error {
	var errs []error
	if w.engine != nil {
		w.delivery.stop()
		errs = append(errs, w.engine.Close())
	}
	if w.store != nil {
		errs = append(errs, w.store.Close())
	}
	return errors.Join(errs...)
}

// block replaces the block-list entries that come from the configuration.
func (w *whole) block(old, metrics []string) error {
	for _, name := range old {
		w.sink.Unblock("config:" + name)
	}
	var errs []error
	for _, name := range metrics {
		m := labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name)
		errs = append(errs, w.sink.Block("config:"+name, []*labels.Matcher{m}))
	}
	return errors.Join(errs...)
}
