package change

// Instant returns the index of the first sample after the most likely change
// of the mean of window, and false if the window has too few finite samples or
// no two different ones. It costs O(n) and allocates nothing.
func Instant(window []float64) (index int, ok bool) { return 0, false }
