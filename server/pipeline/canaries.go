package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/bellwether-ts/bellwether/canary"
)

// A canary run looks at live series, once a look, until its judge can decide
// or its time is up. Runs are files: a restart goes on where it was.
//
// This file keeps the book of runs. When they look stands in schedule.go, what
// a look does in look.go, what outlives the process in runfiles.go, what stays
// in memory in kept.go.

// Errors of a start that say more than their sentence.
var (
	ErrKeyTaken    = errors.New("another canary run has this key") // The key names a run that compares something else.
	ErrTooManyRuns = errors.New("too many canary runs")            // canary.max_runs are running.
	ErrNoRun       = errors.New("no such canary run")
)

// Canaries keeps the runs. It is safe for concurrent use.
type Canaries struct {
	p *Pipeline

	mu       sync.Mutex
	runs     map[string]*entry
	keys     map[string]*entry
	order    []*entry // Newest start first.
	ended    []*entry // Oldest end first; those forgotten first.
	queue    queue    // The running ones that wait for a look.
	running  int
	kept     kept
	aside    []string // Run files that could not be read, with why.
	forgot   uint64   // Ended runs forgotten.
	looks    uint64
	reread   uint64 // Looks that had to read everything anew.
	lateness int64  // Of the newest look, milliseconds.
}

// entry is a run and what only this process needs of it. Canaries.mu guards it.
type entry struct {
	run     Run
	due     int64         // Of the next look, Unix milliseconds.
	place   int           // In the queue; -1 outside.
	written mark          // What the file says, so that a look without news writes nothing.
	told    int64         // When its series were written last, Unix milliseconds.
	over    int64         // When it was found to have ended; a run of the past ended long before. Unix milliseconds.
	bytes   int64         // What kept counts for it.
	changed chan struct{} // Closed at the next change; nil while nobody waits.

	file    sync.Mutex    // One writer of the file at a time; taken before mu.
	started chan struct{} // Closed when the start is on disk, or failed.
	failed  error         // Why it failed. Read after started is closed.
}

func newCanaries(p *Pipeline) (*Canaries, error) {
	c := &Canaries{p: p, runs: map[string]*entry{}, keys: map[string]*entry{}, kept: kept{budget: cmp.Or(p.opts.KeepBytes, keptBudget)}}
	return c, c.load()
}

// maxKey bounds a key in bytes.
const maxKey = 256

// Start begins a run and returns it, or every fault of the spec.
func (c *Canaries) Start(s RunSpec) (Run, error) { return c.Ensure(context.Background(), "", s) }

// Ensure begins a run under a key, or returns the one that was begun under it,
// also after a restart and after its end, for as long as the run is remembered.
// Asking for something else under the same key is ErrKeyTaken. An empty key
// always begins a run.
func (c *Canaries) Ensure(ctx context.Context, key string, asked RunSpec) (Run, error) {
	if len(key) > maxKey {
		return Run{}, fmt.Errorf("cannot start a canary run under a key of %d bytes: at most %d; a hash will do", len(key), maxKey)
	}
	if e := c.byKey(key); e != nil {
		return c.found(ctx, e, asked)
	}
	now := c.p.Now().UnixMilli()
	s, err := c.p.resolveSpec(ctx, asked, now)
	if err != nil {
		return Run{}, err
	}
	e, fresh, err := c.admit(key, asked, s, now)
	switch {
	case err != nil:
		return Run{}, err
	case !fresh: // Somebody was faster.
		return c.found(ctx, e, asked)
	}
	if err := c.save(e); err != nil {
		c.withdraw(e, err) // A run that a restart would forget was not started.
		return Run{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	close(e.started)
	if e.run.State == RunRunning {
		c.queue.add(e)
	}
	return e.run, nil
}

func (c *Canaries) byKey(key string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if key == "" {
		return nil
	}
	return c.keys[key]
}

// found returns a run that has the key already, if it was asked for alike.
func (c *Canaries) found(ctx context.Context, e *entry, asked RunSpec) (Run, error) {
	select {
	case <-e.started:
	case <-ctx.Done():
		return Run{}, ctx.Err()
	}
	if e.failed != nil {
		return Run{}, e.failed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if fields := differing(e.run.Asked, &asked); len(fields) > 0 {
		return Run{}, fmt.Errorf("cannot start a canary run under key %q: run %s has it and was asked for with another %s; use a new key for a new comparison: %w",
			e.run.Key, e.run.ID, strings.Join(fields, ", "), ErrKeyTaken)
	}
	return e.run, nil
}

// admit enters a new run into the book; it is not looked at before its start is
// on disk. fresh is false if the key was taken meanwhile.
func (c *Canaries) admit(key string, asked, s RunSpec, now int64) (e *entry, fresh bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.keys[key]; e != nil {
		return e, false, nil
	}
	if limit := c.p.opts.Config.Canary.MaxRuns; c.running >= limit {
		return nil, false, fmt.Errorf("cannot start a canary run: %d are running, the limit; wait for one to end or raise canary.max_runs: %w", c.running, ErrTooManyRuns)
	}
	e = &entry{run: Run{ID: c.newID(s, now), Key: key, Spec: s, State: RunRunning, Started: now}, place: -1, started: make(chan struct{})}
	if key != "" {
		e.run.Asked = &asked
	}
	e.due = e.run.nextLook()
	c.enter(e)
	c.forgetOld()
	return e, true, nil
}

// enter puts a run into the book. The caller holds mu.
func (c *Canaries) enter(e *entry) {
	c.runs[e.run.ID] = e
	if e.run.Key != "" {
		c.keys[e.run.Key] = e
	}
	at, _ := slices.BinarySearchFunc(c.order, e, newestFirst)
	c.order = slices.Insert(c.order, at, e)
	if e.run.State == RunRunning {
		c.running++
	}
}

// leave takes a run out of the book. The caller holds mu.
func (c *Canaries) leave(e *entry) {
	delete(c.runs, e.run.ID)
	if c.keys[e.run.Key] == e {
		delete(c.keys, e.run.Key)
	}
	if at, ok := slices.BinarySearchFunc(c.order, e, newestFirst); ok {
		c.order = slices.Delete(c.order, at, at+1)
	}
	c.queue.remove(e)
	c.kept.drop(e)
	if e.run.State == RunRunning {
		c.running--
	}
}

func newestFirst(a, b *entry) int {
	return cmp.Or(cmp.Compare(b.run.Started, a.run.Started), strings.Compare(a.run.ID, b.run.ID))
}

// withdraw takes back a start that could not be kept.
func (c *Canaries) withdraw(e *entry, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leave(e)
	e.failed = why
	close(e.started)
	e.announce()
}

// end marks a run as over. The caller holds mu and saves.
func (c *Canaries) end(e *entry, state RunState, at int64) {
	e.run.State, e.run.Ended, e.over = state, at, c.p.Now().UnixMilli()
	c.running--
	c.queue.remove(e)
	c.ended = append(c.ended, e)
	c.kept.over(e)
}

// newID names a run after what it compares and when it was asked for, so that
// a replay names it alike. The caller holds mu.
func (c *Canaries) newID(s RunSpec, now int64) string {
	for n := 0; ; n++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "canary/1\x00%+v\x00%d\x00%d", s, now, n))
		id := "ca-" + hex.EncodeToString(sum[:6])
		if c.runs[id] == nil {
			return id
		}
	}
}

