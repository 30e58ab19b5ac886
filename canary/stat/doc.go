// Package stat holds the statistics the canary judges stand on: rank tests
// with exact tails, variances that survive dependence, group-sequential
// boundaries, e-processes for counts, distances between histograms, and
// corrections for many metrics.
//
// Where to find what:
//
//	two sides of samples   mannwhitney.go (exact.go, exactties.go), hodgeslehmann.go
//	                       (differences.go), brunnermunzel.go, distance.go
//	as R and Kayenta do    rootsearch.go, zeroin.go, normalquantile.go
//	variance of a mean     har.go, placebo.go
//	looking often          sequential.go, looks.go, exit.go, spending.go, anytime.go, robbins.go
//	counts                 counts.go, binomial.go
//	histograms             histogram.go, dkw.go, exceedance.go
//	shards                 robust.go, dbscan.go, hdbscan.go
//	one verdict of many    multiple.go, tost.go
//	small probabilities    tail.go
//
// Every function is pure and total: bad input gives NaN, an error or a stated
// value, never a panic, and none takes longer than its comment says. Values are
// held against R, scipy and scikit-learn (testdata). It refuses to decide
// anything; a verdict belongs to package canary.
package stat
