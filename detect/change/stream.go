package change

// Stream looks for changes in the last samples of a stream.
type Stream struct{}

// NewStream returns a stream that looks at the last windowSize samples after
// every blockSize samples, for changes with at least minSample samples on
// either side and more than the given confidence.
func NewStream(windowSize, minSample, blockSize int, confidence float64) *Stream { return &Stream{} }

// Push adds a sample and returns a change not reported before, or nil.
func (s *Stream) Push(x float64) *ChangePoint { return nil }

// Window returns the last samples, oldest first. It is valid until the next
// Push and must not be written to.
func (s *Stream) Window() []float64 { return nil }

// Skipped returns how many samples were NaN or infinite and were not used.
func (s *Stream) Skipped() uint64 { return 0 }
