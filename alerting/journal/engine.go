package journal

import (
	"context"
	"errors"
	"time"

	"github.com/bellwether-ts/bellwether/alerting"
)

// EngineOptions configure an Engine.
type EngineOptions struct {
	Dir     string                  // Where the log and snapshots live. Required.
	Config  alerting.Config         // Policies; a change is logged.
	Deliver func([]alerting.Output) // Called in log order on the engine's goroutine; must not block. Optional.
	Tick    time.Duration           // How often time passes without input; default 1 s, negative = never.
	Queue   int                     // Inputs waiting at most; default 4096. A full queue makes Submit wait for its context.
	Now     func() time.Time        // Default time.Now.
}

// Engine joins the core and the log: one goroutine, inputs applied in log order
// after they are synced.
type Engine struct{}

// OpenEngine recovers the state (snapshot and tail) and starts.
func OpenEngine(o EngineOptions) (*Engine, *Report, error) { return nil, nil, errNotBuilt }

var errNotBuilt = errors.New("cannot open journal: not built yet")

// Report says what opening found.
type Report struct {
	CutBytes int64  // Bytes of torn tail removed; they were never acknowledged.
	CutFile  string // Where.
	Snapshot uint64 // Sequence number of the snapshot used; 0 = none.
	Replayed uint64 // Records applied after it.
	Notes    []string
}

// Submit logs the inputs in order and returns the sequence number of the last
// once all are on disk and applied.
func (e *Engine) Submit(ctx context.Context, ins ...alerting.Input) (uint64, error) {
	return 0, errNotBuilt
}

// View runs f on the current state. f must not keep the core or change it.
func (e *Engine) View(f func(*alerting.Core)) {}

// Delivered reports notifications as sent, or as given up with an error.
func (e *Engine) Delivered(ctx context.Context, id string, err error) error { return errNotBuilt }

// Close takes a snapshot and stops.
func (e *Engine) Close() error { return nil }
