package detect

import "math"

// tail is the guarded memory of how large a member's residuals usually get: a
// decayed histogram of non-zero residuals on a logarithmic scale, and the
// quantile .998 read off it.
//
//	bin  0        1        ...          39
//	     [q^0,q^1) ...     four bins per octave, linear inside the octave;
//	     residuals below the range count in bin 0, and the range moves up
//	     when a larger residual arrives.
//
// The guard: a residual above guardRatio x the quantile opens an excursion.
// The first of it enters winsorised, so that the share of large residuals
// stays honest; the rest of it stays out, so that an incident does not teach
// the tail that incidents are usual. An excursion longer than guardHold
// samples enters, still winsorised: by then it is the new normal. The guard is
// on from the first sample, because a quantile inflated once keeps itself
// inflated.
type tail struct {
	Count [tailBins]uint16
	N     uint32  // Sum of Count.
	Base  int32   // Exponent-and-mantissa prefix of the lower edge of bin 0.
	Q     float64 // The quantile; 0 until tailMin residuals were seen.
	Open  uint32  // Sample number at which the open excursion began; 0 if none.
	Last  uint32  // Sample number of its last residual.
}

const (
	tailBins   = 40
	tailMin    = 100   // Residuals needed before a ratio means anything.
	tailHalve  = 20160 // Residuals after which the past counts half: two weeks of minutes.
	tailProb   = .002  // The quantile is the value exceeded with this probability.
	guardRatio = 1.07  // 1.15 and 1.3 let labelled anomalies of AIOPS into the tail; nearer to 1 costs NAB points.
	guardQuiet = 10    // Samples without a large residual that end an excursion.
	guardHold  = 480   // Samples after which an excursion is accepted.
	ratioMin   = 1e-3
	ratioMax   = 1e4
)

// prefix returns the exponent and the top two mantissa bits of x > 0: it grows
// by one per bin.
func prefix(x float64) int32 { return int32(math.Float64bits(x) >> 50) }

// edge returns the lower edge of the bin with that prefix.
func edge(p int32) float64 { return math.Float64frombits(uint64(p) << 50) }

// ratio compares a residual with the tail and lets the guard decide whether it
// becomes part of it. n is the number of the sample, from 1.
func (h *tail) ratio(residual float64, n uint32) float64 {
	r := 0.0
	if h.Q > 0 {
		r = min(ratioMax, max(ratioMin, residual/h.Q))
	}
	if residual <= 0 {
		return r
	}
	if h.Open > 0 && n-h.Last > guardQuiet {
		h.Open = 0
	}
	if r > guardRatio {
		h.Last = n
		residual = guardRatio * h.Q
		if h.Open == 0 {
			h.Open = n
		} else if n-h.Open <= guardHold {
			return r
		}
	}
	h.add(residual)
	return r
}

// add enters a residual > 0.
func (h *tail) add(x float64) {
	p := prefix(x)
	if h.N == 0 {
		h.Base = p - tailBins*2/3
	}
	bin := max(0, p-h.Base)
	if bin >= tailBins {
		h.shift(bin - tailBins + 5)
		bin = p - h.Base
	}
	h.Count[bin]++
	h.N++
	if h.N >= tailHalve {
		h.halve()
	}
	if h.N >= tailMin && (h.N%16 == 0 || h.N < 4*tailMin) {
		h.Q = h.exceeded(tailProb)
	}
}

// shift moves the range up by k bins; what falls off counts in bin 0.
func (h *tail) shift(k int32) {
	low := uint32(0)
	for i := int32(0); i < min(k, tailBins); i++ {
		low += uint32(h.Count[i])
	}
	for i := range int32(tailBins) {
		if i+k < tailBins {
			h.Count[i] = h.Count[i+k]
		} else {
			h.Count[i] = 0
		}
	}
	h.Count[0] = uint16(min(math.MaxUint16, low+uint32(h.Count[0])))
	h.Base += k
}

// halve lets the past count half.
func (h *tail) halve() {
	h.N = 0
	for i := range h.Count {
		h.Count[i] /= 2
		h.N += uint32(h.Count[i])
	}
}

// exceeded returns the value exceeded with probability p, linear inside a bin.
func (h *tail) exceeded(p float64) float64 {
	want, above := p*float64(h.N), 0.0
	for i := int32(tailBins - 1); i >= 0; i-- {
		c := float64(h.Count[i])
		if c > 0 && above+c >= want {
			lo, hi := edge(h.Base+i), edge(h.Base+i+1)
			return hi - (hi-lo)*(want-above)/c
		}
		above += c
	}
	return edge(h.Base)
}
