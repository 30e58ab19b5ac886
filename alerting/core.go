package alerting

import "errors"

// LogID identifies a log; transition ids are derived from it.
type LogID [16]byte

// Core is the state machine. Make one with New or Restore.
type Core struct {
	cfg Config
}

var errNotBuilt = errors.New("cannot run the alert core: not built yet")

// New returns an empty core for the log id.
func New(id LogID, cfg Config) (*Core, error) { return nil, errNotBuilt }

// Apply applies the next input of the log and returns what follows from it, in
// order. The slice is reused by the next call.
func (c *Core) Apply(in Input) []Output { return nil }
