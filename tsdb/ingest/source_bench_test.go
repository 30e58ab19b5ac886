//go:build unix

package ingest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// An hour of 2000 series at 15 s, pulled over loopback into an empty store.
// cpu-ns/sample holds both ends: the server's reading and our appending.
func BenchmarkSource(b *testing.B) {
	const series, points = 2000, 240
	for _, protocol := range []string{"remote_read", "query"} {
		b.Run(protocol, func(b *testing.B) {
			p := newPeer(b)
			p.noRead.Store(protocol == "query")
			now := time.Now().UnixMilli()
			list := make([]tsdb.Series, series)
			for i := range list {
				list[i].Labels = named("x", "pod", fmt.Sprintf("cart-%05d", i), "zone", "eu-west-1a")
				for j := range points {
					list[i].Samples = append(list[i].Samples, metric.Sample{T: now - int64(points-j)*15_000 + 1, V: float64(i * j % 97)})
				}
			}
			p.add(b, list...)
			b.ReportAllocs()
			cpu := time.Duration(0)
			for b.Loop() {
				b.StopTimer()
				store := openStore(b, tsdb.Options{})
				sink, err := NewSink(store, SinkOptions{})
				if err != nil {
					b.Fatal(err)
				}
				s, err := NewSource(sink, SourceOptions{URL: p.URL, History: time.Hour})
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				cpu -= cpuTime(b)
				for _, step := range []func(context.Context) error{s.connect, s.discover, s.backfill} {
					if err := step(context.Background()); err != nil {
						b.Fatal(err)
					}
				}
				cpu += cpuTime(b)
				if got := s.Status().Samples; got != series*points {
					b.Fatalf("%d samples, want %d", got, series*points)
				}
				s.client.CloseIdleConnections()
			}
			b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N*series*points), "cpu-ns/sample")
		})
	}
}
