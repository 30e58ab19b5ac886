package change

// Instant returns the index of the first sample from which on window looks
// different: the split with the largest scatter between its sides, of which
// one may be a single sample. ok is false if no split stands out of noise with
// 95 % confidence, or fewer than 4 samples are finite. It costs O(n) and
// allocates nothing.
//
// It is for a window in which something is known to have happened, such as the
// one an anomaly opened in, so it tests against Student's t alone.
func Instant(window []float64) (index int, ok bool) {
	const confidence = 0.95
	f, n, mean, ok := instantFrame(window)
	if !ok || n < 4 {
		return 0, false
	}
	before, sum, total, top := 0, 0.0, 0.0, 0.0
	for i, x := range window {
		if !finite(x) {
			continue
		}
		if v := sum * sum / float64(max(1, before*(n-before))); v > top {
			index, top = i, v
		}
		d := f.in(x) - mean
		sum, total, before = sum+d, total+d*d, before+1
	}
	best := split{index, top * float64(n), max(0, total-top*float64(n))}
	p := studentTwoSided(pooled(best, n), float64(n-2))
	return index, top > 0 && 1-crossing(p, n, 1) > confidence
}

// instantFrame returns the frame of the finite samples of window, how many
// they are and their mean in it; ok is false if no two differ.
func instantFrame(window []float64) (f frame, n int, mean float64, ok bool) {
	var lo, hi float64
	for _, x := range window {
		if !finite(x) {
			continue
		}
		if n == 0 {
			f, lo, hi = frame{x, 1}, x, x
		}
		lo, hi, n = min(lo, x), max(hi, x), n+1
	}
	if lo == hi {
		return f, n, 0, false
	}
	f.scale = scaleOf(hi - lo)
	for _, x := range window {
		if finite(x) {
			mean += f.in(x)
		}
	}
	return f, n, mean / float64(n), true
}
