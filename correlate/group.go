package correlate

// Groups: matches that are also like each other, so that 200 copies of one
// movement are one thing to read. Complete linkage: two groups merge only while
// every pair across them is more alike than chance makes the query's
// likenesses (one in groupChance), so a group never chains through a middleman.

import (
	"fmt"
	"math"

	"github.com/prometheus/prometheus/model/labels"
)

const (
	groupChance = 0.001
	groupMost   = 100     // Matches that are grouped; the rest stand alone.
	groupCells  = 1 << 28 // DTW cells spent on pairs.
)

// group fills res.Groups and each match's Group.
func (s *scan) group(res *Result, hits []hit, null *nullModel) {
	bar := min(0.995, max(0.5, null.at(groupChance)))
	most := min(len(hits), groupMost)
	for most > 1 && int64(most)*int64(most)/2*int64(s.t.n)*int64(2*s.t.r+1) > groupCells {
		most--
	}
	if most < len(hits) {
		res.Warnings = append(res.Warnings, fmt.Sprintf("only the best %d of %d matches are grouped; ask for fewer", most, len(hits)))
	}
	of := completeLink(s.pairs(hits[:most], bar), bar)
	id := map[int]int{}
	for i := range hits {
		root := i
		if i < most {
			root = of[i]
		}
		g, ok := id[root]
		if !ok {
			g = len(res.Groups) + 1
			id[root] = g
			res.Groups = append(res.Groups, Group{ID: g})
		}
		res.Matches[i].Group = g
		res.Groups[g-1].Series = append(res.Groups[g-1].Series, res.Matches[i].Series)
	}
	for g := range res.Groups {
		res.Groups[g].Reason = s.reason(res, hits, g+1, bar)
	}
}

// pairs returns the similarity of every pair of hits, each turned to the
// target's direction; below the bar only "below" is known.
func (s *scan) pairs(hits []hit, bar float64) [][]float64 {
	n := s.t.n
	z := make([][]int32, len(hits))
	for i, h := range hits {
		s.load(h.i)
		z[i] = make([]int32, n)
		quantise(z[i], s.x)
		if h.sign < 0 {
			for j := range z[i] {
				z[i][j] = -z[i][j]
			}
		}
	}
	cut := int64((1 - bar) * 2 * float64(n) * intScale * intScale)
	sim := make([][]float64, len(hits))
	for i := range hits {
		sim[i] = make([]float64, len(hits))
		for j := range i {
			d, cells := dtwInt(z[i], z[j], s.t.r, cut, nil, s.rowi)
			s.res.Stats.Work += cells
			v := math.Inf(-1)
			if d <= cut {
				v = similarity(float64(d)/(intScale*intScale), n)
			}
			sim[i][j], sim[j][i] = v, v
		}
	}
	return sim
}

// completeLink merges the two closest groups until none is within the bar. It
// returns, per item, the smallest item of its group; ties go to smaller items.
func completeLink(sim [][]float64, bar float64) []int {
	of := make([]int, len(sim))
	alive := make([]bool, len(sim))
	for i := range of {
		of[i], alive[i] = i, true
	}
	for {
		a, b, best := -1, -1, math.Inf(-1)
		for i := range sim {
			for j := i + 1; alive[i] && j < len(sim); j++ {
				if alive[j] && sim[i][j] >= bar && sim[i][j] > best {
					a, b, best = i, j, sim[i][j]
				}
			}
		}
		if a < 0 {
			return of
		}
		alive[b] = false
		for i := range of {
			if of[i] == b {
				of[i] = a
			}
			if i != a {
				sim[a][i] = min(sim[a][i], sim[b][i])
				sim[i][a] = sim[a][i]
			}
		}
	}
}

// reason says why the members of group g belong together.
func (s *scan) reason(res *Result, hits []hit, g int, bar float64) string {
	var members []int
	for i, m := range res.Matches {
		if m.Group == g {
			members = append(members, hits[i].i)
		}
	}
	if len(members) == 1 {
		return "moves like the target, but like no other match"
	}
	text := fmt.Sprintf("one movement: every pair is at least %.3f alike, which chance gives one in %d", bar, int(math.Round(1/groupChance)))
	shared := ""
	s.t.src.labels(members[0]).Range(func(l labels.Label) {
		for _, i := range members[1:] {
			if s.t.src.labels(i).Get(l.Name) != l.Value {
				return
			}
		}
		if shared != "" {
			shared += ","
		}
		shared += l.Name + "=" + fmt.Sprintf("%q", l.Value)
	})
	if shared == "" {
		return text + "; no label in common"
	}
	return text + "; all have {" + shared + "}"
}
