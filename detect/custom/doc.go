// Package custom runs detectors that users write, in a sandbox whose bounds
// hold by construction.
//
// A detector is a YAML document: which series it looks at, what it remembers of
// each, and one expression that says how odd a sample is. Expressions are CEL
// (Common Expression Language) over numbers, text, booleans and flat lists;
// language.go says what of CEL is in. There are no loops but the bounded walk
// over a list, every step has a cost, and a sample may cost maxCost: so the
// same samples give the same verdicts, also the verdict "too expensive".
//
//	name: queue_stuck
//	match: queue_depth
//	state:
//	  still: {initial: 0, next: 'value > 0 && value == state.last ? state.still + step : 0'}
//	  last: {initial: 0, next: value}
//	evidence: 'value > 0 && value == state.last && state.still >= 600 ? bar : 0'
//	reason: '"no change for " + text(state.still / 60) + " minutes"'
//
// The way of a sample: Runner finds the detectors that look at its series and
// the companions they ask for; Series computes the next state and the evidence
// with the state before; detect.Judge makes of it an anomaly with the user's
// budget. A Series that hits a limit is stopped and says why; its Runner goes
// on.
//
// The package refuses what the rest of the analyses refuse (a clock, I/O,
// chance), and of its users' language: unbounded recursion or loops, lists of
// lists, maps, time zones (their rules change between machines), and whatever
// else would make two runs differ or memory grow faster than cost.
package custom
