package main

import (
	"math"
	"math/rand/v2"

	"github.com/prometheus/prometheus/model/histogram"
)

// A labelled world of latencies. Every series is a mixture of a lognormal body
// and a slow mode, drawn request by request, so that native and classic
// histograms, means and quantiles are of the same requests:
//
//	latency = 2^(level + wave + wander + spread z)      body
//	          body 2^(3 to 4) or so, for a share of them     slow mode
//
// level, spread, slow share, the traffic's and the latency's daily wave and the
// wander from tick to tick (heavy-tailed in every third series) are drawn per
// series. What changes, and when, is the label.

// latencyChange is one way for a distribution to change.
type latencyChange struct {
	name  string
	apply func(w *latencyWorld)
}

var latencyChanges = []latencyChange{
	{"p50 +10 %", func(w *latencyWorld) { w.level += math.Log2(1.1) }},
	{"p50 +20 %", func(w *latencyWorld) { w.level += math.Log2(1.2) }},
	{"p50 +50 %", func(w *latencyWorld) { w.level += math.Log2(1.5) }},
	{"1 % ten times slower", func(w *latencyWorld) { w.missShare, w.missBy = .01, math.Log2(10) }},
	{"2 % ten times slower", func(w *latencyWorld) { w.missShare, w.missBy = .02, math.Log2(10) }},
	{"second mode, same mean", twoModes},
	{"spread x1.5, same median", func(w *latencyWorld) { w.spread *= 1.5 }},
}

// twoModes sends a fifth of the requests to three times their latency and makes
// the others faster, so that the mean stays: .2*3f + .8*f = 1.
func twoModes(w *latencyWorld) {
	w.missShare, w.missBy = .2, math.Log2(3)
	w.level -= math.Log2(.2*3 + .8)
}

// latencyHealth is one way for a series to be healthy.
type latencyHealth struct {
	name string
	tune func(w *latencyWorld)
}

var latencyHealths = []latencyHealth{
	{"plain", func(*latencyWorld) {}},
	{"traffic steps", func(w *latencyWorld) { w.trafficSteps = true }},
	{"resets", func(w *latencyWorld) { w.resets = true }},
	{"schema changes", func(w *latencyWorld) { w.schemas = true }},
	{"daily latency", func(w *latencyWorld) { w.wave = .5 }},
	{"nightly job", func(w *latencyWorld) { w.nightly = true }},
	{"sparse", func(w *latencyWorld) { w.rate = .3 }},
}

// latencyWorld is the state of one series.
type latencyWorld struct {
	r          *rand.Rand
	rate       float64 // Requests a tick in the mean.
	level      float64 // log2 of the body's median, seconds.
	spread     float64 // In octaves.
	slowShare  float64
	slowBy     float64 // Octaves.
	missShare  float64
	missBy     float64
	wave       float64 // The latency's daily amplitude, octaves.
	wander     float64 // Of the level from tick to tick, octaves.
	heavy      bool
	drift      float64 // The wander now.
	traffic    float64
	phase      float64
	lastFactor float64

	trafficSteps, resets, schemas, nightly bool
}

func newLatencyWorld(seed uint64, rate float64) *latencyWorld {
	r := rand.New(rand.NewPCG(seed, 77))
	return &latencyWorld{
		r: r, rate: rate, traffic: 1, lastFactor: 1,
		level: math.Log2(.02 * math.Exp2(4*r.Float64())), spread: .4 + .8*r.Float64(),
		slowShare: .04 * r.Float64(), slowBy: 3 + r.Float64(),
		wave: .15 * r.Float64(), wander: .01 + .04*r.Float64(), heavy: seed%3 == 0, phase: r.Float64(),
	}
}

// worldCells is how finely requests are told apart: 32 to an octave, from
// 0.24 ms to 256 s; what lies beyond counts in the first or the last cell.
const (
	octaveLow   = -12
	octaveHigh  = 8
	worldSchema = 5
	worldCells  = (octaveHigh - octaveLow) << worldSchema
)

// tick fills n with the requests of tick i (minutes) by cell. The number of
// requests is Poisson, so the cells are independent: many requests are drawn
// cell by cell, few one by one.
func (w *latencyWorld) tick(i int, n *[worldCells]int32) {
	r := w.r
	day := math.Sin(2 * math.Pi * (float64(i)/1440 + w.phase))
	if w.trafficSteps && r.Float64() < 1./700 {
		w.lastFactor = []float64{.2, 1, 3}[r.IntN(3)]
	}
	rate := w.rate * w.lastFactor * (1 + .6*day)
	step := r.NormFloat64()
	if w.heavy {
		step /= math.Sqrt(chi3(r) / 3)
	}
	w.drift = .7*w.drift + .7*w.wander*math.Max(-6, math.Min(6, step))
	level := w.level + w.wave*day + w.drift
	slow := w.slowShare
	if m := i % 1440; w.nightly && m >= 120 && m < 126 { // A backup: a third of the requests wait.
		slow = .3
	}
	*n = [worldCells]int32{}
	modes := [3]struct{ share, by float64 }{{1 - slow - w.missShare, 0}, {slow, w.slowBy}, {w.missShare, w.missBy}}
	for _, m := range modes {
		w.mode(n, rate*m.share, level+m.by)
	}
}

