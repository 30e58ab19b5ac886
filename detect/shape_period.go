package detect

import "math"

// period looks for the number of pieces after which the last shapeLook of them
// repeat: the first peak of their autocorrelation behind its first zero that is
// nearly as high as the highest, so a multiple is not taken for the period. A
// known period, if any, is kept while it is such a peak itself. strength is the
// autocorrelation there; 0 means that nothing repeats.
//
// It costs a millisecond, and is asked for when the number of samples has
// doubled.
func (p *shapePast) period(known float64) (length uint32, strength float64) {
	n := min(p.K, shapeLook)
	var ac [shapeLook/3 + 1]float64
	last := int(n / 3)
	if !p.autocorrelation(n, ac[:last+1]) {
		return 0, 0
	}
	start := 1
	for start <= last && ac[start] >= 0 {
		start++
	}
	top := 0.0
	for l := max(start, shapeShortest); l < last; l++ {
		top = max(top, ac[l])
	}
	if top < shapeStrong {
		return 0, 0
	}
	if k := int(math.Round(known)); k > 0 && k < last && max(ac[k-1], ac[k], ac[k+1]) >= shapePeak*top {
		return uint32(k), ac[k]
	}
	l := max(start, shapeShortest)
	for ac[l] < shapePeak*top {
		l++
	}
	peak := l
	for ; l < last && ac[l] >= shapePeak*top; l++ { // Noise makes a peak of many.
		if ac[l] > ac[peak] {
			peak = l
		}
	}
	return uint32(peak), ac[peak]
}

const (
	shapeLook     = 2048
	shapeShortest = 4   // Pieces in the shortest period.
	shapeStrong   = .3  // Autocorrelation from which something repeats.
	shapePeak     = .85 // Share of the highest peak that is nearly as high.
)

// autocorrelation fills ac with that of the last n pieces by lag, each lag by
// its own number of pairs. It returns false if all pieces are equal.
func (p *shapePast) autocorrelation(n uint32, ac []float64) bool {
	from, mean := p.K-n, 0.0
	for k := range n {
		mean += float64(p.value(from+k)) / float64(n)
	}
	var x [shapeLook]float32
	for k := range n {
		x[k] = float32(float64(p.value(from+k)) - mean)
	}
	for l := range ac {
		sum := float32(0)
		for k, v := range x[l:n] {
			sum += v * x[k]
		}
		ac[l] = float64(sum) / float64(int(n)-l)
	}
	all := ac[0]
	if all <= 0 {
		return false
	}
	for l := range ac {
		ac[l] /= all
	}
	return true
}
