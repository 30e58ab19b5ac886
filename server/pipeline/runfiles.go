package pipeline

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
)

// Runs are files, so that a restart goes on with them. A file is written when
// there is news: the start, another word, another choice of metrics, the end;
// and now and then in between. What a look found without news is not written:
// after a crash the clock says which look is next, and it judges the same
// samples. A write is whole or not there: to a new file, synced, renamed, the
// directory synced.

// checkpointEvery is how old a file of a running run may become.
const checkpointEvery = 15 * time.Minute

// mark says what a run's file says.
type mark struct {
	state   RunState
	verdict canary.Outcome
	metrics int
	at      int64
}

// news reports whether the file is to be written, and notes that it will be.
// The caller holds Canaries.mu.
func (e *entry) news() bool {
	now := mark{e.run.State, e.run.Last.Verdict, len(e.run.Spec.Metrics), e.run.Last.At}
	old := e.written
	if now.at-old.at < checkpointEvery.Milliseconds() {
		now.at = old.at
	}
	if now == old {
		return false
	}
	now.at = e.run.Last.At
	e.written = now
	return true
}

// save writes the files of runs. The caller does not hold mu.
func (c *Canaries) save(runs ...*entry) error {
	dir := c.p.opts.RunsDir
	if dir == "" || len(runs) == 0 {
		return nil
	}
	var errs []error
	for _, e := range runs {
		if err := c.saveOne(dir, e); err != nil {
			errs = append(errs, err)
		}
	}
	if err := syncDir(dir); err != nil {
		errs = append(errs, fmt.Errorf("cannot sync the directory of canary runs: %w", err))
	}
	return errors.Join(errs...)
}

// saveOne writes the run as it is at this moment: of two writers the later
// never leaves the older state.
func (c *Canaries) saveOne(dir string, e *entry) error {
	e.file.Lock()
	defer e.file.Unlock()
	c.mu.Lock()
	r, gone := e.run, c.runs[e.run.ID] != e
	c.mu.Unlock()
	if gone {
		return nil // Forgotten meanwhile.
	}
	data, err := json.MarshalIndent(&r, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot encode canary run %s: %w", r.ID, err)
	}
	path := filepath.Join(dir, r.ID+".json")
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

// syncDir makes renames in a directory last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// load reads the runs of an earlier process. A file that says no run is set
// aside under another name, counted and told: one bad file must not keep a
// server from its other runs, and nothing is thrown away.
func (c *Canaries) load() error {
	dir := c.p.opts.RunsDir
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot make the directory of canary runs: %w", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("cannot read the directory of canary runs: %w", err)
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		switch {
		case strings.HasSuffix(f.Name(), ".json.new"):
			_ = os.Remove(path) // A write that was not finished: what it was to replace is still there.
		case strings.HasSuffix(f.Name(), ".json"):
			if e, err := readRun(path); err != nil {
				c.setAside(path, err)
			} else {
				c.takeUp(e)
			}
		}
	}
	slices.SortFunc(c.ended, func(a, b *entry) int { return cmp.Compare(a.run.Ended, b.run.Ended) })
	c.forgetOld()
	return nil
}

// readRun reads one run and refuses what would not be one.
func readRun(path string) (*entry, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	e := &entry{place: -1, started: make(chan struct{})}
	close(e.started)
	r := &e.run
	if err := json.Unmarshal(data, r); err != nil {
		return nil, err
	}
	switch {
	case r.ID+".json" != filepath.Base(path):
		return nil, fmt.Errorf("it holds run %q, which is not its name", r.ID)
	case r.State != RunRunning && r.State != RunDone && r.State != RunCanceled:
		return nil, fmt.Errorf("it is in a state %q that does not exist", r.State)
	case r.Spec.LookEvery <= 0 || r.Spec.Step <= 0 || r.Spec.MaxDuration <= 0 || r.Looks < 0:
		return nil, errors.New("it has no plan of looks")
	}
	r.Verdict = r.Last.summary()
	e.written = mark{r.State, r.Last.Verdict, len(r.Spec.Metrics), r.Last.At}
	return e, nil
}

// takeUp goes on with a run of an earlier process.
func (c *Canaries) takeUp(e *entry) {
	c.enter(e)
	if e.run.State != RunRunning {
		e.over = e.run.Ended
		c.ended = append(c.ended, e)
		return
	}
	e.due = e.run.nextLook()
	c.queue.add(e)
}

// setAside moves a file out of the way.
func (c *Canaries) setAside(path string, why error) {
	to := path + ".unreadable"
	if err := os.Rename(path, to); err != nil {
		to = path // Left where it is; it is read again at the next start.
	}
	note := fmt.Sprintf("%s: %v", to, why)
	c.aside = append(c.aside, note)
	c.p.opts.Log.Error("cannot read a canary run; it is set aside and not looked at any more; start it again", "file", to, "err", why)
}

// endedKept is how many ended runs are remembered, with their keys: as many as
// may end at once, and as many again.
func (c *Canaries) endedKept() int { return max(1000, 2*c.p.opts.Config.Canary.MaxRuns) }

// forgetOld lets go of the runs that ended longest ago. The caller holds mu.
func (c *Canaries) forgetOld() {
	for len(c.ended) > c.endedKept() {
		e := c.ended[0]
		c.ended[0] = nil
		c.ended = c.ended[1:]
		c.leave(e)
		c.forgot++
		if dir := c.p.opts.RunsDir; dir != "" {
			_ = os.Remove(filepath.Join(dir, e.run.ID+".json")) // A file left behind is read again at the next start, no worse.
		}
	}
}
