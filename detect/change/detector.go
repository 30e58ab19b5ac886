package change

// DefaultMinSampleSize is the shortest stretch considered on either side of a
// change when Detector.MinSampleSize is zero.
const DefaultMinSampleSize = 30

// ChangePoint is a change of the mean.
type ChangePoint struct {
	Index      int     // Offset of the first sample after the change.
	Difference float64 // Mean after minus mean before, in the unit of the series.
	Confidence float64 // 1 minus the probability of such a change anywhere in noise.
	Before     Stats   // The samples before the change.
	After      Stats   // The samples from the change on.
}

// Detector looks for one change of the mean in a window.
type Detector struct {
	MinSampleSize int     // Shortest stretch on either side; 0 is DefaultMinSampleSize.
	MinConfidence float64 // A change is reported above this confidence, in [0, 1).
	MinEffect     float64 // Smallest |Difference| in pooled standard deviations; 0 is no gate.
	Compatible    bool    // One-sided and uncorrected, as go-change is.
}

// Check returns the most likely change in window, or nil if there is none that
// passes MinConfidence and MinEffect.
func (d *Detector) Check(window []float64) *ChangePoint { return nil }
