package measure

import "slices"

// SegmentMargin is how far a change may be from a mark and be the same, in
// samples.
const SegmentMargin = 5

// SegmentF1 is the F1 of found changes against the marks of several people, as
// van den Burg and Williams define it ("An evaluation of change point detection
// algorithms", arXiv 2003.06222). A mark is hit if a change not
// used by an earlier mark lies within SegmentMargin; sample 0 counts as a mark
// of everybody and as a change. Precision is the share of changes that hit a
// mark of anybody, recall the mean over people of the share of their marks that
// were hit.
func SegmentF1(marks [][]int, found []int) float64 {
	x := withStart(found)
	precision := float64(hits(withStart(slices.Concat(marks...)), x)) / float64(len(x))
	recall := 0.0
	for _, m := range marks {
		m = withStart(m)
		recall += float64(hits(m, x)) / float64(len(m)) / float64(len(marks))
	}
	if precision+recall == 0 {
		return 0
	}
	return 2 * precision * recall / (precision + recall)
}

// withStart returns cuts in order, once each, with 0 among them.
func withStart(cuts []int) []int {
	out := append([]int{0}, cuts...)
	slices.Sort(out)
	return slices.Compact(out)
}

// hits counts the marks hit; a mark takes the nearest change nobody took.
func hits(marks, changes []int) int {
	used := make([]bool, len(changes))
	n := 0
	for _, m := range marks {
		best, distance := -1, SegmentMargin+1
		for i, c := range changes {
			if d := max(m-c, c-m); !used[i] && d < distance {
				best, distance = i, d
			}
		}
		if best >= 0 {
			used[best] = true
			n++
		}
	}
	return n
}

// Covering is how well the stretches between changes cover those between the
// marks of several people (the same paper, after Arbelaez et al. 2011):
// the mean over people of the mean over samples of the largest Jaccard index
// the stretch a sample lies in has with a stretch that was found.
func Covering(marks [][]int, found []int, n int) float64 {
	b := append(withStart(found), n)
	mean := 0.0
	for _, m := range marks {
		a := append(withStart(m), n)
		for i := range a[:len(a)-1] {
			best := 0.0
			for j := range b[:len(b)-1] {
				common := min(a[i+1], b[j+1]) - max(a[i], b[j])
				if common > 0 {
					best = max(best, float64(common)/float64(max(a[i+1], b[j+1])-min(a[i], b[j])))
				}
			}
			mean += float64(a[i+1]-a[i]) * best / float64(n) / float64(len(marks))
		}
	}
	return mean
}
