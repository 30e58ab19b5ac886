package detect

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// skyline is the state of the skyline profile: the raw points of the last
// FullDuration in order of time, and their values in order of size. Memory is
// 24 bytes a point, 35 KB for a day of minutes.
type skyline struct {
	cfg     SkylineConfig
	t       []int64
	v       []float64
	sorted  []float64
	dropped uint64 // Points dropped because the window was full.
	votes   [skylineCount]vote
	boring  bool
	tail    float64 // The mean of the last three values: what most algorithms judge.
	mean    float64
	isfN    int     // Length for which isf was computed.
	isf     float64 // Grubbs' critical value.
}

// skylineMax bounds the window, whatever the step: a day of seconds fits.
const skylineMax = 100_000

func newSkyline(c SkylineConfig) *skyline { return &skyline{cfg: c} }

// push appends a point and drops those older than FullDuration.
func (k *skyline) push(t int64, v float64) {
	if len(k.t) == 0 {
		k.t = make([]int64, 0, 64)
	}
	k.t, k.v = append(k.t, t), append(k.v, v)
	at, _ := slices.BinarySearch(k.sorted, v)
	k.sorted = slices.Insert(k.sorted, at, v)
	old := 0
	for old < len(k.t)-1 && (k.t[old] < t-k.cfg.FullDuration.Milliseconds() || len(k.t)-old > skylineMax) {
		if k.t[old] >= t-k.cfg.FullDuration.Milliseconds() {
			k.dropped++
		}
		at, _ := slices.BinarySearch(k.sorted, k.v[old])
		k.sorted = slices.Delete(k.sorted, at, at+1)
		old++
	}
	if old > 0 {
		k.t, k.v = slices.Delete(k.t, 0, old), slices.Delete(k.v, 0, old)
	}
}

// median returns the median of the window: the mean of the middle two if its
// length is even.
func (k *skyline) median() float64 {
	n := len(k.sorted)
	return (k.sorted[(n-1)/2] + k.sorted[n/2]) / 2
}

// deviation returns the median of |x - median|, by walking outwards from the
// middle of the sorted values: no second sort.
func (k *skyline) deviation(median float64) float64 {
	n := len(k.sorted)
	hi, _ := slices.BinarySearch(k.sorted, median)
	lo := hi - 1
	var prev, cur float64
	for range n/2 + 1 {
		prev = cur
		switch {
		case lo < 0 || hi < n && k.sorted[hi]-median < median-k.sorted[lo]:
			cur = k.sorted[hi] - median
			hi++
		default:
			cur = median - k.sorted[lo]
			lo--
		}
	}
	if n%2 == 1 {
		return cur
	}
	return (prev + cur) / 2
}

// append writes the window to a checkpoint.
func (k *skyline) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, k.dropped)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(k.t)))
	for i := range k.t {
		b = binary.LittleEndian.AppendUint64(b, uint64(k.t[i]))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(k.v[i]))
	}
	return b
}

// restore reads what append wrote and votes anew on it.
func (k *skyline) restore(b []byte) error {
	if len(b) < 12 {
		return fmt.Errorf("cannot restore skyline window: %w", ErrForeignState)
	}
	dropped, n := binary.LittleEndian.Uint64(b), int(binary.LittleEndian.Uint32(b[8:]))
	b = b[12:]
	if n > skylineMax || len(b) != 16*n {
		return fmt.Errorf("cannot restore skyline window of %d points from %d bytes: %w", n, len(b), ErrForeignState)
	}
	for i := range n {
		t, v := int64(binary.LittleEndian.Uint64(b[16*i:])), math.Float64frombits(binary.LittleEndian.Uint64(b[16*i+8:]))
		if math.IsNaN(v) || math.Abs(v) > maxValue || (i > 0 && t <= k.t[i-1]) {
			return fmt.Errorf("cannot restore skyline window: point %d is damaged: %w", i, ErrForeignState)
		}
		k.t, k.v = append(k.t, t), append(k.v, v)
	}
	k.sorted = slices.Clone(k.v)
	slices.Sort(k.sorted)
	k.dropped = dropped
	if n > 0 {
		k.vote()
	}
	return nil
}
