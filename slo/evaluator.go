package slo

import (
	"errors"

	"github.com/prometheus/prometheus/model/histogram"
)

// Options tunes an Evaluator. The zero value is ready to use.
type Options struct {
	MaxSeries int   // Series per objective; default 10,000.
	Stale     int64 // Milliseconds without a sample after which time counts as a gap; default 5 minutes.
}

// Evaluator is the state of one objective. It is fed raw samples and asked for
// a Status; it is not safe for concurrent use.
type Evaluator struct {
	o Objective
}

var errNotBuilt = errors.New("not built yet")

// NewEvaluator returns the empty state of an objective, or every reason why it
// cannot be watched.
func NewEvaluator(o Objective, opts Options) (*Evaluator, error) { return nil, errNotBuilt }

// ObserveGood takes a raw sample of a good series. series identifies it within
// the objective (the store's reference), t is Unix milliseconds.
func (e *Evaluator) ObserveGood(series uint64, t int64, v float64) {}

// ObserveBad takes a raw sample of a bad series.
func (e *Evaluator) ObserveBad(series uint64, t int64, v float64) {}

// ObserveTotal takes a raw sample of a total series. A series that is both good
// and total is handed in twice, once for each.
func (e *Evaluator) ObserveTotal(series uint64, t int64, v float64) {}

// ObserveValue takes a sample of a raw ratio or threshold series.
func (e *Evaluator) ObserveValue(series uint64, t int64, v float64) {}

// ObserveBucket takes a sample of a classic histogram bucket of a threshold
// objective; le is the bucket's upper bound (+Inf for the last).
func (e *Evaluator) ObserveBucket(series uint64, le float64, t int64, v float64) {}

// ObserveHistogram takes a native histogram sample of a threshold objective.
func (e *Evaluator) ObserveHistogram(series uint64, t int64, h *histogram.FloatHistogram) {}

// Evaluate judges the objective at now (Unix milliseconds).
func (e *Evaluator) Evaluate(now int64) Status { return Status{} }

// Checkpoint returns the state as bytes; equal states give equal bytes.
func (e *Evaluator) Checkpoint() []byte { return nil }

// Restore rebuilds the evaluator of an objective from Checkpoint's bytes.
func Restore(o Objective, opts Options, data []byte) (*Evaluator, error) { return nil, errNotBuilt }
