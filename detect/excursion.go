package detect

import "math"

// excursions turns a statistic that gathers evidence into a calibrated one. The
// members of persistence build theirs alike: a sum of log likelihood ratios (in
// nats) that is pulled down while all is well and never falls below 0. It so
// returns to 0 again and again, and what happens between two returns is an
// excursion:
//
//	   peak
//	    /\            /\
//	---/--\----------/--\/\--- excursionFrom: lower peaks are not counted
//	__/    \__/\/\__/      \__ 0
//
// Excursions of a healthy series are independent of each other even where its
// samples are not, and the height of their peaks beyond a threshold falls off
// exponentially (Siegmund, Sequential Analysis, 1985, chapter II: for exact
// likelihood ratios and independent samples with mean 1). How often they come and
// how fast they fall off is what a series says of itself: its own correlation,
// tails and slow waves included. The mean of c peaks that sum to s beyond the
// threshold is not known exactly, so the chance of a higher one is that of
// the predictive distribution, (s/(s+y))^c: it claims little after little
// history.
//
// The first peaks are shrunk towards those of independent normal samples.
type excursions struct {
	N     float32 // Observations,
	Peaks float32 // peaks beyond excursionFrom among them,
	Sum   float32 // and by how much they were beyond; all decayed.
	Top   float32 // The highest peak, forgotten slowly.
	Ended float32 // Excursions that ended, however low.
}

const (
	excursionFrom   = 3    // Nats.
	excursionOver   = 2    // Times the highest peak so far that is news,
	excursionFew    = 100  // and this over the number of excursions more: few long ones say little of the next.
	excursionGuard  = 2    // Times the highest peak that a higher one enters with at most:
	excursionNew    = 15   // one incident does not make the next one usual. Up to this any enters as it is.
	excursionFade   = 1e-5 // Share of the highest peak forgotten per observation: half in seven weeks of minutes.
	excursionMost   = 50   // A sum goes no higher: where half of it is usual, the member has no more to say.
	excursionDecay  = 64   // Peaks after which the past counts half.
	excursionPrior  = 6    // Peaks the prior is worth, of mean 1,
	excursionBefore = 387  // and the observations they come in: exp(-3-1.166) of them, Siegmund's rate.
)

// evidence returns -log10 of the rate, per observation, of excursions as high
// as s or higher; 0 below the threshold.
func (e *excursions) evidence(s float64) float64 {
	y := s - excursionFrom
	if y <= 0 || s < (excursionOver+excursionFew/max(1, float64(e.Ended)))*float64(e.Top) {
		return 0
	}
	peaks, sum := float64(e.Peaks)+excursionPrior, float64(e.Sum)+excursionPrior
	rate := peaks / (float64(e.N) + excursionBefore)
	return max(0, -math.Log10(rate)+peaks*math.Log1p(y/sum)/math.Ln10)
}

// add takes an observation, and the peak of an excursion that ended with it, 0
// if none did.
func (e *excursions) add(peak float32) {
	e.N++
	e.Top *= 1 - excursionFade
	if peak <= excursionFrom {
		return
	}
	peak = min(peak, max(excursionNew, excursionGuard*e.Top))
	e.Top = max(e.Top, peak)
	e.Peaks++
	e.Sum += peak - excursionFrom
	if e.Peaks >= excursionDecay {
		e.N, e.Peaks, e.Sum = e.N/2, e.Peaks/2, e.Sum/2
	}
}

// walk is a two-sided statistic with its calibration: one sum for each side,
// which share what they learn.
type walk struct {
	Sum  [2]float32 // Up, down.
	Peak float32    // Of the excursion that goes on.
	Run  uint16     // Observations since it began.
	Cal  excursions
}

// step adds the increments of the two sides and returns the larger sum and its
// side. A side that leads by less is kept.
func (w *walk) step(up, down float64) (sum float64, side int) {
	w.Sum[0] = float32(min(excursionMost, max(0, float64(w.Sum[0])+up)))
	w.Sum[1] = float32(min(excursionMost, max(0, float64(w.Sum[1])+down)))
	if w.Sum[1] > w.Sum[0] {
		side = 1
	}
	sum = float64(w.Sum[side])
	if sum > 0 {
		w.Peak = max(w.Peak, w.Sum[side])
		w.Run = min(w.Run+1, math.MaxUint16-1)
		w.Cal.add(0)
		return sum, side
	}
	w.end()
	return 0, side
}

// end lets the excursion that is over enter the calibration.
func (w *walk) end() {
	w.Cal.add(w.Peak)
	w.Cal.Ended++
	w.reset()
}

// reset ends the excursion without learning from it.
func (w *walk) reset() { w.Sum, w.Peak, w.Run = [2]float32{}, 0, 0 }
