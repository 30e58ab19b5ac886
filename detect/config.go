package detect

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Config is the whole configuration of a detector. The zero value is valid and
// is what a user should run: one knob, Budget, says how many false alarms are
// tolerable.
type Config struct {
	// Profile chooses the detectors. Default ProfileDefault.
	Profile Profile
	// Budget is the number of false alarms tolerated per 1000 series-days,
	// in (0, 1e6]. Default 10.
	Budget float64
	// Open is the bar at which an anomaly opens, as the false alarms per 1000
	// series-days expected at that bar, in (0, 1e6]. 0 means Budget. The
	// offline csv sets 1000 (one per series-day), so that a reader can raise
	// the bar by score or alarm afterwards.
	Open float64
	// Adapt is how long an open anomaly may hold before its level is accepted
	// as the new normal and it closes saying so, in [10m, 30d]. Default 8h. It
	// is kept within 60 to 480 samples: at a step of 10 s that is 80 minutes at
	// most. The trace says the time that holds.
	Adapt time.Duration
	// Shape adds the member for the form of a stretch of samples, on series that
	// repeat themselves. It finds anomalies of shape that no other member sees,
	// for 42 KB a series and, a sample, about half a microsecond where the period
	// is a day of minutes and up to 12 us where it is below 70 samples; off by
	// default. Form alone claims a chance of 8e-5 at most: by itself it opens an
	// anomaly at the default budget where samples are 15 minutes apart or more,
	// and at budgets from 160 on where they are a minute apart. The skyline profile ignores it.
	Shape bool
	// Skyline holds the settings of ProfileSkyline; ignored otherwise.
	Skyline SkylineConfig
}

// Defaults of Config.
const (
	DefaultBudget = 10.0
	DefaultAdapt  = 8 * time.Hour
)

// Meta is what is known about a series from outside its values.
type Meta struct {
	// Kind tells how raw values are read. Default MetricUnknown.
	Kind MetricKind
	// Step is the expected distance between samples, 0 if unknown: it is then
	// estimated from the first samples. In [0, 31d].
	Step time.Duration
	// TTL is the longest silence tolerated, stated instead of learned: without a
	// sample for longer the series is no-data, whatever its past gaps. 0 means
	// judge silence against the gaps of the past. In [0, 31d].
	TTL time.Duration
}

// withDefaults returns c with every zero field set to its default.
func (c Config) withDefaults() Config {
	if c.Budget == 0 {
		c.Budget = DefaultBudget
	}
	if c.Open == 0 {
		c.Open = c.Budget
	}
	if c.Adapt == 0 {
		c.Adapt = DefaultAdapt
	}
	c.Skyline = c.Skyline.withDefaults()
	return c
}

// Validate returns every error of the configuration at once, or nil.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	if int(c.Profile) >= len(profileNames) {
		errs = append(errs, fmt.Errorf("cannot use profile %d: want one of %q", uint8(c.Profile), profileNames))
	}
	for _, b := range []struct {
		name string
		v    float64
	}{{"budget", c.Budget}, {"open", c.Open}} {
		if !(b.v > 0 && b.v <= 1e6) || math.IsNaN(b.v) {
			errs = append(errs, fmt.Errorf("cannot use %s %v: want false alarms per 1000 series-days in (0, 1e6]; leave it out for the default %v", b.name, b.v, DefaultBudget))
		}
	}
	if c.Adapt < 10*time.Minute || c.Adapt > 30*24*time.Hour {
		errs = append(errs, fmt.Errorf("cannot use adapt %v: want a duration in [10m, 720h]; leave it out for the default %v", c.Adapt, DefaultAdapt))
	}
	errs = append(errs, c.Skyline.validate()...)
	return errors.Join(errs...)
}

// Validate returns every error of the metadata at once, or nil.
func (m Meta) Validate() error {
	var errs []error
	if int(m.Kind) >= len(metricKindNames) {
		errs = append(errs, fmt.Errorf("cannot use metric kind %d: want one of %q", uint8(m.Kind), metricKindNames))
	}
	if m.Step < 0 || m.Step > 31*24*time.Hour {
		errs = append(errs, fmt.Errorf("cannot use step %v: want a duration in [0, 744h]; 0 means estimate it", m.Step))
	}
	if m.TTL < 0 || m.TTL > 31*24*time.Hour {
		errs = append(errs, fmt.Errorf("cannot use ttl %v: want a duration in [0, 744h]; 0 means judge silence by the gaps of the past", m.TTL))
	}
	return errors.Join(errs...)
}

// openingBar returns the evidence at which open false alarms per 1000
// series-days are expected from samples stepMS apart; a minute if unknown.
func openingBar(open, stepMS float64) float64 {
	if stepMS <= 0 {
		stepMS = 60_000
	}
	return max(1, -math.Log10(open/1000/(86_400_000/stepMS)))
}

// adaptation returns the adaptation time in samples, within what the tails
// guard.
func adaptation(adaptMS, stepMS float64) uint32 {
	if stepMS <= 0 {
		return guardHold
	}
	return uint32(max(60, min(guardHold, adaptMS/stepMS)))
}
