package detect

import "math"

// novelty is the member of records. It says how far a quantity goes beyond
// everything seen so far, with two floats of memory and no assumption about a
// distribution: among n exchangeable values the last is the largest with
// probability 1/n.

// fade is the share of a record forgotten per sample: half is gone after eight
// months of minutes. A service that runs for years must be able to see news;
// ten times faster cost three points of recall on AIOPS.
const fade = 2e-6

// span is the range of a quantity so far.
type span struct {
	Lo, Hi float64
	Seen   bool
}

// A record is not jumped to, it is approached: of what goes beyond it by a
// factor q, q^recordLearn is learned. What stays is learned in a few samples,
// but one spike leaves room for the next of its size to be news too; learned
// whole, the first anomaly of a series would hide every later one.
const recordLearn = .75

// learned returns q^recordLearn.
func learned(q float64) float64 {
	root := math.Sqrt(q)
	return root * math.Sqrt(root)
}

// observe returns the distance of x from the middle of the range so far, in
// half-widths: above 1 is a new record. It then widens the range.
func (s *span) observe(x float64) float64 {
	if !s.Seen {
		s.Lo, s.Hi, s.Seen = x, x, true
		return 0
	}
	q, half, mid := 0.0, (s.Hi-s.Lo)/2, (s.Hi+s.Lo)/2
	if half > 0 {
		q = math.Abs(x-mid) / half
	}
	if q > 1 && q < ratioMax {
		x = mid + (x-mid)*learned(q)/q
	}
	w := fade * (s.Hi - s.Lo)
	s.Lo, s.Hi = min(s.Lo+w, x), max(s.Hi-w, x)
	return min(q, ratioMax)
}

// peak is the largest size of a quantity so far.
type peak struct{ Max float64 }

// observe returns size over the largest so far: above 1 is a new record.
func (p *peak) observe(size float64) float64 {
	q := 0.0
	if p.Max > 0 {
		q = size / p.Max
	}
	if q > 1 && q < ratioMax {
		size = p.Max * learned(q)
	}
	p.Max = max(p.Max*(1-fade), size)
	return min(q, ratioMax)
}
