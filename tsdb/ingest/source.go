package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/api"
	apiv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/labels"
)

// A source pulls from a running server so that nothing there has to change.
// Its life: connect, ask what there is (discover), fetch history slice by
// slice, oldest first (catchUp), then ask again every step for what came since.
// An outage is history again: catchUp starts where the last answer ended, so
// there is no gap that the server itself does not have.

// SourceOptions says what to pull from a running Prometheus-compatible server.
type SourceOptions struct {
	// URL is the server's base, for example http://prometheus:9090.
	URL string
	// HTTP carries credentials and TLS settings; nil is the default client.
	HTTP *config.HTTPClientConfig
	// Selectors say which series to take; a series is taken if it matches any
	// of them. Empty means every series.
	Selectors [][]*labels.Matcher
	// MaxSeries bounds the series taken; 0 means 100000. Beyond it the metrics
	// with the fewest series go first, and Status names those left out.
	MaxSeries int
	// History is how far back to fetch at the start; 0 means 24 hours, negative
	// means none.
	History time.Duration
	// State is a file that remembers how far this server was read, so that a
	// restart continues there instead of reading all of History again. Empty
	// means none.
	State string
	// Step is the poll interval; 0 means the median step of the series found.
	Step time.Duration
	// Timeout bounds one request; 0 means 1 minute.
	Timeout time.Duration
	// Progress, if set, is called while history is fetched: seconds of history
	// done, of total. It must not block.
	Progress func(done, total int)
	// Log receives what an operator should know; nil discards it.
	Log *slog.Logger
}

// SourceStatus is how a source fares.
type SourceStatus struct {
	Series         int             // Series taken so far.
	SkippedSeries  int             // Series beyond MaxSeries: left out at discovery, or met in the last answer.
	SkippedMetrics []SkippedMetric // Of discovery: the largest metrics left out, at most 20.
	Protocol       string          // "remote_read_streamed", "remote_read", "query" or "" before the first answer.
	StepSeconds    float64         // The poll interval; 0 until it is known.
	CaughtUp       bool            // History is in and polling has begun.
	UpTo           int64           // Everything up to this instant was asked for, Unix milliseconds.
	LagSeconds     float64         // Now minus UpTo; 0 before the first answer.
	Samples        uint64          // Samples taken.
	HistogramsLost uint64          // Native histograms that only remote read could have brought.
	Polls          uint64          // Answers after catching up.
	Errors         uint64
	LastError      string // Empty after a success.
}

// SkippedMetric is a metric left out because of MaxSeries.
type SkippedMetric struct {
	Name   string
	Series int
}

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

// NewSource checks the options and returns a stopped source.
func NewSource(sink *Sink, o SourceOptions) (*Source, error) {
	var errs []error
	base, err := url.Parse(o.URL)
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		errs = append(errs, fmt.Errorf("cannot use source URL %q: give the server's base, such as http://prometheus:9090", o.URL))
	}
	if o.MaxSeries < 0 || o.Step < 0 || o.Timeout < 0 {
		errs = append(errs, fmt.Errorf("cannot use MaxSeries %d, Step %s, Timeout %s: none may be negative", o.MaxSeries, o.Step, o.Timeout))
	}
	for _, ms := range o.Selectors {
		if !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return !m.Matches("") }) {
			errs = append(errs, fmt.Errorf("cannot use selector %v: PromQL wants one matcher that does not match the empty string; name a metric or a label value", ms))
		}
	}
	if o.HTTP == nil {
		o.HTTP = &config.DefaultHTTPClientConfig
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	o.MaxSeries = orDefault(o.MaxSeries, 100_000)
	o.History = orDefault(o.History, 24*time.Hour)
	o.Timeout = orDefault(o.Timeout, time.Minute)
	if len(o.Selectors) == 0 {
		o.Selectors = [][]*labels.Matcher{{labels.MustNewMatcher(labels.MatchNotEqual, labels.MetricName, "")}}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Source{sink: sink, opts: o, now: time.Now, taken: make(map[uint64]*takenSeries), slice: longestSlice}
	if s.client, err = config.NewClientFromConfig(*o.HTTP, "bellwether_source"); err != nil {
		return nil, fmt.Errorf("cannot use the credentials or TLS settings of source %s: %w", base.Redacted(), err)
	}
	c, err := api.NewClient(api.Config{Address: o.URL, Client: s.client})
	if err != nil {
		return nil, fmt.Errorf("cannot use source URL %q: %w", base.Redacted(), err)
	}
	s.api = apiv1.NewAPI(c)
	return s, nil
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

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

// start returns where to begin: History ago, or where the last run ended.
func (s *Source) start() int64 {
	now := s.now().UnixMilli()
	if s.opts.History < 0 {
		return now
	}
	return max(now-s.opts.History.Milliseconds(), min(now, s.loadState()))
}

// loadState returns how far the last run came; 0 if that is not known.
func (s *Source) loadState() int64 {
	if s.opts.State == "" {
		return 0
	}
	text, err := os.ReadFile(s.opts.State)
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	at, perr := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err = errors.Join(err, perr); err != nil {
		s.failed(fmt.Errorf("cannot read state %s: %w; reading all of the history again", s.opts.State, err))
		return 0
	}
	return at
}

// saveState remembers how far this run came. Losing it costs a second reading,
// so it is not synced to the disk.
func (s *Source) saveState() {
	if s.opts.State == "" {
		return
	}
	temp := s.opts.State + ".tmp"
	err := os.WriteFile(temp, []byte(strconv.FormatInt(s.upTo, 10)+"\n"), 0o644)
	if err == nil {
		err = os.Rename(temp, s.opts.State)
	}
	if err != nil {
		s.failed(fmt.Errorf("cannot write state %s: %w; a restart will read the history again", s.opts.State, err))
	}
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
