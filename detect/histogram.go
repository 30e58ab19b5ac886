package detect

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
)

// HistogramSeries is the detector of one histogram. It has one owner and is not
// safe for concurrent use; two of them share nothing.
type HistogramSeries struct {
	cfg  Config
	meta HistogramMeta
}

// HistogramMeta is what is known about a histogram from outside its values.
type HistogramMeta struct {
	// Unit is written behind the values in what is said, such as "s". Default
	// none.
	Unit string
	// Step is the expected distance between samples, 0 if unknown. In [0, 31d].
	Step time.Duration
}

// Validate returns every error of the metadata at once, or nil.
func (m HistogramMeta) Validate() error {
	var errs []error
	if m.Step < 0 || m.Step > 31*24*time.Hour {
		errs = append(errs, fmt.Errorf("cannot use step %v: want a duration in [0, 744h]; 0 means estimate it", m.Step))
	}
	if len(m.Unit) > 20 {
		errs = append(errs, fmt.Errorf("cannot use unit %.20q...: want at most 20 bytes", m.Unit))
	}
	return errors.Join(errs...)
}

// NewHistogram returns the detector of one histogram. The error lists
// everything that is wrong with cfg and meta.
func NewHistogram(cfg Config, meta HistogramMeta) (*HistogramSeries, error) {
	if err := errors.Join(cfg.Validate(), meta.Validate()); err != nil {
		return nil, err
	}
	return &HistogramSeries{cfg: cfg.withDefaults(), meta: meta}, nil
}

// Step takes the cumulative histogram h at t (Unix milliseconds). It does not
// keep h and does not change it.
func (s *HistogramSeries) Step(t int64, h *histogram.FloatHistogram) Result { return Result{} }

// Tick tells that the time is now (Unix milliseconds) and no sample came.
func (s *HistogramSeries) Tick(now int64) Result { return Result{} }

// Explain says why the last Step or Tick was judged the way it was.
func (s *HistogramSeries) Explain() Trace { return Trace{} }

// Anomaly returns the open anomaly, or the last one closed; ok is false if
// there has been none.
func (s *HistogramSeries) Anomaly() (a Anomaly, ok bool) { return Anomaly{}, false }

// AppendState appends a checkpoint to b.
func (s *HistogramSeries) AppendState(b []byte) []byte { return b }

// RestoreHistogram returns the detector a checkpoint was taken from.
func RestoreHistogram(cfg Config, meta HistogramMeta, state []byte) (*HistogramSeries, error) {
	return nil, ErrForeignState
}
