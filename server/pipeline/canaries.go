package pipeline

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
)

// A canary run looks at live series, once a look, until its judge can decide
// or its time is up. Runs are files: a restart goes on where it was.

// RunState says how far a run is.
type RunState string

// The states of a run.
const (
	RunRunning  RunState = "running"
	RunDone     RunState = "done"
	RunCanceled RunState = "canceled"
)

// RunSpec says what to compare.
type RunSpec struct {
	Name        string        `json:"name"`     // Default: the service the sides share, else the canary's matchers.
	Baseline    string        `json:"baseline"` // Matchers, e.g. service="cart",track="baseline".
	Canary      string        `json:"canary"`   // Matchers; must differ from Baseline.
	Metrics     []RunMetric   `json:"metrics"`  // Empty: by convention, see convention.go.
	Start       int64         `json:"start"`    // Unix milliseconds from which samples count.
	MaxDuration time.Duration `json:"max_duration"`
	LookEvery   time.Duration `json:"look_every"`
	Step        time.Duration `json:"step"`
	History     time.Duration `json:"history"` // Before Start, for calibration.
	FalseFail   float64       `json:"false_fail"`
	FalsePass   float64       `json:"false_pass"`
	Judge       string        `json:"judge"` // native or a named judge.

	Service     string        `json:"service,omitempty"`      // Put before both matchers.
	Warmup      time.Duration `json:"warmup,omitempty"`       // After Start; its samples do not count.
	Gates       []RunGate     `json:"gates,omitempty"`        // Objectives whose burning fails the canary.
	OnUndecided Undecided     `json:"on_undecided,omitempty"` // What an INCONCLUSIVE end is told as.
	Previous    string        `json:"previous,omitempty"`     // A run id or "last": resolved into Baseline and Offset at the start.
	Offset      time.Duration `json:"offset,omitempty"`       // The baseline's samples are those of this long ago.

	Named    canary.NamedOptions `json:"named,omitzero"`     // Settings of the named judges.
	Exposure float64             `json:"exposure,omitempty"` // As in canary.Policy.
}

// RunGate is an objective that must not burn.
type RunGate struct {
	Objective string  `json:"objective"`
	BurnRate  float64 `json:"burn_rate"` // 14.4 when 0.
}

// Undecided says what a run that ends INCONCLUSIVE is told as.
type Undecided string

// The ways to tell it. Hold is the default.
const (
	UndecidedHold Undecided = "hold"
	UndecidedFail Undecided = "fail"
	UndecidedPass Undecided = "pass"
)

// RunMetric is one comparison of a run.
type RunMetric struct {
	Name      string           `json:"name"`
	Query     string           `json:"query"` // PromQL with $side where the side's matchers go.
	Kind      canary.Kind      `json:"kind"`
	Direction canary.Direction `json:"direction"`
	MinEffect float64          `json:"min_effect"` // 0: the judge's default.
	Critical  bool             `json:"critical"`
}

// Run is a run with its newest verdict.
type Run struct {
	ID      string          `json:"id"`
	Spec    RunSpec         `json:"spec"`
	State   RunState        `json:"state"`
	Looks   int             `json:"looks"`
	Started int64           `json:"started"`       // Unix milliseconds.
	Ended   int64           `json:"ended"`         // 0 while running.
	Key     string          `json:"key,omitempty"` // It was started under this key; starting it again finds it.
	Verdict canary.Verdict  `json:"-"`
	Request *canary.Request `json:"-"` // The samples of the newest look.
}

// Canaries schedules the runs. It is safe for concurrent use.
type Canaries struct {
	p       *Pipeline
	mu      sync.Mutex
	runs    map[string]*Run
	changed chan struct{} // Closed and replaced at every look.
}

func newCanaries(p *Pipeline) (*Canaries, error) {
	c := &Canaries{p: p, runs: map[string]*Run{}, changed: make(chan struct{})}
	return c, c.load()
}

// Start begins a run and returns it, or every fault of the spec.
func (c *Canaries) Start(s RunSpec) (Run, error) {
	now := c.p.Now().UnixMilli()
	s, err := c.p.completeSpec(s, now)
	if err != nil {
		return Run{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	running := 0
	for _, r := range c.runs {
		if r.State == RunRunning {
			running++
		}
	}
	if limit := c.p.opts.Config.Canary.MaxRuns; running >= limit {
		return Run{}, fmt.Errorf("cannot start a canary run: %d are running, the limit; wait for one to end or raise canary.max_runs", running)
	}
	r := &Run{ID: c.newID(s, now), Spec: s, State: RunRunning, Started: now}
	if err := c.save(r); err != nil {
		return Run{}, err // A run that a restart would forget was not started.
	}
	c.runs[r.ID] = r
	c.forgetOld()
	return *r, nil
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

// Get returns a run.
func (c *Canaries) Get(id string) (Run, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.runs[id]
	if r == nil {
		return Run{}, false
	}
	return *r, true
}

// List returns up to limit runs, newest first; 0 is all.
func (c *Canaries) List(limit int) []Run {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Run, 0, len(c.runs))
	for _, r := range c.runs {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b Run) int {
		return cmp.Or(cmp.Compare(b.Started, a.Started), strings.Compare(a.ID, b.ID))
	})
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	return out
}

// Cancel ends a run early; its verdict stays what it was.
func (c *Canaries) Cancel(id string) (Run, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.runs[id]
	if r == nil {
		return Run{}, fmt.Errorf("cannot cancel canary run %q: there is no such run", id)
	}
	if r.State == RunRunning {
		r.State, r.Ended = RunCanceled, c.p.Now().UnixMilli()
	}
	c.announce()
	return *r, c.save(r)
}

// Changed returns a channel that is closed when any run has changed.
func (c *Canaries) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

func (c *Canaries) announce() {
	close(c.changed)
	c.changed = make(chan struct{})
}
