package detect

import "math"

// drift is the member that sees a level creep: a leak, a queue that fills. It
// looks at each hour once: the mean of the hour less the mean of the same hour
// the days before, less what that difference usually is (a steady trend is
// healthy), in sigma. The sign and size of it are a one-sided p for either
// direction, and an e-process bets on it:
//
//	M = max(1, M) * e(p),  e(p) = mean over kappa in {.1 .3 .5 .7 .9} of kappa p^(kappa-1)
//
// The mixture over kappa is the calibrator of Vovk and Wang (Annals of
// Statistics 49, 2021), max(1, M) the e-detector of Shin, Ramdas and Rinaldo
// (2022): alarms at M = 1/alpha come no more often than once in 1/alpha hours,
// as long as the hours are independent. They are not, so log M is calibrated by
// its past excursions like every sum here. The change is put where M was last 1.
type drift struct {
	Walk  walk    // log M, up and down, an observation an hour.
	Sum   float32 // Of the differences of this hour,
	Count uint16  // and how many values they are of.
	Hour  uint16  // The hour, modulo 65536; 0 until the first.
	Usual float32 // The difference of an hour that is usual.
	Scale float32 // Sigma of it.
	Hold  uint16  // Samples what was told has been held; 0 if nothing is.
	Hours uint8   // Hours judged.
}

const (
	driftWarm   = 168     // Hours judged before it speaks: a week.
	driftSure   = 1       // Evidence it must show above the bar: an hour depends on the one before.
	driftFollow = 1. / 48 // Weight of an hour in the usual difference.
	driftLeast  = .005    // An hour claims no less than this p.
	driftWins   = 20      // A value counts in the mean of its hour with at most so many sigma.
)

// observe takes a sample. sigma is the scale of values, and while frozen the
// hour is given up: an incident is no drift.
func (d *drift) observe(r *reading, o *outlook, frozen bool) claim {
	hour := uint16(uint64(r.t/hourMS)%65535) + 1
	var said claim
	if hour != d.Hour {
		if d.Count > 0 && d.Hour > 0 {
			said = d.end(r)
		}
		d.Hour, d.Sum, d.Count = hour, 0, 0
	}
	if d.Hold > 0 && said.evidence == 0 {
		if d.Hold++; d.Hold > r.hold || !r.open && d.Hold > 2 {
			d.Hold = 0
			return claim{adapted: r.open}
		}
		return claim{held: true}
	}
	if !o.Known || frozen {
		d.Count = 0
		return claim{}
	}
	away := r.x - float64(o.Cur) - float64(d.Usual)
	d.Sum += float32(clamp(away, driftWins*float64(o.Scale)))
	if d.Count < math.MaxUint16 {
		d.Count++
	}
	return said
}

// end judges the hour that is over.
func (d *drift) end(r *reading) claim {
	away := float64(d.Sum) / float64(d.Count)
	up, down := 0., 0.
	if d.Scale > 0 {
		z := away / float64(d.Scale)
		up, down = bet(normalTail(z)), bet(normalTail(-z))
	}
	d.Hours = min(d.Hours+1, math.MaxUint8-1)
	d.Usual += float32(max(driftFollow, 1/float64(d.Hours)) * away)
	if d.Hours < 24 { // The first day only finds the size of a difference.
		d.Scale = track(d.Scale, math.Abs(away), uint32(d.Hours))
		return claim{}
	}
	d.Scale = track(d.Scale, math.Abs(away), scaleWarm)
	sum, side := d.Walk.step(up, down)
	perHour := hourMS / max(r.step, 1)
	e := shared(d.Walk.Cal.evidence(sum) + math.Log10(max(1, perHour)))
	if e < min(r.bar, slowMute)+driftSure {
		return claim{}
	}
	run := int64(d.Walk.Run)
	d.Walk.end()
	if d.Hours < driftWarm || r.open {
		return claim{} // Learned, not told.
	}
	d.Hold = 1
	return claim{evidence: e, kind: KindDrift, dir: [2]Direction{DirectionUp, DirectionDown}[side],
		change: max(r.first, r.t-run*hourMS), held: true}
}

// normalTail returns P(N(0,1) >= z), at least driftLeast.
func normalTail(z float64) float64 { return max(driftLeast, math.Erfc(z/math.Sqrt2)/2) }

// bet returns the logarithm of the e-value of p.
func bet(p float64) float64 {
	e := 0.
	for _, kappa := range [5]float64{.1, .3, .5, .7, .9} {
		e += kappa * math.Pow(p, kappa-1) / 5
	}
	return math.Log(e)
}
