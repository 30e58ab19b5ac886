// Package stat holds the statistics the canary judges stand on: rank tests
// with exact tails, variances that survive dependence, group-sequential
// boundaries, e-processes for counts, and corrections for many metrics.
//
// Every function is pure and total: bad input gives NaN or a stated value,
// never a panic. It refuses to decide anything; a verdict belongs to package
// canary.
package stat
