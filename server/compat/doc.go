// Package compat speaks the wire formats of the tools people already have: the
// reading part of the Prometheus HTTP API, so that a Grafana panel or a curl
// line needs nothing new, and Flagger's webhooks. Remote write is in
// tsdb/ingest.
//
// It refuses extensions: what is served here behaves as the other tool
// documents it, and everything of our own is under /v1.
package compat
