// Package journal is the memory of the alert core: an append-only log on disk,
// snapshots beside it, and the engine that joins both to an alerting.Core.
//
// What Append or Submit acknowledged is synced to disk and survives kill -9.
// It refuses to guess: a torn tail (bytes never acknowledged) is cut and
// reported; damage before the tail is an error that says what to do.
package journal
