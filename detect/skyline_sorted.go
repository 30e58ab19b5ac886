package detect

import (
	"math"
	"slices"
)

// sortedWindow is the window in order of size, kept so from point to point: the
// oldest value goes out, the newest comes in, and only what lies between the
// two places moves.
//
//	in order of time   [ 7.25  3.5  9  ...  4.125 ]        8 bytes a point
//	in order of size   [ .. | 3.5 | .. | 7.25 | .. | 9 ]   4 bytes a point
//	                      out ^ <--moves--> ^ in
//
// It holds four bytes a value: the float32 nearest to its distance from
// anchor. Rounding keeps the order, so a rank is found exactly and half the
// memory is touched; what it loses is which of two values that round alike is
// the smaller. All distances that round without loss are counted. Where every
// one does (counts, decimals of a power of two, ratios of them) the window is
// exact; where not, a key stands for an interval of relative width 1e-7, and a
// vote that falls into it is decided on the window in order of time.
type sortedWindow struct {
	key    []float32
	anchor float64
	lossy  int // Values whose key is not exact,
	faint  int // and those among them whose key is 0.
}

// code returns the key of v.
func (s *sortedWindow) code(v float64) float32 { return float32(v - s.anchor) }

// note enters v, by 1 or -1, into what is known of the keys.
func (s *sortedWindow) note(v float64, key float32, by int) {
	if float64(key)+s.anchor != v {
		s.lossy += by
		if key == 0 {
			s.faint += by
		}
	}
}

// value returns what the key at rank i stands for, and how far off it may be.
func (s *sortedWindow) value(i int) (v, off float64) {
	k := float64(s.key[i])
	v = k + s.anchor
	if s.lossy > 0 && (k != 0 || s.faint > 0) {
		off = 0x1p-24*math.Abs(k) + 2*ulp*(math.Abs(v)+math.Abs(s.anchor)) + 0x1p-149
	}
	return v, off
}

// below returns the number of keys less than k.
func (s *sortedWindow) below(k float32) int {
	key := s.key
	base := 0
	for n := len(key); n > 1; {
		half := n >> 1
		if key[base+half-1] < k {
			base += half
		}
		n -= half
	}
	if base < len(key) && key[base] < k {
		base++
	}
	return base
}

// ties returns how many keys are the same as the one at rank i.
func (s *sortedWindow) ties(i int) int {
	k := s.key[i]
	return s.below(math.Nextafter32(k, math.MaxFloat32)) - s.below(k)
}

// insert lets v in.
func (s *sortedWindow) insert(v float64) {
	k := s.code(v)
	s.note(v, k, 1)
	at := s.below(k)
	if len(s.key) == cap(s.key) {
		grown := make([]float32, len(s.key), len(s.key)+len(s.key)/8+8)
		copy(grown, s.key)
		s.key = grown
	}
	s.key = s.key[:len(s.key)+1]
	copy(s.key[at+1:], s.key[at:])
	s.key[at] = k
}

// remove lets v out, which is in it.
func (s *sortedWindow) remove(v float64) {
	k := s.code(v)
	s.note(v, k, -1)
	at := s.below(k)
	copy(s.key[at:], s.key[at+1:])
	s.key = s.key[:len(s.key)-1]
}

// replace lets out go and in come in its place: one move of what lies between.
func (s *sortedWindow) replace(out, in float64) {
	a, b := s.code(out), s.code(in)
	s.note(out, a, -1)
	s.note(in, b, 1)
	if a == b {
		return
	}
	i, j := s.below(a), s.below(b)
	if i < j {
		j--
		copy(s.key[i:j], s.key[i+1:j+1])
	} else {
		copy(s.key[j+1:i+1], s.key[j:i])
	}
	s.key[j] = b
}

