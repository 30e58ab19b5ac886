// Package etsy holds what is needed to compare the skyline profile with Etsy
// Skyline's own code: generated cases, the nine votes that code gave on each,
// and the script that asked it. See README.md.
package etsy

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"github.com/bellwether-ts/bellwether/metric"
)

// Cases is the number of generated cases.
const Cases = 104_000

// Case is one window of points as Etsy's analyzer is handed it: times in
// seconds that rise, no longer than a day from first to last.
type Case struct {
	T []float64
	V []float64
}

// New returns case i, always the same. Its random source is seeded with a hash
// of i: cases with neighbouring numbers have nothing to do with each other.
//
// A case is a clock, a body (what the series is like) and a tail (what happens
// at its end); the three are drawn independently, so that every body meets
// every tail. Each eighth case is moved to the edge of a vote.
func New(i int) Case {
	r := source(i)
	t := clock(r, i)
	v := bodies[i%len(bodies)](r, t)
	tails[r.IntN(len(tails))](r, v)
	if i%8 == 5 && len(v) >= 8 {
		border(r, t, v)
	}
	return Case{T: t, V: v}
}

func source(i int) *rand.Rand {
	return rand.New(rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "bellwether etsy case %d", i))))
}

const daySeconds = 86_400

// clock draws the times: at a fixed step, with jitter, or with gaps. One case
// in twenty is a day of minutes, one in five hundred a day of ten seconds.
func clock(r *rand.Rand, i int) []float64 {
	start := float64(1_300_000_000 + r.IntN(450_000_000))
	step, n := 60., 1+r.IntN(60)
	switch {
	case i%500 == 7:
		step, n = 10, 8640
	case i%20 == 3:
		n = 1440
	default:
		step = []float64{1, 10, 10, 15, 30, 60, 60, 60, 300, 600, 600, 900}[r.IntN(12)]
		switch r.IntN(6) {
		case 0: // Of 1 to 60 points.
		case 1: // Long enough for ks_test.
			step, n = []float64{10, 15, 30}[r.IntN(3)], 365
		case 2: // Long enough for first_hour_average.
			step = []float64{300, 600, 900}[r.IntN(3)]
			n = int(daySeconds/step) - r.IntN(5)
		default:
			n = 20 + r.IntN(200)
		}
	}
	t := make([]float64, n)
	for j := range t {
		t[j] = start + float64(j)*step
	}
	switch kind := r.IntN(10); {
	case kind == 0: // Jitter of whole seconds,
		for j := range t {
			t[j] += math.Floor(r.Float64() * step * .9)
		}
	case kind == 1: // of milliseconds,
		for j := range t {
			t[j] = float64(int64(t[j]*1000)+r.Int64N(int64(step*900))) / 1000
		}
	case kind == 2 && n > 20: // a gap.
		at, long := 1+r.IntN(n-2), r.Float64()*step*float64(n)/4
		for j := at; j < n; j++ {
			t[j] += math.Floor(long)
		}
	}
	for t[len(t)-1]-t[0] > daySeconds {
		t = t[1:]
	}
	return t
}

// Write writes the cases from first to last, exclusive, for votes.py: the
// number of points, the times, the values, all little endian.
func Write(w io.Writer, first, last int) error {
	var b []byte
	for i := first; i < last; i++ {
		b = New(i).append(b[:0])
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("cannot write case %d: %w", i, err)
		}
	}
	return nil
}

func (c Case) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(c.T)))
	for _, x := range c.T {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	for _, x := range c.V {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	return b
}

// Samples returns the points with times in Unix milliseconds.
func (c Case) Samples() []metric.Sample {
	out := make([]metric.Sample, len(c.T))
	for i := range out {
		out[i] = metric.Sample{T: int64(math.Round(c.T[i] * 1000)), V: c.V[i]}
	}
	return out
}
