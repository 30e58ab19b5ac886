// Package soak generates healthy series: nothing in them is wrong, so every
// alarm is false. It says what a detector costs the people on call when their
// systems are fine.
//
// It refuses to be representative: each family is one way in which healthy
// series trouble detectors, and each is reported on its own.
package soak

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// StepMS is the distance between samples of every family: one minute.
const StepMS = 60_000

// Start is the instant of the first sample: a Monday, 00:00 UTC.
const Start = 1_700_438_400_000

// Family is one kind of healthy series. Next returns the value of minute i; NaN
// means that there is no sample.
type Family struct {
	Name    string
	Counter bool // Cumulative, with restarts.
	New     func(r *rand.Rand) (next func(i int) float64)
	Deploy  func(i int) bool // Where set: whether a deploy is marked just before minute i.
}

// Rand returns the source of randomness of one copy of a family. Neighbouring
// seeds of a PCG are related, so the numbers are a key and not seeds.
func Rand(family, copy uint64) *rand.Rand {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], family)
	binary.LittleEndian.PutUint64(key[8:], copy)
	return rand.New(rand.NewChaCha8(key))
}

// deployed says whether levels of the family "deploy steps" move at minute i.
func deployed(i int) bool { return i%1440 == 600 && i/1440%7 < 5 }

// deploySteps moves its level at every deploy.
func deploySteps(r *rand.Rand) func(int) float64 {
	level := 100.0
	return func(i int) float64 {
		if deployed(i) {
			level = 100 + 4*r.NormFloat64()
		}
		return level + 2*r.NormFloat64()
	}
}

// day returns the phase of minute i in the day, in radians.
func day(i int) float64 { return 2 * math.Pi * float64(i%1440) / 1440 }

// shape is a daily shape in [0, 1] that weekends halve.
func shape(i int) float64 {
	x := .5 - .5*math.Cos(day(i))
	if i/1440%7 >= 5 {
		x *= .5
	}
	return x
}

// poisson draws from a Poisson distribution: by multiplication for small
// means, by the normal approximation above 50.
func poisson(r *rand.Rand, mean float64) float64 {
	if mean > 50 {
		return max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64()))
	}
	limit, p, k := math.Exp(-mean), 1.0, -1.0
	for p > limit || k < 0 {
		p *= r.Float64()
		k++
	}
	return k
}

// t3 draws from Student's t with three degrees of freedom.
func t3(r *rand.Rand) float64 {
	chi := 0.0
	for range 3 {
		z := r.NormFloat64()
		chi += z * z
	}
	return r.NormFloat64() / math.Sqrt(chi/3)
}

// Families returns every family, in the order of the report.
func Families() []Family {
	simple := func(name string, f func(r *rand.Rand, i int) float64) Family {
		return Family{Name: name, New: func(r *rand.Rand) func(int) float64 {
			return func(i int) float64 { return f(r, i) }
		}}
	}
	// job is a level that jumps while scheduled work runs; on says whether it
	// does, on that day and so many minutes after its time.
	job := func(name string, on func(day, at int) bool) Family {
		return Family{Name: name, New: func(r *rand.Rand) func(int) float64 {
			at := r.IntN(1380)
			return func(i int) float64 {
				v := 100 + 5*r.NormFloat64()
				if d := i%1440 - at; d >= 0 && on(i/1440, d) {
					v += 200 + 10*r.NormFloat64()
				}
				return v
			}
		}}
	}
	return []Family{
		simple("gaussian", func(r *rand.Rand, _ int) float64 { return 100 + 10*r.NormFloat64() }),
		simple("t3", func(r *rand.Rand, _ int) float64 { return 100 + 10*t3(r) }),
		simple("lognormal", func(r *rand.Rand, _ int) float64 { return math.Exp(r.NormFloat64()) }),
		simple("poisson 0.05", func(r *rand.Rand, _ int) float64 { return poisson(r, .05) }),
		simple("poisson 3", func(r *rand.Rand, _ int) float64 { return poisson(r, 3) }),
		simple("seasonal poisson", func(r *rand.Rand, i int) float64 { return poisson(r, 20+200*shape(i)) }),
		simple("seasonal gaussian", func(r *rand.Rand, i int) float64 { return 1000*(1+shape(i)) + 20*r.NormFloat64() }),
		simple("trend", func(r *rand.Rand, i int) float64 { return float64(i)/100 + 5*r.NormFloat64() }),
		simple("constant", func(*rand.Rand, int) float64 { return 7 }),
		{Name: "ar(1) 0.95", New: func(r *rand.Rand) func(int) float64 {
			x := 0.0
			return func(int) float64 { x = .95*x + r.NormFloat64(); return 50 + x }
		}},
		{Name: "random walk", New: func(r *rand.Rand) func(int) float64 {
			x := 1000.0
			return func(int) float64 { x += r.NormFloat64(); return x }
		}},
		{Name: "cron daily", New: func(r *rand.Rand) func(int) float64 {
			at := r.IntN(1440)
			return func(i int) float64 {
				v := 100 + 5*r.NormFloat64()
				if d := (i%1440 - at + 1440) % 1440; d < 3 {
					v += 200 + 10*r.NormFloat64()
				}
				return v
			}
		}},
		{Name: "cron hourly", New: func(r *rand.Rand) func(int) float64 {
			at := r.IntN(60)
			return func(i int) float64 {
				v := 100 + 5*r.NormFloat64()
				if d := (i%60 - at + 60) % 60; d < 3 {
					v += 200 + 10*r.NormFloat64()
				}
				return v
			}
		}},
		job("cron on working days", func(day, at int) bool { return day%7 < 5 && at < 3 }),
		job("cron weekly", func(day, at int) bool { return day%7 == 2 && at < 3 }),
		job("batch nightly", func(_, at int) bool { return at < 60 }),
		job("batch weekly", func(day, at int) bool { return day%7 == 2 && at < 60 }),
		{Name: "gaps", New: func(r *rand.Rand) func(int) float64 {
			until := 0
			return func(i int) float64 {
				v := 1000*(1+shape(i)) + 20*r.NormFloat64()
				if i >= until && r.IntN(1000) == 0 { // From minutes to half a day.
					until = i + int(math.Exp(r.Float64()*math.Log(720)))
				}
				if i < until || r.IntN(50) == 0 {
					return math.NaN()
				}
				return v
			}
		}},
		{Name: "deploy steps, not marked", New: deploySteps},
		{Name: "deploy steps, marked", New: deploySteps, Deploy: deployed},
		{Name: "counter with resets", Counter: true, New: func(r *rand.Rand) func(int) float64 {
			x := 0.0
			return func(i int) float64 {
				if r.IntN(720) == 0 {
					x = 0
				}
				x += poisson(r, 60*(2+10*shape(i)))
				return x
			}
		}},
		{Name: "two states", New: func(r *rand.Rand) func(int) float64 {
			on := false
			return func(int) float64 {
				if r.IntN(60) == 0 {
					on = !on
				}
				if on {
					return 80 + 3*r.NormFloat64()
				}
				return 20 + 3*r.NormFloat64()
			}
		}},
	}
}
