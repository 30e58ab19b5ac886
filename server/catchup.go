package server

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"time"

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/tsdb/ingest"
)

// Before a server is ready it learns: it fetches history from the source, if
// there is one, and feeds the store's past to the rooms. What is pushed
// meanwhile is stored, kept aside and analysed right after.

// backfillPatience bounds how long readiness waits for a source; after it the
// server goes on with what has come, and the rest arrives live.
const backfillPatience = 10 * time.Minute

func (w *whole) catchUp(ctx context.Context, cancel context.CancelCauseFunc) error {
	if w.live != nil {
		return nil // The demo has fed its past.
	}
	if w.source != nil {
		w.begin(ctx, "the source", cancel, w.keepPulling)
		w.awaitBackfill(ctx)
	}
	w.pipeline.Hold()
	now := w.now().UnixMilli()
	var progress func(float64)
	if w.o.Progress != nil {
		progress = w.o.Progress()
	}
	if err := w.pipeline.Learn(ctx, now, progress); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	if progress != nil {
		progress(1)
	}
	w.pipeline.CatchUp(ctx, now)
	return nil
}

// pullAgain is how long a refused source rests. A refusal (401, an unknown
// selector) is for a person to mend, and must not end the alerting of what is
// pushed or scraped meanwhile.
const pullAgain = time.Minute

// keepPulling pulls until ctx ends.
func (w *whole) keepPulling(ctx context.Context) error {
	for {
		err := w.source.Run(ctx)
		if ctx.Err() != nil {
			return nil
		}
		w.refused.Store(true)
		w.log.Error("the source refuses; it is asked again in a minute, everything else goes on", "err", err)
		rest := time.NewTimer(pullAgain)
		select {
		case <-ctx.Done():
			rest.Stop()
			return nil
		case <-rest.C:
		}
	}
}

// awaitBackfill waits until the source has fetched its history, has failed
// several times, or patience ends.
func (w *whole) awaitBackfill(ctx context.Context) {
	patience := time.NewTimer(backfillPatience)
	defer patience.Stop()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-patience.C:
			w.log.Warn("the source has not sent all of its history; going on without the rest", "waited", backfillPatience)
			return
		case <-look.C:
			s := w.source.Status()
			if s.CaughtUp {
				w.log.Info("history fetched", "series", s.Series, "samples", s.Samples, "protocol", s.Protocol, "skipped_series", s.SkippedSeries)
				return
			}
			if s.Errors >= 3 || w.refused.Load() {
				w.log.Warn("cannot fetch history from the source; going on, it is tried again", "err", s.LastError)
				return
			}
		}
	}
}

// background starts what runs beside the pipeline.
func (w *whole) background(ctx context.Context, cancel context.CancelCauseFunc) {
	w.begin(ctx, "canary executions", cancel, w.kayenta.Run)
	if w.scraper != nil {
		w.begin(ctx, "scraping", cancel, w.scraper.Run)
	}
	if w.live != nil {
		w.begin(ctx, "the company", cancel, w.live)
	}
}

func (w *whole) newSource(c config.Config) (*ingest.Source, error) {
	s := c.Source
	o := ingest.SourceOptions{URL: s.URL, MaxSeries: c.Limits.MaxWatched, History: s.Backfill.D, Step: s.Interval.D, Log: w.log.With("part", "source")}
	for _, text := range s.Match {
		ms, err := metric.ParseMatchers(text)
		if err != nil {
			return nil, fmt.Errorf("cannot use source.match: %w", err)
		}
		o.Selectors = append(o.Selectors, ms)
	}
	if s.Backfill.Set && s.Backfill.D == 0 {
		o.History = -1
	}
	http := promconfig.DefaultHTTPClientConfig
	o.HTTP, o.State = &http, filepath.Join(w.o.StoragePath, "source.json")
	o.HTTP.TLSConfig.CAFile = s.CAFile
	if s.BearerTokenFile != "" {
		o.HTTP.Authorization = &promconfig.Authorization{Type: "Bearer", CredentialsFile: s.BearerTokenFile}
	}
	if s.Username != "" {
		o.HTTP.BasicAuth = &promconfig.BasicAuth{Username: s.Username, PasswordFile: s.PasswordFile}
	}
	if s.TenantID != "" {
		o.HTTP.HTTPHeaders = &promconfig.Headers{Headers: map[string]promconfig.Header{"X-Scope-OrgID": {Values: []string{s.TenantID}}}}
	}
	return ingest.NewSource(w.sink, o)
}

// scrapeDocument writes the scrape_configs section as the document the scraper
// reads.
func scrapeDocument(c config.Config) ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	if err := enc.Encode(map[string]*yaml.Node{"scrape_configs": &c.ScrapeConfigs}); err != nil {
		return nil, fmt.Errorf("cannot read scrape_configs: %w", err)
	}
	return b.Bytes(), enc.Close()
}
