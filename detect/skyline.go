package detect

import (
	"fmt"
	"time"
)

// SkylineConfig holds the settings of ProfileSkyline. The zero value is Etsy
// Skyline as published (etsy/skyline, settings.py.example and algorithms.py of
// 2015-10), defects included; each Corrected flag repairs one known defect, and
// Corrected sets them all.
type SkylineConfig struct {
	// Consensus is the number of algorithms that must agree, in [1, 9].
	// Default 6.
	Consensus int
	// FullDuration is the window the algorithms see, in [1h, 31d].
	// Default 86400 s.
	FullDuration time.Duration
	// MinLength is the number of points below which a series is not judged,
	// in [1, 10000]. Default 1.
	MinLength int
	// StalePeriod is the age of the last point from which a series is not
	// judged, in [1s, 31d]. Default 500 s.
	StalePeriod time.Duration
	// Boredom is the number of last points that are looked at, in [2, 1000],
	// and BoredomSet the number of different values among them, in [1, 10], at
	// which a series is not judged. Defaults 100 and 1.
	Boredom, BoredomSet int
	// SecondOrder lets an anomaly pass only if the time since the one before is
	// unusual for the series (is_anomalously_anomalous). Default off.
	SecondOrder bool

	// CorrectedMAD repairs the vote of median_absolute_deviation: as published
	// it returns nothing when quiet and the consensus counts that as a vote.
	CorrectedMAD bool
	// CorrectedGrubbs makes grubbs two-sided: as published it is blind to
	// drops.
	CorrectedGrubbs bool
	// CorrectedHistogram closes the right edge of the last bin: as published a
	// value equal to the maximum falls into no bin and never fires.
	CorrectedHistogram bool
	// CorrectedLeastSquares drops the rounding of sigma and t: as published
	// a ratio (0..1) can never fire.
	CorrectedLeastSquares bool
	// CorrectedSlope fits a line to a short series too: as published the
	// regression is on raw Unix seconds, which its solver finds singular while
	// they span less than some twenty minutes, and then fits no slope.
	CorrectedSlope bool
	// CorrectedKS takes the last 20 points (and the 100 before) as probe where
	// ten minutes hold fewer: as published it cannot fire at a 60 s step.
	CorrectedKS bool
	// CorrectedFirstHour compares a series younger than 23 hours with its
	// oldest hour: as published first_hour_average then has nothing to compare
	// with and is silent.
	CorrectedFirstHour bool
	// CorrectedBoredom judges a series whose last 100 values are all equal: as
	// published it is skipped, so a stuck metric never alerts.
	CorrectedBoredom bool
	// CorrectedStale tells when samples stop coming: as published a series
	// without a point for StalePeriod is skipped, so a dead metric never
	// alerts, and one that was anomalous is not so any more.
	CorrectedStale bool
}

// Defaults of SkylineConfig.
const (
	DefaultConsensus    = 6
	DefaultFullDuration = 24 * time.Hour
	DefaultMinLength    = 1
	DefaultStalePeriod  = 500 * time.Second
	DefaultBoredom      = 100
	DefaultBoredomSet   = 1
)

// Corrected returns c with every known defect repaired.
func (c SkylineConfig) Corrected() SkylineConfig {
	c.CorrectedMAD, c.CorrectedGrubbs, c.CorrectedHistogram = true, true, true
	c.CorrectedLeastSquares, c.CorrectedSlope, c.CorrectedKS = true, true, true
	c.CorrectedFirstHour, c.CorrectedBoredom, c.CorrectedStale = true, true, true
	return c
}

func (c SkylineConfig) withDefaults() SkylineConfig {
	orInt := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	orTime := func(v *time.Duration, def time.Duration) {
		if *v == 0 {
			*v = def
		}
	}
	orInt(&c.Consensus, DefaultConsensus)
	orTime(&c.FullDuration, DefaultFullDuration)
	orInt(&c.MinLength, DefaultMinLength)
	orTime(&c.StalePeriod, DefaultStalePeriod)
	orInt(&c.Boredom, DefaultBoredom)
	orInt(&c.BoredomSet, DefaultBoredomSet)
	return c
}

func (c SkylineConfig) validate() []error {
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Consensus < 1 || c.Consensus > 9 {
		add("cannot use skyline consensus %d: want 1 to 9 of the nine algorithms; leave it out for the default %d", c.Consensus, DefaultConsensus)
	}
	if c.FullDuration < time.Hour || c.FullDuration > 31*24*time.Hour {
		add("cannot use skyline full duration %v: want [1h, 744h]; leave it out for the default %v", c.FullDuration, DefaultFullDuration)
	}
	if c.MinLength < 1 || c.MinLength > 10_000 {
		add("cannot use skyline minimum length %d: want 1 to 10000 points; leave it out for the default %d", c.MinLength, DefaultMinLength)
	}
	if c.StalePeriod < time.Second || c.StalePeriod > 31*24*time.Hour {
		add("cannot use skyline stale period %v: want [1s, 744h]; leave it out for the default %v", c.StalePeriod, DefaultStalePeriod)
	}
	if c.Boredom < 2 || c.Boredom > 1000 {
		add("cannot use skyline boredom %d: want 2 to 1000 points; leave it out for the default %d", c.Boredom, DefaultBoredom)
	}
	if c.BoredomSet < 1 || c.BoredomSet > 10 {
		add("cannot use skyline boredom set %d: want 1 to 10 different values; leave it out for the default %d", c.BoredomSet, DefaultBoredomSet)
	}
	return errs
}
