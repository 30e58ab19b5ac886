package ingest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	apiv1 "github.com/prometheus/client_golang/api/prometheus/v1"
)

// A source pulls from a running server so that nothing there has to change.
// Its life: connect, ask what there is (discover), fetch history slice by
// slice, oldest first (catchUp), then ask again every step for what came since.
// An outage is history again: catchUp starts where the last answer ended, so
// there is no gap that the server itself does not have.

// Source pulls from one server.
type Source struct {
	sink   *Sink
	opts   SourceOptions
	client *http.Client
	api    apiv1.API
	now    func() time.Time

	fetch fetcher         // Set by connect.
	names map[string]bool // Metric names taken; nil means all.
	taken map[uint64]*takenSeries
	steps []int64 // Median steps of some series, milliseconds.
	upTo  int64   // Everything up to here was asked for.
	slice time.Duration
	asked time.Time // When discover last ran.

	mu     sync.Mutex
	status SourceStatus
}

// takenSeries is what a source remembers of a series, by hash of its labels.
type takenSeries struct {
	ref  uint64
	last int64 // Newest instant taken; what is not newer was read before.
}

const (
	longestSlice  = time.Hour // As the head takes history, see tsdb.Store.Append.
	shortestSlice = time.Minute
	defaultStep   = 15 * time.Second
	// A poll asks again for this long before its start, since a server may
	// store a sample some seconds after its timestamp.
	overlap       = 15 * time.Second
	rediscovery   = time.Hour
	skippedListed = 20
)

// Run fetches history and then polls until ctx ends. A failing server is
// retried with backoff; Run only returns an error for what can never work:
// refused credentials or a refused selector.
func (s *Source) Run(ctx context.Context) error {
	defer s.client.CloseIdleConnections()
	if err := s.retry(ctx, s.connect); err != nil {
		return stopped(ctx, err)
	}
	if err := s.retry(ctx, s.discover); err != nil {
		return stopped(ctx, err)
	}
	if err := s.backfill(ctx); err != nil {
		return stopped(ctx, err)
	}
	step := s.chooseStep()
	s.setStatus(func(st *SourceStatus) { st.CaughtUp, st.StepSeconds = true, step.Seconds() })
	tick := time.NewTicker(step)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if s.now().Sub(s.asked) > rediscovery {
			if err := s.discover(ctx); err != nil {
				s.failed(err) // The old list serves until the next time.
			}
		}
		if err := s.retry(ctx, func(ctx context.Context) error { return s.catchUp(ctx, nil) }); err != nil {
			return stopped(ctx, err)
		}
		s.setStatus(func(st *SourceStatus) { st.Polls++ })
	}
}

// backfill fetches history with late samples allowed, since other ways in may
// already bring samples of now.
func (s *Source) backfill(ctx context.Context) error {
	s.upTo = s.start()
	total := int(s.now().UnixMilli()-s.upTo) / 1000
	if total <= 0 {
		return nil
	}
	if err := s.sink.store.SetOutOfOrderWindow(time.Duration(total)*time.Second + 2*longestSlice); err != nil {
		return err
	}
	defer func() {
		if err := s.sink.store.SetOutOfOrderWindow(0); err != nil {
			s.failed(err)
		}
	}()
	from := s.upTo
	progress := func() {
		if s.opts.Progress != nil {
			s.opts.Progress(min(total, int(s.upTo-from)/1000), total)
		}
	}
	err := s.retry(ctx, func(ctx context.Context) error { return s.catchUp(ctx, progress) })
	if err == nil && s.opts.Progress != nil {
		s.opts.Progress(total, total)
	}
	return err
}

// catchUp asks for everything from upTo to now, slice by slice, and moves upTo
// as slices come in.
func (s *Source) catchUp(ctx context.Context, progress func()) error {
	for {
		now := s.now().UnixMilli()
		to := min(now, s.upTo+s.slice.Milliseconds())
		if err := s.readSlice(ctx, s.upTo-overlap.Milliseconds(), to); err != nil {
			s.slice = max(shortestSlice, s.slice/2) // Perhaps the answer was too large.
			return err
		}
		s.upTo = to
		s.slice = min(longestSlice, s.slice*2)
		s.saveState()
		s.setStatus(func(st *SourceStatus) { st.UpTo, st.LastError, st.Series = to, "", len(s.taken) })
		if progress != nil {
			progress()
		}
		if to >= now {
			return nil
		}
	}
}

// permanent marks an error that a later try cannot mend.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// retry calls f until it succeeds, ctx ends or the error is permanent.
func (s *Source) retry(ctx context.Context, f func(context.Context) error) error {
	wait := backoff.NewExponentialBackOff()
	wait.MaxInterval = time.Minute
	for {
		err := f(ctx)
		if err == nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		s.failed(err)
		if errors.As(err, new(permanent)) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait.NextBackOff()):
		}
	}
}

func (s *Source) failed(err error) {
	s.opts.Log.Warn("source", "url", s.opts.URL, "err", err)
	s.setStatus(func(st *SourceStatus) { st.Errors, st.LastError = st.Errors+1, err.Error() })
}

// stopped makes the end of ctx a normal end.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// chooseStep returns the poll interval: the one set, or the median of the
// series' own steps between 1 second and 5 minutes.
func (s *Source) chooseStep() time.Duration {
	if s.opts.Step > 0 {
		return s.opts.Step
	}
	if len(s.steps) == 0 {
		return defaultStep
	}
	slices.Sort(s.steps)
	median := time.Duration(s.steps[len(s.steps)/2]) * time.Millisecond
	return min(5*time.Minute, max(time.Second, median))
}

func (s *Source) setStatus(f func(*SourceStatus)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.status)
}

// Status returns how the source fares.
func (s *Source) Status() SourceStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.status
	out.SkippedMetrics = slices.Clone(out.SkippedMetrics)
	if out.UpTo > 0 {
		out.LagSeconds = max(0, float64(s.now().UnixMilli()-out.UpTo)/1000)
	}
	return out
}
