package offline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/bellwether-ts/bellwether/tsdb/ingest"
)

// OpenServerSource fetches a range from a running Prometheus-compatible server
// into a temporary store and replays it from there. span.From is required;
// span.To defaults to now. progress may be nil; it is told series done of
// total. The returned function removes the temporary store.
func OpenServerSource(ctx context.Context, url string, matchers []*labels.Matcher, span Span, progress func(done, total int)) (Source, func() error, error) {
	now := time.Now().UnixMilli()
	if span.From == nil {
		return nil, nil, fmt.Errorf("cannot replay from %s without a start: give --from TIME", url)
	}
	from, to := *span.From, min(valueOr(span.To, now), now)
	if from >= to {
		return nil, nil, fmt.Errorf("cannot replay from %s to %s: the start is not before the end", FormatTime(from), FormatTime(to))
	}
	store, err := tsdb.Open(tsdb.Options{Retention: forever})
	if err != nil {
		return nil, nil, err
	}
	if err := fetch(ctx, store, url, matchers, time.Duration(now-from)*time.Millisecond, progress); err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return NewStoreSource(store, matchers, from, to), store.Close, nil
}

// fetch runs an ingest source until its history is in.
func fetch(ctx context.Context, store *tsdb.Store, url string, matchers []*labels.Matcher, back time.Duration, progress func(done, total int)) error {
	sink, err := ingest.NewSink(store, ingest.SinkOptions{})
	if err != nil {
		return err
	}
	o := ingest.SourceOptions{URL: url, History: back, Progress: progress}
	if len(matchers) > 0 {
		o.Selectors = [][]*labels.Matcher{matchers}
	}
	src, err := ingest.NewSource(sink, o)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- src.Run(ctx) }()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			if err == nil {
				err = context.Cause(ctx)
			}
			return fmt.Errorf("cannot fetch history from %s: %w", url, err)
		case <-look.C:
			s := src.Status()
			if s.CaughtUp {
				stop()
				<-ended
				return nil
			}
			if s.Errors > maxFetchErrors {
				return fmt.Errorf("cannot fetch history from %s: %s", url, s.LastError)
			}
		}
	}
}

// maxFetchErrors is how many failed requests a fetch forgives.
const maxFetchErrors = 4
