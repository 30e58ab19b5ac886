package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/golang/snappy"
	"github.com/google/go-cmp/cmp"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/storage/remote"
	"google.golang.org/protobuf/encoding/protowire"
)

// request is what a test sends, in no particular version.
type request []tsdb.Series

func (r request) v1(t testing.TB) []byte {
	t.Helper()
	req := prompb.WriteRequest{Metadata: []prompb.MetricMetadata{{Type: prompb.MetricMetadata_COUNTER, MetricFamilyName: "a", Unit: "u", Help: "h"}}}
	for _, one := range r {
		ts := prompb.TimeSeries{Labels: prompb.FromLabels(one.Labels, nil)}
		for _, p := range one.Samples {
			ts.Samples = append(ts.Samples, prompb.Sample{Timestamp: p.T, Value: p.V})
		}
		for _, p := range one.Histograms {
			ts.Histograms = append(ts.Histograms, prompb.FromFloatHistogram(p.T, p.H))
		}
		req.Timeseries = append(req.Timeseries, ts)
	}
	b, err := req.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (r request) v2(t testing.TB) []byte {
	t.Helper()
	symbols := writev2.NewSymbolTable()
	var req writev2.Request
	for _, one := range r {
		ts := writev2.TimeSeries{LabelsRefs: symbols.SymbolizeLabels(one.Labels, nil)}
		ts.Metadata = writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_COUNTER, UnitRef: symbols.Symbolize("u"), HelpRef: symbols.Symbolize("h")}
		for _, p := range one.Samples {
			ts.Samples = append(ts.Samples, writev2.Sample{Timestamp: p.T, Value: p.V})
		}
		for _, p := range one.Histograms {
			ts.Histograms = append(ts.Histograms, writev2.FromFloatHistogram(0, p.T, p.H))
		}
		req.Timeseries = append(req.Timeseries, ts)
	}
	req.Symbols = symbols.Symbols()
	b, err := req.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (r request) body(t testing.TB, msg remoteapi.WriteMessageType) []byte {
	if msg == remoteapi.WriteV2MessageType {
		return r.v2(t)
	}
	return r.v1(t)
}

// client is Prometheus's own sender.
func client(t testing.TB, address string, msg remoteapi.WriteMessageType) remote.WriteClient {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := remote.NewWriteClient("test", &remote.ClientConfig{
		URL: &config.URL{URL: u}, Timeout: model.Duration(10 * time.Second), WriteProtoMsg: msg,
		HTTPClientConfig: config.DefaultHTTPClientConfig,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func bothVersions(t *testing.T, f func(t *testing.T, msg remoteapi.WriteMessageType)) {
	for _, msg := range []remoteapi.WriteMessageType{remoteapi.WriteV1MessageType, remoteapi.WriteV2MessageType} {
		t.Run(string(msg), func(t *testing.T) { f(t, msg) })
	}
}

// What Prometheus's sender sends three times over (the second time known to
// the fast path, the third time as duplicates) is what is stored.
func TestRemoteWrite(t *testing.T) {
	bothVersions(t, func(t *testing.T, msg remoteapi.WriteMessageType) {
		s, store := newSink(t, tsdb.Options{Now: clock}, SinkOptions{})
		srv := httptest.NewServer(s.RemoteWrite())
		defer srv.Close()
		c := client(t, srv.URL, msg)
		send := func(r request, wantSamples, wantHistograms int) {
			t.Helper()
			stats, err := c.Store(context.Background(), snappy.Encode(nil, r.body(t, msg)), 0)
			if err != nil {
				t.Fatal(err)
			}
			if stats.Samples != wantSamples || stats.Histograms != wantHistograms || stats.Exemplars != 0 {
				t.Errorf("said to have written %+v, want %d and %d", stats, wantSamples, wantHistograms)
			}
		}
		at := func(dt int64) request {
			f := float64(dt)
			return request{
				{Labels: named("a", "job", "x"), Samples: samples(f, 1, f+1, math.NaN())},
				{Labels: named("a", "job", "y"), Samples: samples(f, 0, f+1, metric.StaleNaN())},
				{Labels: named("h"), Histograms: []tsdb.HistogramSample{{T: t0 + dt, H: intHistogram(int(dt) + 1).ToFloat(nil)}}},
				{Labels: named("c"), Histograms: []tsdb.HistogramSample{{T: t0 + dt, H: customHistogram(int(dt) + 1)}}},
				{Labels: named("z", "empty", "", "utf8", "Grüße"), Samples: samples(f, math.Inf(1))},
			}
		}
		send(at(0), 5, 2)
		send(at(10), 5, 2)
		send(at(10), 5, 2)
		want := []tsdb.Series{
			{Labels: named("a", "job", "x"), Samples: samples(0, 1, 1, math.NaN(), 10, 1, 11, math.NaN())},
			{Labels: named("a", "job", "y"), Samples: samples(0, 0, 1, metric.StaleNaN(), 10, 0, 11, metric.StaleNaN())},
			{Labels: named("c"), Histograms: []tsdb.HistogramSample{{T: t0, H: customHistogram(1)}, {T: t0 + 10, H: customHistogram(11)}}},
			{Labels: named("h"), Histograms: []tsdb.HistogramSample{{T: t0, H: intHistogram(1).ToFloat(nil)}, {T: t0 + 10, H: intHistogram(11).ToFloat(nil)}}},
			{Labels: named("z", "utf8", "Grüße"), Samples: samples(0, math.Inf(1), 10, math.Inf(1))},
		}
		if d := cmp.Diff(want, stored(t, store), equal); d != "" {
			t.Error(d)
		}
		ref, _ := store.Ref(named("a", "job", "x"))
		if m, _ := store.SeriesMeta(ref); m.Kind != tsdb.KindCounter || m.Unit != "u" || m.Help != "h" {
			t.Errorf("metadata %+v", m)
		}
		if a := s.Accounting(); a.Received != 21 || a.Appended != 14 || a.Duplicate+a.Late != 7 || a.Requests != 3 {
			t.Errorf("%+v", a)
		}
	})
}

// Prometheus's own handler, on the store's first appender interface, stores
// the same and is tapped the same.
func TestPrometheusHandlerOnStore(t *testing.T) {
	bothVersions(t, func(t *testing.T, msg remoteapi.WriteMessageType) {
		r := request{
			{Labels: named("a"), Samples: samples(0, 1, 1, 2)},
			{Labels: named("h"), Histograms: []tsdb.HistogramSample{{T: t0, H: intHistogram(2).ToFloat(nil)}}},
		}
		ours, oursStore := newSink(t, tsdb.Options{Now: clock}, SinkOptions{})
		if w := post(ours, r.body(t, msg), msg); w.Code != 204 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		store := openStore(t, tsdb.Options{Now: clock})
		heard := 0
		store.SetTap(func(b *metric.Batch) { heard += b.Len() })
		h := remote.NewWriteHandler(slog.New(slog.DiscardHandler), nil, store, remoteapi.MessageTypes{msg}, true, false, true)
		srv := httptest.NewServer(h)
		defer srv.Close()
		if _, err := client(t, srv.URL, msg).Store(context.Background(), snappy.Encode(nil, r.body(t, msg)), 0); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(stored(t, oursStore), stored(t, store), equal); d != "" {
			t.Error(d)
		}
		if heard != 3 {
			t.Errorf("the tap heard %d samples", heard)
		}
	})
}

// A sender must not repeat what can never be stored, and must not lose what can.
func TestRemoteWritePartialRefusal(t *testing.T) {
	bothVersions(t, func(t *testing.T, msg remoteapi.WriteMessageType) {
		s, store := newSink(t, tsdb.Options{Now: clock}, SinkOptions{})
		srv := httptest.NewServer(s.RemoteWrite())
		defer srv.Close()
		r := request{
			{Labels: named("a"), Samples: samples(0, 1, 9e9, 2)},
			{Labels: labels.FromStrings("no", "name"), Samples: samples(0, 1)},
			{Labels: named("b"), Samples: samples(0, 1)},
		}
		stats, err := client(t, srv.URL, msg).Store(context.Background(), snappy.Encode(nil, r.body(t, msg)), 0)
		if err == nil || errors.As(err, new(remote.RecoverableError)) {
			t.Fatalf("got %v, want an error that is not retried", err)
		}
		for _, say := range []string{"400", "cannot store 2 of 4 samples", "1 future", "1 invalid_labels", "do not send them again"} {
			if !strings.Contains(err.Error(), say) {
				t.Errorf("%q does not say %q", err, say)
			}
		}
		if stats.Samples != 2 || len(stored(t, store)) != 2 {
			t.Errorf("%+v", stats)
		}
	})
}

func TestRemoteWriteV2BadReferences(t *testing.T) {
	s, _ := newSink(t, tsdb.Options{Now: clock}, SinkOptions{})
	req := writev2.Request{
		Symbols: []string{"", "__name__", "a"},
		Timeseries: []writev2.TimeSeries{
			{LabelsRefs: []uint32{1, 99}, Samples: []writev2.Sample{{Timestamp: t0}, {Timestamp: t0 + 1}}},
			{LabelsRefs: []uint32{1, 2}, Samples: []writev2.Sample{{Timestamp: t0}}},
		},
	}
	b, err := req.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	w := post(s, b, remoteapi.WriteV2MessageType)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "2 undecodable (for example series 0") || w.Header().Get(writtenSamples) != "1" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	if a := s.Accounting(); a.Received != 3 || a.Undecodable != 2 || a.Appended != 1 {
		t.Errorf("%+v", a)
	}
}

// post sends a plain body compressed.
func post(s *Sink, plain []byte, msg remoteapi.WriteMessageType) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, "/api/v1/write", bytes.NewReader(snappy.Encode(nil, plain)))
	req.Header.Set("Content-Type", "application/x-protobuf;proto="+string(msg))
	req.Header.Set("Content-Encoding", "snappy")
	w := httptest.NewRecorder()
	s.RemoteWrite().ServeHTTP(w, req)
	return w
}

func TestRemoteWriteRefusesRequests(t *testing.T) {
	s, store := newSink(t, tsdb.Options{Now: clock}, SinkOptions{MaxBodyBytes: 1000})
	f := func(what string, want int, say string, change func(r *http.Request)) {
		t.Helper()
		good := snappy.Encode(nil, request{{Labels: named("a"), Samples: samples(0, 1)}}.v1(t))
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(good))
		change(r)
		w := httptest.NewRecorder()
		s.RemoteWrite().ServeHTTP(w, r)
		if w.Code != want || !strings.Contains(w.Body.String(), say) {
			t.Errorf("%s: %d %s, want %d and %q", what, w.Code, w.Body, want, say)
		}
	}
	body := func(b []byte) func(*http.Request) {
		return func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(b)), -1 }
	}
	header := func(k, v string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(k, v) }
	}
	f("plain", 204, "", func(*http.Request) {})
	f("get", 405, "remote write is a POST", func(r *http.Request) { r.Method = http.MethodGet })
	f("json", 415, "cannot read Content-Type", header("Content-Type", "application/json"))
	f("future version", 415, "cannot read Content-Type", header("Content-Type", "application/x-protobuf;proto=io.prometheus.write.v3.Request"))
	f("zstd", 415, `"zstd"`, header("Content-Encoding", "zstd"))
	f("large", 413, "larger than 1000 bytes", body(bytes.Repeat([]byte{1}, 1001)))
	f("bomb", 413, "decompressed it has 10000 bytes", body(snappy.Encode(nil, make([]byte, 10_000))))
	f("not snappy", 400, "cannot decompress", body([]byte("hello")))
	f("truncated snappy", 400, "cannot decompress", body(snappy.Encode(nil, []byte("hello"))[:3]))
	f("not protobuf", 400, "nothing was stored", body(snappy.Encode(nil, []byte("\x0a\xff"))))
	f("broken second series", 400, "nothing was stored", body(snappy.Encode(nil, append(
		request{{Labels: named("b"), Samples: samples(5, 1)}}.v1(t), 0x0a, 0x02, 0x0a, 0x7f))))
	for range cap(s.places) {
		s.places <- struct{}{}
	}
	f("full", 503, "too many requests", func(*http.Request) {})
	for range cap(s.places) {
		<-s.places
	}
	if got := stored(t, store); len(got) != 1 {
		t.Errorf("stored %v, want only the first", got)
	}
	if a := s.Accounting(); a.Requests != 12 || a.BadRequests != 10 || a.Overloaded != 1 || a.Received != 1 {
		t.Errorf("%+v", a)
	}
}

