package detect

import (
	"math"
)

// skyline is the state of the skyline profile: the raw points of the last
// FullDuration in order of time and in order of size, and sums over them. A
// point costs a few hundred nanoseconds whatever the length of the window; at
// a fixed step memory is 12 bytes a point, 18 KB for a day of minutes.
type skyline struct {
	cfg    SkylineConfig
	v      []float64 // v[head:] is the window, oldest first.
	head   int
	time   windowTimes
	sorted sortedWindow
	roll   rolling
	ks     ksPair
	second secondOrder

	dropped uint64 // Points dropped because the window was full.
	votes   [skylineCount]vote
	skip    skip
	tail    float64 // The mean of the last three values: what most algorithms judge.
	mean    float64
	std     float64
	isfN    int     // Length for which isf was computed.
	isf     float64 // Grubbs' critical value.
}

// skylineMax bounds the window, whatever the step: a day of seconds fits.
const skylineMax = 100_000

func newSkyline(c SkylineConfig) *skyline { return &skyline{cfg: c} }

// window returns the values, oldest first.
func (k *skyline) window() []float64 { return k.v[k.head:] }

// push appends a point and drops those older than FullDuration.
func (k *skyline) push(t int64, v float64) {
	r := &k.roll
	oldest := t - k.cfg.FullDuration.Milliseconds()
	out, swap, low, high := 0.0, false, false, false
	for k.time.n > 0 {
		if old := k.time.at(0) < oldest; !old && k.time.n < skylineMax {
			break
		} else if !old {
			k.dropped++
		}
		if swap {
			k.sorted.remove(out)
		}
		out, swap = k.v[k.head], true // In order of size it goes when the next one comes.
		low, high = low || out == r.Low, high || out == r.High
		k.leave(out)
	}
	if k.time.n == 0 {
		*r = rolling{Epoch: t, Anchor: v, Low: math.Inf(1), High: math.Inf(-1)}
	}
	k.v, k.head = slide(k.v, k.head, k.time.n)
	k.v = append(k.v, v)
	k.time.push(t)
	r.enter(t-r.Epoch, v-r.Anchor)
	r.weigh(v)
	r.Age++
	if swap {
		k.sorted.replace(out, v)
	} else {
		k.sorted.insert(v)
	}
	r.Low, r.High = min(r.Low, v), max(r.High, v)
	if low && r.Low != v {
		r.Low = k.extreme(0, 1)
	}
	if high && r.High != v {
		r.High = k.extreme(len(k.sorted.key)-1, -1)
	}
	limit := oldest + hourMS
	for n := int(r.Late); n < k.time.n && k.time.at(n) < limit; n++ {
		d := k.v[k.head+n] - r.Anchor
		r.HV.add(d)
		r.HVV.add(d * d)
		r.Late++
	}
	if int(r.Age) >= max(slack, k.time.n) {
		k.rebuild()
	}
}

// leave takes the oldest point out of everything but the order of size.
func (k *skyline) leave(v float64) {
	r := &k.roll
	k.ks.forget(v)
	d := v - r.Anchor
	r.leave(k.time.at(0)-r.Epoch, d)
	r.unweigh(v, k.time.n)
	if r.Late > 0 {
		r.Late--
		r.HV.add(-d)
		r.HVV.add(-(d * d))
	}
	k.time.drop()
	k.head++
}

// extreme returns the smallest value (sign 1) or the largest (sign -1), at rank
// at, when the one before has left: it is among those whose key is at that rank.
func (k *skyline) extreme(at int, sign float64) float64 {
	best, off := k.sorted.value(at)
	if off == 0 {
		return best
	}
	best = math.Inf(int(sign))
	key, ties := k.sorted.key[at], k.sorted.ties(at)
	for _, v := range k.window() {
		if k.sorted.code(v) != key {
			continue
		}
		if sign*v < sign*best {
			best = v
		}
		if ties--; ties == 0 {
			break
		}
	}
	return best
}

// rebuild computes the sums anew, around the mean of the window, so that
// neither rounding nor a level left long ago stays in them; and sorts anew
// where the keys have become too coarse.
func (k *skyline) rebuild() {
	r, w := &k.roll, k.window()
	mean := 0.0
	for _, v := range w {
		mean += (v - r.Anchor) / float64(len(w))
	}
	anchor := r.Anchor + mean
	if r.Low == r.High {
		anchor = r.Low
	}
	*r = rolling{Anchor: anchor, Epoch: k.time.at(0), Late: r.Late, Low: r.Low, High: r.High}
	for i, v := range w {
		d := v - anchor
		r.enter(k.time.at(i)-r.Epoch, d)
		r.weigh(v)
		if i < int(r.Late) {
			r.HV.add(d)
			r.HVV.add(d * d)
		}
	}
	if k.sorted.coarse() {
		middle := k.sorted.key[len(w)/2]
		for _, v := range w {
			if k.sorted.code(v) == middle {
				if v != k.sorted.anchor {
					k.sorted.reset(w, v)
				}
				break
			}
		}
	}
}
