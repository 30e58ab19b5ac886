package detect

import (
	"fmt"
	"time"
)

// SkylineConfig holds the settings of ProfileSkyline. The zero value is Etsy
// Skyline as published (etsy/skyline, settings.py.example and algorithms.py of
// 2015-10), defects included; each Corrected flag repairs one known defect.
type SkylineConfig struct {
	// Consensus is the number of algorithms that must agree, in [1, 9].
	// Default 6.
	Consensus int
	// FullDuration is the window the algorithms see, in [1h, 31d].
	// Default 86400 s.
	FullDuration time.Duration
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
	// CorrectedKS takes the last 20 points (and the 100 before) as probe where
	// ten minutes hold fewer: as published it cannot fire at a 60 s step.
	CorrectedKS bool
	// CorrectedBoredom judges a series whose last 100 values are all equal: as
	// published it is skipped, so a stuck metric never alerts.
	CorrectedBoredom bool
}

// Defaults of SkylineConfig.
const (
	DefaultConsensus    = 6
	DefaultFullDuration = 24 * time.Hour
)

func (c SkylineConfig) withDefaults() SkylineConfig {
	if c.Consensus == 0 {
		c.Consensus = DefaultConsensus
	}
	if c.FullDuration == 0 {
		c.FullDuration = DefaultFullDuration
	}
	return c
}

func (c SkylineConfig) validate() []error {
	var errs []error
	if c.Consensus < 1 || c.Consensus > 9 {
		errs = append(errs, fmt.Errorf("cannot use skyline consensus %d: want 1 to 9 of the nine algorithms; leave it out for the default %d", c.Consensus, DefaultConsensus))
	}
	if c.FullDuration < time.Hour || c.FullDuration > 31*24*time.Hour {
		errs = append(errs, fmt.Errorf("cannot use skyline full duration %v: want [1h, 744h]; leave it out for the default %v", c.FullDuration, DefaultFullDuration))
	}
	return errs
}
