package detect

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"

	"github.com/bellwether-ts/bellwether/metric"
)

// histogramIntake turns cumulative histograms into batches of observations. It
// casts no vote.
//
// The increase between two samples is taken on the grid. A cell that lost
// observations, or the hint of a reset, is a restart: what was observed between
// the sample before it and the restart is unknown, so that tick has no increase.
// Ticks are gathered until they hold histogramBatch observations; what has not
// come to so many within histogramPatience is let go, counted, and the verdict
// is "not enough data" until a batch is full again.
type histogramIntake struct {
	Prev      [histogramCells]float64 // The last sample, on the grid.
	Batch     cells                   // Observations of the batch at hand, or of the last one if Full.
	Filled    float64                 // Their number.
	Low, High float64                 // Of them, beyond the grid.
	PrevLow   float64
	PrevHigh  float64
	From      int64   // Beginning of the batch, Unix milliseconds.
	Last      int64   // Instant of the last sample.
	Step      float64 // Estimated distance between samples, milliseconds.
	Raw       uint32  // Samples with an advancing time that could be read.
	Refused   uint32  // Samples whose time did not advance.
	Unusable  uint32  // Samples that contradict themselves.
	Resets    uint32  // Counter restarts.
	Gaps      uint32  // Increases over too long a time to be of an hour.
	Sparse    uint32  // Batches let go unfilled.
	Rebuilt   uint32  // Times other bounds, or another kind of buckets, began everything anew.
	Wider     uint32  // Times the grid became coarser.
	Begun     bool    // Prev holds a sample.
	Full      bool    // The batch has been judged; the next increase begins a new one.
}

const (
	// histogramBatch is the number of observations a distribution is judged on
	// at least: of fewer, a quantile beyond the median says little.
	histogramBatch = 50
	// histogramPatience is how long a batch may take, and how long what was
	// said about the last one holds, milliseconds: usual forms are by hour.
	histogramPatience = hourMS
)

// accept reads a sample and adds its increase to the batch at hand.
func (s *HistogramSeries) accept(t int64, h *histogram.FloatHistogram) intake {
	in := &s.s.Intake
	if in.Raw > 0 && t <= in.Last {
		in.Refused++
		return intakeRefused
	}
	if h != nil && metric.IsStale(h.Sum) {
		in.Begun, in.Filled, in.Full = false, 0, false
		return intakeStale
	}
	if h == nil || !s.fits(h) {
		in.Unusable++
		return intakeUnusable
	}
	low, high, outcome := s.place(h)
	switch outcome {
	case intakeUnusable:
		in.Unusable++
		return outcome
	case intakeRestart:
		s.rebuild()
	}
	last, begun := in.Last, in.Begun
	in.Last, in.Raw = t, in.Raw+1
	if s.s.Grid.Len == 0 { // Too few observations yet to place a grid by.
		return intakeNone
	}
	if h.CounterResetHint == histogram.GaugeType {
		in.Prev = [histogramCells]float64{}
		in.PrevLow, in.PrevHigh = 0, 0
	} else if !begun || !in.Begun || outcome == intakeRestart {
		s.remember(low, high)
		if outcome == intakeRestart {
			return outcome
		}
		return intakeNone
	} else if h.CounterResetHint == histogram.CounterReset || s.fell() {
		in.Resets++
		s.remember(low, high)
		return intakeNone
	}
	if begun && t-last > histogramPatience {
		in.Gaps++
		s.remember(low, high)
		return intakeNone
	}
	if !begun { // A gauge's first: how long it gathered is not known.
		last = t
	}
	s.gather(t, last, low, high)
	return intakeValue
}

// gather adds the increase over (last, t] to the batch.
func (s *HistogramSeries) gather(t, last int64, low, high float64) {
	in := &s.s.Intake
	if in.Full || (in.Filled > 0 && t-in.From > histogramPatience) {
		if !in.Full {
			in.Sparse++
		}
		in.Batch, in.Filled, in.Low, in.High, in.Full = cells{}, 0, 0, 0, false
	}
	if in.Filled == 0 {
		in.From = last
	}
	n := 0.0
	for i, c := range s.cur {
		d := c - in.Prev[i]
		in.Batch[i] += float32(d)
		n += d
	}
	in.Filled += n
	in.Low += max(0, low-in.PrevLow)
	in.High += max(0, high-in.PrevHigh)
	s.remember(low, high)
}

// remember keeps the sample at hand for the next increase.
func (s *HistogramSeries) remember(low, high float64) {
	in := &s.s.Intake
	in.Prev, in.PrevLow, in.PrevHigh, in.Begun = s.cur, low, high, true
}

// fell reports whether a cell lost observations, beyond rounding.
func (s *HistogramSeries) fell() bool {
	for i, c := range s.cur {
		if p := s.s.Intake.Prev[i]; c < p {
			if c < p*(1-1e-12) {
				return true
			}
			s.cur[i] = p
		}
	}
	return false
}

