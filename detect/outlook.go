package detect

import "math"

// outlook is what the members of persistence compare a value with: three
// expectations that fail in different ways. The baseline's median follows any
// series and lags behind a daily rise; a short level with a slope (Holt) knows
// the rise and takes a slow shift for one; the level carried along yesterday's
// day knows the day and is wrong on a day unlike yesterday. A value departs only
// where it is on the same side of all three, by the smallest distance.
type outlook struct {
	Level float32 // Carried along the season.
	Fast  float32 // Carried along the slope,
	Slope float32 // per sample.
	Scale float32 // The .8 quantile of the distance, times 1/1.28: sigma of a normal.
	Last  float32 // The season at the sample before.
	Prev  float32 // Yesterday's mean of the hour before this one,
	Cur   float32 // and of this hour, as they were when the hours began.
	Hour  uint8   // 0 to 23; hourNone before the first.
	Known bool    // The season was known at the sample before.
}

const (
	levelSlow  = 1. / 240 // Weight of a value in the level, where the season carries it;
	levelFast  = .05      // and where its slope does:
	slopeFast  = .001     // a quarter of sigma behind a daily wave of twelve sigma.
	scaleProb  = .8
	scaleGauss = 1.2816 // That quantile of |N(0,1)|.
	scaleSlow  = .01    // Step of the logarithm of the scale,
	scaleFirst = .05    // and over the first scaleWarm samples.
	scaleWarm  = 200
	departMax  = 8 // A residual counts at most this many sigma.
)

// season returns what the last days say of this instant, interpolated between
// the middles of the hours.
func (o *outlook) season(r *reading) (s float64, ok bool) {
	h := uint8(uint64(r.t/hourMS) % 24)
	if r.n == 1 || h != o.Hour {
		before := (h + 23) % 24
		if r.n > 1 && o.Hour == before {
			o.Prev = o.Cur
		} else {
			o.Prev = r.season.Mean[before]
			o.Fast, o.Slope = float32(r.x), 0 // After a gap nothing is known of the slope.
		}
		o.Cur, o.Hour = r.season.Mean[h], h
	}
	after := (h + 1) % 24
	// A day ago, not today: the hour after this one must have been seen.
	if r.season.N[after] < hourMin || r.season.N[(h+23)%24] < hourMin || r.t-r.first < 24*hourMS {
		return 0, false
	}
	if f := float64(r.t%hourMS) / hourMS; f < .5 {
		return float64(o.Prev) + (f+.5)*float64(o.Cur-o.Prev), true
	} else {
		return float64(o.Cur) + (f-.5)*float64(r.season.Mean[after]-o.Cur), true
	}
}

// observe returns the departure of the value in sigma, signed, at most departMax,
// and the distance from the level alone. frozen says that nothing is learned.
func (o *outlook) observe(r *reading, frozen bool) (z, fromLevel float64) {
	s, ok := o.season(r)
	if r.n == 1 {
		o.Level, o.Fast = float32(r.x), float32(r.x)
	}
	switch {
	case ok && o.Known:
		o.Level += float32(s) - o.Last
	case ok:
		o.Level = o.Fast // Without a season the slow level lags.
	}
	o.Last, o.Known = float32(s), ok
	if !frozen {
		o.Fast += o.Slope
	}
	byBase, byFast, byLevel := r.x-r.expected, r.x-float64(o.Fast), r.x-float64(o.Level)
	m := min(math.Abs(byBase), math.Abs(byFast))
	same := (byFast > 0) == (byBase > 0)
	if ok {
		m = min(m, math.Abs(byLevel))
		same = same && (byLevel > 0) == (byBase > 0)
	}
	if o.Scale > 0 {
		fromLevel = clamp(byLevel/float64(o.Scale), departMax)
		if same {
			z = math.Copysign(min(departMax, m/float64(o.Scale)), byBase)
		}
	}
	if !frozen {
		limit := 3 * float64(o.Scale)
		o.Level += float32(levelSlow * clamp(byLevel, limit))
		o.Fast += float32(levelFast * clamp(byFast, limit))
		o.Slope += float32(slopeFast * clamp(byFast, limit))
		o.Scale = track(o.Scale, m, r.n)
	}
	return z, fromLevel
}

// clamp returns x kept within [-limit, limit].
func clamp(x, limit float64) float64 { return max(-limit, min(limit, x)) }

// track moves a scale towards the .8 quantile of non-zero sizes, as a sigma.
func track(scale float32, size float64, n uint32) float32 {
	if size == 0 {
		return scale
	}
	if scale == 0 {
		return float32(size)
	}
	step := scaleSlow
	if n < scaleWarm {
		step = scaleFirst
	}
	if size > scaleGauss*float64(scale) {
		return float32(float64(scale) * (1 + step*scaleProb))
	}
	return float32(float64(scale) * (1 - step*(1-scaleProb)))
}
