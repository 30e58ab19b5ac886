package detect

import (
	"time"
)

// Reader reads raw samples as a Series does before it judges them: a counter
// becomes its rate per second, what is not a number or does not advance is
// left out and counted, and the distance between samples is estimated. It is
// for those who judge by themselves and want to see the same values.
type Reader struct{ h hygiene }

// Reading is what became of a raw sample.
type Reading uint8

// The readings.
const (
	ReadValue     Reading = iota // A value to judge.
	ReadNothing                  // Nothing to judge, by nature: the first sample of a counter or of a restart, the end of a series.
	ReadRefused                  // The time did not advance, or the value is not a finite number.
	ReadDifferent                // From here on the series is read differently (gauge or counter): begin anew.
)

// NewReader returns a reader for what meta says about the series.
func NewReader(meta Meta) (Reader, error) {
	if err := meta.Validate(); err != nil {
		return Reader{}, err
	}
	return Reader{hygiene{Kind: uint8(meta.Kind), Step: float64(meta.Step.Milliseconds())}}, nil
}

// Read returns the value to judge at t (Unix milliseconds), or why there is
// none.
func (r *Reader) Read(t int64, v float64) (float64, Reading) {
	x, _, in := r.h.accept(t, v)
	switch in {
	case intakeValue:
		return x, ReadValue
	case intakeRefused, intakeUnusable:
		return 0, ReadRefused
	case intakeRestart:
		return 0, ReadDifferent
	}
	return 0, ReadNothing
}

// Step returns the estimated distance between samples; 0 before the second.
func (r *Reader) Step() time.Duration { return time.Duration(r.h.Step * float64(time.Millisecond)) }

// Last returns the instant of the newest sample read, Unix milliseconds; 0
// before the first.
func (r *Reader) Last() int64 { return r.h.Last }

// Refused returns how many samples were left out.
func (r *Reader) Refused() uint64 { return uint64(r.h.Refused) + uint64(r.h.Unusable) }

var readerLayout = layoutOf[hygiene]()

// AppendState appends a checkpoint of the reader to b, with a hash of its
// layout.
func (r *Reader) AppendState(b []byte) []byte { return appendPart(b, &r.h, readerLayout) }

// Restore takes the state out of the front of b and returns the rest; on an
// error (ErrForeignState) the reader is as it was.
func (r *Reader) Restore(b []byte) (rest []byte, err error) {
	return restorePart("reader", b, &r.h, readerLayout)
}
