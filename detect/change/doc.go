// Package change finds where the mean of a series changed: in a window
// (Detector), in a stream (Stream), at what instant of a short window
// (Instant), and how often over a whole series offline (Segment).
//
// It takes the place of github.com/dgryski/go-change and keeps its type, field
// and method names. What differs and why is in docs/decisions.
//
// The package refuses to read a clock, to do I/O, to start a goroutine and to
// use a random source. A NaN or an infinity is skipped and counted, never used.
package change
