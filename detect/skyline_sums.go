package detect

import "math"

// sum is a compensated running sum: Hi + Lo is what was added less what was
// taken away, to twice the digits of a float64 (Knuth's two-sum; Ogita, Rump
// and Oishi 2005). A term added and later taken away leaves 2^-104 of the
// largest sum in between.
type sum struct{ Hi, Lo float64 }

func (s *sum) add(x float64) {
	h := s.Hi + x
	b := h - s.Hi
	s.Lo += (s.Hi - (h - b)) + (x - b)
	s.Hi = h
}

func (s *sum) value() float64 { return s.Hi + s.Lo }

// less returns the sum without x.
func (s sum) less(x float64) float64 {
	s.add(-x)
	return s.value()
}

// rolling holds the sums over the window that most algorithms need, so that a
// point costs its own entry and the exit of the oldest, whatever the length of
// the window. Values enter as distances from Anchor, times as milliseconds
// after Epoch; both are chosen anew by rebuild, once per window, so that
// squares stay small. Every field is of fixed size: the state is checkpointed
// as its bytes, and a restored series continues to the bit.
type rolling struct {
	Anchor float64
	Epoch  int64
	Age    uint32  // Pushes since the last rebuild.
	Late   uint32  // Points of the first hour: the first Late of the window.
	X      int64   // Sum of times,
	XX     sum     // of their squares,
	V      sum     // of values,
	VV     sum     // of their squares,
	XV     sum     // of the products.
	HV     sum     // Sum of the values of the first hour,
	HVV    sum     // and of their squares.
	Peak   float64 // The largest VV since the last rebuild: what Lo may have lost.
	Low    float64 // The smallest value of the window,
	High   float64 // the largest; exact.

	Mean    float64 // Weighted mean of the window, weights decay^age,
	M2      float64 // weighted sum of squared distances from it,
	Error   float64 // and a bound on the rounding of M2.
	W       float64 // Sum of the weights.
	Oldest  float64 // decay^(OldestN-1).
	OldestN uint32
}

// decay is the weight of the moving average, a point later: centre of mass 50.
const decay = 50. / 51

// ulp is the distance from 1 to the next float64.
const ulp = 0x1p-52

// enter adds the point x milliseconds after Epoch, d from Anchor.
func (r *rolling) enter(x int64, d float64) {
	fx, dd := float64(x), d*d
	r.X += x
	r.XX.add(fx * fx)
	r.V.add(d)
	r.VV.add(dd)
	r.XV.add(fx * d)
	r.Peak = max(r.Peak, r.VV.Hi)
}

// leave takes it away again: to the bit what enter added.
func (r *rolling) leave(x int64, d float64) {
	fx := float64(x)
	r.X -= x
	r.XX.add(-(fx * fx))
	r.V.add(-d)
	r.VV.add(-(d * d))
	r.XV.add(-(fx * d))
}

// lost bounds the error of VV, HVV and sums like them.
func (r *rolling) lost() float64 {
	return 4*ulp*math.Abs(r.VV.Hi) + float64(r.Age+8)*0x1p-100*r.Peak
}

// lostV bounds the error of V and HV, and of XV in units of the widest time.
func (r *rolling) lostV() float64 { return float64(r.Age+8) * 0x1p-90 * math.Sqrt(r.Peak) }

// weigh lets v into the moving average (West 1979, weights from the oldest).
func (r *rolling) weigh(v float64) {
	old := r.W * decay
	r.W = old + 1
	d := v - r.Mean
	r.Mean += d / r.W
	term := old / r.W * d * d
	r.M2 = decay*r.M2 + term
	r.Error = decay*r.Error + 8*ulp*(term+r.M2)
}

// unweigh takes the oldest of n points, v, out of the moving average.
func (r *rolling) unweigh(v float64, n int) {
	if r.OldestN != uint32(n) {
		r.OldestN, r.Oldest = uint32(n), math.Pow(decay, float64(n-1))
	}
	w := r.W
	r.W -= r.Oldest
	if r.W <= 0 {
		r.W, r.Mean, r.M2, r.Error = 0, 0, 0, 0
		return
	}
	d := v - r.Mean
	r.Mean -= r.Oldest / r.W * d
	term := r.Oldest * w / r.W * d * d
	r.M2 = max(0, r.M2-term)
	r.Error += 16 * ulp * term
}

// bounds is a number known to lie between two others.
type bounds struct{ lo, hi float64 }

// about is the bounds of x give or take e.
func about(x, e float64) bounds { return bounds{x - e, x + e} }

// root of an bounds; negative parts count as 0.
func (a bounds) root() bounds {
	return bounds{math.Sqrt(max(0, a.lo)), math.Sqrt(max(0, a.hi))}
}

// ruling is what is known of a comparison: that it holds, that it does not, or
// that rolling sums cannot say and the whole window has to be looked at.
type ruling uint8

const (
	surelyNo ruling = iota
	surelyYes
	unsure
)

// sure is the relative distance from its threshold below which a vote is
// decided on the whole window. It is far above what the bounds leave
// open, and costs one look in 10^9.
const sure = 1e-9

// tiny is the distance at which squares are lost to underflow.
const tiny = 0x1p-500

// above rules on a > b: unsure where the intervals, widened by their share
// sure, meet.
func (a bounds) above(b bounds) ruling {
	gap := sure*(math.Abs(a.hi)+math.Abs(b.hi)) + tiny
	switch {
	case a.lo-b.hi > gap:
		return surelyYes
	case b.lo-a.hi > gap:
		return surelyNo
	}
	return unsure
}