// Get returns a run. Its verdict has no metrics if it is not at hand; Full has.
func (c *Canaries) Get(id string) (Run, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.runs[id]
	if e == nil {
		return Run{}, false
	}
	return e.run, true
}

// RunFilter chooses runs.
type RunFilter struct {
	Name  string   // Exactly; empty: any.
	State RunState // Empty: any.
	After string   // Only runs listed behind this one, by id; empty: from the newest.
	Limit int      // 0: all.
}

// List returns up to limit runs, newest first; 0 is all.
func (c *Canaries) List(limit int) []Run {
	out, _ := c.Find(RunFilter{Limit: limit})
	return out
}

// Find returns the runs of a filter, newest first, and whether there are more.
func (c *Canaries) Find(f RunFilter) (out []Run, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := 0
	if f.After != "" {
		e := c.runs[f.After]
		if e == nil {
			return nil, false // Forgotten meanwhile, and so is all behind it.
		}
		at, _ = slices.BinarySearchFunc(c.order, e, newestFirst)
		at++
	}
	for _, e := range c.order[at:] {
		if f.Name != "" && e.run.Spec.Name != f.Name || f.State != "" && e.run.State != f.State {
			continue
		}
		if f.Limit > 0 && len(out) == f.Limit {
			return out, true
		}
		out = append(out, e.run)
	}
	return out, false
}

// Cancel ends a run early; its verdict stays what it was. A look under way is
// not counted any more.
func (c *Canaries) Cancel(id string) (Run, error) {
	c.mu.Lock()
	e := c.runs[id]
	if e == nil {
		c.mu.Unlock()
		return Run{}, fmt.Errorf("cannot cancel canary run %q: %w", id, ErrNoRun)
	}
	if e.run.State == RunRunning {
		c.end(e, RunCanceled, c.p.Now().UnixMilli())
		e.announce()
	}
	run := e.run
	c.mu.Unlock()
	return run, c.save(e)
}

// Changed returns a channel that is closed when the run changes; a closed one
// if there is no such run.
func (c *Canaries) Changed(id string) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.runs[id]
	if e == nil {
		gone := make(chan struct{})
		close(gone)
		return gone
	}
	if e.changed == nil {
		e.changed = make(chan struct{})
	}
	return e.changed
}

// announce wakes who waits for this run. The caller holds mu.
func (e *entry) announce() {
	if e.changed != nil {
		close(e.changed)
		e.changed = nil
	}
}

// RunStats counts what the runs cost and what became of them.
type RunStats struct {
	Running, Ended int
	Looks          uint64   // Since start.
	Reread         uint64   // Looks that read all their samples anew, since there was no room to keep them.
	KeptBytes      int64    // Samples and verdicts held in memory.
	Lateness       int64    // How far behind its schedule the newest look was, milliseconds.
	Forgotten      uint64   // Ended runs let go to keep the number bounded.
	SetAside       []string // Run files that could not be read, with why.
}

// Stats returns the counts.
func (c *Canaries) Stats() RunStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return RunStats{
		Running: c.running, Ended: len(c.ended), Looks: c.looks, Reread: c.reread, KeptBytes: c.kept.bytes,
		Lateness: c.lateness, Forgotten: c.forgot, SetAside: slices.Clone(c.aside),
	}
}

// lastPassed is the newest ended run of a name that was judged PASS.
func (c *Canaries) lastPassed(name string) (Run, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var best *entry
	for _, e := range c.ended {
		if e.run.Spec.Name != name || e.run.State != RunDone || e.run.Last.judged() != canary.Pass {
			continue
		}
		if best == nil || e.run.Ended > best.run.Ended {
			best = e
		}
	}
	if best == nil {
		return Run{}, false
	}
	return best.run, true
}
