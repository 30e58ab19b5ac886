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
	prefix [shapeKept]int32                   // Sum of all pieces up to this one, modulo 2^32.
	square [len(shapeShares)][shapeKept]int32 // E by lag.
}

// shapePieces is what a checkpoint holds of the past.
type shapePieces struct {
	X      [shapeKept]int16         // A ring: piece k, counted from 0, is X[k mod shapeKept].
	K      uint32                   // Pieces so far.
	M      [len(shapeShares)]uint32 // Lengths of the windows, in pieces; 0 until the period is known.
	Centre float64                  // The value of 0.
	Unit   float64                  // The value of one unit; 0 until the range of the series is known.
}

const (
	shapeKept = 4096 // Pieces: 85 periods or more. With half as many, accuracy on UCR fell by .04.
	shapeMask = shapeKept - 1
	shapeClip = 2047 // Largest piece, in units: squared differences summed over 127 pieces stay within 32 bits.
	shapeFine = 1024 // Units in the range of a series when they are chosen.
)

// value returns piece k in units.
func (p *shapePast) value(k uint32) int32 { return int32(p.X[k&shapeMask]) }

// whole returns the number of the oldest piece still held.
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

// nearest fills in, for each length of window, how far the newest one is from
// the nearest earlier one that does not overlap it, as the root of the mean
// squared difference in units, and the lag of that one in pieces: 0 if there is
// none yet. It must be called once after each push.
func (p *shapePast) nearest(distance *[len(shapeShares)]float64, lag *[len(shapeShares)]uint32) {
	var w [len(shapeShares)]shapeWindow
	for q, m := range p.M {
		w[q] = p.newest(m)
	}
	// Both lengths share what they read of a lag: the common lags go together.
	a, b := &w[0], &w[1]
	p.scan(0, a, 1, min(b.m, a.last+1))
	p.scan(1, b, 1, min(b.m, b.last+1))
	p.scanBoth(a, b)
	p.scan(0, a, max(b.m, b.last+1), a.last+1)
	for q := range w {
		p.reach(q, &w[q])
		distance[q], lag[q] = 0, w[q].at
		if w[q].at > 0 {
			distance[q] = math.Sqrt(float64(w[q].best)) / float64(w[q].m)
		}
	}
}

// shapeWindow is the newest window of one length on its way along the lags.
type shapeWindow struct {
	m, last uint32 // Length, and the largest lag of which E is known.
	in, out int32  // The piece that entered and the one that left.
	sum     int32
	at      uint32 // The lag of the nearest so far; 0 if none.
	best    int64  // Its m E - S^2.
}

// newest returns the newest window of m pieces.
func (p *shapePast) newest(m uint32) shapeWindow {
	w := shapeWindow{m: m, best: math.MaxInt64}
	if i := p.K - 1; m > 0 && p.K > m {
		w.last = min(i-m, shapeKept-1-m)
		w.in, w.out = p.value(i), p.value(i-m)
		w.sum = p.prefix[i&shapeMask] - p.prefix[(i-m)&shapeMask]
	}
	return w
}

// scan moves E to the newest window at the lags in [from, to) and keeps the
// nearest that does not overlap.
func (p *shapePast) scan(q int, w *shapeWindow, from, to uint32) {
	e, i, m := &p.square[q], p.K-1, w.m
	for l := from; l < to; l++ {
		j, k := (i-l)&shapeMask, (i-l-m)&shapeMask
		a, b := w.in-int32(p.X[j]), w.out-int32(p.X[k])
		d := e[l&shapeMask] + a*a - b*b
		e[l&shapeMask] = d
		if l < m {
			continue
		}
		s := int64(w.sum - p.prefix[j] + p.prefix[k])
		if v := int64(m)*int64(d) - s*s; v < w.best {
			w.best, w.at = v, l
		}
	}
}

// scanBoth is scan of the shorter and the longer window at the lags that both
// know and neither overlaps.
func (p *shapePast) scanBoth(a, b *shapeWindow) {
	x, sums, ea, eb := &p.X, &p.prefix, &p.square[0], &p.square[1]
	in, outA, outB, sumA, sumB := a.in, a.out, b.out, a.sum, b.sum
	lenA, lenB := int64(a.m), int64(b.m)
	bestA, bestB, atA, atB := a.best, b.best, a.at, b.at
	j := (p.K - 1 - b.m) & shapeMask
	for l := b.m; l <= b.last; l++ {
		ja, jb, k := (j-a.m)&shapeMask, (j-b.m)&shapeMask, l&shapeMask
		d, sum := in-int32(x[j]), sums[j]
		d *= d
		u := outA - int32(x[ja])
		u = ea[k] + d - u*u
		ea[k] = u
		s := int64(sumA - sum + sums[ja])
		if v := lenA*int64(u) - s*s; v < bestA {
			bestA, atA = v, l
		}
		u = outB - int32(x[jb])
		u = eb[k] + d - u*u
		eb[k] = u
		s = int64(sumB - sum + sums[jb])
		if v := lenB*int64(u) - s*s; v < bestB {
			bestB, atB = v, l
		}
		j = (j - 1) & shapeMask
	}
	a.best, b.best, a.at, b.at = bestA, bestB, atA, atB
}

// reach takes up the lag at which the very first window has come into reach.
func (p *shapePast) reach(q int, w *shapeWindow) {
	m := w.m
	if m == 0 || p.K <= m || p.K-m >= shapeKept-m {
		return
	}
	l := p.K - m
	d := p.sumOfSquares(m, l)
	p.square[q][l] = d
	s := int64(w.sum - p.prefix[p.K-1-l])
	if v := int64(m)*int64(d) - s*s; l >= m && v < w.best {
		w.best, w.at = v, l
	}
}

// sumOfSquares computes E at a lag from the pieces.
func (p *shapePast) sumOfSquares(m, lag uint32) (d int32) {
	for k := p.K - m; k != p.K; k++ {
		a := p.value(k) - p.value(k-lag)
		d += a * a
	}
	return d
}

// derive computes from the pieces what is kept of them, some 300 us for a full
// ring. Without it sums are of other pieces.
func (p *shapePast) derive() {
	p.prefix = [shapeKept]int32{}
	sum := int32(0)
	for k := p.oldest(); k != p.K; k++ {
		sum += p.value(k)
		p.prefix[k&shapeMask] = sum
	}
	for q, m := range p.M {
		if m == 0 || p.K < m {
			continue
		}
		for l := uint32(1); l <= min(p.K-m, shapeKept-1-m); l++ {
			p.square[q][l] = p.sumOfSquares(m, l)
		}
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
