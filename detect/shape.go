package detect

import (
	"encoding/binary"
	"fmt"
	"math"
)

// shape is the member for the form of a stretch of samples: a heartbeat of the
// wrong shape at the usual height is news to no other member. It is asked for
// by Config.Shape and allocated only then: 4.7 KB a series.
//
// At each of four lengths the last samples, as eight means, centred and divided
// by their deviation, are compared with a book of 64 forms seen before. The
// distance to the nearest form over the largest such distance so far is the
// ratio of that length; evidence is a new record of the sum of the four. A form
// near the new one moves towards it; a form unlike all others takes the place
// of one of the two most alike, which become one.
//
// It is a left discord (the distance to the nearest neighbour among earlier
// subsequences; Yeh et al. 2016, "Matrix profile I") with a bounded memory: the
// forms stand for all earlier subsequences, so the cost of a sample does not
// grow with history.
type shape struct {
	Block [shapeBlocks]float32 // Means of the last blocks of four samples.
	Sum   float64              // Of the block being filled.
	N     uint32               // Samples seen.
	Books [len(shapeLengths)]codebook
	Top   float64 // The largest sum of ratios so far; never forgotten.
	Ratio float64 // The last sum of ratios over the largest before it.
	Led   bool    // The last sample's evidence was of shape.
}

// codebook holds the forms of one length.
type codebook struct {
	Form  [shapeForms][shapePieces]int16 // In units of 1/shapeUnit deviations.
	Seen  [shapeForms]uint8              // Windows a form stands for, up to shapeSettled.
	Len   uint8
	Size  float32 // Running deviation of a window: what is flat against it is not stretched.
	Max   float32 // The largest distance to the nearest form so far; never forgotten.
	Ratio float32 // Of the last window.
}

const (
	shapePieces  = 8
	shapeForms   = 64
	shapeHop     = 8 // Samples between comparisons.
	shapeBlock   = 4
	shapeBlocks  = 64 // The longest window, in blocks; a power of two.
	shapeUnit    = 1024
	shapeSettled = 20   // A form moves by at least 1/shapeSettled.
	shapeFlat    = .1   // Share of the usual deviation below which a window is not stretched.
	shapeNew     = .5   // Distance, in deviations or of the largest, that earns a form while there is room.
	shapeNewFull = .9   // Share of the largest distance that earns a form in a full book.
	shapeWarmup  = 1024 // Samples before a record means anything.

	// A bare record is worth shapeEvidence, more by the logarithm of the ratio.
	// At 4, with slope 8, accuracy on UCR was .56 instead of .51, and recall on
	// AIOPS at 100 false alarms fell from .80 to .54.
	shapeEvidence = 3.3
	shapeSlope    = 16
	shapeGate     = 1.02 // Ratio from which a record is news.
)

// shapeLengths are the lengths compared, in blocks of four samples.
var shapeLengths = [4]int{8, 16, 32, 64}

// observe takes x (offset by the origin) and returns the evidence of its shape,
// 0 between comparisons and where there is no news.
func (s *shape) observe(x float64) float64 {
	s.Led = false
	s.N++
	s.Sum += x
	if s.N%shapeBlock != 0 {
		return 0
	}
	s.Block[(s.N/shapeBlock-1)%shapeBlocks] = float32(s.Sum / shapeBlock)
	s.Sum = 0
	if s.N%shapeHop != 0 {
		return 0
	}
	sum := 0.0
	for i := range s.Books {
		if b := &s.Books[i]; s.N >= uint32(shapeLengths[i]*shapeBlock) {
			b.observe(s.window(shapeLengths[i]))
			sum += float64(b.Ratio)
		}
	}
	s.Ratio = 0
	if s.Top > 0 {
		s.Ratio = min(sum/s.Top, ratioMax)
	}
	s.Top = max(s.Top, sum)
	if s.Ratio < shapeGate || s.N < shapeWarmup {
		return 0
	}
	return shapeEvidence + shapeSlope*math.Log10(s.Ratio)
}

// window returns the last blocks as the means of eight pieces, centred, and
// their deviation.
func (s *shape) window(blocks int) (w [shapePieces]float64, deviation float64) {
	per := blocks / shapePieces
	at := int(s.N/shapeBlock) + shapeBlocks - blocks
	mean := 0.0
	for i := range w {
		for range per {
			w[i] += float64(s.Block[at&(shapeBlocks-1)])
			at++
		}
		w[i] /= float64(per)
		mean += w[i] / shapePieces
	}
	ss := 0.0
	for i := range w {
		w[i] -= mean
		ss += w[i] * w[i]
	}
	return w, math.Sqrt(ss / shapePieces)
}

