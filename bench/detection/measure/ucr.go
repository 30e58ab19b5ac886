package measure

import "github.com/bellwether-ts/bellwether/bench/detection/corpus"

// UCR returns the share of series whose highest scored row lies within 100
// rows of the one labelled interval (Wu and Keogh 2021). Ties go to the
// earliest row.
func UCR(set []corpus.Series, scores [][]float64) float64 {
	n := 0
	for _, hit := range UCRHits(set, scores) {
		if hit {
			n++
		}
	}
	return float64(n) / float64(max(1, len(set)))
}

// UCRHits says of each series whether its highest scored row lies within 100
// rows of the labelled interval.
func UCRHits(set []corpus.Series, scores [][]float64) []bool {
	hits := make([]bool, len(set))
	for i := range set {
		s := &set[i]
		best, begin, end := s.From, -1, -1
		for j := range s.V {
			if s.Label[j] {
				end = j
				if begin < 0 {
					begin = j
				}
			}
			if j > s.From && scores[i][j] > scores[i][best] {
				best = j
			}
		}
		hits[i] = best >= begin-100 && best <= end+100
	}
	return hits
}
