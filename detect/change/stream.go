package change

// Stream looks for changes in the last samples of a stream. It tells each
// change once: what lies before a change it told of is no longer compared with
// what comes after. The zero value is not usable; see NewStream.
//
// The window lies in a buffer of twice its size, so that it is always one
// stretch of memory and is moved once in windowSize samples:
//
//	ring: [ ........ | oldest ... newest | free .... ]
//	                   end-have       end
type Stream struct {
	detector Detector
	size     int // Samples in a full window.
	block    int // Samples between two looks.

	ring    []float64
	end     int    // ring[end-1] is the newest sample.
	used    uint64 // Finite samples pushed so far.
	skipped uint64 // Others.
	pending int    // Samples since the last look.
	since   uint64 // Position of the first sample of the present level.
	fresh   bool   // since comes from a change whose other side was short.
}

// maxWindow bounds the memory of a stream, 16 bytes a sample.
const maxWindow = 1 << 24

// StreamConfig is what NewStreamConfig makes a Stream of. A number out of its
// range is moved to the end of the range.
type StreamConfig struct {
	Detector       // What is looked for.
	WindowSize int // Samples looked at, from 2 MinSampleSize to 2^24.
	BlockSize  int // A look is taken after every BlockSize samples, at least 1.
}

// NewStream returns a stream that looks at the last windowSize samples after
// every blockSize samples, for changes with at least minSample samples on
// either side and more than the given confidence; see StreamConfig.
func NewStream(windowSize, minSample, blockSize int, confidence float64) *Stream {
	return NewStreamConfig(StreamConfig{
		Detector:   Detector{MinSampleSize: minSample, MinConfidence: confidence},
		WindowSize: windowSize, BlockSize: blockSize,
	})
}

// NewStreamConfig returns a stream with all that a Detector can be told.
func NewStreamConfig(c StreamConfig) *Stream {
	c.MinSampleSize = c.Detector.minSample()
	size := min(max(c.WindowSize, 2*c.MinSampleSize), maxWindow)
	return &Stream{detector: c.Detector, size: size, block: max(1, c.BlockSize), ring: make([]float64, 2*size)}
}

// Push adds a sample and returns a change not told before, or nil. A NaN or an
// infinity is counted and not used. Push allocates only the change it returns.
//
// The first look is taken once there are 2 MinSampleSize samples, and after a
// change once there are as many of the new level; a compatible stream waits for
// a full window, and tells a change again at every look while it is in there.
func (s *Stream) Push(x float64) *ChangePoint {
	if !finite(x) {
		s.skipped++
		return nil
	}
	if s.end == len(s.ring) {
		s.end = copy(s.ring, s.ring[s.end-s.size+1:])
	}
	s.ring[s.end] = x
	s.end++
	s.used++
	s.pending++
	if s.pending < s.block {
		return nil
	}
	s.pending = 0
	return s.look()
}

// look checks the samples of the present level.
func (s *Stream) look() *ChangePoint {
	window, m := s.Window(), s.detector.minSample()
	first := s.used - uint64(len(window)) // Position of window[0].
	if s.detector.Compatible {
		if len(window) < s.size {
			return nil
		}
	} else if s.fresh && s.used >= s.since+uint64(2*m) {
		s.settle(window, first)
	}
	from := 0
	if s.since > first {
		from = int(s.since - first)
	}
	cp, ok := s.detector.check(window[from:])
	if !ok {
		return nil
	}
	if !s.detector.Compatible {
		s.sharpen(&cp, window[from:])
	}
	cp.Index += from
	cp.Position = first + uint64(cp.Index)
	if !s.detector.Compatible {
		s.since, s.fresh = cp.Position, true
	}
	told := cp
	return &told
}

// sharpen moves a change to where it is if that is later than MinSampleSize
// allows: a large one is found before there are so many samples after it, and
// then the best split allowed is too early.
func (s *Stream) sharpen(cp *ChangePoint, w []float64) {
	f, _ := frameOf(w)
	if l := bestSplit(w, 1, f).at; l > cp.Index {
		p, confidence := cp.P, cp.Confidence
		*cp = changeAt(l, f.statsOf(w[:l]), f.statsOf(w[l:]), f)
		cp.P, cp.Confidence = p, confidence
	}
}

// settle finds the start of the present level once more, now that there are
// enough samples on its side: what was told of early was told from few, and
// samples of the old level left in the new would look like a change again.
func (s *Stream) settle(window []float64, first uint64) {
	s.fresh = false
	m := uint64(s.detector.minSample())
	lo := max(first, s.since-min(s.since, m))
	if lo >= s.since {
		return
	}
	w := window[lo-first:]
	if f, ok := frameOf(w); ok {
		if l := bestSplit(w, 1, f).at; l > 0 && lo+uint64(l) <= s.since+m {
			s.since = lo + uint64(l)
		}
	}
}

// Window returns the last samples, oldest first. It is valid until the next
// Push and must not be written to.
func (s *Stream) Window() []float64 {
	return s.ring[s.end-int(min(s.used, uint64(s.size))) : s.end]
}

// Skipped returns how many samples were NaN or infinite and were not used.
func (s *Stream) Skipped() uint64 { return s.skipped }
