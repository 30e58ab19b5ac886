package detect

import (
	"hash/fnv"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
)

// histogramGrid is where observations are counted: at most 80 cells, whatever
// arrives.
//
//	exponential:  cell i covers (2^((Base+i-1)/2^Schema), 2^((Base+i)/2^Schema)]
//	              at schema 3 or coarser: 80 cells are ten octaves or more
//	custom:       neighbouring custom buckets, Merge of them to a cell
//
// The first and the last cell count everything beyond them. Zero, negative and
// all that a zero bucket hides is in cell Floor. A finer schema is merged down
// as it is read, which is exact; a coarser one makes the grid coarser, exact
// too. Where more than a hundredth of a batch falls beyond the grid, it becomes
// coarser and wider. So no input makes it larger than it is.
type histogramGrid struct {
	Bound  [histogramCells]float32 // Custom: upper bound of every cell but the last.
	Hash   uint64                  // Custom: of the bounds as they came.
	Zero   float64                 // The largest zero threshold that hid observations.
	Base   int32                   // Exponential: index of cell 0.
	Schema int8
	Len    uint8 // Cells in use, 0 while there is no grid.
	Floor  uint8
	Merge  uint16 // Custom: buckets to a cell.
	Custom bool
}

const (
	customSchema  = -53
	finestSchema  = 3 // An eighth of an octave: 9 %.
	coarsest      = -4
	maxSchema     = 52     // What the format allows; finer than 8 only ever seen in hostile input.
	maxBuckets    = 20_000 // Buckets and spans of one sample; more is refused.
	outsideShare  = .01    // Share of a batch beyond the grid that widens it.
	placedQuietly = .001   // Share on either side that is not looked at when placing.
	placedSpan    = 56     // Cells the rest may take when placing.
)

// upper returns the upper bound of cell i; +Inf for the last custom one.
func (g *histogramGrid) upper(i int) float64 {
	if g.Custom {
		if i >= int(g.Len)-1 {
			return math.Inf(1)
		}
		return float64(g.Bound[i])
	}
	return math.Exp2(math.Ldexp(float64(int(g.Base)+i), -int(g.Schema)))
}

// lower returns the lower bound of cell i, as quantiles take it: zero for the
// lowest unless its bound is below.
func (g *histogramGrid) lower(i int) float64 {
	if i > int(g.Floor) {
		return g.upper(i - 1)
	}
	if g.Custom && g.Bound[0] <= 0 {
		return float64(g.Bound[0])
	}
	return 0
}

// cellOf returns the cell of index idx of a schema not coarser than the grid's,
// beyond the grid where it falls there.
func (g *histogramGrid) cellOf(idx int64, schema int8) int64 {
	return (idx-1)>>(schema-g.Schema) + 1 - int64(g.Base)
}

// gaps fills the distances between the middles of neighbouring cells, in
// buckets of schema 3: 8 an octave. Of custom bounds at or below zero the
// logarithm is not defined: such a bound is taken an octave below the next.
func (g *histogramGrid) gaps(gap *[histogramCells]float32) {
	*gap = [histogramCells]float32{}
	if !g.Custom {
		for i := range gap[:histogramCells-1] {
			gap[i] = float32(math.Ldexp(1, finestSchema-int(g.Schema)))
		}
		return
	}
	n := int(g.Len) - 1 // Bounds.
	var x [histogramCells + 1]float64
	for i := n - 1; i >= 0; i-- {
		switch {
		case g.Bound[i] > 0:
			x[i+1] = 8 * math.Log2(float64(g.Bound[i]))
		case i < n-1:
			x[i+1] = x[i+2] - 8
		}
	}
	if n < 2 {
		x[0], x[n+1] = x[1]-8, x[min(n, 1)]+8
	} else {
		x[0], x[n+1] = 2*x[1]-x[2], 2*x[n]-x[n-1]
	}
	for i := range n {
		gap[i] = float32((x[i+2] - x[i]) / 2)
	}
}

// boundsHash tells sets of custom bounds apart; ok is false if they do not rise.
func boundsHash(bounds []float64) (hash uint64, ok bool) {
	h := fnv.New64a()
	var b [8]byte
	for i, x := range bounds {
		if math.IsNaN(x) || (i > 0 && x <= bounds[i-1]) {
			return 0, false
		}
		u := math.Float64bits(x)
		for j := range b {
			b[j] = byte(u >> (8 * j))
		}
		h.Write(b[:])
	}
	return h.Sum64(), true
}

