package detect

import (
	"fmt"
	"math"
	"strconv"
)

// What moved, in the terms people read: quantiles before and after, and the
// share of observations above the bound where the shares differ most.

// histogramMoved is the picture of one batch. Index 0, 1, 2 is p50, p90, p99.
type histogramMoved struct {
	Before, After           [3]float32
	Above                   float32 // A bound,
	ShareBefore, ShareAfter float32 // and the shares above it.
	Most                    uint8   // The quantile that moved most.
}

var (
	pictured     = [3]float64{.50, .90, .99}
	picturedName = [3]string{"p50", "p90", "p99"}
)

// histogramLast is the most recent step, kept for Explain.
type histogramLast struct {
	T          int64
	Score      float64
	Alarm      float64
	Expected   float64 // p99 as usual.
	Observed   float64 // p99 of the last batch.
	Lower      float64
	Upper      float64
	Bar        float64
	Reach      float64 // Buckets the slowest twentieth may move.
	Recurring  float64
	KS, G      float64 // -log10 p of the two tests; 0 where they were not needed.
	Fused      float32
	Ratio      [histogramStats]float32
	Moved      histogramMoved
	Shown      uint8 // The scale of Moved.
	Transition uint8
	Verdict    uint8
	Intake     uint8
}

// picture fills what moved, by the batches of a scale. Where the tail led, it is
// a quantile of the tail, and the share beyond what was the .99 quantile.
func (s *HistogramSeries) picture(sh *histogramShift, scale int, tail bool) {
	l := &s.s.Last
	l.Shown = uint8(scale)
	g := &s.s.Grid
	x, sum := s.scale(scale)
	form, sum0 := s.against(sh)
	m := histogramMoved{}
	g.quantiles((*[histogramCells]float32)(x), sum, &m.After)
	g.quantiles(form, sum0, &m.Before)
	most := 0.0
	for i, q := range pictured {
		if d := math.Abs(octaves(m.Before[i], m.After[i])); d > most && (tail && i > 0 || i == 0 || sh.n*(1-q) >= 5) {
			most, m.Most = d, uint8(i)
		}
	}
	at := sh.at
	if tail {
		for at = int(g.Floor); at < int(g.Len)-2 && g.upper(at) < float64(m.Before[2]); at++ {
		}
	}
	above, above0 := 0.0, 0.0
	for i := at + 1; i < int(g.Len); i++ {
		above += float64(x[i])
		above0 += float64(form[i])
	}
	m.Above = finite32(g.upper(at))
	m.ShareAfter, m.ShareBefore = float32(above/sum), float32(above0/sum0)
	l.Moved = m
	l.Expected, l.Observed = float64(m.Before[2]), float64(m.After[2])
}

// octaves returns log2(b/a), bounded, 0 where it has no meaning.
func octaves(a, b float32) float64 {
	if a <= 0 || b <= 0 {
		return 0
	}
	return math.Log2(float64(b) / float64(a))
}

// finite32 rounds to what a float32 can hold.
func finite32(x float64) float32 {
	return float32(max(-math.MaxFloat32, min(math.MaxFloat32, x)))
}

// quantiles fills the quantiles of pictured by the rules of PromQL's
// histogram_quantile: within a cell the logarithm rises linearly where cells are
// exponential, the value does where they are custom or reach down to zero; in
// the last custom cell the quantile is its lower bound, in a first one that ends
// at or below zero its upper bound.
func (g *histogramGrid) quantiles(x *[histogramCells]float32, sum float64, out *[3]float32) {
	below, k := 0.0, 0
	for i := 0; i < int(g.Len) && k < len(pictured); i++ {
		c := float64(x[i])
		for c > 0 && k < len(pictured) && below+c >= pictured[k]*sum*(1-1e-7) {
			out[k] = finite32(g.within(i, (pictured[k]*sum-below)/c))
			k++
		}
		below += c
	}
	for ; k > 0 && k < len(pictured); k++ { // Rounding: fewer than the sum.
		out[k] = out[k-1]
	}
}

