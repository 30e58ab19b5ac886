package ingest

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"time"

	"github.com/prometheus/client_golang/api"
	apiv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/labels"
)

// What a source is told, what it says of itself, and what is refused at once.

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
