package ingest

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/labels"
)

// SourceOptions says what to pull from a running Prometheus-compatible server.
type SourceOptions struct {
	// URL is the server's base, for example http://prometheus:9090.
	URL string
	// HTTP carries credentials and TLS settings; the zero value is plain.
	HTTP config.HTTPClientConfig
	// Selectors say which series to take; a series is taken if it matches any
	// of them. Empty means every series.
	Selectors [][]*labels.Matcher
	// MaxSeries bounds the series taken; 0 means 100000. What is beyond it is
	// counted and named in Status.
	MaxSeries int
	// History is how far back to fetch at the start; 0 means 24 hours, negative
	// means none.
	History time.Duration
	// Step is the poll interval; 0 means the median step of the series found.
	Step time.Duration
	// Timeout bounds one request; 0 means 1 minute.
	Timeout time.Duration
	// Progress, if set, is called while history is fetched: series done of
	// total. It must not block.
	Progress func(done, total int)
	Log      *slog.Logger
}

// Source pulls from one server.
type Source struct{}

// SourceStatus is how a source fares.
type SourceStatus struct {
	Series     int     // Series taken.
	Skipped    int     // Series beyond MaxSeries.
	Protocol   string  // "remote_read_streamed", "remote_read" or "query_range".
	CaughtUp   bool    // History is in and polling has begun.
	UpTo       int64   // Everything up to this instant has been asked for, Unix milliseconds.
	LagSeconds float64 // Now minus UpTo.
	Samples    uint64  // Samples received.
	Polls      uint64
	Errors     uint64
	LastError  string // Empty after a success.
}

// NewSource checks the options and returns a stopped source.
func NewSource(sink *Sink, o SourceOptions) (*Source, error) { return nil, errNotBuilt }

// Run fetches history and then polls until ctx ends. A failing server is
// retried with backoff; Run only returns an error for a request that can never
// work, such as a selector the server refuses.
func (s *Source) Run(ctx context.Context) error { return errNotBuilt }

// Status returns how the source fares.
func (s *Source) Status() SourceStatus { return SourceStatus{} }
