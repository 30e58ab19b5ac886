// Package detect says whether a series behaves unlike itself, since when, and
// why. It is a consensus of small streaming detectors (members), each in its
// own file, over one series at a time.
//
// The way of a sample through the default profile:
//
//  1. hygiene: counter to rate, step estimate, gaps, non-finite values;
//  2. members: each turns the value into a residual against its own baseline;
//  3. consensus: residuals are compared with their own guarded tails, fused,
//     and the fused statistic is calibrated to a p-value;
//  4. episode: an anomaly opens at a bar, is held until recovery is proven or
//     the new level is accepted, and closes.
//
// The members, one file each:
//
//	delta      how far the series moves in one and in two samples
//	fast       the mean of two samples against the median of five
//	baseline   distance from the median of the last 61 ordinary values
//	novelty    records: of the range
//	seasonal   of the distance from the mean at this hour
//	shift      of the level and of its moves
//	roughness  of curvature and of the mean move
//
// On request (Config.Shape) there is one more, for 4.7 KB a series: shape, the
// form of a stretch of samples against a book of forms seen before.
//
// Flatline and no-data are a kind of event of their own and cast no vote.
//
// What it does not do yet: it has no member for slow drift, for histograms or for
// peers; and in the first 6000 samples an anomaly
// opens only on a value that is also a record, so a repeat of the same size is
// scored but not told. Its figures on public data, with those of trivial and
// published detectors beside, are in bench/detection/REPORT.md.
//
// The package refuses to read a clock, to do I/O, to start a goroutine and to
// use a random source: a result is a function of the configuration and of the
// samples seen so far, so live, replayed and backtested runs are one code
// path, and the same input gives the same bytes. A Series has one owner; two
// Series share nothing.
package detect
