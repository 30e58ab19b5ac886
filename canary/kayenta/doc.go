// Package kayenta is Kayenta's judge and what moves a site from it: the rules of
// NetflixACAJudge-v1.0 bit for bit, its configs read and written, and a report
// of where the native judge disagrees and why.
//
// kayenta.go says which defects are rules here. A request goes through sets.go
// and pair.go (samples of both sides), outliers.go (cleaning), rank.go or mean.go
// (the test), classify.go (a label per metric) and score.go (groups, weights,
// thresholds). native.go asks the native judge with the same request and
// disagree.go compares the two. import.go and export.go carry a canaryConfig over
// to a run and back; schedule.go is the calendar of a standalone analysis.
//
// The package refuses to repair a rule: who wants an error rate that holds asks
// package canary. It fetches nothing; the REST face is server/compat/kayenta.
package kayenta
