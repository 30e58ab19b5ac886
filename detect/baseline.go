package detect

import "math"

// baseline is the member that knows where the series usually is: the median of
// the last 61 ordinary values, and how far values usually are from it.
//
// While values stay far away it freezes: they do not enter the window, so an
// incident is held against the level before it, and the way back is no
// surprise. After the adaptation time the window starts anew from the current
// values: the new level is accepted.
//
// The median is read off an order of indices kept sorted by insertion, which
// at this size is cheaper than two heaps and costs one byte a value.
type baseline struct {
	Ring  [baseLen]float32 // The window, offset by the series' origin.
	Order [baseLen]uint8   // Indices into Ring, ascending by value.
	Len   uint8
	Head  uint8
	Far   uint16 // Consecutive far values, 0 once four in a row were near.
	Near  uint8  // Near values in a row since the last far one.
	Tail  tail
}

const (
	baseLen  = 61
	baseNear = 3 // Near values in a row after which an excursion is over.
	homeward = 2 // A move that less than doubles the distance from the level is not away from it.
)

// median returns the middle of the window, and false while it is empty.
func (b *baseline) median() (float64, bool) {
	if b.Len == 0 {
		return 0, false
	}
	return float64(b.Ring[b.Order[b.Len/2]]), true
}

// away reports whether the move from prev to x leads away from the level of the
// last five ordinary values: whether x is at least homeward times as far from it
// as prev was.
func (b *baseline) away(x, prev float64) bool {
	if b.Len < 5 {
		return false
	}
	var v [5]float64
	for i := range v {
		at := int(b.Head) - 1 - i
		if at < 0 {
			at += baseLen
		}
		v[i] = float64(b.Ring[at])
	}
	level := median5(v)
	return math.Abs(x-level) >= homeward*math.Abs(prev-level)
}

// observe compares x with the median and lets it enter unless the window is
// frozen. hold is the adaptation time in samples. It returns the ratio and
// whether the window just gave up its old level.
func (b *baseline) observe(x float64, n uint32, hold uint16) (ratio float64, adapted bool) {
	if m, ok := b.median(); ok {
		ratio = b.Tail.ratio(math.Abs(x-m), n)
	}
	if ratio > guardRatio {
		b.Far, b.Near = b.Far+1, 0
		if b.Far <= hold {
			return ratio, false
		}
		b.restart(x)
		return ratio, true
	}
	if b.Near < math.MaxUint8 {
		b.Near++
	}
	if b.Near > baseNear {
		b.Far = 0
	}
	b.push(float32(x))
	return ratio, false
}

// restart gives up the window for one that begins with x.
func (b *baseline) restart(x float64) {
	b.Len, b.Head, b.Far = 0, 0, 0
	b.push(float32(x))
}

// push lets x replace the oldest value of the window.
func (b *baseline) push(x float32) {
	if b.Len == baseLen {
		at := 0
		for b.Order[at] != b.Head {
			at++
		}
		copy(b.Order[at:], b.Order[at+1:b.Len])
		b.Len--
	}
	lo, hi := 0, int(b.Len)
	for lo < hi {
		mid := (lo + hi) / 2
		if b.Ring[b.Order[mid]] < x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	copy(b.Order[lo+1:b.Len+1], b.Order[lo:b.Len])
	b.Order[lo] = b.Head
	b.Ring[b.Head] = x
	b.Len++
	if b.Head++; b.Head == baseLen {
		b.Head = 0
	}
}
