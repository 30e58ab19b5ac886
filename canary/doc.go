// Package canary answers whether a new version behaves like the old one: it
// compares the samples of a canary with those of a baseline and says PASS,
// FAIL, INCONCLUSIVE or NO_DATA, with the effect, its interval and a reason
// for every metric.
//
// A verdict is a pure function of the request: no clock, no randomness, no
// network. The same samples give the same bytes, so a verdict can be replayed
// and audited years later.
//
// The native judge (Judge) goes metric by metric:
//
//  1. samples_pair.go sets aside what cannot be read, pairs both sides instant
//     by instant and notes what missing data forbid;
//  2. events.go (counts) or location.go (levels) finds the effect and how sure
//     it is, from placebo windows of History where there is one;
//  3. plan.go turns that into p-values that hold however often one looks;
//  4. Holm's correction over all metrics, then decide.go: PASS if every change
//     as large as MinEffect is ruled out, FAIL if worse beyond chance,
//     INCONCLUSIVE otherwise, with the minutes that are missing.
//
// PASS means "the difference is smaller than MinEffect", never "no difference
// was found". With a history the stated error rates hold at any autocorrelation;
// without one they hold in simulation up to an autocorrelation of about 0.9 per
// sample, and strongly dependent metrics stay INCONCLUSIVE. Figures, and those
// of the peers, are in bench/canary/REPORT.md.
//
// Beside it stand four judges named after Twitter's (JudgeNamed) and a
// bit-compatible Kayenta judge (JudgeKayenta) for those who migrate.
//
// The package refuses to fetch data, to schedule looks, to roll back, and to
// pass a canary it has no data for. Not judged yet: changes of spread alone,
// whole histograms, and single shards in the native judge.
package canary
