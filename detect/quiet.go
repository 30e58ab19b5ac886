package detect

import "math"

// quiet watches for what is missing: a value that stopped changing, and
// samples that stopped coming. Both are judged against the series' own past
// runs and gaps, are kinds of anomaly of their own, and never enter the vote:
// a sum of votes cannot see that nothing happens.
type quiet struct {
	Run     uint32 // Samples in a row with the value they have now.
	RunMax  uint32 // The longest run that ended, forgotten slowly.
	Repeats uint32 // Samples equal to the one before.
	N       uint32 // Samples compared.
	Prev    float64
	GapMax  float64 // The longest gap that ended, milliseconds, forgotten slowly.
	Gaps    uint32
	Ended   bool // The stale marker came: silence is expected.
}

const (
	flatMin    = 30   // Samples a flatline lasts at least.
	flatTimes  = 3    // and so many times the longest run of the past.
	flatShare  = .25  // Series whose samples repeat more often than this are not judged.
	silentMin  = 5    // Steps without a sample before silence is judged,
	silentOver = 2    // and so many times the longest gap of the past.
	forget     = 1e-4 // Share of the longest run and gap forgotten per sample.
)

// value takes a judged value and returns the evidence of a flatline. The run
// is compared with a geometric law of the past share of repeats, and may not
// claim more than a history of N samples can show, 1/(20 N).
func (q *quiet) value(x float64) float64 {
	q.N++
	if q.N > 1 && x == q.Prev {
		q.Run++
		q.Repeats++
	} else {
		q.RunMax = max(q.RunMax-min(q.RunMax, uint32(forget*float64(q.RunMax))), q.Run)
		q.Run, q.Prev = 1, x
	}
	past := q.N - q.Run
	repeats := float64(q.Repeats-(q.Run-1)) + 1
	share := repeats / float64(past+2)
	if past < flatMin || share > flatShare || q.Run < flatMin || q.Run < flatTimes*q.RunMax {
		return 0
	}
	return min(-float64(q.Run)*math.Log10(share), math.Log10(20*float64(q.N)))
}

// gap takes the time since the sample before.
func (q *quiet) gap(ms float64) {
	q.GapMax = max(q.GapMax*(1-forget), ms)
	q.Gaps++
	q.Ended = false
}

// silence returns the evidence that samples stopped, ms after the last one.
// Among n+1 exchangeable gaps the last is the longest with probability
// 1/(n+1); beyond the longest the tail is taken as a power law of exponent 2.
func (q *quiet) silence(ms, step float64) float64 {
	if q.Ended || q.Gaps < 10 || ms < silentMin*step || ms < silentOver*q.GapMax {
		return 0
	}
	return math.Log10(float64(q.Gaps)+1) + 2*math.Log10(ms/max(q.GapMax, step))
}
