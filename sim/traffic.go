package sim

// The rhythm of the company: how busy the front door is, and slow drifts.

import "math"

// load returns how busy the company is, 1 at the weekly peak: people sleep at
// night, shop less on weekends and a little more on Mondays, and never quite
// alike. Hours are UTC.
func (c *Company) load(k uint64, t int64) float64 {
	return rhythm(t) * math.Exp(c.front.at(c.noise, k)+.03*c.noise.wave(c.front.stream, t, 11*minute))
}

// weekdays is the factor on traffic by day of the week, Sunday first.
var weekdays = [7]float64{.70, 1, .95, .95, .95, .92, .74}

// rhythm is the load without any noise: in (0,1].
func rhythm(t int64) float64 {
	h := float64(t%day) / float64(hour)
	// A broad hump around 14 h and a smaller one around 20 h over a night floor.
	hump := func(at, width float64) float64 {
		d := math.Abs(h - at)
		d = math.Min(d, 24-d)
		return math.Exp(-d * d / (2 * width * width))
	}
	daily := .30 + .62*hump(14, 4.2) + .30*hump(20, 2)
	today := t / day
	weekday := func(d int64) float64 { return weekdays[((d+4)%7+7)%7] } // 1 January 1970 was a Thursday.
	// Days fade into each other between 22 h and 2 h.
	f := weekday(today)
	switch {
	case h > 22:
		f += (weekday(today+1) - f) * (h - 22) / 4
	case h < 2:
		f += (weekday(today-1) - f) * (2 - h) / 4
	}
	return daily * f
}

// drift is slow noise: a first-order autoregression.
type drift struct {
	stream uint64
	sigma  float64 // Of the stationary distribution.
	keep   float64 // What is left from step to step, in [0,1).
	x      float64
}

func (c *Company) newDrift(sigma, keep float64) drift {
	s := c.newStream()
	return drift{s, sigma, keep, sigma * c.noise.normal(s, math.MaxUint64)}
}

// at steps on and returns the drift; it must be asked once per step.
func (d *drift) at(n noise, k uint64) float64 {
	d.x = d.keep*d.x + d.sigma*math.Sqrt(1-d.keep*d.keep)*n.normal(d.stream, k)
	return d.x
}