// fits reports whether spans and buckets agree and every count is a number that
// can be counted on.
func (s *HistogramSeries) fits(h *histogram.FloatHistogram) bool {
	if len(h.PositiveBuckets)+len(h.NegativeBuckets)+len(h.PositiveSpans)+len(h.NegativeSpans)+len(h.CustomValues) > maxBuckets {
		return false
	}
	if !countable(h.ZeroCount) || !(h.ZeroThreshold >= 0) || math.IsInf(h.ZeroThreshold, 1) {
		return false
	}
	if h.Schema != customSchema && (h.Schema < coarsest || h.Schema > maxSchema) {
		return false
	}
	if h.Schema == customSchema && (len(h.NegativeSpans) > 0 || h.ZeroCount > 0) {
		return false
	}
	return spansFit(h.PositiveSpans, h.PositiveBuckets) && spansFit(h.NegativeSpans, h.NegativeBuckets)
}

// spansFit reports whether spans describe exactly the buckets, without running
// backward, and the counts are countable.
func spansFit(spans []histogram.Span, buckets []float64) bool {
	n := uint64(0)
	for i, sp := range spans {
		if i > 0 && sp.Offset < 0 {
			return false
		}
		n += uint64(sp.Length)
	}
	if n != uint64(len(buckets)) {
		return false
	}
	for _, c := range buckets {
		if !countable(c) {
			return false
		}
	}
	return true
}

// countable reports whether c is a number of observations: sums of as many as
// there can be stay finite.
func countable(c float64) bool { return c >= 0 && c <= maxValue }

// place counts the sample into s.cur, on a grid that is made, made coarser or
// made anew as the sample asks for. low and high are the counts beyond it.
func (s *HistogramSeries) place(h *histogram.FloatHistogram) (low, high float64, outcome intake) {
	g := &s.s.Grid
	custom := h.Schema == customSchema
	outcome = intakeValue
	if custom {
		same, ok := s.sameBounds(h.CustomValues)
		if !ok || !inBounds(h) {
			return 0, 0, intakeUnusable
		}
		if !same {
			if g.Len > 0 {
				outcome = intakeRestart
			}
			hash, _ := boundsHash(h.CustomValues)
			*g = customGrid(h.CustomValues, hash)
			s.bounds = append(s.bounds[:0], h.CustomValues...)
			g.gaps(&s.gap)
		}
	} else if g.Len == 0 || g.Custom {
		if g.Custom {
			outcome = intakeRestart
			*g = histogramGrid{}
		}
		if !placeable(h) {
			return 0, 0, outcome
		}
		*g = exponentialGrid(h)
		g.gaps(&s.gap)
	}
	if !custom && int32(g.Schema) > h.Schema {
		s.coarsen(int8(h.Schema), false, false)
	}
	if h.ZeroCount > 0 && h.ZeroThreshold > g.Zero {
		s.raiseFloor(h.ZeroThreshold)
	}
	low, high = s.count(h)
	return low, high, outcome
}

// placeable reports whether there are observations enough to place a grid by.
func placeable(h *histogram.FloatHistogram) bool {
	n := 0.0
	for _, c := range h.PositiveBuckets {
		n += c
	}
	return n >= histogramBatch
}

// inBounds reports whether every custom bucket has a bound, or is the last.
func inBounds(h *histogram.FloatHistogram) bool {
	idx := int64(0)
	for _, sp := range h.PositiveSpans {
		idx += int64(sp.Offset) + int64(sp.Length)
	}
	return (len(h.PositiveSpans) == 0 || h.PositiveSpans[0].Offset >= 0) && idx <= int64(len(h.CustomValues))+1
}

// count counts a sample into s.cur. It is known to fit the grid.
func (s *HistogramSeries) count(h *histogram.FloatHistogram) (low, high float64) {
	g := &s.s.Grid
	s.cur = [histogramCells]float64{}
	idx, k := int64(0), 0
	for _, sp := range h.PositiveSpans {
		idx += int64(sp.Offset)
		for range sp.Length {
			c := h.PositiveBuckets[k]
			var at int64
			if g.Custom {
				at = min(idx/int64(g.Merge), int64(g.Len)-1)
			} else {
				at = g.cellOf(idx, int8(h.Schema))
			}
			switch {
			case at < int64(g.Floor):
				if g.Floor == 0 {
					low += c
				}
				s.cur[g.Floor] += c
			case at >= histogramCells:
				high += c
				s.cur[histogramCells-1] += c
			default:
				s.cur[at] += c
			}
			k++
			idx++
		}
	}
	below := h.ZeroCount
	for _, c := range h.NegativeBuckets {
		below += c
	}
	s.cur[g.Floor] += below
	return low, high
}

// rebuild forgets everything that was counted on bounds that are no more.
func (s *HistogramSeries) rebuild() {
	old := s.s
	s.s = histogramState{Grid: old.Grid, Last: old.Last}
	in := &s.s.Intake
	in.Last, in.Step, in.Raw = old.Intake.Last, old.Intake.Step, old.Intake.Raw
	in.Refused, in.Unusable, in.Resets, in.Gaps = old.Intake.Refused, old.Intake.Unusable, old.Intake.Resets, old.Intake.Gaps
	in.Sparse, in.Rebuilt, in.Wider = old.Intake.Sparse, old.Intake.Rebuilt+1, old.Intake.Wider
}
