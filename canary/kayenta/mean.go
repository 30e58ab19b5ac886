package kayenta

import "github.com/bellwether-ts/bellwether/canary/stat"

// Kayenta's mean inequality classifier: the side with the higher mean is worse,
// with no test at all. Its judge never runs it; its authors keep it as the
// baseline any classifier must beat, and so do we.

// The classifiers a Options may name.
const (
	MannWhitney    = "MannWhitneyClassifier"    // What the shipped judge runs.
	MeanInequality = "MeanInequalityClassifier" // Compares means.
)

// classifyMeans labels cleaned samples by their means alone.
func (s settings) classifyMeans(name string, control, experiment []float64) label {
	if len(control) == 0 || len(experiment) == 0 {
		l := s.silent(name)
		if l.label == kNodata {
			l.ratio = 0
		}
		return l
	}
	c, e := stat.Mean(control), stat.Mean(experiment)
	switch {
	case s.increase && e > c:
		return label{label: kHigh, reason: "The mean of " + name + " is higher than the baseline's", ratio: e / c, critical: s.critical}
	case s.decrease && e < c:
		return label{label: kLow, reason: "The mean of " + name + " is lower than the baseline's", ratio: e / c, critical: s.critical}
	}
	return label{label: kPass, ratio: 1}
}
