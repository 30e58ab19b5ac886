// Package canary answers whether a new version behaves like the old one: it
// compares the samples of a canary with those of a baseline and says PASS,
// FAIL, INCONCLUSIVE or NO_DATA, with the effect, its interval and a reason
// for every metric.
//
// A verdict is a pure function of the request: no clock, no randomness, no
// network. The same samples give the same bytes, so a verdict can be replayed
// and audited years later.
//
// The native judge (Judge) holds a stated error rate where samples are not
// independent: it measures how window means of the two sides differ when
// nothing was deployed (History), or estimates that variance from the window
// itself with a small-sample correction, and says INCONCLUSIVE when neither
// carries a decision. PASS means "the difference is smaller than MinEffect",
// never "no difference was found". Beside it stand four judges named after
// Twitter's (JudgeNamed) and a bit-compatible Kayenta judge (JudgeKayenta)
// for those who migrate.
//
// The package refuses to fetch data, to schedule looks, to roll back, and to
// pass a canary it has no data for.
package canary
