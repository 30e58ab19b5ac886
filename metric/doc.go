// Package metric holds the nouns every room shares: a labelled series, a
// sample, a window of evenly spaced points, a batch on its way from the store
// to the analyses, and the two notations people type (a series name and a
// matcher list).
//
// It computes nothing an analysis would want to decide for itself, and it
// refuses to know where samples come from: no store, no network, no clock.
// It imports only the standard library and Prometheus's model/labels and
// model/histogram, so that anybody can embed the analyses.
//
// Units, everywhere in Bellwether: instants are Unix milliseconds (int64),
// durations in the same unit unless a name ends in _seconds or Seconds, values
// are float64, and a missing value in a window is NaN.
package metric