// within returns the value at a fraction of cell i. The lowest cell reaches up
// to the zero threshold where there is one.
func (g *histogramGrid) within(i int, fraction float64) float64 {
	fraction = max(0, min(1, fraction))
	if !g.Custom && i > int(g.Floor) {
		return math.Exp2(math.Ldexp(float64(g.Base)+float64(i)-1+fraction, -int(g.Schema)))
	}
	lo, hi := g.lower(i), min(g.upper(i), math.MaxFloat64)
	if !g.Custom && i == int(g.Floor) && g.Zero > 0 {
		hi = g.Zero
	}
	switch {
	case g.Custom && i == int(g.Len)-1:
		return lo
	case g.Custom && i == 0 && hi <= 0:
		return hi
	}
	return lo + (hi-lo)*fraction
}

// sentence says what moved: "p99 0.21 s -> 0.84 s, 3.1 % above 0.5 s, usually
// 0.2 %".
func (m *histogramMoved) sentence(unit string) string {
	i := m.Most
	text := fmt.Sprintf("%s %s -> %s", picturedName[i], withUnit(m.Before[i], unit), withUnit(m.After[i], unit))
	if m.ShareAfter != m.ShareBefore {
		text += fmt.Sprintf(", %s above %s, usually %s", percent(m.ShareAfter), withUnit(m.Above, unit), percent(m.ShareBefore))
	}
	return text
}

// withUnit prints a value of three digits.
func withUnit(x float32, unit string) string {
	text := strconv.FormatFloat(float64(x), 'g', 3, 32)
	if unit == "" {
		return text
	}
	return text + " " + unit
}

// percent prints a share of two digits.
func percent(share float32) string {
	return strconv.FormatFloat(100*float64(share), 'g', 2, 32) + " %"
}

// histogramMode is one hump of a distribution.
type histogramMode struct {
	at    float64 // Its highest cell's middle.
	share float64 // Of the observations, up to the valleys beside it.
}

const (
	modeShare  = .05 // Least share of a mode.
	modeValley = .5  // A valley is this deep, of the lower of the peaks beside it.
)

// modes returns the humps of x, at most one for every two cells: density per
// bucket width, smoothed over three cells where cells are narrow, cut at the
// valleys.
func (g *histogramGrid) modes(x *[histogramCells]float32, gap *[histogramCells]float32) []histogramMode {
	n := int(g.Len)
	var d [histogramCells]float64
	sum := 0.0
	for i := range n {
		w := float64(gap[max(0, i-1)]+gap[i]) / 2
		if w > 0 {
			d[i] = float64(x[i]) / w
		}
		sum += float64(x[i])
	}
	if !g.Custom {
		for range 2 {
			before := 0.0
			for i := range n {
				after := 0.0
				if i+1 < n {
					after = d[i+1]
				}
				before, d[i] = d[i], (before+2*d[i]+after)/4
			}
		}
	}
	var out []histogramMode
	peak, valley, mass := 0, -1, 0.0
	emit := func() {
		if sum > 0 && mass/sum >= modeShare {
			out = append(out, histogramMode{at: g.middle(peak), share: mass / sum})
		}
	}
	for i := range n {
		switch {
		case valley < 0 && d[i] >= d[peak]:
			peak = i
		case valley < 0 && d[i] < modeValley*d[peak]:
			valley = i
		case valley >= 0 && d[i] < d[valley]:
			valley = i
		case valley >= 0 && d[i] > 0 && d[valley] < modeValley*d[i]:
			emit()
			peak, valley, mass = i, -1, 0
		}
		mass += float64(x[i])
	}
	emit()
	return out
}

// middle returns a value in the middle of cell i.
func (g *histogramGrid) middle(i int) float64 { return g.within(i, .5) }
