package detect

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
)

// HistogramSeries is the detector of one histogram: it says when the form of a
// distribution changes, which quantile moved, and from what to what. It has one
// owner and is not safe for concurrent use; two of them share nothing.
//
// The way of a sample:
//
//  1. grid: the buckets are merged into at most 80 cells, an eighth of an octave
//     wide or wider (histogram_grid.go);
//  2. increase: what was observed since the sample before; ticks are gathered
//     until there are histogramBatch observations, a batch (histogram_intake.go);
//  3. shift: how far the batch, and the last eight or so, lie from what was
//     usual just before and from what is usual at this hour, whichever is
//     nearer: the distance between the distributions in bucket widths, of all
//     and of the slowest twentieth (histogram_shift.go, histogram_usual.go);
//  4. judge: distances are compared with their own guarded tails, fused and
//     calibrated as the ratios of a Series are, never beyond what the number of
//     observations can show, and not at all below a least effect
//     (histogram_judge.go, histogram_evidence.go);
//  5. episode: the same as of a Series.
//
// Cost: 7.4 KB a histogram, 5.9 KB of it a checkpoint; most are 24 hourly
// distributions of 80 bytes and six tails of 150. A batch takes about 5 us;
// nothing is allocated.
//
// What it does not see: changes among observations at or below zero, which are
// one cell; changes that keep within the day's usual forms; and slow ones, since
// the baseline follows within an hour or two.
type HistogramSeries struct {
	cfg  Config
	meta HistogramMeta
	s    histogramState

	// Derived or scratch; no memory of the past.
	gap    [histogramCells]float32 // Distance from a cell's middle to the next one's, in buckets.
	cur    [histogramCells]float64 // The sample at hand.
	slot   [histogramCells]float32 // The usual form at the hour at hand.
	bounds []float64               // Copy of the custom bounds of the grid.
}

// histogramCells bounds the cells of a grid.
const histogramCells = 80

// cells is a distribution over the cells of a grid, in observations.
type cells [histogramCells]float32

// histogramState is everything a HistogramSeries remembers. It is one flat
// value: a checkpoint is its bytes.
type histogramState struct {
	Grid    histogramGrid
	Intake  histogramIntake
	Usual   histogramUsual
	Judge   histogramJudge
	Episode episode
	Last    histogramLast
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
// everything that is wrong with cfg and meta. Of cfg it uses Budget, Open and
// Adapt.
func NewHistogram(cfg Config, meta HistogramMeta) (*HistogramSeries, error) {
	if err := errors.Join(cfg.Validate(), meta.Validate()); err != nil {
		return nil, err
	}
	s := &HistogramSeries{cfg: cfg.withDefaults(), meta: meta}
	s.s.Intake.Step = float64(meta.Step.Milliseconds())
	return s, nil
}

// Step judges the cumulative histogram h at t (Unix milliseconds); one with the
// hint of a gauge is judged as it stands. It keeps nothing of h, changes nothing
// in it and allocates nothing once its bounds are known. Only a step that fills
// a batch carries evidence; between batches the score is 0. A t that does not
// advance is counted and ignored, as is a histogram that contradicts itself; the
// stale marker ends the expectation of further samples.
func (s *HistogramSeries) Step(t int64, h *histogram.FloatHistogram) Result {
	in := s.accept(t, h)
	s.s.Last = s.blank(t, in)
	if in != intakeValue || s.s.Intake.Filled < histogramBatch {
		return s.finish(TransitionNone, 0)
	}
	return s.judgeBatch(t)
}

// Tick tells that the time is now (Unix milliseconds) and no sample came. The
// silence of a series is for its rate to notice: here it only ends what can be
// said.
func (s *HistogramSeries) Tick(now int64) Result {
	s.s.Last = s.blank(now, intakeNone)
	return s.finish(TransitionNone, 0)
}

// Judged reports whether the last Step filled a batch, so that its Result is of
// new observations.
func (s *HistogramSeries) Judged() bool {
	return s.s.Intake.Full && s.s.Judge.At == s.s.Last.T && intake(s.s.Last.Intake) == intakeValue
}

// Batches returns how many batches were judged.
func (s *HistogramSeries) Batches() uint64 { return uint64(s.s.Judge.N) }

// Beyond is the largest ratio of the last batch by itself to how far batches
// usually lie off: what fleet.Fleet.Still wants of each batch of an open anomaly. The
// longer windows overlap, so their ratios are not new each time.
func (s *HistogramSeries) Beyond() float64 {
	return float64(max(s.s.Last.Ratio[0], s.s.Last.Ratio[1]))
}

// blank begins the record of a step: no evidence, and the expectation of the
// batch before until there is a new one.
func (s *HistogramSeries) blank(t int64, in intake) histogramLast {
	l := s.s.Last
	return histogramLast{T: t, Intake: uint8(in), Bar: s.bar(), Moved: l.Moved, Reach: l.Reach, Fused: l.Fused, Recurring: l.Recurring,
		Ratio: l.Ratio, KS: l.KS, G: l.G, Shown: l.Shown, Expected: l.Expected, Observed: l.Observed, Lower: l.Lower, Upper: l.Upper}
}

// bar returns the evidence at which Config.Open false alarms per 1000
// series-days are expected, at the estimated distance between batches.
func (s *HistogramSeries) bar() float64 {
	step := s.s.Judge.Step
	if step <= 0 {
		step = 60_000
	}
	return max(1, -math.Log10(s.cfg.Open/1000/(86_400_000/step)))
}

// finish writes the outcome of a step down and returns it.
func (s *HistogramSeries) finish(tr Transition, alarm float64) Result {
	l, e := &s.s.Last, &s.s.Episode
	l.Transition, l.Alarm = uint8(tr), alarm
	l.Verdict = uint8(s.verdict())
	r := Result{
		Score: l.Score, Alarm: alarm,
		Expected: l.Expected, Lower: l.Lower, Upper: l.Upper, Observed: l.Observed,
		Anomalous: e.Open, Transition: tr, Verdict: Verdict(l.Verdict),
	}
	if e.Open || tr == TransitionClosed {
		r.Kind, r.Direction = Kind(e.Kind), Direction(e.Direction)
	}
	return r
}

// verdict says the state of the histogram in one word. Sparse traffic is "not
// enough data", never healthy.
func (s *HistogramSeries) verdict() Verdict {
	in, j := &s.s.Intake, &s.s.Judge
	switch {
	case s.s.Episode.Open:
		return VerdictAnomalous
	case in.Raw == 0 && in.Unusable > 0:
		return VerdictUnusable
	case in.Raw == 0:
		return VerdictNoData
	case j.N < histogramWarmup || s.s.Last.T-j.At > histogramPatience:
		return VerdictNotEnoughData
	case !j.Varied:
		return VerdictConstant
	}
	return VerdictHealthy
}
