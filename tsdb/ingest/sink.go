package ingest

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"

	"github.com/bellwether-ts/bellwether/tsdb"
)

// SinkOptions bounds a Sink. Zero fields take the default; a negative one is
// refused.
type SinkOptions struct {
	// MaxInFlight bounds the push and remote-write requests handled at once;
	// 0 means 4 per CPU, at least 16. One more is turned away.
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
type Sink struct {
	store  *tsdb.Store
	opts   SinkOptions
	places chan struct{} // One token per request in flight.
	books  books
	block  atomic.Pointer[blockList]
	known  *identities
}

// NewSink returns a sink that appends to store.
func NewSink(store *tsdb.Store, o SinkOptions) (*Sink, error) {
	var errs []error
	for _, n := range []struct {
		name string
		v    *int
		def  int
	}{
		{"MaxInFlight", &o.MaxInFlight, max(16, 4*runtime.GOMAXPROCS(0))},
		{"MaxBodyBytes", &o.MaxBodyBytes, 32 << 20},
		{"MaxBatchSamples", &o.MaxBatchSamples, 100_000},
	} {
		if *n.v < 0 {
			errs = append(errs, fmt.Errorf("cannot use %s %d: it is negative; give a positive number or leave it out", n.name, *n.v))
		}
		if *n.v == 0 {
			*n.v = n.def
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Sink{store: store, opts: o, places: make(chan struct{}, o.MaxInFlight), known: newIdentities()}
	s.block.Store(&blockList{})
	store.OnSeriesDeleted(s.known.forget)
	return s, nil
}

// Accounting returns the counts so far.
func (s *Sink) Accounting() Accounting { return s.books.snapshot() }

// enter takes a place for one request, or says that there is none. Who got one
// must leave.
func (s *Sink) enter() bool {
	ok := false
	select {
	case s.places <- struct{}{}:
		ok = true
	default:
	}
	s.books.update(func(a *Accounting) {
		a.Requests++
		if !ok {
			a.Overloaded++
		}
	})
	return ok
}

func (s *Sink) leave() { <-s.places }
