// Package compat speaks the wire formats of the tools people already have:
// today the reading part of the Prometheus HTTP API, so that a Grafana panel or
// a curl line needs nothing new. Remote write is in tsdb/ingest.
//
// It refuses extensions: what is served here behaves as Prometheus documents
// it, and everything of our own is under /v1.
package compat
