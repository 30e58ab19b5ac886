package detect

import "math"

// shapePast is the recent history of a series in pieces, and the left matrix
// profile over it: how far the form of the newest window is from the nearest
// earlier one (Yeh et al. 2016, "Matrix profile I"), with a bounded memory.
//
// A piece is the mean of a fixed number of samples, in whole units. For a
// window of m pieces and each lag l the sum of squared differences
//
//	E[l] = sum over k < m of (x[i-k] - x[i-k-l])^2
//
// moves with the window by one term in and one out, so a piece costs one pass
// over the lags. With S the sum of the differences (two prefix sums),
//
//	m E[l] - S^2 = m^2 x the variance of the differences:
//
// the squared distance of the two forms, each centred. Forms are centred but
// not divided by their deviation, as is usual: a beat half as high is another
// form, and noise on a flat stretch is not blown up to be one (study.md has the
// figures). Everything is whole numbers, so sums do not drift, no value can
// poison them, and they can be computed anew from the pieces: a checkpoint
// holds the pieces only.
type shapePast struct {
	shapePieces
	prefix [shapeKept]int32 // Sum of all pieces up to this one, modulo 2^32.
	square [shapeKept]int32 // E by lag.
}

// shapePieces is what a checkpoint holds of the past.
type shapePieces struct {
	X      [shapeKept]int16 // A ring: piece k, counted from 0, is X[k mod shapeKept].
	K      uint32           // Pieces so far.
	M      uint32           // Length of the window, in pieces; 0 until the period is known.
	Centre float64          // The value of 0.
	Unit   float64          // The value of one unit; 0 until the range of the series is known.
}

const (
	shapeKept = 4096 // Pieces: 57 periods or more. With half as many, the distance alone did .72 on UCR instead of .79.
	shapeMask = shapeKept - 1
	shapeClip = 2047 // Largest piece, in units: squared differences summed over 127 pieces stay within 32 bits.
	shapeFine = 1024 // Units in the range of a series when they are chosen.
)

// value returns piece k in units.
func (p *shapePast) value(k uint32) int32 { return int32(p.X[k&shapeMask]) }

// oldest returns the number of the oldest piece still held.
func (p *shapePast) oldest() uint32 { return p.K - min(p.K, shapeKept) }

// units returns v in units, within what a piece can hold.
func units(v, centre, unit float64) int16 {
	return int16(max(-shapeClip, min(shapeClip, math.Round((v-centre)/unit))))
}

// push appends the mean of a piece. The unit must be known.
func (p *shapePast) push(v float64) {
	k := p.K & shapeMask
	p.X[k] = units(v, p.Centre, p.Unit)
	p.prefix[k] = p.prefix[(k-1)&shapeMask] + int32(p.X[k])
	p.K++
}

// nearest returns how far the newest window is from the nearest earlier one
// that does not overlap it, as the root of the mean squared difference in
// units, and the lag of that one in pieces: 0 if there is none yet. It must be
// called once after each push.
func (p *shapePast) nearest() (distance float64, lag uint32) {
	i, m := p.K-1, p.M
	if m == 0 || p.K <= m {
		return 0, 0
	}
	x, sums, e := &p.X, &p.prefix, &p.square
	in, out := p.value(i), p.value(i-m)
	sum, length := sums[i&shapeMask]-sums[(i-m)&shapeMask], int64(m)
	last := min(i-m, shapeKept-1-m) // The largest lag of which E is known.
	for l := uint32(1); l < min(m, last+1); l++ {
		a, b := in-p.value(i-l), out-p.value(i-l-m)
		e[l&shapeMask] += a*a - b*b
	}
	best := int64(math.MaxInt64)
	for l := m; l <= last; l++ {
		j, k := (i-l)&shapeMask, (i-l-m)&shapeMask
		a, b := in-int32(x[j]), out-int32(x[k])
		d := e[l&shapeMask] + a*a - b*b
		e[l&shapeMask] = d
		s := int64(sum - sums[j] + sums[k])
		if v := length*int64(d) - s*s; v < best {
			best, lag = v, l
		}
	}
	if l := p.K - m; p.K < shapeKept { // The very first window has come into reach.
		d := p.sumOfSquares(l)
		e[l&shapeMask] = d
		s := int64(sum - sums[(i-l)&shapeMask])
		if v := length*int64(d) - s*s; l >= m && v < best {
			best, lag = v, l
		}
	}
	if lag == 0 {
		return 0, 0
	}
	return math.Sqrt(float64(best)) / float64(m), lag
}

// sumOfSquares computes E at a lag from the pieces.
func (p *shapePast) sumOfSquares(lag uint32) (d int32) {
	for k := p.K - p.M; k != p.K; k++ {
		a := p.value(k) - p.value(k-lag)
		d += a * a
	}
	return d
}

// derive computes from the pieces what is kept of them, some 200 us for a full
// ring. Without it sums are of other pieces.
func (p *shapePast) derive() {
	p.prefix = [shapeKept]int32{}
	sum := int32(0)
	for k := p.oldest(); k != p.K; k++ {
		sum += p.value(k)
		p.prefix[k&shapeMask] = sum
	}
	if p.M == 0 || p.K < p.M {
		return
	}
	for l := uint32(1); l <= min(p.K-p.M, shapeKept-1-p.M); l++ {
		p.square[l] = p.sumOfSquares(l)
	}
}

// coarsen makes one piece of each g. What is derived is then out of date.
func (p *shapePast) coarsen(g uint32) {
	if g < 2 {
		return
	}
	n, first := p.K-p.oldest(), p.oldest()
	first += n % g
	out := [shapeKept]int16{}
	for k := range n / g {
		sum := int32(0)
		for j := range g {
			sum += p.value(first + k*g + j)
		}
		out[k] = int16(math.Round(float64(sum) / float64(g)))
	}
	p.X, p.K = out, n/g
}

// refit chooses the unit anew if the last pieces use little of the scale or run
// into its ends, and says whether it did: what is derived is then out of date.
func (p *shapePast) refit() bool {
	n := min(p.K, shapeFine)
	if n < shapeFirst {
		return false
	}
	lo, hi := p.extent(n)
	span := hi - lo
	if hi == shapeClip || lo == -shapeClip {
		span *= 4 // How far it goes beyond is not known.
	}
	mid := (hi + lo) / 2
	if span == 0 || (span > shapeFine/4 && span < shapeFine*3/2 && max(mid, -mid) < shapeFine) {
		return false
	}
	centre, unit := p.Centre+p.Unit*float64(mid), p.Unit*float64(span)/shapeFine
	if unit < minUnit || unit > maxValue {
		return false
	}
	for k := p.oldest(); k != p.K; k++ {
		p.X[k&shapeMask] = units(p.Centre+p.Unit*float64(p.value(k)), centre, unit)
	}
	p.Centre, p.Unit = centre, unit
	return true
}

// minUnit keeps the ratio of a value and a unit finite.
const minUnit = 1e-270

// extent returns the third smallest and the third largest of the last n pieces:
// two outliers do not set the scale.
func (p *shapePast) extent(n uint32) (lo, hi int32) {
	low := [3]int32{math.MaxInt32, math.MaxInt32, math.MaxInt32}
	high := [3]int32{math.MinInt32, math.MinInt32, math.MinInt32}
	for k := p.K - n; k != p.K; k++ {
		down, up := p.value(k), p.value(k)
		for i := range low {
			if down < low[i] {
				down, low[i] = low[i], down
			}
			if up > high[i] {
				up, high[i] = high[i], up
			}
		}
	}
	return low[2], high[2]
}
