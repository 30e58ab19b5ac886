package detect

import "math"

// fast is the member that compares the mean of the last two values with the
// median of the five before: it asks for two samples that agree, and one bad
// sample in the five does not disturb it.
type fast struct {
	Tail tail
}

// observe compares (x+x1)/2 - median(x2..x6) with its tail.
func (f *fast) observe(x float64, r *recent, n uint32) float64 {
	if r.N < 6 {
		return 0
	}
	return f.Tail.ratio(math.Abs((x+r.at(1))/2-r.median5()), n)
}
