package sim

// What an incident does to whom, at any instant: the only place where the
// scenario's faults become numbers.

import "math"

// strength is how far a fault is on, in [0,1], at t milliseconds after the
// beginning of the history: it ramps up from at, and down again after for.
func strength(t, at, lasts, ramp int64) float64 {
	if t <= at {
		return 0
	}
	up := 1.0
	if ramp > 0 {
		up = math.Min(1, float64(t-at)/float64(ramp))
	}
	if lasts == 0 || t < at+lasts {
		return up
	}
	if ramp == 0 {
		return 0
	}
	return up * math.Max(0, 1-float64(t-at-lasts)/float64(ramp))
}

// poolState is a pool fault in this company.
type poolState struct {
	PoolFault
	hops     []int // Per service; see hopsFrom.
	database int
	stream   uint64
}

// intensity is how hard the pool fault bites: its strength, with waves that
// everybody downstream sees too, later.
func (p *poolState) intensity(n noise, t int64) float64 {
	s := strength(t, p.At, p.For, p.Ramp)
	if s == 0 {
		return 0
	}
	return s * (1 + .35*n.wave(p.stream, t, 2*minute))
}

// effect is what the incidents do to a pod: a share of requests that fail in
// addition, and a factor on latency.
type effect struct {
	errors  float64
	latency float64
}

// spread returns what all pool faults do to a service at t (since the start).
func (c *Company) spread(service int, t int64) effect {
	e := effect{0, 1}
	for i := range c.pools {
		p := &c.pools[i]
		h := p.hops[service]
		if h == 0 {
			continue
		}
		x := p.intensity(c.noise, t-int64(h)*p.Lag) * math.Pow(p.Fade, float64(h-1))
		e.errors += p.Errors * x
		e.latency *= 1 + (p.Latency-1)*x
	}
	return e
}

// canary returns what is wrong with the canary pods of a service at t.
func (c *Company) canary(name string, t int64) effect {
	e := effect{0, 1}
	for _, f := range c.canaries {
		if f.Service == name {
			s := strength(t, f.At, f.For, f.Ramp)
			e.errors += f.Errors * s
			e.latency *= 1 + (f.Latency-1)*s
		}
	}
	return e
}

// surge returns the factor on a service's traffic at t.
func (c *Company) surge(name string, t int64) float64 {
	x := 1.0
	for _, s := range c.o.Scenario.Surges {
		if s.Service == name {
			x *= 1 + (s.Factor-1)*strength(t, s.At, s.For, 2*minute)
		}
	}
	return x
}
