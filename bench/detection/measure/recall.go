package measure

import (
	"cmp"
	"slices"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
)

// mergeMS is the distance within which alarms are one alarm to an operator.
const mergeMS = 3600_000

// Alarms holds what a threshold sweep needs of one scored series: the highest
// rows only, in time order.
type Alarms struct {
	rows     []alarmRow
	Days     float64 // Scored series-days.
	Segments int     // Labelled segments in the scored part.
	starts   []int64 // Their first instants.
}

type alarmRow struct {
	t       int64
	score   float64
	segment int // Index of the labelled segment it lies in, or -1.
}

// Collect keeps of each series the rows that could matter: those above the
// score that the perDay highest unlabelled rows per series-day exceed.
func Collect(set []corpus.Series, scores [][]float64) []Alarms {
	var outside []float64
	days := 0.0
	for i := range set {
		s := &set[i]
		days += s.Days()
		for j := s.From; j < len(s.T); j++ {
			if !s.Label[j] && scores[i][j] > 0 {
				outside = append(outside, scores[i][j])
			}
		}
	}
	slices.Sort(outside)
	floor := 0.0
	if keep := int(days*60) + 1000; len(outside) > keep {
		floor = outside[len(outside)-keep]
	}
	out := make([]Alarms, len(set))
	for i := range set {
		s, a := &set[i], &out[i]
		a.Days = s.Days()
		for j := s.From; j < len(s.T); j++ {
			seg := -1
			if s.Label[j] {
				if j == s.From || !s.Label[j-1] {
					a.Segments++
					a.starts = append(a.starts, s.T[j])
				}
				seg = a.Segments - 1
			}
			if x := scores[i][j]; x > 0 && x >= floor {
				a.rows = append(a.rows, alarmRow{s.T[j], x, seg})
			}
		}
	}
	return out
}

// count returns the false alarms (unlabelled rows at or above the threshold,
// merged while less than an hour apart) and the labelled segments hit.
func count(set []Alarms, threshold float64) (fa, hit int) {
	for i := range set {
		lastFA, lastSeg := int64(-1<<62), -1
		for _, r := range set[i].rows {
			if r.score < threshold {
				continue
			}
			if r.segment >= 0 {
				if r.segment != lastSeg {
					hit++
					lastSeg = r.segment
				}
				continue
			}
			if r.t-lastFA > mergeMS {
				fa++
			}
			lastFA = r.t
		}
	}
	return fa, hit
}

// Point is the recall reached under one load of false alarms.
type Point struct {
	Budget    float64 // False alarms per 1000 series-days allowed.
	FA        float64 // The same, reached.
	Recall    float64 // Labelled segments hit, as a share.
	Threshold float64
}

// RecallAt returns, for each budget (false alarms per 1000 series-days), the
// best recall that one threshold for the whole corpus reaches within it.
func RecallAt(set []Alarms, budgets []float64) []Point {
	days, segments := 0.0, 0
	var all []float64
	for i := range set {
		days += set[i].Days
		segments += set[i].Segments
		for _, r := range set[i].rows {
			all = append(all, r.score)
		}
	}
	slices.SortFunc(all, func(a, b float64) int { return cmp.Compare(b, a) })
	all = slices.Compact(all)
	out := make([]Point, len(budgets))
	for b, budget := range budgets {
		lo, hi := 0, len(all) // all[:lo] are affordable.
		for lo < hi {
			mid := (lo + hi) / 2
			fa, _ := count(set, all[mid])
			if float64(fa)*1000/days <= budget {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		out[b].Budget = budget
		if lo > 0 {
			fa, hit := count(set, all[lo-1])
			out[b] = Point{budget, float64(fa) * 1000 / days, float64(hit) / float64(max(1, segments)), all[lo-1]}
		}
	}
	return out
}

// Delays returns, for the segments hit at the threshold, the time from the
// segment's start to the first row at or above it, in milliseconds, ascending.
func Delays(set []Alarms, threshold float64) []int64 {
	var out []int64
	for i := range set {
		last := -1
		for _, r := range set[i].rows {
			if r.segment >= 0 && r.segment != last && r.score >= threshold {
				last = r.segment
				out = append(out, r.t-set[i].starts[r.segment])
			}
		}
	}
	slices.Sort(out)
	return out
}
