package detect

import (
	"encoding/binary"
	"math"
	"slices"
)

// windowTimes holds the times of the points of a window, oldest first, in Unix
// milliseconds. At a fixed step they need no memory: the time of the first and
// the step say them all. From the first uneven gap on, each takes four bytes,
// until a whole window is even again.
type windowTimes struct {
	first int64    // Time of the oldest point.
	step  int64    // The last gap; every one, while off is nil.
	even  int      // Last gaps in a row that were step.
	n     int      // Points.
	head  int      // off[head:] are the points kept.
	off   []uint32 // Milliseconds after base.
	base  int64
}

// at returns the time of point i, 0 being the oldest.
func (c *windowTimes) at(i int) int64 {
	if c.off == nil {
		return c.first + int64(i)*c.step
	}
	return c.base + int64(c.off[c.head+i])
}

// last returns the time of the newest point; n > 0.
func (c *windowTimes) last() int64 { return c.at(c.n - 1) }

// before returns the number of points older than t.
func (c *windowTimes) before(t int64) int {
	if c.off != nil {
		d := t - c.base
		if d <= 0 {
			return 0
		}
		i, _ := slices.BinarySearch(c.off[c.head:], uint32(min(d, math.MaxUint32)))
		return i
	}
	switch {
	case c.n == 0 || t <= c.first:
		return 0
	case c.n == 1 || t > c.last():
		return c.n
	}
	return int((t - c.first + c.step - 1) / c.step)
}

// push appends a time later than the last. The caller has dropped what is more
// than 31 days older.
func (c *windowTimes) push(t int64) {
	if c.n == 0 {
		*c = windowTimes{first: t, n: 1}
		return
	}
	gap := t - c.last()
	switch {
	case c.n == 1 && c.off == nil:
		c.step, c.even = gap, 1
	case gap == c.step:
		c.even++
	default:
		c.spell()
		c.step, c.even = gap, 1
	}
	c.n++
	if c.off == nil {
		return
	}
	if c.even >= c.n-1 {
		c.first, c.off = t-int64(c.n-1)*c.step, nil
		return
	}
	if t-c.base > math.MaxUint32 {
		c.rebase()
	}
	c.off, c.head = slide(c.off, c.head, c.n-1)
	c.off = append(c.off, uint32(t-c.base))
}

// drop forgets the oldest point.
func (c *windowTimes) drop() {
	if c.off == nil {
		c.first += c.step
	} else {
		c.head++
	}
	c.n--
}

// spell gives every point an offset of its own.
func (c *windowTimes) spell() {
	if c.off != nil {
		return
	}
	c.base, c.head = c.first, 0
	c.off = make([]uint32, c.n, c.n+c.n/8+slack)
	for i := range c.off {
		c.off[i] = uint32(int64(i) * c.step)
	}
}

// rebase counts offsets from the oldest point.
func (c *windowTimes) rebase() {
	kept := c.off[c.head:]
	by := kept[0]
	for i := range kept {
		kept[i] -= by
	}
	c.base += int64(by)
}

// append writes the times to a checkpoint.
func (c *windowTimes) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(c.step))
	b = binary.LittleEndian.AppendUint32(b, uint32(c.even))
	if c.n > 0 {
		b = binary.LittleEndian.AppendUint64(b, uint64(c.at(0)))
	}
	if c.off == nil {
		return append(b, 0)
	}
	b = append(b, 1)
	for i := range c.n {
		b = binary.LittleEndian.AppendUint32(b, uint32(c.at(i)-c.at(0)))
	}
	return b
}

// restore reads n times that append wrote.
func (c *windowTimes) restore(d *decoder, n int) {
	*c = windowTimes{step: int64(d.uint64()), even: int(d.uint32()), n: n}
	if n > 0 {
		c.first = int64(d.uint64())
	}
	if d.byte() == 0 {
		d.bad = d.bad || n > 1 && c.step <= 0
		return
	}
	c.base, c.off = c.first, make([]uint32, n, n+slack)
	for i := range c.off {
		c.off[i] = d.uint32()
		d.bad = d.bad || i > 0 && c.off[i] <= c.off[i-1]
	}
}
