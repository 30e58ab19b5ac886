package sim

// Randomness without a generator to share: every draw is a hash of (seed,
// stream, step), so any process draws the same, whatever else it draws. The
// normal distribution comes from a table of its quantiles, so that no draw
// needs a logarithm.

import "math"

// noise draws from the company's seed.
type noise struct{ seed uint64 }

// bits returns 64 well-mixed bits: the finaliser of SplitMix64 (Steele, Lea and
// Flood, OOPSLA 2014) over a combination of the three.
func (n noise) bits(stream, step uint64) uint64 {
	x := n.seed + stream*0x9e3779b97f4a7c15 + step*0xd1342543de82ef95
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// uniform returns a number in [0,1).
func (n noise) uniform(stream, step uint64) float64 {
	return float64(n.bits(stream, step)>>11) / (1 << 53)
}

const normalKnots = 4096

var normalTable = func() (q [normalKnots + 1]float64) {
	for i := range q {
		p := min(1-.25/normalKnots, max(.25/normalKnots, float64(i)/normalKnots))
		q[i] = math.Sqrt2 * math.Erfinv(2*p-1)
	}
	return q
}()

// normal returns a standard normal number, within about +-3.8.
func (n noise) normal(stream, step uint64) float64 {
	b := n.bits(stream, step)
	i := b >> 52
	f := float64(b&(1<<52-1)) / (1 << 52)
	return normalTable[i] + f*(normalTable[i+1]-normalTable[i])
}

// poisson returns a count with the given mean: by inversion below 12, by the
// normal approximation above.
func (n noise) poisson(stream, step uint64, mean float64) float64 {
	if !(mean > 0) {
		return 0
	}
	if mean >= 12 {
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*n.normal(stream, step)))
	}
	u, p, k := n.uniform(stream, step), math.Exp(-mean), 0.0
	for u >= p && k < 60 {
		u -= p
		k++
		p *= mean / k
	}
	return k
}

// binomial returns how many of total succeed with probability p: as a Poisson
// count where successes (or failures) are rare, by the normal approximation
// elsewhere.
func (n noise) binomial(stream, step uint64, total, p float64) float64 {
	switch {
	case total <= 0 || p <= 0:
		return 0
	case p >= 1:
		return total
	case total*p < 12:
		return math.Min(total, n.poisson(stream, step, total*p))
	case total*(1-p) < 12:
		return math.Max(0, total-n.poisson(stream, step, total*(1-p)))
	}
	x := math.Round(total*p + math.Sqrt(total*p*(1-p))*n.normal(stream, step))
	return math.Min(total, math.Max(0, x))
}

// wave is smooth noise in [-1,1] over real time: knots every period
// milliseconds, joined by a smoothstep. It can be asked for any instant, so an
// effect that arrives later has the same shape.
func (n noise) wave(stream uint64, t, period int64) float64 {
	k := t / period
	if t%period < 0 {
		k--
	}
	f := float64(t-k*period) / float64(period)
	a, b := 2*n.uniform(stream, uint64(k))-1, 2*n.uniform(stream, uint64(k+1))-1
	return a + (b-a)*f*f*(3-2*f)
}
