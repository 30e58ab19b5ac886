package etsy

import (
	"math"
	"math/rand/v2"
)

// bodies is what a series is like before anything happens to it. Scale and
// offset are drawn too: values are compared with constants in two of the nine
// algorithms, and lose digits far from zero.
var bodies = []func(r *rand.Rand, t []float64) []float64{
	gaussian, gaussian, seasonal, counter, poisson, blips, levels, spikes, ratio, fewValues, heavy, lognormal,
	autoregressive, walk, decimals, zeros,
}

// fill returns one value for each time.
func fill(t []float64, f func(i int) float64) []float64 {
	v := make([]float64, len(t))
	for i := range v {
		v[i] = f(i)
	}
	return v
}

// scaled draws a mean and a deviation.
func scaled(r *rand.Rand) (mean, dev float64) {
	dev = math.Pow(10, float64(r.IntN(9)-4))
	mean = dev * []float64{0, 1, 5, 10, 100, 1e4, 1e6}[r.IntN(7)]
	if r.IntN(6) == 0 {
		mean = -mean
	}
	return mean, dev
}

func gaussian(r *rand.Rand, t []float64) []float64 {
	m, s := scaled(r)
	return fill(t, func(int) float64 { return m + s*r.NormFloat64() })
}

func seasonal(r *rand.Rand, t []float64) []float64 {
	m, s := scaled(r)
	wave, period := 3+20*r.Float64(), []float64{daySeconds, daySeconds / 2, 3600}[r.IntN(3)]
	return fill(t, func(i int) float64 {
		return m + s*(r.NormFloat64()+wave*math.Sin(2*math.Pi*t[i]/period))
	})
}

// counter rises at a rate with noise; some start anew.
func counter(r *rand.Rand, t []float64) []float64 {
	rate, noisy, x := math.Pow(10, float64(r.IntN(7)-2)), r.Float64(), math.Floor(r.ExpFloat64()*1e6)
	reset := -1
	if r.IntN(3) == 0 {
		reset = r.IntN(len(t))
	}
	whole := r.IntN(2) == 0
	return fill(t, func(i int) float64 {
		if i > 0 {
			x += rate * (t[i] - t[i-1]) * (1 + noisy*(r.Float64()-.5))
		}
		if i == reset {
			x = 0
		}
		if whole {
			x = math.Floor(x)
		}
		return x
	})
}

func poisson(r *rand.Rand, t []float64) []float64 {
	limit := math.Exp(-[]float64{.05, .5, 2, 5, 30}[r.IntN(5)])
	return fill(t, func(int) float64 {
		k, p := 0., r.Float64()
		for ; p > limit; k++ {
			p *= r.Float64()
		}
		return k
	})
}

// blips is one value, which binary fractions may not hold exactly, and now and
// then another.
func blips(r *rand.Rand, t []float64) []float64 {
	base := []float64{0, 1, .1, .7, 100.3, 1e9 + .1, 1. / 3}[r.IntN(7)]
	rare := []float64{.003, .02, .1}[r.IntN(3)]
	return fill(t, func(int) float64 {
		if r.Float64() < rare {
			return base + r.NormFloat64()
		}
		return base
	})
}

func levels(r *rand.Rand, t []float64) []float64 {
	m, s := scaled(r)
	at, by := r.IntN(len(t)), s*20*r.NormFloat64()
	return fill(t, func(i int) float64 {
		if i >= at {
			return m + by + s*r.NormFloat64()
		}
		return m + s*r.NormFloat64()
	})
}

func spikes(r *rand.Rand, t []float64) []float64 {
	m, s := scaled(r)
	return fill(t, func(int) float64 {
		if r.IntN(40) == 0 {
			return m + s*50*r.Float64()
		}
		return m + s*r.NormFloat64()
	})
}

func ratio(r *rand.Rand, t []float64) []float64 {
	m, s := r.Float64(), r.Float64()*.05
	return fill(t, func(int) float64 { return min(1, max(0, m+s*r.NormFloat64())) })
}

// fewValues has ties everywhere.
func fewValues(r *rand.Rand, t []float64) []float64 {
	k, grain := 2+r.IntN(14), []float64{1, .5, .1, 1024, 1. / 3}[r.IntN(5)]
	return fill(t, func(int) float64 { return grain * float64(r.IntN(k)) })
}

// heavy is Student's t with 2 degrees of freedom.
func heavy(r *rand.Rand, t []float64) []float64 {
	m, s := scaled(r)
	return fill(t, func(int) float64 {
		return m + s*r.NormFloat64()/math.Sqrt(r.ExpFloat64())
	})
}

func lognormal(r *rand.Rand, t []float64) []float64 {
	s := .2 + 2*r.Float64()
	return fill(t, func(int) float64 { return math.Exp(s * r.NormFloat64()) })
}

func autoregressive(r *rand.Rand, t []float64) []float64 {
	m, s := scaled(r)
	phi, x := .5+.49*r.Float64(), 0.
	return fill(t, func(int) float64 {
		x = phi*x + r.NormFloat64()
		return m + s*x
	})
}

func walk(r *rand.Rand, t []float64) []float64 {
	m, s := scaled(r)
	x := 0.
	return fill(t, func(int) float64 {
		x += r.NormFloat64()
		return m + s*x
	})
}

// decimals are measurements rounded to tenths or hundredths.
func decimals(r *rand.Rand, t []float64) []float64 {
	m, s, digits := 100*r.Float64(), 5*r.Float64(), []float64{10, 100}[r.IntN(2)]
	return fill(t, func(int) float64 { return math.Round((m+s*r.NormFloat64())*digits) / digits })
}

// zeros is mostly idle.
func zeros(r *rand.Rand, t []float64) []float64 {
	busy, size := .02+.3*r.Float64(), 100*r.ExpFloat64()
	return fill(t, func(int) float64 {
		if r.Float64() < busy {
			return size * r.ExpFloat64()
		}
		return 0
	})
}