// customGrid returns the grid of custom bounds.
func customGrid(bounds []float64, hash uint64) histogramGrid {
	if n := len(bounds); n > 0 && math.IsInf(bounds[n-1], 1) {
		bounds = bounds[:n-1]
	}
	g := histogramGrid{Custom: true, Hash: hash, Merge: uint16((len(bounds) + histogramCells) / histogramCells)}
	n := 0
	for i := int(g.Merge) - 1; i < len(bounds) && n < histogramCells-1; i += int(g.Merge) {
		g.Bound[n] = float32(bounds[i])
		n++
	}
	g.Len = uint8(n + 1)
	return g
}

// exponentialGrid places a grid so that the bulk of h lies in its middle, at
// the finest schema at which it takes no more than placedSpan cells. h is known
// to be well formed and not empty.
func exponentialGrid(h *histogram.FloatHistogram) histogramGrid {
	total := 0.0
	for _, c := range h.PositiveBuckets {
		total += c
	}
	lo, hi := quantileIndex(h, placedQuietly*total), quantileIndex(h, (1-placedQuietly)*total)
	g := histogramGrid{Schema: int8(min(int32(finestSchema), h.Schema)), Len: histogramCells}
	at := func(idx int64) int64 { return (idx-1)>>(int8(h.Schema)-g.Schema) + 1 }
	for at(hi)-at(lo) >= placedSpan && g.Schema > coarsest {
		g.Schema--
	}
	g.Base = int32(max(math.MinInt32/2, min(math.MaxInt32/2, (at(lo)+at(hi)-histogramCells)/2)))
	return g
}

// quantileIndex returns the index of the positive bucket in which the count
// passes want.
func quantileIndex(h *histogram.FloatHistogram, want float64) int64 {
	idx, k, sum := int64(0), 0, 0.0
	for _, span := range h.PositiveSpans {
		idx += int64(span.Offset)
		for range span.Length {
			sum += h.PositiveBuckets[k]
			if k++; sum > want {
				return idx
			}
			idx++
		}
	}
	return idx - 1
}

// regrid moves every count the detector remembers to the cell to(i).
func (s *HistogramSeries) regrid(to func(i int) int) {
	st := &s.s
	for _, c := range []*cells{&st.Intake.Batch, &st.Judge.Window[0].Count, &st.Judge.Window[1].Count, &st.Usual.Recent} {
		var out cells
		for i, x := range c {
			out[to(i)] += x
		}
		*c = out
	}
	var prev [histogramCells]float64
	for i, x := range st.Intake.Prev {
		prev[to(i)] += x
	}
	st.Intake.Prev = prev
	st.Usual.regrid(to)
	st.Grid.gaps(&s.gap)
}

// coarsen merges pairs of cells until the grid has a coarser schema, and widens
// it: downward, upward or both.
func (s *HistogramSeries) coarsen(schema int8, down, up bool) {
	g := &s.s.Grid
	old, k := *g, g.Schema-schema
	at := func(i int) int64 { return (int64(old.Base)+int64(i)-1)>>k + 1 }
	lo, hi := at(0), at(histogramCells-1)
	g.Schema = schema
	switch {
	case down && !up:
		g.Base = int32(hi - (histogramCells - 1))
	case up && !down:
		g.Base = int32(lo)
	default:
		g.Base = int32((lo + hi - (histogramCells - 1)) / 2)
	}
	to := func(i int) int { return int(max(0, min(histogramCells-1, at(i)-int64(g.Base)))) }
	if old.Floor > 0 {
		g.Floor = uint8(to(int(old.Floor)))
	}
	s.regrid(to)
	in := &s.s.Intake
	if in.PrevLow > 0 || in.PrevHigh > 0 { // What lay beyond the old grid has a place now; where, is not known.
		in.Begun = false
	}
}

// raiseFloor lets everything up to the zero threshold count as one cell: a
// wider zero bucket hides what smaller ones told apart.
func (s *HistogramSeries) raiseFloor(threshold float64) {
	g := &s.s.Grid
	g.Zero = threshold
	idx := math.Ceil(math.Ldexp(math.Log2(threshold), int(g.Schema)))
	f := int(max(0, min(histogramCells-1, idx-float64(g.Base))))
	if f <= int(g.Floor) {
		return
	}
	g.Floor = uint8(f)
	s.regrid(func(i int) int { return max(i, f) })
}

// sameBounds reports whether bounds are those of the grid, and whether they can
// be bounds at all. A copy of the last ones saves the hash.
func (s *HistogramSeries) sameBounds(bounds []float64) (same, ok bool) {
	g := &s.s.Grid
	if g.Custom && g.Len > 0 && len(bounds) > 0 && slices.Equal(s.bounds, bounds) {
		return true, true
	}
	hash, ok := boundsHash(bounds)
	if !ok || !g.Custom || g.Len == 0 || hash != g.Hash {
		return false, ok
	}
	s.bounds = append(s.bounds[:0], bounds...)
	return true, true
}
