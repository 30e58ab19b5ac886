package pipeline

import (
	"errors"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
)

// Histograms of any layout on common buckets.
//
// A histogram is taken as its filled buckets (lo, hi] alone. A bound is common
// to many histograms if it lies inside no filled bucket of any of them, so
// classic buckets, native histograms of different resolution and custom
// buckets all meet on the finest bounds on which nothing has to be guessed:
//
//	filled  (1     2](2        4]        of one
//	        (1          3](3   4]        of another
//	common   |                 |         1 and 4: 2 and 3 cut a filled bucket
//
// Buckets nobody fills cost nothing, and cut nothing.

// filled is one bucket: n observations in (lo, hi]. lo may be -Inf, hi +Inf.
type filled struct{ lo, hi, n float64 }

// observed is the filled buckets of one step, ascending; nil is no data, an
// empty list no observation.
type observed []filled

// fromNative lists the filled buckets of a native histogram, custom buckets or
// exponential.
func fromNative(h *histogram.FloatHistogram) observed {
	out := observed{}
	for it := h.AllBucketIterator(); it.Next(); {
		if b := it.At(); b.Count > 0 {
			out = append(out, filled{b.Lower, b.Upper, b.Count})
		}
	}
	return out
}

// fromCumulative lists the filled buckets of a classic histogram: counts[i]
// observations up to le[i], ascending, the last of which is +Inf. Where a count
// is less than the one before it, which parts of a scrape can cause, the bucket
// is taken as empty.
func fromCumulative(le, counts []float64) observed {
	out := observed{}
	lo, below := math.Inf(-1), 0.0
	for i, hi := range le {
		if n := counts[i] - below; n > 0 {
			out = append(out, filled{lo, hi, n})
			below = counts[i]
		}
		lo = hi
	}
	return out
}

// fromRows turns rows on bounds back into filled buckets.
func fromRows(bounds []float64, rows [][]float64) []observed {
	out := make([]observed, len(rows))
	for i, row := range rows {
		if row == nil {
			continue
		}
		out[i] = observed{}
		for j, n := range row {
			if n == 0 {
				continue
			}
			f := filled{math.Inf(-1), math.Inf(1), n}
			if j > 0 {
				f.lo = bounds[j-1]
			}
			if j < len(bounds) {
				f.hi = bounds[j]
			}
			out[i] = append(out[i], f)
		}
	}
	return out
}

// commonBounds returns the finest bounds common to all rows, ascending; nil if
// there are none, as without any observation.
func commonBounds(sets ...[]observed) []float64 {
	seen := map[[2]float64]bool{}
	var all [][2]float64
	for _, rows := range sets {
		for _, row := range rows {
			for _, f := range row {
				if key := [2]float64{f.lo, f.hi}; f.lo < f.hi && !seen[key] {
					seen[key] = true
					all = append(all, key)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b [2]float64) int { return slices.Compare(a[:], b[:]) })
	var out []float64
	cut := func(x float64) {
		if !math.IsInf(x, 0) && (len(out) == 0 || out[len(out)-1] != x) {
			out = append(out, x)
		}
	}
	// Buckets that overlap cover each other's bounds: only the ends of a chain
	// of them are common.
	for i := 0; i < len(all); {
		hi := all[i][1]
		cut(all[i][0])
		for i++; i < len(all) && all[i][0] < hi; i++ {
			hi = max(hi, all[i][1])
		}
		cut(hi)
	}
	return out
}

// The bounds handed to the judge are limited: a native histogram of resolution
// 3 over four decades has about as many.
const maxBounds = 120

// thin keeps at most maxBounds bounds, so that the same are kept when others
// join them: those of the finest native resolution that has few enough, else
// every second until they are few enough.
func thin(bounds []float64) []float64 {
	for schema := 4; len(bounds) > maxBounds && schema >= -4; schema-- {
		kept := slices.DeleteFunc(slices.Clone(bounds), func(x float64) bool { return !onSchema(x, schema) })
		if len(kept) <= maxBounds && 4*len(kept) > maxBounds {
			return kept
		}
	}
	for len(bounds) > maxBounds {
		var half []float64
		for i := 1; i < len(bounds); i += 2 {
			half = append(half, bounds[i])
		}
		bounds = half
	}
	return bounds
}

// onSchema reports whether x is a bound of native histograms of a resolution:
// 2 to the power of a whole number of 2^-schema.
func onSchema(x float64, schema int) bool {
	k := math.Ldexp(math.Log2(math.Abs(x)), schema)
	return math.Abs(k-math.Round(k)) < 1e-6
}

// onto counts the rows on bounds, every one of which is common to them.
func onto(bounds []float64, rows []observed) [][]float64 {
	out := make([][]float64, len(rows))
	cells := make([]float64, len(rows)*(len(bounds)+1))
	for i, row := range rows {
		if row == nil {
			continue
		}
		out[i], cells = cells[:len(bounds)+1:len(bounds)+1], cells[len(bounds)+1:]
		for _, f := range row {
			j, _ := slices.BinarySearch(bounds, f.hi)
			out[i][j] += f.n
		}
	}
	return out
}

// meanOf estimates the mean of a row whose sum is not known, every bucket at
// its middle and an open one at its bound; NaN without observations.
func meanOf(row observed) float64 {
	var n, sum float64
	for _, f := range row {
		mid := (f.lo + f.hi) / 2
		switch {
		case math.IsInf(f.lo, -1) && f.hi > 0 && !math.IsInf(f.hi, 1):
			mid = f.hi / 2
		case math.IsInf(f.lo, -1):
			mid = f.hi
		case math.IsInf(f.hi, 1):
			mid = f.lo
		}
		if !math.IsInf(mid, 0) {
			n, sum = n+f.n, sum+f.n*mid
		}
	}
	return sum / n // 0/0 is NaN.
}

var errNoBounds = errors.New("the histograms of both sides have no bucket bound in common")
