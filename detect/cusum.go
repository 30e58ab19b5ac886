package detect

// cusum is the member that sees a level move by less than a single value can
// show: Page's cumulative sum (Biometrika 41, 1954), two-sided, of the log
// likelihood ratio of a shift by two sigma (k = 1) for departures in sigma.
//
//	S = max(0, S + 2 z - 2),  z in [-8, 8]
//
// The textbook's k = 1/2 looks for shifts by one sigma. Healthy waves are that
// far from any expectation for hours, and were two false alarms in three on
// generated days; k = 1 is also twice as fast at three sigma.
//
// What it told it holds: the level before stays the reference until values are
// nearer to it than to the new one, or the adaptation time is over.
type cusum struct {
	Walk walk
	Hold float32 // Log likelihood ratio of the shift against none, at most holdMax; held while above 0.
	Size float32 // The shift that is held, in sigma.
	Side int8    // 1 up, -1 down, 0: nothing is held.
	Held uint16  // Samples it has been held.
}

const (
	cusumShift = 2 // Sigma.
	holdMax    = 8
)

// observe takes the departure z and the distance from the level, and returns
// the evidence of a shift.
func (c *cusum) observe(r *reading, z, fromLevel float64) claim {
	if c.Side != 0 {
		return c.keep(r, fromLevel)
	}
	if r.usual {
		z = 0
	}
	sum, side := c.Walk.step(cusumShift*(z-cusumShift/2), cusumShift*(-z-cusumShift/2))
	e := shared(c.Walk.Cal.evidence(sum / r.memory))
	if r.open {
		e -= slowSure
	}
	if e < min(r.bar, slowMute) {
		return claim{}
	}
	dir, sign := DirectionUp, int8(1)
	if side == 1 {
		dir, sign = DirectionDown, -1
	}
	said := claim{evidence: e, kind: KindLevel, dir: dir, change: r.ago(c.Walk.Run - 1), held: true}
	size := max(1, sum/cusumShift/float64(c.Walk.Run)+cusumShift/2)
	c.Walk.end()
	if r.bar > slowMute {
		return claim{} // Learned, not told.
	}
	c.Side, c.Hold, c.Held, c.Size = sign, holdMax, 0, float32(size)
	return said
}

// keep follows a shift that was told.
func (c *cusum) keep(r *reading, fromLevel float64) claim {
	c.Held++
	size := float64(c.Size)
	c.Hold = float32(min(holdMax, float64(c.Hold)+size*(float64(c.Side)*fromLevel-size/2)))
	switch {
	case c.Held >= r.hold:
		c.Side = 0
		return claim{adapted: true}
	case c.Hold <= 0 || !r.open && c.Held > 1: // Back, or closed by others.
		c.Side = 0
		return claim{}
	}
	return claim{held: true}
}