// observe compares a window with the forms and learns it.
func (b *codebook) observe(w [shapePieces]float64, deviation float64) {
	b.Size += .002 * (float32(deviation) - b.Size)
	if b.Len == 0 {
		b.Size = float32(deviation)
	}
	scale := max(deviation, shapeFlat*float64(b.Size))
	var form [shapePieces]int16
	if scale > 0 {
		for i := range w { // |w| <= sqrt(8) deviations.
			form[i] = int16(math.Round(w[i] / scale * shapeUnit))
		}
	}
	b.Ratio = 0
	if b.Len == 0 {
		b.put(&form)
		return
	}
	at, d2 := b.nearest(&form)
	d := float32(math.Sqrt(float64(d2)/shapePieces) / shapeUnit)
	if b.Max > 0 && b.Len >= 4 {
		b.Ratio = min(d/b.Max, ratioMax)
	}
	switch full := b.Len == shapeForms; {
	case !full && (d > shapeNew*b.Max || d > shapeNew):
		b.put(&form)
	case full && d > shapeNewFull*b.Max:
		b.replace(&form)
	default:
		b.move(at, &form)
	}
	b.Max = max(b.Max, d)
}

// nearest returns the form nearest to w and the sum of squared differences. A
// form too far by its first half is not read to the end.
func (b *codebook) nearest(w *[shapePieces]int16) (at int, d2 int32) {
	d2 = math.MaxInt32
	for c := range b.Form[:b.Len] {
		f, d := &b.Form[c], int32(0)
		for i := range shapePieces / 2 {
			e := int32(w[i]) - int32(f[i])
			d += e * e
		}
		if d >= d2 {
			continue
		}
		for i := shapePieces / 2; i < shapePieces; i++ {
			e := int32(w[i]) - int32(f[i])
			d += e * e
		}
		if d < d2 {
			at, d2 = c, d
		}
	}
	return at, d2
}

// apart returns the sum of squared differences: at most 8 * 5800^2, below 2^31.
func apart(a, b *[shapePieces]int16) (d2 int32) {
	for i := range a {
		e := int32(a[i]) - int32(b[i])
		d2 += e * e
	}
	return d2
}

// put appends a form.
func (b *codebook) put(w *[shapePieces]int16) {
	b.Form[b.Len], b.Seen[b.Len] = *w, 1
	b.Len++
}

// move draws a form towards w: the mean of what it stands for, then
// exponentially weighted.
func (b *codebook) move(at int, w *[shapePieces]int16) {
	if b.Seen[at] < shapeSettled {
		b.Seen[at]++
	}
	f := &b.Form[at]
	for i := range f {
		f[i] += (w[i] - f[i]) / int16(b.Seen[at])
	}
}

// replace makes one form of the two most alike and puts w in the free place.
// It costs 2000 comparisons, some 15 us, and is rare: a window must be nearly
// as unlike all forms as any before it.
func (b *codebook) replace(w *[shapePieces]int16) {
	keep, free, least := 0, 1, int32(math.MaxInt32)
	for i := range b.Form {
		for j := i + 1; j < shapeForms; j++ {
			if d := apart(&b.Form[i], &b.Form[j]); d < least {
				keep, free, least = i, j, d
			}
		}
	}
	f, g := &b.Form[keep], &b.Form[free]
	for i := range f {
		f[i] += (g[i] - f[i]) / 2
	}
	b.Seen[keep] = min(shapeSettled, b.Seen[keep]+b.Seen[free])
	*g, b.Seen[free] = *w, 1
}

// member is the shape's row in a trace.
func (s *shape) member(evidence float64) Member {
	m := Member{Name: "shape", P: 1}
	if s.Led {
		m.P, m.Share = math.Pow(10, -evidence), 1
	}
	return m
}

// restore reads what a checkpoint holds of a shape.
func (s *shape) restore(b []byte) error {
	if _, err := binary.Decode(b, binary.LittleEndian, s); err != nil || len(b) != shapeSize {
		return fmt.Errorf("cannot restore shape from %d bytes, want %d: %w", len(b), shapeSize, ErrForeignState)
	}
	for i := range s.Books {
		if s.Books[i].Len > shapeForms {
			return fmt.Errorf("cannot restore shape: %d forms, want at most %d: %w", s.Books[i].Len, shapeForms, ErrForeignState)
		}
		for j := range s.Books[i].Len {
			if s.Books[i].Seen[j] == 0 {
				return fmt.Errorf("cannot restore shape: a form that stands for nothing: %w", ErrForeignState)
			}
		}
	}
	return nil
}

var shapeSize = binary.Size(shape{})
