package canary

import (
	"fmt"
	"math"
	"time"
)

// Schedule says how long a run may last and when it looks: at LookEvery, twice
// LookEvery, ... up to Longest. Foresee and Calibrate judge at these looks as a
// run of the service does; the plan of looks in the Policy is not read.
type Schedule struct {
	Longest   time.Duration // Longest run, up to 24 h; 1 h when 0.
	LookEvery time.Duration // Time between looks, at least 1 s; 1 min when 0.
}

// maxSchedule is the longest run that can be foreseen.
const maxSchedule = 24 * time.Hour

// filled fills in defaults and checks ranges.
func (s Schedule) filled() (Schedule, error) {
	if s.Longest == 0 {
		s.Longest = time.Hour
	}
	if s.LookEvery == 0 {
		s.LookEvery = min(time.Minute, s.Longest)
	}
	if s.LookEvery < time.Second || s.Longest < s.LookEvery || s.Longest > maxSchedule {
		return s, fmt.Errorf("cannot plan a run of %s that looks every %s: looks are at least 1s apart, and a run lasts at least one look and at most %s", s.Longest, s.LookEvery, maxSchedule)
	}
	return s, nil
}

// looks is the number of looks of a full run.
func (s Schedule) looks() int { return max(1, int(s.Longest/s.LookEvery)) }

// samples is how many samples step seconds apart a window holds at look k, the
// last look at the end of the run.
func (s Schedule) samples(k int, stepSeconds float64) int {
	seconds := (time.Duration(k) * s.LookEvery).Seconds()
	if k >= s.looks() {
		seconds = s.Longest.Seconds()
	}
	return int(math.Floor(seconds/stepSeconds + 1e-9))
}

// at is the policy of look k for a metric with samples step seconds apart.
func (s Schedule) at(p Policy, k int, stepSeconds float64) Policy {
	p.Look, p.Looks, p.PlannedSamples = k, s.looks(), s.samples(s.looks(), stepSeconds)
	return p
}
