package detect

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The part of a checkpoint that only the skyline profile has: the points, and
// the sums over them to the bit. What is in order is put in order again.

// append writes the window and the sums to a checkpoint.
func (k *skyline) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, k.dropped)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(k.sorted.anchor))
	b = append(b, byte(k.skip))
	b, _ = binary.Append(b, binary.LittleEndian, &k.second) // Of fixed size, both: no error.
	b, _ = binary.Append(b, binary.LittleEndian, &k.roll)
	b = binary.LittleEndian.AppendUint32(b, uint32(k.time.n))
	b = k.time.append(b)
	for _, v := range k.window() {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// restore reads what append wrote and votes anew on it.
func (k *skyline) restore(b []byte) error {
	r := decoder{b: b}
	k.dropped = r.uint64()
	anchor := math.Float64frombits(r.uint64())
	k.skip = skip(r.byte())
	r.fixed(&k.second)
	r.fixed(&k.roll)
	n := int(r.uint32())
	if r.bad || n > skylineMax {
		return fmt.Errorf("cannot restore skyline window of %d points from %d bytes: %w", n, len(b), ErrForeignState)
	}
	k.time.restore(&r, n)
	k.v = make([]float64, n, n+slack)
	for i := range k.v {
		k.v[i] = math.Float64frombits(r.uint64())
		if math.IsNaN(k.v[i]) || math.Abs(k.v[i]) > maxValue {
			r.bad = true
		}
	}
	if r.bad || len(r.b) != 0 {
		return fmt.Errorf("cannot restore skyline window of %d points: it is damaged: %w", n, ErrForeignState)
	}
	k.sorted.reset(k.v, anchor)
	if n > 0 {
		was := k.skip
		if k.vote(); was == skipStale {
			k.pass(was)
		}
	}
	return nil
}

// decoder takes numbers off a checkpoint; bad is set once it was too short.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) take(n int) []byte {
	if n > len(d.b) {
		d.b, d.bad = make([]byte, n), true
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

func (d *decoder) byte() byte     { return d.take(1)[0] }
func (d *decoder) uint32() uint32 { return binary.LittleEndian.Uint32(d.take(4)) }
func (d *decoder) uint64() uint64 { return binary.LittleEndian.Uint64(d.take(8)) }

func (d *decoder) fixed(to any) {
	if _, err := binary.Decode(d.take(binary.Size(to)), binary.LittleEndian, to); err != nil {
		d.bad = true
	}
}
