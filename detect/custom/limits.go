package custom

import (
	"fmt"
	"strconv"
)

// The limits of the sandbox. They are constants: a detector that needs more
// belongs into a program of its own, which can write its score as a series.
const (
	maxCost       = MaxCost
	maxWindow     = 512 // Values of the past an expression can see.
	maxState      = 4 << 10
	maxStates     = 32
	maxReason     = 256     // Bytes of a reason; longer ones are cut, with "...".
	maxText       = 4 << 10 // Bytes a text may grow to inside an expression.
	maxExpression = 2_000   // Characters of one expression.
	maxNodes      = 1_000   // Nodes of one expression, macros expanded.
	maxDepth      = 64      // Nesting of one expression.
	maxWith       = 4       // Companions of one detector.
	maxFile       = 256 << 10
	maxName       = 64

	// MaxCost is what a sample may cost: steps of the language, all expressions
	// of a detector together.
	MaxCost = 10_000
	// MaxDetectors is the number of detectors of one Runner.
	MaxDetectors = 32
	// MaxSeries is the number of series one detector looks at.
	MaxSeries = 10_000
	// MaxBytes is what all series of one Runner may remember.
	MaxBytes = 256 << 20

	maxFailures = 10 // Samples in a row that could not be evaluated until a series is stopped.
	maxStopped  = 10 // Stopped series until a detector is disabled.
)

// LimitError says that a detector hit a limit of the sandbox.
type LimitError struct {
	What  string // "cost", "state", ...
	Got   uint64
	Limit uint64
	Unit  string // "per sample", "bytes".
	Do    string // What to do.
}

// Error says what exceeds what, and what to do.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%s %s exceeds %s %s; %s", e.What, grouped(e.Got), grouped(e.Limit), e.Unit, e.Do)
}

// grouped writes n with a comma every three digits.
func grouped(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
