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
// The members, one file each. On every sample:
//
//	delta        how far the series moves in one and in two samples
//	fast         the mean of two samples against the median of five
//	baseline     distance from the median of the last 61 ordinary values
//	novelty      records: of the range
//	seasonal     of the distance from the mean at this hour
//	shift        of the level and of its moves
//	roughness    of curvature and of the mean move
//
// Over many samples (persistence), each calibrated by the past excursions of its
// own sum (excursion), against what outlook expects:
//
//	cusum        the level moved by about two sigma and stays
//	variance     the moves grew threefold or died to a quarter
//	drift        the level creeps hour by hour
//	seasonbreak  the day lost its shape
//
// On request (Config.Shape), for 42 KB a series, shape: the form of the last
// three quarters of a period against every form of the last 57 periods or more.
// Flatline and no-data (quiet) are kinds of their own and cast no vote.
//
// Around the members: tail and calibrate say how unlikely a residual is,
// recurrence what is scheduled, eprocess how much has been gathered; feedback
// raises the bar for what people said was nothing, deploy lets a marked change
// move the level, inherit lets a new copy go on where its kin stands, outage and
// gap keep silence, ours or theirs, from being read as a move.
//
// Beside the default profile:
//
//	skyline      Etsy Skyline's nine algorithms and their vote, vote for vote:
//	             rolling sums and a window in order of size, exact where these
//	             leave a vote open
//	histogram    of the form of a distribution: how far all observations, and the
//	             slowest twentieth, moved (HistogramSeries, one per histogram)
//	peer         copies of one thing compared with each other (Peers)
//	judge        scores somebody else has computed, under the same budget (Judge)
//
// Rooms beside this one: detect/change finds changes of the mean in a window, a
// stream or a whole series; detect/fleet rules which of many series' openings are
// told; detect/custom runs detectors that users write.
//
// What it does not do: in the first 6000 samples movement opens an anomaly only
// on a value that is also a record, so a repeat of the same size is scored but
// not told. Its figures on public data, with those of trivial and published
// detectors beside, are in bench/detection/REPORT.md; why the consensus is as it
// is, in docs/decisions/0014-consensus.md.
//
// The package refuses to read a clock, to do I/O, to start a goroutine and to
// use a random source: a result is a function of the configuration and of the
// samples seen so far, so live, replayed and backtested runs are one code
// path, and the same input gives the same bytes. A Series has one owner; two
// Series share nothing.
package detect
