// Package pipeline is the way of a sample and of an event through the rooms:
//
//	store tap -> lanes -> Watch (detect) --\
//	                   -> Distributions ----|
//	                   -> Rings (correlate) |-> emit -> alert core -> receivers, streams
//	                   -> Goals (slo) -----/
//	             canary runs -------------/
//
// Watch, Distributions, Rings and Goals are plain, single-owner objects that
// take samples and the time, so that live data, history read at start, a demo's
// simulated week and a backtest run through the same code. Pipeline puts lanes
// (a bounded queue and one goroutine each) in front of them and a journal behind
// them.
//
// The tap never blocks: when a lane is full, that lane's copy of the batch is
// dropped and counted. emit.go is the single list of what becomes an alert.
//
// A canary run reads both sides of every metric at each look (comparison.go):
// PromQL, or raw counters and histograms (reading.go), on the metrics named or
// those the field's naming rules give (convention.go), with a history from what
// was there before (placebo.go).
//
// The package refuses to decide anything an analysis should decide, and to
// lose an event: between an analysis and the journal there is back-pressure,
// not a drop.
package pipeline
