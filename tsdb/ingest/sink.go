package ingest

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/prometheus/prometheus/model/labels"
)

// SinkOptions bounds a Sink. Zero fields take the default.
type SinkOptions struct {
	// MaxInFlight bounds the push and remote-write requests handled at once;
	// 0 means 4 per CPU, at least 16.
	MaxInFlight int
	// MaxBodyBytes bounds one remote-write body, compressed and decompressed
	// alike; 0 means 32 MiB.
	MaxBodyBytes int
	// MaxBatchSamples bounds the samples of one push batch; 0 means 100000.
	MaxBatchSamples int
	// Log receives what an operator should know; nil discards it.
	Log *slog.Logger
}

// Sink is where all samples enter. It is safe for concurrent use.
type Sink struct{}

// NewSink returns a sink that appends to store.
func NewSink(store *tsdb.Store, o SinkOptions) (*Sink, error) { return nil, errNotBuilt }

// Push stores one batch from any push protocol.
func (s *Sink) Push(ctx context.Context, batch []PushSeries) (PushResult, error) {
	return PushResult{}, errNotBuilt
}

// RemoteWrite returns the handler for Prometheus remote write 1.0 and 2.0.
func (s *Sink) RemoteWrite() http.Handler { return nil }

// Block refuses, from now on, every series that matches all of ms. The name
// identifies the entry for Unblock and Blocked; an entry of that name is
// replaced. An entry that would match every series is an error.
func (s *Sink) Block(name string, ms []*labels.Matcher) error { return errNotBuilt }

// Unblock removes an entry and reports whether there was one.
func (s *Sink) Unblock(name string) bool { return false }

// Blocked lists the entries, sorted by name.
func (s *Sink) Blocked() []BlockEntry { return nil }

// BlockEntry is one line of the block-list.
type BlockEntry struct {
	Name     string
	Matchers []*labels.Matcher
	Refused  uint64 // Samples refused so far.
}

// Accounting returns the counts so far.
func (s *Sink) Accounting() Accounting { return Accounting{} }
