// Package sim is a seeded simulated company: twelve services with a call
// graph, their pods, hosts and databases, about six hundred series with daily
// and weekly rhythm, noise, decoys, and the incident of a scenario file. One
// scenario feeds the demo, the tests and the benches, and its Truth says what
// an honest analysis should find.
//
// Everything follows from (seed, start, step, scenario): the same four give the
// same bytes, in any process. There is no clock and no global randomness, and
// nothing here knows the analyses it is meant to test.
//
// It refuses to be a benchmark of realism: the shapes are plain on purpose, so
// that what a tool finds or misses can be argued about from the scenario file.
package sim
