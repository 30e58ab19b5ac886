package detect

import "math"

// quiet watches for what is missing: a value that stopped changing, and
// samples that stopped coming. Both are judged against the series' own past
// runs and gaps, are kinds of anomaly of their own, and never enter the vote:
// a sum of votes cannot see that nothing happens.
type quiet struct {
	Run    uint32  // Samples in a row with the value they have now.
	RunMax float32 // The longest run that ended, forgotten slowly.
	Runs   float32 // Runs that ended,
	Pairs  float32 // how many of them came to two,
	Longer float32 // and by how many samples these were longer.
	Prev   float64 // The value of the run.
	GapMax float64 // The longest gap that ended, milliseconds, forgotten slowly.
	Gaps   uint32
	Ended  bool // The stale marker came: silence is expected.
}

const (
	flatHistory = 30   // Samples compared before a run is judged.
	flatTimes   = 3    // A flatline lasts so many times the longest run of the past.
	flatShare   = .25  // Series whose samples repeat more often than this are not judged.
	flatTold    = .8   // Evidence above the bar that a flatline is told with at most: a run has a model of its own, and its size says nothing beside the consensus's.
	silentMin   = 5    // Steps without a sample before silence is judged,
	silentOver  = 2    // and so many times the longest gap of the past.
	forget      = 1e-4 // Share of the longest run and gap forgotten per sample.
)

// value takes a judged value and returns the evidence of a flatline: the
// hazard of past runs. A value is followed by itself with probability a, a run
// of two or more goes on with probability b, both estimated from the past, so
//
//	P(a run of r) = a b^(r-2),  a = (pairs + 1/2) / (runs + 1),
//	                            b = (longer + 1/2) / (pairs + longer + 5)
//
// Where the past has no run at all, three equal values are as odd as 1/(20 n),
// the least chance that n samples can show, and each one more is a tenth of
// it. A run enters the past when it ended, and no longer than four times the
// longest before: one incident does not make the next one usual.
func (q *quiet) value(x float64) float64 {
	if q.Run > 0 && x == q.Prev {
		q.Run++
	} else {
		q.end()
		q.Run, q.Prev = 1, x
	}
	runs, pairs, longer := float64(q.Runs), float64(q.Pairs), float64(q.Longer)
	if q.Run < 3 || float64(q.Run) < flatTimes*float64(q.RunMax) ||
		runs < flatHistory || pairs+longer > flatShare*(runs+pairs+longer) {
		return 0
	}
	a, b := (pairs+.5)/(runs+1), (longer+.5)/(pairs+longer+5)
	return -math.Log10(a) - float64(q.Run-2)*math.Log10(b)
}

// end lets the run that is over enter the past.
func (q *quiet) end() {
	if q.Run == 0 {
		return
	}
	run := min(float32(q.Run), 4*q.RunMax+8)
	q.RunMax = max(q.RunMax*(1-forget), run)
	q.Runs++
	if run >= 2 {
		q.Pairs++
		q.Longer += run - 2
	}
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

// silentFor returns the evidence of silence where a time to live is stated:
// the bar once it is over, nothing before.
func (q *quiet) silentFor(ms, ttl, bar float64) float64 {
	if q.Ended || ms <= ttl {
		return 0
	}
	return bar
}

// freeze turns an open anomaly into a flatline: its value stopped changing
// after it began. The news is told once.
func (e *episode) freeze(evidence float64, run uint32, m *moment) (Transition, float64) {
	if !e.Open || Kind(e.Kind) == KindFlatline || evidence < m.bar || run > e.Held {
		return TransitionNone, 0
	}
	e.Kind, e.Calm = uint8(KindFlatline), 0
	return TransitionEscalated, min(evidence, m.bar+flatTold)
}
