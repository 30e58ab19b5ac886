package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	_ "github.com/prometheus/prometheus/discovery/dns"  // dns_sd_configs.
	_ "github.com/prometheus/prometheus/discovery/file" // file_sd_configs.
	_ "github.com/prometheus/prometheus/discovery/http" // http_sd_configs.
	"github.com/prometheus/prometheus/scrape"
)

// Scraping is Prometheus's own: its configuration, discovery, parsers, limits
// per target and the series up, scrape_duration_seconds and so on. This file
// only starts, feeds and stops it.

// ScraperOptions configures a Scraper.
type ScraperOptions struct {
	// Config is YAML with the keys global (optional) and scrape_configs, as in
	// prometheus.yml. Discovery by static_configs, file_sd_configs,
	// http_sd_configs and dns_sd_configs is built in. As in Prometheus, native
	// histograms are asked for with scrape_native_histograms: true. Any other
	// section is an error, since it would not be obeyed.
	Config []byte
	// Dir is what relative paths in Config are relative to; "" means the
	// working directory.
	Dir string
	// Log receives what the scraper reports; nil discards it.
	Log *slog.Logger
}

// Scraper pulls from targets as Prometheus does.
type Scraper struct {
	sink *Sink
	opts ScraperOptions
	reg  *prometheus.Registry

	mu        sync.Mutex
	config    *config.Config
	discovery *discovery.Manager // nil unless running.
	manager   *scrape.Manager    // nil unless running.
}

// targetsInterval is how long a change of the discovered targets may wait.
const targetsInterval = time.Second

// Target is one scrape target and how it fares.
type Target struct {
	Job, URL, Health string  // Health is up, down or unknown.
	LastError        string  // Empty after a success.
	LastScrape       int64   // Unix milliseconds, 0 before the first one.
	LastSeconds      float64 // Duration of the last scrape.
}

// NewScraper checks the configuration and returns a stopped scraper.
func NewScraper(sink *Sink, o ScraperOptions) (*Scraper, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Scraper{sink: sink, opts: o, reg: prometheus.NewRegistry()}
	var err error
	if s.config, err = s.parse(o.Config); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Scraper) parse(text []byte) (*config.Config, error) {
	cfg, err := config.Load(string(text), s.opts.Log)
	if err != nil {
		return nil, fmt.Errorf("cannot read the scrape configuration: %w", err)
	}
	var errs []error
	for section, used := range map[string]bool{
		"rule_files":   len(cfg.RuleFiles) > 0,
		"alerting":     len(cfg.AlertingConfig.AlertmanagerConfigs)+len(cfg.AlertingConfig.AlertRelabelConfigs) > 0,
		"remote_write": len(cfg.RemoteWriteConfigs) > 0,
		"remote_read":  len(cfg.RemoteReadConfigs) > 0,
	} {
		if used {
			errs = append(errs, fmt.Errorf("cannot use section %s: only global and scrape_configs are read here; remove it", section))
		}
	}
	if len(errs) > 0 {
		slices.SortFunc(errs, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
		return nil, errors.Join(errs...)
	}
	cfg.SetDirectory(s.opts.Dir)
	return cfg, nil
}

// Run scrapes until ctx ends. It must be called at most once.
func (s *Scraper) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := s.start(ctx); err != nil {
		return fmt.Errorf("cannot start scraping: %w", err)
	}
	stopped := context.AfterFunc(ctx, s.manager.Stop)
	defer stopped()
	var wg sync.WaitGroup
	var discoveryErr error
	wg.Go(func() {
		if err := s.discovery.Run(); !errors.Is(err, context.Canceled) {
			discoveryErr = err
		}
	})
	err := s.manager.Run(s.discovery.SyncCh())
	cancel()
	wg.Wait()
	if err = errors.Join(err, discoveryErr); err != nil {
		return fmt.Errorf("cannot go on scraping: %w", err)
	}
	return nil
}

func (s *Scraper) start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.manager != nil {
		return errors.New("it was started before")
	}
	metrics, err := discovery.CreateAndRegisterSDMetrics(s.reg)
	if err != nil {
		return err
	}
	s.discovery = discovery.NewManager(ctx, s.opts.Log, s.reg, metrics, discovery.Updatert(targetsInterval))
	if s.discovery == nil {
		return errors.New("discovery cannot register its metrics")
	}
	options := &scrape.Options{DiscoveryReloadInterval: model.Duration(targetsInterval), AppendMetadata: true}
	s.manager, err = scrape.NewManager(options, s.opts.Log, nil, nil, appendable{s.sink}, s.reg)
	if err != nil {
		return err
	}
	return s.apply(s.config)
}

// apply hands a configuration to the running managers.
func (s *Scraper) apply(cfg *config.Config) error {
	if err := s.manager.ApplyConfig(cfg); err != nil {
		return err
	}
	scrapes, err := cfg.GetScrapeConfigs()
	if err != nil {
		return err
	}
	byJob := make(map[string]discovery.Configs, len(scrapes))
	for _, c := range scrapes {
		byJob[c.JobName] = c.ServiceDiscoveryConfigs
	}
	return s.discovery.ApplyConfig(byJob)
}

// Reload replaces the configuration; on error the old one stays.
func (s *Scraper) Reload(text []byte) error {
	cfg, err := s.parse(text)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.manager != nil {
		if err := s.apply(cfg); err != nil {
			return errors.Join(fmt.Errorf("cannot apply the new scrape configuration: %w; the old one stays", err), s.apply(s.config))
		}
	}
	s.config = cfg
	return nil
}

// Targets lists the active targets, sorted by job and URL.
func (s *Scraper) Targets() []Target {
	s.mu.Lock()
	manager := s.manager
	s.mu.Unlock()
	if manager == nil {
		return nil
	}
	var out []Target
	for job, list := range manager.TargetsActive() {
		for _, t := range list {
			one := Target{Job: job, URL: t.URL().String(), Health: string(t.Health()), LastSeconds: t.LastScrapeDuration().Seconds()}
			if err := t.LastError(); err != nil {
				one.LastError = err.Error()
			}
			if at := t.LastScrape(); !at.IsZero() {
				one.LastScrape = at.UnixMilli()
			}
			out = append(out, one)
		}
	}
	slices.SortFunc(out, func(a, b Target) int { return cmp.Or(cmp.Compare(a.Job, b.Job), cmp.Compare(a.URL, b.URL)) })
	return out
}
