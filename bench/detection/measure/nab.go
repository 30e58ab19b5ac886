package measure

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
)

// NABScores are the three profiles of the Numenta Anomaly Benchmark, each with
// the one threshold that suits it best over the whole corpus.
type NABScores struct {
	Standard, LowFP, LowFN float64
	Hit, FP                int     // Windows hit and points outside, at the standard threshold.
	Threshold              float64 // Of the standard profile.
}

// nabProfile holds the weights of one application profile (config/profiles.json
// of numenta/NAB): true positive, missed window, false positive.
type nabProfile struct{ tp, fn, fp float64 }

var nabProfiles = [3]nabProfile{{1, 1, .11}, {1, 1, .22}, {1, 2, .11}}

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
			edges[k][0] = sort.Search(len(s.T), func(j int) bool { return s.T[j] >= w[0] })
			edges[k][1] = sort.Search(len(s.T), func(j int) bool { return s.T[j] > w[1] }) - 1
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
// counts, every row outside is charged, and the score is scaled so that
// silence is 0 and a hit at every left edge is 100.
func NAB(set []corpus.Series, scores [][]float64) NABScores {
	points, windows := nabPoints(set, scores)
	slices.SortFunc(points, func(a, b nabPoint) int { return cmp.Compare(b.score, a.score) })
	var out NABScores
	for i, prof := range nabProfiles {
		best, at := sweep(points, windows, prof)
		n := float64(windows)
		scaled := 100 * (best + prof.fn*n) / (n * (prof.tp + prof.fn))
		switch i {
		case 0:
			out.Standard, out.Threshold = scaled, at
		case 1:
			out.LowFP = scaled
		case 2:
			out.LowFN = scaled
		}
	}
	hit := make(map[int]bool)
	for _, p := range points {
		if p.score < out.Threshold {
			break
		}
		if p.window >= 0 {
			hit[p.window] = true
		} else {
			out.FP++
		}
	}
	out.Hit = len(hit)
	return out
}

// sweep lowers the threshold through the sorted points and returns the best
// raw score and the threshold that gives it.
func sweep(points []nabPoint, windows int, prof nabProfile) (best, at float64) {
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

// NABAt returns the standard score of a fixed threshold: for thresholds taken
// from other files.
func NABAt(set []corpus.Series, scores [][]float64, threshold float64) float64 {
	points, windows := nabPoints(set, scores)
	prof := nabProfiles[0]
	reward := make([]float64, windows)
	for i := range reward {
		reward[i] = -prof.fn
	}
	raw := 0.0
	for _, p := range points {
		switch {
		case p.score < threshold:
		case p.window < 0:
			raw += prof.fp * p.value
		default:
			reward[p.window] = max(reward[p.window], prof.tp*p.value)
		}
	}
	for _, r := range reward {
		raw += r
	}
	n := float64(windows)
	return 100 * (raw + prof.fn*n) / (n * (prof.tp + prof.fn))
}
