package stat

import "math"

// TOST returns the log p-value of two one-sided tests against the hypothesis
// that the true effect lies outside (low, high): the larger of the two sides'
// (Schuirmann, J. Pharmacokinetics 1987). A small value shows equivalence. An
// infinite bound leaves that side open. est has standard error se on df degrees
// of freedom; with se = 0 the answer is -Inf inside and 0 on or outside.
func TOST(est, se, df, low, high float64) float64 {
	side := func(gap float64) float64 {
		switch {
		case math.IsInf(gap, 1):
			return math.Inf(-1)
		case se == 0 && gap > 0:
			return math.Inf(-1)
		case se == 0:
			return 0
		}
		return LogStudentTail(gap/se, df)
	}
	if math.IsNaN(est) || math.IsNaN(se) {
		return 0
	}
	return max(side(est-low), side(high-est))
}
