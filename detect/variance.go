package detect

import "math"

// variance is the member of noise: it sees the moves of a series grow or die
// while its level stays. It adds up the log likelihood ratio of moves three
// times as large, and of moves a quarter as large, against the usual ones:
//
//	up:   z^2/2 (1 - 1/9) - ln 3       z: |move| in sigma of moves, at most 4
//	down: ln 4 - z^2/2 (16 - 1)        at least -4
//
// A move of exactly nothing says nothing about noise: quiet judges it.
type variance struct {
	Walk  walk
	Scale float32 // Sigma of the moves.
	Hold  uint16  // Samples what was told has been held; 0 if nothing is.
}

const (
	varianceUp    = 3
	varianceDown  = 4
	varianceMax   = 4  // A move counts at most this many sigma: a spike is two large moves and must not do.
	varianceLeast = -4 // A large move speaks against dead noise by no more than this.
	varianceKeep  = 8  // What was told is held from this sum down to 0.
)

// observe takes a sample and returns the evidence that the noise changed.
func (v *variance) observe(r *reading, frozen bool) claim {
	move := math.Abs(r.x - r.prev)
	up, down := 0., 0.
	if z := min(varianceMax, move/max(float64(v.Scale), 1e-300)); v.Scale > 0 && !r.usual {
		up = z*z/2*(1-1./(varianceUp*varianceUp)) - math.Log(varianceUp)
		if move > 0 {
			down = max(varianceLeast, math.Log(varianceDown)-z*z/2*(varianceDown*varianceDown-1))
		}
	}
	if !frozen && v.Hold == 0 {
		v.Scale = track(v.Scale, move, r.n)
	}
	sum, side := v.Walk.step(up, down)
	if v.Hold > 0 {
		return v.keep(r, sum, side)
	}
	e := shared(v.Walk.Cal.evidence(sum))
	if r.open { // The way there and back of a spike are two moves.
		e -= slowSure
	}
	if e < min(r.bar, slowMute) {
		return claim{}
	}
	if r.bar > slowMute {
		v.Walk.end()
		return claim{} // Learned, not told.
	}
	v.Hold = 1
	v.Walk.Sum[side] = varianceKeep
	return claim{evidence: e, kind: KindVariance, dir: [2]Direction{DirectionUp, DirectionDown}[side], change: r.ago(v.Walk.Run - 1), held: true}
}

// keep follows what was told until the sum is back at 0.
func (v *variance) keep(r *reading, sum float64, side int) claim {
	v.Walk.Sum[side] = min(v.Walk.Sum[side], varianceKeep)
	v.Hold++
	switch {
	case v.Hold > r.hold:
		v.Hold, v.Scale = 0, 0
		v.Walk.reset()
		return claim{adapted: true}
	case sum <= 0 || !r.open && v.Hold > 2:
		v.Hold = 0
		v.Walk.end()
		return claim{}
	}
	return claim{held: true}
}
