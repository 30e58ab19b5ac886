// Package tsdb is the door to the embedded Prometheus TSDB and PromQL engine:
// the one place where Bellwether's history lives.
//
// The life of a sample here: an appender checks it against the limits
// (limits.go), hands it to the head of the TSDB (appender.go), and once the
// commit has succeeded the tap (tap.go) passes on what is new to the analyses.
// Reading goes the other way: Select (read.go) streams raw points, Query and
// QueryRange (query.go) evaluate PromQL, promjson.go writes a result as the
// Prometheus HTTP API does.
//
// Floats, classic histograms and native histograms (custom buckets too) are
// stored as they came. Nothing is dropped silently: what is refused is counted
// by reason and told to the caller, and Stats adds up.
//
// The package refuses to have a query language or a file format of its own, to
// decide anything about the data, and to let an analysis slow ingest down. Its
// exported results use only metric, labels and histogram, so that a caller
// does not need to import the rest of Prometheus.
package tsdb
