package offline

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/slo"
)

// ReplayRun is a replay as the command line asks for it: where from, with which
// configuration, printed how. Exactly one of Inputs, TSDB and Source is set.
type ReplayRun struct {
	ReadOptions
	Inputs     []Input
	TSDB       string // Directory of a store.
	Source     string // URL of a Prometheus-compatible server.
	Match      string // Selector of the series, for TSDB and Source; empty: all.
	Span       Span
	ConfigFile string   // Empty: every default.
	Suppress   []string // Selectors to mute during the replay.
	Output     Format   // Text or JSON (one object a line).
}

// Run replays and writes to out.
func (r ReplayRun) Run(ctx context.Context, out io.Writer) (err error) {
	w := bufio.NewWriter(out)
	defer func() { err = errors.Join(err, w.Flush()) }()
	emit, end, err := WriteReplay(w, r.Output)
	if err != nil {
		return err
	}
	o, err := r.options()
	if err != nil {
		return err
	}
	src, closeSource, err := r.open(ctx, &o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeSource()) }()
	sum, err := Replay(ctx, src, o, emit)
	if err != nil {
		return err
	}
	if sum.From == "" {
		newNotes(r.Notes).say("nothing was replayed: the data hold no samples in the range")
	}
	return end(sum)
}

// options reads the configuration and what it names.
func (r ReplayRun) options() (ReplayOptions, error) {
	c, err := config.Load(r.ConfigFile)
	if err != nil {
		return ReplayOptions{}, err
	}
	o := ReplayOptions{From: r.Span.From, To: r.Span.To, Config: &c}
	dir := filepath.Dir(r.ConfigFile)
	objectives, err := LoadObjectives(c.SLO.Files, dir)
	detectors, err2 := LoadDetectors(c.Detect.Detectors, dir)
	o.Objectives, o.Detectors = objectives, detectors
	return o, errors.Join(err, err2)
}

// open opens what is to be replayed, and sets the suppressions, which last as
// long as it does.
func (r ReplayRun) open(ctx context.Context, o *ReplayOptions) (Source, func() error, error) {
	ms, err := metric.ParseMatchers(r.Match)
	if err != nil {
		return nil, nil, err
	}
	first, last := valueOr(r.Span.From, 0), valueOr(r.Span.To, maxUnixMS)
	var src Source
	closeSource := func() error { return nil }
	switch {
	case r.TSDB != "":
		src, closeSource, err = OpenStoreSource(r.TSDB, ms, Span{To: r.Span.To})
	case r.Source != "":
		src, closeSource, err = OpenServerSource(ctx, r.Source, ms, r.Span, nil)
	default:
		var f *Frame
		if f, err = Load(ctx, r.Inputs, r.ReadOptions); err == nil {
			src = NewFrameSource(f)
			if a, b, ok := f.Extent(); ok {
				first, last = max(first, a), min(last, b)
			}
		}
	}
	for i, target := range r.Suppress {
		o.Suppressions = append(o.Suppressions, alerting.Suppression{
			ID: fmt.Sprintf("suppress-%d", i+1), Start: first, End: last + 1, Targets: []string{target},
			Description: "given on the command line", CreatedBy: "replay",
		})
	}
	return src, closeSource, err
}

// LoadObjectives reads the OpenSLO files that the patterns name; a relative
// pattern is relative to dir. Every fault is reported at once.
func LoadObjectives(patterns []string, dir string) ([]slo.Objective, error) {
	var all []slo.Objective
	var errs []error
	for _, pattern := range patterns {
		path := pattern
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		files, err := filepath.Glob(path)
		if err == nil && len(files) == 0 {
			err = errors.New("no file matches")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot read objectives %q: %w; fix slo.files", pattern, err))
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			var objectives []slo.Objective
			if err == nil {
				objectives, err = slo.ParseOpenSLO(data)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("cannot read objectives %s: %w", file, err))
			}
			all = append(all, objectives...)
		}
	}
	return all, errors.Join(errs...)
}
