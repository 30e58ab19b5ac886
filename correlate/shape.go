package correlate

// A shape is a window with level and size taken out: gaps bridged, then
// z-normalised with the population deviation. What has no shape says why.

import (
	"math"

	"github.com/bellwether-ts/bellwether/metric"
)

// class says whether a window has a shape.
type class uint8

const (
	shaped class = iota
	flat         // Deviation under flatFloor of the largest magnitude.
	sparse       // More than maxMissing of the points missing.
	short        // No points on the asked grid.
)

func (c class) String() string { return [...]string{"shaped", "flat", "sparse", "short"}[c] }

const (
	maxMissing = 0.2
	flatFloor  = 1e-9
)

// normalise z-normalises v in place: NaN and infinities are missing and are
// bridged by straight lines (the ends by the nearest value). Values are scaled
// by the largest magnitude first, so that no sum overflows.
func normalise(v []float64) class {
	if len(v) == 0 {
		return short
	}
	missing, top := 0, 0.0
	for _, x := range v {
		if !metric.IsFinite(x) {
			missing++
		} else {
			top = max(top, math.Abs(x))
		}
	}
	switch {
	case missing == len(v):
		return short
	case float64(missing) > maxMissing*float64(len(v)):
		return sparse
	case top < 1e-300:
		return flat
	}
	if missing > 0 {
		bridge(v)
	}
	inv, n := 1/top, float64(len(v))
	sum := 0.0
	for i, x := range v {
		x *= inv
		v[i] = x
		sum += x
	}
	mean, ss := sum/n, 0.0
	for i, x := range v {
		x -= mean
		v[i] = x
		ss += x * x
	}
	sd := math.Sqrt(ss / n)
	if !(sd > flatFloor) {
		return flat
	}
	inv = 1 / sd
	for i := range v {
		v[i] *= inv
	}
	return shaped
}

// bridge replaces missing points; at least one point is finite.
func bridge(v []float64) {
	last := -1
	for i := 0; i <= len(v); i++ {
		if i < len(v) && !metric.IsFinite(v[i]) {
			continue
		}
		switch {
		case i == len(v):
			for j := last + 1; j < i; j++ {
				v[j] = v[last]
			}
		case last < 0:
			for j := range i {
				v[j] = v[i]
			}
		default:
			for j := last + 1; j < i; j++ {
				f := float64(j-last) / float64(i-last)
				v[j] = v[last]*(1-f) + v[i]*f
			}
		}
		last = i
	}
}

// similarity turns a squared DTW distance over n points into 1 - D/(2n).
func similarity(d float64, n int) float64 { return 1 - d/(2*float64(n)) }

// bandWidth is the Sakoe-Chiba half-width in points.
func bandWidth(share float64, n int) int { return min(n-1, int(math.Round(share*float64(n)))) }
