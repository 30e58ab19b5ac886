package detect

import "math"

// histogramUsual is what a histogram usually looks like: just before, and at
// this hour of the day.
//
//	Recent   the last forty minutes or so, at least thirty batches: counts that
//	         fade with every batch, so busy times weigh more
//	Slot     24 forms, one an hour of the day: a byte a cell, the logarithm of
//	         its share in sixteenths of an octave; the Recent of the end of that
//	         hour goes in at three tenths, so it speaks of the last few days
//
// A batch is held against whichever is nearer: what was usual a moment ago is no
// news, and what is usual at this hour is none either. While an anomaly is open,
// or a batch is beyond the guard, nothing is learned.
type histogramUsual struct {
	Recent  cells
	N       float64 // Sum of Recent.
	Squares float64 // Sum of squared weights, for the number of observations it is worth.
	Slot    [24][histogramCells]uint8
	SlotN   [24]float32 // Observations a slot is worth; 0 while there is none.
	Hour    int64       // The hour of the last batch, counted from 1970.
	Learned uint16      // Batches learned in it.
}

const (
	recentFade    = 40 * 60_000 // Milliseconds in which Recent fades to 1/e,
	recentBatches = 30          // and so many batches at least.
	slotWeight    = .3
)

// shareOf is the share each byte of a slot stands for; 0 is none.
var shareOf = func() (t [256]float32) {
	for i := range t {
		if i > 0 {
			t[i] = float32(math.Exp2(float64(i-255) / 16))
		}
	}
	return t
}()

// logShare is the byte of a share.
func logShare(share float64) uint8 {
	if share <= 0 {
		return 0
	}
	return uint8(max(0, min(255, math.Round(255+16*math.Log2(share)))))
}

// worth is the number of independent observations Recent is worth.
func (u *histogramUsual) worth() float64 {
	if u.Squares <= 0 {
		return 0
	}
	return u.N * u.N / u.Squares
}

// atHour fills form with the shares usual at instant t and returns the number of
// observations they are worth, 0 if there are none yet. Shares sum to 1.
func (u *histogramUsual) atHour(t int64, form *[histogramCells]float32) float64 {
	h := uint64(t/hourMS) % 24
	if u.SlotN[h] == 0 {
		return 0
	}
	sum := float32(0)
	for i, b := range u.Slot[h] {
		form[i] = shareOf[b]
		sum += form[i]
	}
	if sum == 0 {
		return 0
	}
	for i := range form {
		form[i] /= sum
	}
	return float64(u.SlotN[h])
}

// turn closes the hour before t if t is in another.
func (u *histogramUsual) turn(t int64) {
	hour := t / hourMS
	if hour == u.Hour {
		return
	}
	if u.Learned > 0 && u.N > 0 {
		u.close(uint64(u.Hour) % 24)
	}
	u.Hour, u.Learned = hour, 0
}

// close lets Recent into the slot of hour h.
func (u *histogramUsual) close(h uint64) {
	var old [histogramCells]float32
	w := float32(slotWeight)
	if u.SlotN[h] == 0 {
		w = 1
	}
	u.atHour(int64(h)*hourMS, &old)
	for i, c := range u.Recent {
		u.Slot[h][i] = logShare(float64((1-w)*old[i] + w*c/float32(u.N)))
	}
	n := float32(min(u.worth(), 1e9))
	u.SlotN[h] += w * (n - u.SlotN[h])
}

// learn lets a batch of n observations, ms long, into Recent.
func (u *histogramUsual) learn(batch *cells, n, ms float64) {
	keep := math.Exp(-max(0, min(ms/recentFade, 1./recentBatches)))
	if u.N > 1e18 { // Counts no process makes: keep the sums finite.
		keep = 0
	}
	for i, c := range batch {
		u.Recent[i] = u.Recent[i]*float32(keep) + c
	}
	u.N = u.N*keep + n
	u.Squares = u.Squares*keep*keep + n
	if u.Learned < math.MaxUint16 {
		u.Learned++
	}
}

// restart gives up what was usual just before for lately.
func (u *histogramUsual) restart(lately *histogramWindow) {
	u.Recent, u.N, u.Squares = lately.Count, lately.N, lately.Squares
}

// regrid moves the counts of every form to other cells.
func (u *histogramUsual) regrid(to func(i int) int) {
	for h := range u.Slot {
		if u.SlotN[h] == 0 {
			continue
		}
		var out [histogramCells]float32
		for i, b := range u.Slot[h] {
			out[to(i)] += shareOf[b]
		}
		for i, x := range out {
			u.Slot[h][i] = logShare(float64(x))
		}
	}
}
