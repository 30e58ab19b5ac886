package change

import (
	"math"
	"slices"
)

// DefaultMinSampleSize is the shortest stretch considered on either side of a
// change where Detector.MinSampleSize is zero.
const DefaultMinSampleSize = 30

// ChangePoint is a change of the mean.
type ChangePoint struct {
	Index      int     // Offset in the window of the first sample after the change.
	Difference float64 // Mean after minus mean before, in the unit of the series.
	Confidence float64 // 1 - P.
	Before     Stats   // The samples before the change.
	After      Stats   // The samples from the change on.

	P        float64 // Probability that noise has a change as clear as this anywhere in the window; of Segment, see there.
	Effect   float64 // |Difference| in pooled standard deviations; the largest float if neither side varies.
	Position uint64  // Of a Stream: how many samples it had used before the change. Otherwise Index.
	Skipped  int     // Samples of the window that were NaN or infinite.
}

// Detector looks for one change of the mean in a window. The zero value is
// ready to use and reports any difference.
type Detector struct {
	MinSampleSize int     // Shortest stretch on either side; 0 is DefaultMinSampleSize; from 2 to 2^23.
	MinConfidence float64 // A change is reported above this confidence, in [0, 1).
	MinEffect     float64 // Smallest |Difference| reported, in pooled standard deviations; 0 is no gate.

	// Compatible reports what go-change does: only rises, with the confidence
	// of a one-sided test that does not know it looks at the best of many
	// splits. On noise it reports a third of all windows at 0.95.
	Compatible bool
}

// Check returns the likeliest change in window, or nil if there is none above
// MinConfidence and MinEffect. It costs O(n), and allocates only a change it
// reports and, where some samples are not finite, a copy without them.
func (d *Detector) Check(window []float64) *ChangePoint {
	w := window
	if slices.ContainsFunc(w, func(x float64) bool { return !finite(x) }) {
		w = slices.DeleteFunc(slices.Clone(window), func(x float64) bool { return !finite(x) })
	}
	cp, ok := d.check(w)
	if !ok {
		return nil
	}
	cp.Skipped = len(window) - len(w)
	cp.Index = nthFinite(window, cp.Index)
	cp.Position = uint64(cp.Index)
	return &cp
}

// nthFinite returns the index in window of its finite sample n, from 0.
func nthFinite(window []float64, n int) int {
	for i, x := range window {
		if finite(x) {
			if n == 0 {
				return i
			}
			n--
		}
	}
	return len(window)
}

// minSample returns the shortest stretch in force.
func (d *Detector) minSample() int {
	if d.MinSampleSize == 0 {
		return DefaultMinSampleSize
	}
	return min(max(2, d.MinSampleSize), maxWindow/2)
}

// check is Check for finite samples.
func (d *Detector) check(w []float64) (cp ChangePoint, ok bool) {
	m := d.minSample()
	if len(w)/2 < m {
		return cp, false
	}
	f, ok := frameOf(w)
	if !ok {
		return cp, false
	}
	best := bestSplit(w, m, f)
	if best.at == 0 || d.hopeless(best, len(w)) {
		return cp, false
	}
	before, after := f.statsOf(w[:best.at]), f.statsOf(w[best.at:])
	p := d.noise(before, after, best, m)
	if !(1-p > d.MinConfidence) {
		return cp, false
	}
	cp = changeAt(best.at, before, after, f)
	cp.P, cp.Confidence = p, 1-p
	return cp, cp.Effect >= d.MinEffect
}

// hopeless says at little cost that the split would not pass MinConfidence even
// if it were the only one and the variance known. Of most windows that is so.
func (d *Detector) hopeless(best split, n int) bool {
	if d.Compatible || !(d.MinConfidence > 0 && d.MinConfidence < 1) {
		return false
	}
	z := math.Sqrt2 * math.Erfinv(d.MinConfidence)
	return best.scatter*float64(n-2) < 0.99*z*z*best.inside
}

// noise returns the probability of a difference like this in noise.
func (d *Detector) noise(before, after Stats, best split, m int) float64 {
	if d.Compatible {
		t, df := welch(before, after)
		p := studentTwoSided(t, df) / 2
		if t < 0 {
			return 1 - p
		}
		return p
	}
	return calibrate(single(before, after, best), before.n+after.n, m)
}

// single returns the p-value of the split as if it were the only one.
//
// The difference is tested twice: by Welch's t, which keeps a change of the
// variance from looking like one of the mean, and by Student's, which keeps a
// short side that happens to vary little from looking like a sure one. The
// weaker of the two counts.
func single(before, after Stats, best split) float64 {
	n := before.n + after.n
	t, df := welch(before, after)
	return max(studentTwoSided(pooled(best, n), float64(n-2)), studentTwoSided(t, df))
}

// changeAt returns the change between two neighbouring stretches whose
// statistics are in the frame f.
func changeAt(l int, before, after Stats, f frame) ChangePoint {
	diff := after.mean - before.mean
	freedom := float64(max(1, before.n+after.n-2))
	inside := before.variance*float64(max(0, before.n-1)) + after.variance*float64(max(0, after.n-1))
	effect := math.MaxFloat64
	if diff == 0 {
		effect = 0
	} else if inside > 0 {
		effect = saturate(math.Abs(diff) / math.Sqrt(inside/freedom))
	}
	return ChangePoint{
		Index: l, Position: uint64(l), Difference: saturate(diff / f.scale), Effect: effect,
		Before: f.out(before), After: f.out(after),
	}
}
