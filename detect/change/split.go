package change

// This file finds the best split of a window: the one with the largest scatter
// between the two sides,
//
//	l (n-l) / n * (mean after - mean before)^2
//
// which is the split that leaves the smallest sum of squares inside the sides,
// and the likeliest change of the mean in Gaussian noise.

// split is a window cut in two, in the frame of the window.
type split struct {
	at      int     // Samples before the cut; 0 if there is no split.
	scatter float64 // Sum of squares between the sides.
	inside  float64 // Sum of squares within them.
}

// bestSplit returns the split of w with at least m samples on either side and
// the largest scatter. It is what a look at a window costs, so it is two plain
// passes.
func bestSplit(w []float64, m int, f frame) split {
	n := len(w)
	if m < 1 || n < 2*m {
		return split{}
	}
	mean, origin, scale := 0.0, f.origin*f.scale, f.scale
	for _, x := range w {
		mean += x*scale - origin // Exact, also at an offset of 1e12.
	}
	mean /= float64(n)

	// With s the sum of deviations from the mean before a split l, the
	// scatter is s^2 n / (l (n-l)). Fractions are compared crosswise.
	var at int
	s, total, top, over := 0.0, 0.0, 0.0, 1.0
	for _, x := range w[:m-1] {
		d := x*scale - origin - mean
		s, total = s+d, total+d*d
	}
	left, right := float64(m), float64(n-m)
	for i, x := range w[m-1 : n-m] {
		d := x*scale - origin - mean
		s, total = s+d, total+d*d
		if u := left * right; s*s*over > top*u {
			at, top, over = m+i, s*s, u
		}
		left, right = left+1, right-1
	}
	for _, x := range w[n-m:] {
		d := x*scale - origin - mean
		total += d * d
	}
	scatter := top / over * float64(n)
	return split{at, scatter, max(0, total-scatter)}
}