// The fast path and Prometheus's decoder store the same, for shapes the fast
// path must hand over too.
func TestFastPathAgreesWithDecoder(t *testing.T) {
	label := func(name, value string) []byte {
		b := protowire.AppendTag(nil, 1, protowire.BytesType)
		inner := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), name)
		inner = protowire.AppendString(protowire.AppendTag(inner, 2, protowire.BytesType), value)
		return protowire.AppendBytes(b, inner)
	}
	point := func(dt int64, v float64, swapped bool) []byte {
		value := protowire.AppendFixed64(protowire.AppendTag(nil, 1, protowire.Fixed64Type), math.Float64bits(v))
		at := protowire.AppendVarint(protowire.AppendTag(nil, 2, protowire.VarintType), uint64(t0+dt))
		inner := append(bytes.Clone(value), at...)
		switch {
		case v == 0:
			inner = at
		case swapped:
			inner = append(at, value...)
		}
		return protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), inner)
	}
	cat := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	name := label("__name__", "a")
	long := label("long", strings.Repeat("x", 300))
	shapes := map[string]func(dt int64) []byte{
		"plain":                 func(dt int64) []byte { return cat(name, point(dt, 1, false), point(dt+1, 2, false)) },
		"long label":            func(dt int64) []byte { return cat(name, long, point(dt, 1, false)) },
		"zero value left out":   func(dt int64) []byte { return cat(name, point(dt, 0, false)) },
		"time before value":     func(dt int64) []byte { return cat(name, point(dt, 1, true)) },
		"samples before labels": func(dt int64) []byte { return cat(point(dt, 1, false), name) },
		"label after samples":   func(dt int64) []byte { return cat(name, point(dt, 1, false), label("b", "1")) },
		"unsorted labels":       func(dt int64) []byte { return cat(label("b", "1"), name, point(dt, 1, false)) },
		"empty label":           func(dt int64) []byte { return cat(name, label("b", ""), point(dt, 1, false)) },
		"unknown field":         func(dt int64) []byte { return cat(name, point(dt, 1, false), []byte{0x78, 1}) },
		"no samples":            func(int64) []byte { return name },
		"no labels":             func(dt int64) []byte { return point(dt, 1, false) },
	}
	for what, shape := range shapes {
		t.Run(what, func(t *testing.T) {
			fast, fastStore := newSink(t, tsdb.Options{Now: clock}, SinkOptions{})
			slow, slowStore := newSink(t, tsdb.Options{Now: clock}, SinkOptions{})
			for dt := int64(0); dt < 30; dt += 10 {
				body := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), shape(dt))
				got := post(fast, body, remoteapi.WriteV1MessageType)
				slow.known.clear() // Without identities everything is decoded.
				want := post(slow, body, remoteapi.WriteV1MessageType)
				if got.Code != want.Code || got.Body.String() != want.Body.String() {
					t.Fatalf("fast %d %s, decoder %d %s", got.Code, got.Body, want.Code, want.Body)
				}
			}
			if d := cmp.Diff(stored(t, slowStore), stored(t, fastStore), equal); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(slow.Accounting(), fast.Accounting()); d != "" {
				t.Error(d)
			}
		})
	}
}