// mode draws the requests of one lognormal.
func (w *latencyWorld) mode(n *[worldCells]int32, rate, level float64) {
	const per = 1 << worldSchema
	if rate < 200 {
		for range poisson(w.r, rate) {
			n[worldCell(level+w.spread*w.r.NormFloat64())]++
		}
		return
	}
	lo, hi := worldCell(level-5*w.spread), worldCell(level+5*w.spread)
	below := 0.0
	for i := lo; i <= hi; i++ {
		f := .5 * math.Erfc((level-(float64(i+1)/per+octaveLow))/w.spread/math.Sqrt2)
		if i == hi {
			f = 1
		}
		n[i] += int32(poisson(w.r, rate*(f-below)))
		below = f
	}
}

// worldCell is the cell of a latency, given as log2 of seconds.
func worldCell(x float64) int {
	return max(0, min(worldCells-1, int(math.Floor((x-octaveLow)*(1<<worldSchema)))))
}

// chi3 keeps a squared normal sum away from zero.
func chi3(r *rand.Rand) float64 {
	s := .05
	for range 3 {
		z := r.NormFloat64()
		s += z * z
	}
	return s
}

// poisson draws a count; beyond 30 by the normal approximation.
func poisson(r *rand.Rand, mean float64) int {
	if mean > 30 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*r.NormFloat64())))
	}
	limit, p, n := math.Exp(-mean), 1.0, 0
	for {
		p *= r.Float64()
		if p < limit {
			return n
		}
		n++
	}
}

// latencyForm is how requests are counted.
type latencyForm uint8

const (
	formSchema3 latencyForm = iota
	formSchema8
	formClassic
)

var latencyFormNames = []string{"native, schema 3", "native, schema 8", "classic, default bounds"}

// defaultBounds are those of Prometheus's client libraries.
var defaultBounds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// classicOf is the classic bucket of a cell, by its middle.
var classicOf = func() (of [worldCells]int) {
	for i := range of {
		x := math.Exp2((float64(i)+.5)/(1<<worldSchema) + octaveLow)
		for of[i] < len(defaultBounds) && x > defaultBounds[of[i]] {
			of[i]++
		}
	}
	return of
}()

// counter is a cumulative histogram in one of the forms.
type counter struct {
	form   latencyForm
	schema int
	h      histogram.FloatHistogram
}

func newCounter(f latencyForm) *counter {
	c := &counter{form: f, schema: 3}
	if f == formClassic {
		c.h = histogram.FloatHistogram{Schema: -53, CustomValues: defaultBounds,
			PositiveSpans: []histogram.Span{{Length: uint32(len(defaultBounds)) + 1}}, PositiveBuckets: make([]float64, len(defaultBounds)+1)}
		return c
	}
	if f == formSchema8 {
		c.schema = 8
	}
	c.reset()
	return c
}

// first is the index of the first native bucket.
func (c *counter) first() int { return octaveLow<<c.schema + 1 }

// reset begins from zero, as a restarted process does.
func (c *counter) reset() {
	if c.form == formClassic {
		clear(c.h.PositiveBuckets)
		c.h.Count = 0
		return
	}
	n := (octaveHigh - octaveLow) << c.schema
	c.h = histogram.FloatHistogram{Schema: int32(c.schema), PositiveSpans: []histogram.Span{{Offset: int32(c.first()), Length: uint32(n)}}, PositiveBuckets: make([]float64, n)}
}

// add counts the requests of a tick. In a schema finer than the cells a cell is
// counted in one of its buckets: where, merging down forgets.
func (c *counter) add(n *[worldCells]int32) {
	b := c.h.PositiveBuckets
	for i, k := range n {
		if k == 0 {
			continue
		}
		switch {
		case c.form == formClassic:
			b[classicOf[i]] += float64(k)
		case c.schema > worldSchema:
			b[i<<(c.schema-worldSchema)+1] += float64(k)
		default:
			b[i>>(worldSchema-c.schema)] += float64(k)
		}
		c.h.Count += float64(k)
	}
}
