package correlate

// How much a series changed between a baseline and a window: the effect of the
// Mann-Whitney test (how surely a point of the window exceeds a point of the
// baseline) times log1p of the robust shift (how far, in units of the
// baseline's spread). A bare p-value saturates and a bare z-score explodes on
// quiet series, so the spread has a floor.
//
// Sources: Mann, Whitney, Ann. Math. Stat. 18 (1947); effect = 2*AUC-1, the
// rank-biserial correlation (Cureton 1956).

import (
	"math"
	"slices"
	"sort"

	"github.com/bellwether-ts/bellwether/metric"
)

// changeOf is what changed between two samples.
type changeOf struct {
	ok     bool    // Both samples have enough points.
	effect float64 // Rank-biserial correlation in [-1,1]; positive: the window is higher.
	shift  float64 // (mean of the window - median of the baseline) / scale, signed.
	score  float64 // |effect| * log1p(|shift|).
	p      float64 // Two-sided, normal approximation, ties corrected, effective size for autocorrelation.
	median float64 // Of the baseline.
	scale  float64 // Of the baseline, floored.
}

// Least points for a change to be judged.
const (
	changeBaseline = 3
	changeWindow   = 1
)

// change compares a window with its baseline; both hold finite values only.
// The baseline is sorted on return.
func change(base, win []float64) changeOf {
	var c changeOf
	if len(base) < changeBaseline || len(win) < changeWindow {
		return c
	}
	rho := autocorrelation(base)
	slices.Sort(base)
	c.ok = true
	c.median, c.scale = flooredScale(base)
	mean := average(win)
	if base[0] == base[len(base)-1] {
		// A constant baseline has no spread; a step off it is as large as itself.
		c.scale = max(c.scale, math.Abs(mean)/20)
	}
	c.shift = (mean - c.median) / c.scale
	if math.IsNaN(c.shift) {
		c.shift = 0
	}
	c.effect, c.p = mannWhitney(base, win, rho)
	c.score = math.Abs(c.effect) * math.Log1p(math.Abs(c.shift))
	return c
}

// flooredScale returns the median of sorted values and max(IQR/1.349, sd/2,
// 5 % of |median|), never 0.
func flooredScale(sorted []float64) (median, scale float64) {
	median = quantile(sorted, 0.5)
	iqr := quantile(sorted, 0.75) - quantile(sorted, 0.25)
	mean, ss := average(sorted), 0.0
	for _, v := range sorted {
		ss += (v - mean) * (v - mean)
	}
	sd := math.Sqrt(ss / float64(len(sorted)))
	scale = max(iqr/1.349, sd/2, math.Abs(median)/20)
	if !(scale > 1e-9) {
		scale = 1e-9
	}
	return median, scale
}

// quantile interpolates between order statistics (Hyndman and Fan, type 7).
func quantile(sorted []float64, p float64) float64 {
	h := p * float64(len(sorted)-1)
	i := int(h)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (h-float64(i))*(sorted[i+1]-sorted[i])
}

func average(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x / float64(len(v))
	}
	return sum
}

// mannWhitney returns the rank-biserial effect and the p-value. rho, the lag-1
// autocorrelation, shrinks both sizes by (1-rho)/(1+rho). base is sorted.
func mannWhitney(base, win []float64, rho float64) (effect, p float64) {
	n, m := float64(len(base)), float64(len(win))
	u := 0.0
	for _, v := range win {
		lo := sort.SearchFloat64s(base, v)
		hi := lo + sort.Search(len(base)-lo, func(k int) bool { return base[lo+k] > v })
		u += float64(lo) + float64(hi-lo)/2
	}
	effect = 2*u/(n*m) - 1
	all := append(append(make([]float64, 0, len(base)+len(win)), base...), win...)
	slices.Sort(all)
	ties, total := 0.0, n+m
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j] == all[i] {
			j++
		}
		t := float64(j - i)
		ties += t*t*t - t
		i = j
	}
	variance := n * m / 12 * (total + 1 - ties/(total*(total-1)))
	if !(variance > 0) {
		return effect, 1
	}
	keep := (1 - rho) / (1 + rho)
	z := math.Abs(u-n*m/2) / math.Sqrt(variance) * math.Sqrt(keep)
	return effect, max(nullFloor, math.Erfc(z/math.Sqrt2))
}

// autocorrelation is the lag-1 coefficient, clamped to [0, 0.95].
func autocorrelation(v []float64) float64 {
	mean, num, den := average(v), 0.0, 0.0
	for i, x := range v {
		den += (x - mean) * (x - mean)
		if i > 0 {
			num += (x - mean) * (v[i-1] - mean)
		}
	}
	if !(den > 0) {
		return 0
	}
	return max(0, min(0.95, num/den))
}

// finite returns the finite values of v, held within +-1e100 so that no sum of
// squares overflows.
func finite(v []float64) []float64 {
	out := make([]float64, 0, len(v))
	for _, x := range v {
		if metric.IsFinite(x) {
			out = append(out, max(-1e100, min(1e100, x)))
		}
	}
	return out
}
