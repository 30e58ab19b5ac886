package detect

import "github.com/bellwether-ts/bellwether/metric"

// Series is the detector state of one series. It has one owner and is not safe
// for concurrent use; two Series share nothing.
type Series struct {
	cfg  Config
	meta Meta
}

// New returns the detector of one series. The error lists everything that is
// wrong with cfg and meta.
func New(cfg Config, meta Meta) (*Series, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := meta.Validate(); err != nil {
		return nil, err
	}
	return &Series{cfg: cfg.withDefaults(), meta: meta}, nil
}

// Step judges the sample v at t (Unix milliseconds). It allocates nothing. A t
// that does not advance is counted and otherwise ignored; NaN and infinite
// values are counted and judged as "no value"; the stale marker ends the
// expectation of further samples.
func (s *Series) Step(t int64, v float64) Result { return Result{} }

// Tick tells the series that the time is now (Unix milliseconds) and no sample
// came: the only way to notice silence. It may be called at any rate.
func (s *Series) Tick(now int64) Result { return Result{} }

// Explain says why the last Step or Tick was judged the way it was.
func (s *Series) Explain() Trace { return Trace{} }

// Anomaly returns the open anomaly, or the last one closed; ok is false if
// there has been none.
func (s *Series) Anomaly() (a Anomaly, ok bool) { return Anomaly{}, false }

// Run judges samples in order and returns one Result per sample and the
// anomalies in order of their start. It only loops Step: batch and streaming
// are the same code.
func Run(cfg Config, meta Meta, samples []metric.Sample) (points []Result, anomalies []Anomaly, err error) {
	if _, err := New(cfg, meta); err != nil {
		return nil, nil, err
	}
	return nil, nil, errNotBuilt
}

// AppendState appends a checkpoint of the series to b: versioned, with a hash
// of the layout, so a foreign one is refused by Restore.
func (s *Series) AppendState(b []byte) []byte { return b }

// Restore returns the series a checkpoint was taken from: continued, it gives
// the results of the uninterrupted run. It fails if the checkpoint is of
// another version, layout or configuration: start from New then and replay.
func Restore(cfg Config, meta Meta, state []byte) (*Series, error) { return nil, errNotBuilt }
