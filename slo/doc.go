// Package slo answers "are users hurting?": it reads service level objectives
// (OpenSLO v1), counts good and bad events exactly, and says how fast each
// error budget is being spent.
//
// The way through the package:
//
//	openslo.go    a file of objectives in, checked (strict.go), all errors at once
//	objective.go  what an objective is; rule.go the burn-rate alert table
//	observe.go    the way of a sample
//	counter.go    raw counter samples to increases (resets, gaps, no extrapolation)
//	latency.go    histograms to "how many observations were fast enough"
//	ring.go       increases to sums over any window, by two subtractions
//	slice.go      time slices: good minutes instead of good events
//	evaluator.go  the state of one objective
//	burn.go       windows to burn rates and budget; evidence.go how sure we are
//	status.go     the verdict; trace.go the verdict in words
//	checkpoint.go the state as bytes, and back
//
// It needs no recording rules: the evaluator is fed raw samples as they arrive
// and keeps cumulative sums at three resolutions, less than 200 kB for an
// objective whatever its traffic.
//
// It refuses to guess. It does not extrapolate a counter to the edge of a
// window, does not average ratios over time, and does not call missing data
// good: what a gap means is a policy of the objective, and "no data" is a
// verdict. It refuses alert rules that can never fire. It reads no clock, runs
// no query and starts no goroutine; the caller resolves selectors to series and
// hands in samples and the time.
package slo
