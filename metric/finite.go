package metric

// Finite returns the ordinary numbers of v, in order, in a slice of their own.
func Finite(v []float64) []float64 {
	out := make([]float64, 0, len(v))
	for _, x := range v {
		if IsFinite(x) {
			out = append(out, x)
		}
	}
	return out
}
