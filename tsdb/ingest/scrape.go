package ingest

import (
	"context"
	"log/slog"
)

// Scraper pulls from targets as Prometheus does.
type Scraper struct{}

// ScraperOptions configures a Scraper.
type ScraperOptions struct {
	// Config is a scrape_configs section in Prometheus's YAML, as a document
	// with the keys global (optional) and scrape_configs.
	Config []byte
	// Dir is what relative paths in Config are relative to; "" means the
	// working directory.
	Dir string
	Log *slog.Logger
}

// Target is one scrape target and how it fares.
type Target struct {
	Job, URL, Health string // Health is up, down or unknown.
	LastError        string
	LastScrape       int64   // Unix milliseconds, 0 before the first one.
	LastSeconds      float64 // Duration of the last scrape.
}

// NewScraper checks the configuration and returns a stopped scraper.
func NewScraper(sink *Sink, o ScraperOptions) (*Scraper, error) { return nil, errNotBuilt }

// Run scrapes until ctx ends.
func (s *Scraper) Run(ctx context.Context) error { return errNotBuilt }

// Reload replaces the configuration while running; on error the old one stays.
func (s *Scraper) Reload(config []byte) error { return errNotBuilt }

// Targets lists the active targets, sorted by job and URL.
func (s *Scraper) Targets() []Target { return nil }
