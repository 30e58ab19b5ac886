package correlate

// When a window moved: the single step that explains it best, and how well its
// place is known.

import "math"

// onsetFit is the best step of a window.
type onsetFit struct {
	found bool
	at    int     // First point after the step.
	err   float64 // Half the width of the places that fit almost as well, in points.
}

const (
	onsetShare = 0.25 // Least share of the variance a step must explain.
	onsetSlack = 4    // Loss of fit, in residual variances, that still counts as "almost as well".
)

// onset fits x_i = a before the step and b from it on, by least squares over
// every place with two points on either side. x is z-normalised.
func onset(x []float64) onsetFit {
	n := len(x)
	if n < 5 {
		return onsetFit{}
	}
	total := 0.0
	for _, v := range x {
		total += v
	}
	gain := make([]float64, n)
	head, best := 0.0, 0
	for t := 1; t < n; t++ {
		head += x[t-1]
		a, b := head/float64(t), (total-head)/float64(n-t)
		if t >= 2 && t <= n-2 {
			gain[t] = (b - a) * (b - a) * float64(t) * float64(n-t) / float64(n)
			if gain[t] > gain[best] {
				best = t
			}
		}
	}
	if gain[best] < onsetShare*float64(n) {
		return onsetFit{}
	}
	noise := math.Max(float64(n)-gain[best], 0) / float64(n-2)
	lo, hi := best, best
	for lo > 2 && gain[lo-1] >= gain[best]-onsetSlack*noise {
		lo--
	}
	for hi < n-2 && gain[hi+1] >= gain[best]-onsetSlack*noise {
		hi++
	}
	return onsetFit{found: true, at: best, err: float64(hi-lo) / 2}
}