// A series that the store deleted is found again through its labels.
func TestFastPathSurvivesDeletion(t *testing.T) {
	now := t0
	s, store := newSink(t, tsdb.Options{Now: func() time.Time { return time.UnixMilli(now) }}, SinkOptions{})
	send := func(ls labels.Labels) {
		t.Helper()
		r := request{{Labels: ls, Samples: []metric.Sample{{T: now, V: 1}}}}
		if w := post(s, r.v1(t), remoteapi.WriteV1MessageType); w.Code != 204 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	send(named("gone"))
	before, _ := store.Ref(named("gone"))
	for range 6 {
		now += 3_600_000
		send(named("stays"))
	}
	if err := store.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, ok := store.Ref(named("gone")); ok {
		t.Fatal("the series was not deleted; the test proves nothing")
	}
	now += 60_000
	send(named("gone"))
	now += 60_000
	send(named("gone"))
	after, ok := store.Ref(named("gone"))
	if !ok || after == before {
		t.Errorf("reference %d then %d", before, after)
	}
	if got := stored(t, store); len(got) != 2 || len(got[0].Samples) != 3 {
		t.Errorf("%v", got)
	}
}

func TestIdentitiesAreSwept(t *testing.T) {
	ids := newIdentities()
	for ref := range uint64(3000) {
		ids.put(ids.key(fmt.Append(nil, ref)), identity{ref: ref})
	}
	gone := make([]uint64, 2000)
	for i := range gone {
		gone[i] = uint64(i)
	}
	ids.forget(gone)
	ids.sweep()
	left := 0
	for i := range ids.shards {
		left += len(ids.shards[i].m)
	}
	if _, ok := ids.get(ids.key([]byte("2500"))); !ok || left != 1000 {
		t.Errorf("%d left", left)
	}
}

func FuzzRemoteWrite(f *testing.F) {
	store, err := tsdb.Open(tsdb.Options{Now: clock, MaxSeries: 1000})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { store.Close() })
	s, err := NewSink(store, SinkOptions{MaxBodyBytes: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	r := request{
		{Labels: named("a", "b", "c"), Samples: samples(0, 1, 1, 0)},
		{Labels: named("h"), Histograms: []tsdb.HistogramSample{{T: t0, H: intHistogram(1).ToFloat(nil)}, {T: t0, H: customHistogram(1)}}},
	}
	f.Add(r.v1(f), false)
	f.Add(r.v2(f), true)
	f.Add([]byte{0x0a, 0x02, 0x0a, 0x7f}, false)
	f.Add([]byte{}, true)
	f.Fuzz(func(t *testing.T, plain []byte, v2 bool) {
		msg := remoteapi.WriteV1MessageType
		if v2 {
			msg = remoteapi.WriteV2MessageType
		}
		for range 2 { // The second time some series are known.
			w := post(s, plain, msg)
			if w.Code != 204 && w.Code != 400 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		checkBooks(t, s)
	})
}
