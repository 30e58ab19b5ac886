package canary

import "math"

// What the sides differed by before the deploy, and whose it is.
//
// Where the history comes from the very instances compared now, the difference
// they had before is theirs and not the version's: it is taken off (difference
// in differences). Where other instances stood in for the canary, it is theirs:
// taking it off would blame the canary for a host it does not run on. But it
// shows how much instances differ that run the same version, one draw of it, so
// its square is added to the variance, with one degree of freedom (Satterthwaite,
// Biometrics Bulletin 1946): a difference no larger than between hosts cannot FAIL.
// Where the samples by instance measure that better (instances.go), it is left to
// them.

// before corrects an effect with standard error se on df degrees of freedom for
// the mean difference of the history; share is the window's length over the
// history's.
func (s *sides) before(effect, se, df, mean, share float64) (float64, float64, float64) {
	if s.sameInstances {
		return effect - mean, se, df
	}
	if s.instancesKnown {
		return effect, se, df
	}
	hosts := mean*mean - se*se*share // What chance alone makes of the mean taken off.
	if !(hosts > 0) || !(se > 0) {
		return effect, se, df
	}
	v := se * se
	all := v + hosts
	return effect, math.Sqrt(all), all * all / (v*v/df + hosts*hosts)
}