// reset sorts values anew around an anchor.
func (s *sortedWindow) reset(values []float64, anchor float64) {
	s.anchor, s.lossy, s.faint = anchor, 0, 0
	if cap(s.key) < len(values) || cap(s.key) > len(values)+len(values)/4+16 {
		s.key = make([]float32, 0, len(values)+8)
	}
	s.key = s.key[:0]
	for _, v := range values {
		k := s.code(v)
		s.note(v, k, 1)
		s.key = append(s.key, k)
	}
	slices.Sort(s.key)
}

// median returns the median, the mean of the middle two if the length is even.
func (s *sortedWindow) median() (v, off float64) {
	n := len(s.key)
	a, oa := s.value((n - 1) / 2)
	b, ob := s.value(n / 2)
	return (a + b) / 2, max(oa, ob)
}

// deviation returns the median of |x - median|. Outwards from the median lie
// two sequences in order, the distances to the left and to the right; the
// middle of both together is found by halving, without a second sort.
func (s *sortedWindow) deviation(median float64) (v, off float64) {
	n := len(s.key)
	cut := s.below(s.code(median)) // Values to the left; what ties with the key may be on either side.
	side := func(i, step int) float64 {
		v, o := s.value(i)
		off = max(off, o)
		return float64(step) * (v - median)
	}
	left := func(i int) float64 { return side(cut-1-i, -1) }
	right := func(i int) float64 { return side(cut+i, 1) }
	want := n/2 + 1 // So many of the smallest distances are taken, lo of them from the left.
	lo, hi := max(0, want-(n-cut)), min(want, cut)
	for lo < hi {
		if i := (lo + hi) / 2; left(i) < right(want-i-1) {
			lo = i + 1
		} else {
			hi = i
		}
	}
	var top [3]float64 // The largest of those taken, the last first.
	top[1], top[2] = math.Inf(-1), math.Inf(-1)
	for _, d := range [...]struct {
		f func(int) float64
		i int
	}{{left, lo - 1}, {left, lo - 2}, {right, want - lo - 1}, {right, want - lo - 2}} {
		if d.i < 0 {
			continue
		}
		if top[0] = d.f(d.i); top[0] > top[1] {
			top[1], top[2] = top[0], top[1]
		} else {
			top[2] = max(top[2], top[0])
		}
	}
	if n%2 == 1 || math.IsInf(top[2], -1) {
		return top[1], off
	}
	return (top[2] + top[1]) / 2, off
}

// most reports whether more than half of the values are v, surely.
func (s *sortedWindow) most(v float64) bool {
	at := s.below(s.code(v)) + len(s.key)/2
	if at >= len(s.key) || s.key[at] != s.code(v) {
		return false
	}
	x, off := s.value(at)
	return off == 0 && x == v
}

// within returns how many values lie in [from, to), or [from, to] if closed,
// at least and at most: the two differ where keys cannot tell.
func (s *sortedWindow) within(from, to float64, closed bool) (least, most int) {
	a := s.code(from)
	lo, hi := s.below(a), len(s.key)
	tied, v, off := s.tied(lo, a)
	least, most = -lo, -lo
	if off > 0 || v < from {
		least -= tied
		if off == 0 {
			most -= tied
		}
	}
	if !closed {
		b := s.code(to)
		hi = s.below(b)
		tied, v, off = s.tied(hi, b)
		if off > 0 || v < to {
			most += tied
			if off == 0 {
				least += tied
			}
		}
	}
	return max(0, least+hi), max(0, most+hi)
}

// tied returns how many keys from rank i on are k, and their value.
func (s *sortedWindow) tied(i int, k float32) (n int, v, off float64) {
	if i >= len(s.key) || s.key[i] != k {
		return 0, 0, 0
	}
	v, off = s.value(i)
	return s.ties(i), v, off
}

// coarse reports whether another anchor would serve better: the grain of the
// keys is above a ten-thousandth of the middle half, or that is one value and
// has no exact key.
func (s *sortedWindow) coarse() bool {
	n := len(s.key)
	lo, off := s.value(n / 4)
	hi, _ := s.value(n - 1 - n/4)
	return off > 1e-4*(hi-lo)
}
