package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang/snappy"
	apiv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// How a source reads raw samples. Remote read brings everything as it is
// stored: stale markers, native histograms, at 1.2 CPU-microseconds a sample.
// A server without it (VictoriaMetrics, for example) is asked for a range
// selector at an instant, `{...}[1h]`, which also gives samples at their own
// times, but as JSON and without histograms.

// fetcher reads every series that matches, with its samples in [from, to].
type fetcher interface {
	fetch(ctx context.Context, ms []*labels.Matcher, from, to int64, each func(labels.Labels, iter.Seq[point]) error) error
}

// point is one sample of any kind: a float unless h or fh is set.
type point struct {
	t  int64
	v  float64
	h  *histogram.Histogram
	fh *histogram.FloatHistogram
}

// connect finds out which of the two the server offers: an empty remote-read
// request is answered by all that know it.
func (s *Source) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	endpoint, err := url.JoinPath(s.opts.URL, "/api/v1/read")
	if err != nil {
		return permanent{err}
	}
	empty := prompb.ReadRequest{AcceptedResponseTypes: remote.AcceptedResponseTypes}
	body, err := empty.Marshal()
	if err != nil {
		return permanent{err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(snappy.Encode(nil, body)))
	if err != nil {
		return permanent{err}
	}
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("X-Prometheus-Remote-Read-Version", "0.1.0")
	resp, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("cannot reach source %s: %w", s.opts.URL, err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	protocol := "query"
	switch {
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return permanent{fmt.Errorf("cannot read from source %s: it answers %s; check the credentials", s.opts.URL, resp.Status)}
	case resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented:
		return fmt.Errorf("cannot read from source %s: it answers %s", s.opts.URL, resp.Status)
	case resp.StatusCode/100 == 2:
		protocol = "remote_read"
		if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/x-streamed-protobuf") {
			protocol = "remote_read_streamed"
		}
		s.fetch, err = newRemoteReader(endpoint, s.opts)
	default:
		s.fetch = rangeReader{s.api, s.opts.Timeout, s.histogramLost}
	}
	if err != nil {
		return permanent{err}
	}
	s.setStatus(func(st *SourceStatus) { st.Protocol = protocol })
	return nil
}

func (s *Source) histogramLost(n int) {
	s.setStatus(func(st *SourceStatus) { st.HistogramsLost += uint64(n) })
}

// remoteReader reads by remote read, streamed if the server can.
type remoteReader struct{ client remote.ReadClient }

func newRemoteReader(endpoint string, o SourceOptions) (fetcher, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, err
	}
	c, err := remote.NewReadClient("bellwether_source", &remote.ClientConfig{
		URL:              &config.URL{URL: u},
		Timeout:          model.Duration(o.Timeout),
		HTTPClientConfig: *o.HTTP,
		ChunkedReadLimit: 50 << 20, // Bytes in one frame; Prometheus sends 1 MiB.
	})
	return remoteReader{c}, err
}

func (r remoteReader) fetch(ctx context.Context, ms []*labels.Matcher, from, to int64, each func(labels.Labels, iter.Seq[point]) error) error {
	ctx, cancel := context.WithCancel(ctx) // Ends the stream if we stop early.
	defer cancel()
	q, err := remote.ToQuery(from, to, ms, &storage.SelectHints{Start: from, End: to})
	if err != nil {
		return permanent{err}
	}
	set, err := r.client.Read(ctx, q, false)
	if err != nil {
		return err
	}
	var it chunkenc.Iterator
	for set.Next() {
		one := set.At()
		it = one.Iterator(it)
		err := each(one.Labels(), points(it))
		if err == nil {
			err = it.Err()
		}
		if err != nil {
			cancel()
			for set.Next() { // Lets the stream close its body.
			}
			return err
		}
	}
	return set.Err()
}

// points reads an iterator to its end.
func points(it chunkenc.Iterator) iter.Seq[point] {
	return func(yield func(point) bool) {
		for {
			var p point
			switch it.Next() {
			case chunkenc.ValNone:
				return
			case chunkenc.ValHistogram:
				p.t, p.h = it.AtHistogram(nil)
			case chunkenc.ValFloatHistogram:
				p.t, p.fh = it.AtFloatHistogram(nil)
			default:
				p.t, p.v = it.At()
			}
			if !yield(p) {
				return
			}
		}
	}
}

// rangeReader reads by an instant query for a range selector.
type rangeReader struct {
	api     apiv1.API
	timeout time.Duration
	lost    func(n int)
}

func (r rangeReader) fetch(ctx context.Context, ms []*labels.Matcher, from, to int64, each func(labels.Labels, iter.Seq[point]) error) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	expr := fmt.Sprintf("%s[%dms]", selector(ms), max(1, to-from))
	value, _, err := r.api.Query(ctx, expr, time.UnixMilli(to))
	if err != nil {
		return queryError(expr, err)
	}
	matrix, ok := value.(model.Matrix)
	if !ok {
		return fmt.Errorf("cannot read the answer to %s: it is a %s, not a matrix", expr, value.Type())
	}
	for _, stream := range matrix {
		b := labels.NewScratchBuilder(len(stream.Metric))
		for name, value := range stream.Metric {
			b.Add(string(name), string(value))
		}
		b.Sort()
		r.lost(len(stream.Histograms))
		floats := func(yield func(point) bool) {
			for _, p := range stream.Values {
				if !yield(point{t: int64(p.Timestamp), v: float64(p.Value)}) {
					return
				}
			}
		}
		if err := each(b.Labels(), floats); err != nil {
			return err
		}
	}
	return nil
}

// queryError tells an expression the server refuses from a server in trouble.
func queryError(expr string, err error) error {
	var e *apiv1.Error
	if errors.As(err, &e) && e.Type == apiv1.ErrBadData {
		return permanent{fmt.Errorf("cannot ask the source for %s: %w", expr, err)}
	}
	return fmt.Errorf("cannot ask the source for %s: %w", expr, err)
}

// selector writes matchers as PromQL.
func selector(ms []*labels.Matcher) string {
	parts := make([]string, len(ms))
	for i, m := range ms {
		parts[i] = m.String()
	}
	return "{" + strings.Join(parts, ",") + "}"
}
