// Package change finds where the mean of a series changed.
//
//   - Detector looks for one change in a window of samples;
//   - Stream looks for changes in the last samples of a stream, and tells each
//     of them once;
//   - Instant says from which sample on a short window looks different;
//   - Segment cuts a whole series, offline, where people would cut it.
//
// It takes the place of github.com/dgryski/go-change and keeps the names of its
// types, fields and methods. Where it differs, and why, is in
// docs/decisions/0012-change-points.md; Detector.Compatible brings the old
// behaviour back.
//
// The confidence of a Detector and of a Stream is that of the best of all
// splits, for independent samples. Samples that follow each other closely (a
// queue length, a memory size) have fewer independent ones in them than there
// are, and give changes more often than the confidence says.
//
// The package refuses to read a clock, to do I/O, to start a goroutine and to
// use a random source. A NaN or an infinity is skipped and counted, never used.
package change
