package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/server/pipeline"
	"github.com/bellwether-ts/bellwether/slo"
)

// A reload takes a new configuration whole or keeps the old one whole.

// watchSignals reloads on SIGHUP until the returned function is called.
func (w *whole) watchSignals(ctx context.Context) func() {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	w.parts.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
				notes, err := w.reloadConfig(ctx)
				if err != nil {
					w.log.Error("kept the old configuration", "err", err)
					continue
				}
				w.log.Info("configuration read again", "notes", notes)
			}
		}
	})
	return func() { signal.Stop(hup); cancel() }
}

// reloadConfig reads the file again and applies what can change while running.
// The notes name what needs a restart.
func (w *whole) reloadConfig(ctx context.Context) (notes []string, err error) {
	w.reload.Lock()
	defer w.reload.Unlock()
	defer func() {
		w.reloaded.ok.Store(err == nil)
		if err == nil {
			w.reloaded.at.Store(w.now().UnixMilli())
		}
	}()
	if w.o.ConfigFile == "" {
		return nil, errors.New("cannot reload: the server was started without --config.file")
	}
	next, err := config.Load(w.o.ConfigFile)
	if err != nil {
		return nil, err
	}
	if w.o.Source != "" {
		next.Source.URL = w.o.Source
	}
	n, err := loadNamed(next, w.o.ConfigFile)
	if err != nil {
		return nil, err
	}
	old := w.config()
	receivers, err := w.delivery.build(next.Alerting)
	if err != nil {
		return nil, err
	}
	if err := w.take(ctx, old, next, n.objectives); err != nil {
		receivers.Close()
		return nil, err
	}
	notes, err = w.pipeline.ApplyDetectors(n.detectors)
	if err != nil { // Their names were checked when they were read: nothing is left to fail.
		w.log.Error("kept the old detectors", "err", err)
	}
	w.delivery.replace(receivers)
	w.cfg.Store(&next)
	return append(notes, needRestart(old, next)...), nil
}

// take applies what can fail; on an error what was applied is taken back.
func (w *whole) take(ctx context.Context, old, next config.Config, objectives []slo.Objective) error {
	policy := pipeline.AlertPolicyOf(next.Alerting)
	if err := policy.Validate(); err != nil {
		return fmt.Errorf("cannot use the alerting section: %w", err)
	}
	if err := w.reloadScrapes(next); err != nil {
		return err
	}
	before := w.pipeline.Objectives()
	if err := w.pipeline.ApplyObjectives(ctx, objectives); err != nil {
		return errors.Join(err, w.reloadScrapes(old))
	}
	// Logged whole or not at all: a caller that goes away must not leave it open.
	_, err := w.engine.Submit(context.WithoutCancel(ctx), alerting.Input{Config: &policy})
	if err == nil {
		err = w.block(old.Limits.BlockMetrics, next.Limits.BlockMetrics)
	}
	if err == nil {
		return nil
	}
	var back []slo.Objective
	for _, st := range before {
		back = append(back, *st.Objective)
	}
	return errors.Join(err, w.pipeline.ApplyObjectives(ctx, back), w.reloadScrapes(old))
}

// reloadScrapes hands the scraper its section, if both are there.
func (w *whole) reloadScrapes(c config.Config) error {
	if w.scraper == nil || c.ScrapeConfigs.IsZero() {
		return nil
	}
	text, err := scrapeDocument(c)
	if err != nil {
		return err
	}
	return w.scraper.Reload(text)
}

// needRestart names the changed sections that a running server cannot take.
func needRestart(old, next config.Config) []string {
	var out []string
	changed := func(section string, a, b any) {
		if fmt.Sprintf("%+v", a) != fmt.Sprintf("%+v", b) {
			out = append(out, section+" changed: it takes effect at the next start")
		}
	}
	old.Limits.BlockMetrics, next.Limits.BlockMetrics = nil, nil
	old.Detect.Detectors, next.Detect.Detectors = nil, nil
	changed("storage", old.Storage, next.Storage)
	changed("limits", old.Limits, next.Limits)
	changed("source", old.Source, next.Source)
	changed("detect", old.Detect, next.Detect)
	changed("correlate", old.Correlate, next.Correlate)
	changed("canary", old.Canary, next.Canary)
	if old.ScrapeConfigs.IsZero() != next.ScrapeConfigs.IsZero() {
		out = append(out, "scrape_configs came or went: it takes effect at the next start")
	}
	return out
}
