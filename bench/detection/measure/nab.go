package measure

import (
	"cmp"
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
)

// NABScores are the three profiles of the Numenta Anomaly Benchmark, each with
// the one threshold that suits it best over the whole corpus.
type NABScores struct {
	Standard, LowFP, LowFN float64
	Hit, FP                int     // Windows hit and points outside, at the standard threshold.
	Threshold              float64 // Of the standard profile.
}

// NABProfile is one of the benchmark's application profiles.
type NABProfile int

// The profiles of the benchmark (config/profiles.json of numenta/NAB).
const (
	NABStandard NABProfile = iota
	NABLowFP               // Rewards a low rate of false positives: they cost double.
	NABLowFN               // Rewards a low rate of misses: they cost double.
)

// NABProfiles lists the profiles in the benchmark's order.
var NABProfiles = [3]NABProfile{NABStandard, NABLowFP, NABLowFN}

// nabWeights holds the weights of a profile: true positive, missed window,
// false positive.
type nabWeights struct{ tp, fn, fp float64 }

func (p NABProfile) weights() nabWeights {
	return [3]nabWeights{{1, 1, .11}, {1, 1, .22}, {1, 2, .11}}[p]
}

// scale turns a raw score into the published scale: silence is 0, a hit at
// every left edge is 100.
func (w nabWeights) scale(raw float64, windows int) float64 {
	n := float64(windows)
	return 100 * (raw + w.fn*n) / (n * (w.tp + w.fn))
}

// sigma is NAB's scoring function of the position y relative to a window: -1
// at its left edge, 0 at its right edge, and up to 3 window widths past it
// (Lavin and Ahmad 2015, section II.B).
func sigma(y float64) float64 {
	if y > 3 {
		return -1
	}
	return 2/(1+math.Exp(5*y)) - 1
}

// nabPoint is one scored row: what it is worth if it is detected.
type nabPoint struct {
	score  float64
	window int     // Index of the window it lies in, or -1.
	value  float64 // Inside: the reward in (0,1]. Outside: the charge in [-1,0].
}

// nabPoints lays out the scored rows of all series. scores[i] belongs to
// set[i], row by row.
func nabPoints(set []corpus.Series, scores [][]float64) (points []nabPoint, windows int) {
	for i := range set {
		s := &set[i]
		edges := make([][2]int, len(s.Windows))
		for k, w := range s.Windows {
			edges[k] = [2]int{slices.Index(s.T, w[0]), slices.Index(s.T, w[1])}
		}
		k := 0
		for j := range s.T {
			for k < len(edges) && j > edges[k][1] {
				k++
			}
			if j < s.From {
				continue
			}
			p := nabPoint{score: scores[i][j], window: -1, value: -1}
			switch {
			case k < len(edges) && j >= edges[k][0]:
				width := edges[k][1] - edges[k][0] + 1
				p.window = windows + k
				p.value = sigma(-float64(edges[k][1]-j+1)/float64(width)) / sigma(-1)
			case k > 0:
				past := float64(j - edges[k-1][1])
				p.value = sigma(past / float64(edges[k-1][1]-edges[k-1][0]))
			}
			points = append(points, p)
		}
		windows += len(edges)
	}
	return points, windows
}

// NAB scores a corpus as the benchmark does: only the best row of a window
// counts, every row outside is charged, and each profile takes the threshold
// that suits it best. A threshold above every score is a candidate, so no
// score is below 0: that of silence.
func NAB(set []corpus.Series, scores [][]float64) NABScores {
	points, windows := nabPoints(set, scores)
	slices.SortFunc(points, func(a, b nabPoint) int { return cmp.Compare(b.score, a.score) })
	var best, at [3]float64
	for i, p := range NABProfiles {
		raw, threshold := sweep(points, windows, p.weights())
		best[i], at[i] = p.weights().scale(raw, windows), threshold
	}
	r := nabAt(points, windows, NABStandard, at[0])
	return NABScores{Standard: best[0], LowFP: best[1], LowFN: best[2], Hit: r.Hit, FP: r.FP, Threshold: at[0]}
}

// sweep lowers the threshold through the sorted points and returns the best
// raw score and the threshold that gives it.
func sweep(points []nabPoint, windows int, prof nabWeights) (best, at float64) {
	reward := make([]float64, windows)
	for i := range reward {
		reward[i] = -prof.fn
	}
	raw := -prof.fn * float64(windows)
	best, at = raw, math.Inf(1)
	for i, p := range points {
		if p.window < 0 {
			raw += prof.fp * p.value
		} else if v := prof.tp * p.value; v > reward[p.window] {
			raw += v - reward[p.window]
			reward[p.window] = v
		}
		last := i+1 == len(points) || points[i+1].score < p.score
		if last && raw > best {
			best, at = raw, p.score
		}
	}
	return best, at
}

// NABResult is the score of one profile at one threshold.
type NABResult struct {
	Score   float64
	Hit, FP int // Windows hit, rows outside every window.
}

// NABAt scores a corpus at a fixed threshold: a row at or above it is a
// detection. It is for thresholds published, or taken from other files; such
// a score may be below 0.
func NABAt(set []corpus.Series, scores [][]float64, p NABProfile, threshold float64) NABResult {
	points, windows := nabPoints(set, scores)
	return nabAt(points, windows, p, threshold)
}

func nabAt(points []nabPoint, windows int, p NABProfile, threshold float64) NABResult {
	w := p.weights()
	raw, hit, fp := nabRaw(points, windows, w, threshold)
	return NABResult{Score: w.scale(raw, windows), Hit: hit, FP: fp}
}

// nabRaw returns the unscaled score at a threshold, the windows hit and the
// rows outside.
func nabRaw(points []nabPoint, windows int, w nabWeights, threshold float64) (raw float64, hits, fp int) {
	reward, hit := make([]float64, windows), make([]bool, windows)
	for _, p := range points {
		switch {
		case p.score < threshold:
		case p.window < 0:
			raw += w.fp * p.value
			fp++
		default:
			reward[p.window] = max(reward[p.window], w.tp*p.value)
			hit[p.window] = true
		}
	}
	for i, r := range reward {
		if hit[i] {
			raw += r
			hits++
		} else {
			raw -= w.fn
		}
	}
	return raw, hits, fp
}
