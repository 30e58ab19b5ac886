//go:build unix

package ingest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/golang/snappy"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/storage/remote"
)

// One sample per series and request, 2000 series a request, as Prometheus
// sends: our handler and Prometheus's own on the same store, in one run, without
// the network. cpu-ns/sample is CPU time of the whole process, collector
// included, so it holds on a busy machine too; compressing is the sender's and
// not counted.
func BenchmarkRemoteWriteV1(b *testing.B) {
	const series, perRequest = 20_000, 2000
	var bodies [][]byte
	at := uint64(t0)
	for lo := 0; lo < series; lo += perRequest {
		var r request
		for i := lo; i < lo+perRequest; i++ {
			ls := named("http_requests_total", "service", "cart", "pod", fmt.Sprintf("cart-%06d", i), "code", "200",
				"zone", "eu-west-1a", "cluster", "production-1", "instance", fmt.Sprintf("10.0.%d.%d:9090", i/256, i%256), "job", "kubernetes-pods")
			r = append(r, tsdb.Series{Labels: ls, Samples: []metric.Sample{{T: t0, V: float64(i)}}})
		}
		bodies = append(bodies, r.v1(b))
	}
	// Times are patched in place; the varint of an instant has a fixed length.
	stamp := func(at uint64) []byte { return binary.AppendUvarint([]byte{tagTimestamp}, at) }
	run := func(b *testing.B, handler func(*Sink, *tsdb.Store) http.Handler) {
		store := openStore(b, tsdb.Options{Now: func() time.Time { return time.UnixMilli(int64(at)) }})
		sink, err := NewSink(store, SinkOptions{})
		if err != nil {
			b.Fatal(err)
		}
		h := handler(sink, store)
		cpu := time.Duration(0)
		round := func() {
			b.StopTimer()
			old := stamp(at)
			at += 15_000
			wire := make([][]byte, len(bodies))
			for i := range bodies {
				bodies[i] = bytes.ReplaceAll(bodies[i], old, stamp(at))
				wire[i] = snappy.Encode(nil, bodies[i])
			}
			b.StartTimer()
			cpu -= cpuTime(b)
			for _, body := range wire {
				req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
				req.Header.Set("Content-Encoding", "snappy")
				w := httptest.NewRecorder()
				if h.ServeHTTP(w, req); w.Code != http.StatusNoContent {
					b.Fatalf("%d %s", w.Code, w.Body)
				}
			}
			cpu += cpuTime(b)
		}
		round()
		cpu = 0
		b.ReportAllocs()
		b.ResetTimer()
		for range b.N {
			round()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*series), "ns/sample")
		b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N*series), "cpu-ns/sample")
		if got := store.Stats().New; got != uint64((b.N+1)*series) {
			b.Fatalf("stored %d of %d", got, (b.N+1)*series)
		}
	}
	b.Run("ours", func(b *testing.B) {
		run(b, func(s *Sink, _ *tsdb.Store) http.Handler { return s.RemoteWrite() })
	})
	b.Run("ours=decoder-only", func(b *testing.B) {
		run(b, func(s *Sink, _ *tsdb.Store) http.Handler {
			h := s.RemoteWrite()
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s.known.clear()
				h.ServeHTTP(w, r)
			})
		})
	})
	b.Run("prometheus", func(b *testing.B) {
		run(b, func(_ *Sink, store *tsdb.Store) http.Handler {
			types := remoteapi.MessageTypes{remoteapi.WriteV1MessageType}
			return remote.NewWriteHandler(slog.New(slog.DiscardHandler), prometheus.NewRegistry(), store, types, false, false, false)
		})
	})
}

// cpuTime returns the CPU time this process has used.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
