// Package canary answers whether a new version behaves like the old one: it
// compares the samples of a canary with those of a baseline and says PASS,
// FAIL, INCONCLUSIVE or NO_DATA, with the effect, its interval and a reason
// for every metric.
//
// A verdict is a pure function of the request: no clock, no randomness, no
// network. The same samples give the same bytes, and the digest of a verdict
// says which samples those were, so it can be replayed and audited years later.
//
// The native judge (Judge) starts with the gates (gates.go), objectives that must
// not burn, and then goes metric by metric:
//
//  1. samples_pair.go sets aside what cannot be read, pairs both sides instant
//     by instant and notes what missing data forbid; histogram.go reads
//     histograms;
//  2. the first channel finds the effect and how sure it is: events.go for counts,
//     location.go for levels, from placebo windows of History where there is one,
//     with what the same instances differed by before taken off (before.go);
//  3. further channels ask what a level does not show: spread.go (more scatter),
//     tail.go (more slow requests, another shape), missingness.go (silences),
//     shards.go (one sick instance); instances.go holds back what is no more than
//     instances of one version differ;
//  4. plan.go turns all of that into p-values that hold however often one looks;
//  5. channels.go makes one p-value of a metric's channels by fixed shares of its
//     error, Holm's correction goes over all metrics, then decide.go: FAIL if a
//     channel is worse beyond chance, PASS if every change as large as MinEffect
//     is ruled out and no channel is worse, INCONCLUSIVE otherwise, with the
//     minutes that are missing.
//
// PASS means "the level differs by less than MinEffect", of a histogram also that
// no bound has a tenth of the observations moved across it; never "no difference
// was found". Equal scatter and equal instances are not shown by a PASS, only not
// refuted. With a history the stated error rates hold at any autocorrelation;
// without one they hold in simulation up to an autocorrelation of about 0.9 per
// sample, and strongly dependent metrics stay INCONCLUSIVE. A version cannot be
// told from its host by one pair of series: give Shards, or a History of the same
// instances. Figures, and those of the peers, are in bench/canary/REPORT.md.
//
// Beside it stand four judges named after Twitter's (JudgeNamed) and a
// bit-compatible Kayenta judge (package kayenta) for those who migrate.
//
// The package refuses to fetch data, to schedule looks, to roll back, and to
// pass a canary it has no data for.
package canary
