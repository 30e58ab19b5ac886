// Package ingest is every way samples come in: pushed (push.go, remotewrite.go)
// or pulled (scrape.go, source.go).
//
// All of them end in one Sink, which bounds how much is in flight, applies the
// run-time block-list (block.go), appends to the store (intake.go) and counts
// every sample at every hop (accounting.go), so that what came in equals what
// was stored plus what was refused, by reason.
//
// The package refuses to buffer for a sender that can retry by itself: when it
// is full it says so (ErrOverloaded; HTTP 503 with Retry-After) and the
// sender's own log is the queue. It knows nothing of the analyses; they listen
// at the store's tap.
package ingest
