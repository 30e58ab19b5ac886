package pipeline

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Runs are files, so that a restart goes on with them.

// maxRunsKept bounds the ended runs remembered.
const maxRunsKept = 1000

// save writes the run's file: the spec and how far it is. The verdict is not
// written, it is a function of the samples in the store. The caller holds mu.
func (c *Canaries) save(r *Run) error {
	if c.p.opts.RunsDir == "" {
		return nil
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot encode canary run %s: %w", r.ID, err)
	}
	path := filepath.Join(c.p.opts.RunsDir, r.ID+".json")
	if err = writeSynced(path+".new", data); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("cannot keep canary run %s: %w; is there room on the disk?", r.ID, err)
	}
	return nil
}

// writeSynced leaves either the whole file or an error, also after a crash.
func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// load reads the runs of an earlier process.
func (c *Canaries) load() error {
	dir := c.p.opts.RunsDir
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot make the directory of canary runs: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range files {
		data, err := os.ReadFile(f)
		var r Run
		if err == nil {
			err = json.Unmarshal(data, &r)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot read canary run %s: %w; move the file away to go on without it", f, err))
			continue
		}
		c.runs[r.ID] = &r
	}
	return errors.Join(errs...)
}

// forgetOld drops the oldest ended runs beyond maxRunsKept. The caller holds mu.
func (c *Canaries) forgetOld() {
	var ended []*Run
	for _, r := range c.runs {
		if r.State != RunRunning {
			ended = append(ended, r)
		}
	}
	if len(ended) <= maxRunsKept {
		return
	}
	slices.SortFunc(ended, func(a, b *Run) int { return cmp.Compare(a.Started, b.Started) })
	for _, r := range ended[:len(ended)-maxRunsKept] {
		delete(c.runs, r.ID)
		if dir := c.p.opts.RunsDir; dir != "" {
			_ = os.Remove(filepath.Join(dir, r.ID+".json")) // A file left behind is read again at the next start, no worse.
		}
	}
}
