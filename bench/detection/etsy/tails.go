package etsy

import (
	"math"
	"math/rand/v2"
	"slices"
)

// tails is what happens at the end of a case, in place.
var tails = []func(r *rand.Rand, v []float64){
	nothing, nothing, shifted, shifted, shifted, drop, plateau, stuck, ramp, louder,
}

// last returns the final values of v, a few or many.
func last(r *rand.Rand, v []float64) []float64 {
	k := []int{1, 1, 2, 3, 3, 4, 10, 30, 60, 110}[r.IntN(10)]
	return v[len(v)-min(k, len(v)):]
}

func nothing(*rand.Rand, []float64) {}

// shifted moves the last values by up to fifteen deviations.
func shifted(r *rand.Rand, v []float64) {
	_, s := moments(v)
	by := s * 30 * (r.Float64() - .5)
	for i := range last(r, v) {
		v[len(v)-1-i] += by
	}
}

func drop(r *rand.Rand, v []float64) {
	for i := range last(r, v) {
		v[len(v)-1-i] = 0
	}
}

// plateau stays at the largest value, or at the smallest.
func plateau(r *rand.Rand, v []float64) {
	edge := slices.Max(v)
	if r.IntN(3) == 0 {
		edge = slices.Min(v)
	}
	if r.IntN(3) == 0 {
		_, s := moments(v)
		edge += 10 * s
	}
	for i := range last(r, v) {
		v[len(v)-1-i] = edge
	}
}

// stuck repeats the last value, at times long enough to be boring.
func stuck(r *rand.Rand, v []float64) {
	end := last(r, v)
	for i := range end {
		end[i] = end[0]
	}
}

func ramp(r *rand.Rand, v []float64) {
	_, s := moments(v)
	by, end := s*r.NormFloat64(), last(r, v)
	for i := range end {
		end[i] += by * float64(i)
	}
}

func louder(r *rand.Rand, v []float64) {
	m, _ := moments(v)
	by, end := 1+10*r.Float64(), last(r, v)
	for i := range end {
		end[i] = m + by*(end[i]-m)
	}
}

// moments returns the mean and the standard deviation of v.
func moments(v []float64) (mean, dev float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		dev += (x - mean) * (x - mean) / float64(len(v))
	}
	return mean, math.Sqrt(dev)
}

// border moves the last one or three values until one statistic stands at its
// threshold, and then off it by a hundredth down to a thousand-millionth.
func border(r *rand.Rand, t, v []float64) {
	distance := borders[r.IntN(len(borders))]
	end := v[len(v)-[]int{1, 3}[r.IntN(2)]:]
	keep := slices.Clone(end)
	_, s := moments(v)
	if s == 0 {
		return
	}
	side := float64(1 - 2*r.IntN(2))
	move := func(by float64) {
		for i := range end {
			end[i] = keep[i] + side*by
		}
	}
	lo, hi := 0., 1e3*s
	for range 60 {
		mid := (lo + hi) / 2
		if move(mid); distance(t, v) > 0 {
			hi = mid
		} else {
			lo = mid
		}
	}
	move(lo * (1 + math.Pow(10, -2-7*r.Float64())*float64(1-2*r.IntN(2))))
}

// borders says by how much a statistic exceeds its threshold.
var borders = []func(t, v []float64) float64{
	func(_, v []float64) float64 { // stddev_from_average, close to grubbs
		m, s := moments(v)
		return math.Abs(tail(v)-m) - 3*s
	},
	func(_, v []float64) float64 { // mean_subtraction_cumulation
		m, s := moments(v[:len(v)-1])
		return math.Abs(v[len(v)-1]-m) - 3*s
	},
	func(_, v []float64) float64 { // median_absolute_deviation
		m := median(v)
		d := make([]float64, len(v))
		for i, x := range v {
			d[i] = math.Abs(x - m)
		}
		return d[len(d)-1] - 6*median(d)
	},
	func(_, v []float64) float64 { // stddev_from_moving_average
		w, sw, sw2, m, s := 1., 0., 0., 0., 0.
		for i := len(v) - 1; i >= 0; i-- {
			sw, sw2, m, w = sw+w, sw2+w*w, m+w*v[i], w*50/51
		}
		m, w = m/sw, 1
		for i := len(v) - 1; i >= 0; i-- {
			s, w = s+w*(v[i]-m)*(v[i]-m), w*50/51
		}
		return math.Abs(v[len(v)-1]-m) - 3*math.Sqrt(s/(sw-sw2/sw))
	},
	func(t, v []float64) float64 { // least_squares
		mt, _ := moments(t)
		mv, _ := moments(v)
		var xy, xx, s float64
		for i := range v {
			xy, xx = xy+(t[i]-mt)*(v[i]-mv), xx+(t[i]-mt)*(t[i]-mt)
		}
		e := make([]float64, len(v))
		for i := range v {
			e[i] = v[i] - mv - xy/xx*(t[i]-mt)
			s += e[i] * e[i] / float64(len(v))
		}
		return math.Abs(tail(e)) - 3*math.Sqrt(s)
	},
	func(_, v []float64) float64 { // histogram_bins: an edge of the last bins.
		lo, hi := slices.Min(v), slices.Max(v)
		return tail(v) - (lo + (hi-lo)*14/15)
	},
}

func tail(v []float64) float64 {
	n := len(v)
	return (v[n-1] + v[n-2] + v[n-3]) / 3
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
