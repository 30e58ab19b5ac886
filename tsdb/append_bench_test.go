//go:build unix

package tsdb

import (
	"context"
	"fmt"
	"math"
	"syscall"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
)

// cpuTime returns the CPU time this process has used.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Compare with and without: what the tap costs on the append path. cpu-ns/sample
// is CPU time of the whole process, so it holds on a busy machine too.
func BenchmarkAppend(b *testing.B) {
	const series, perCommit = 20_000, 2000
	run := func(b *testing.B, tapped bool) {
		s := temp(b, Options{})
		if tapped {
			s.SetTap(func(*metric.Batch) {})
		}
		ls := make([]labels.Labels, series)
		refs := make([]uint64, series)
		for i := range ls {
			ls[i] = named("http_requests_total", "service", "cart", "pod", fmt.Sprintf("cart-%06d", i), "code", "200", "zone", "eu-west-1a")
		}
		round := func(at int64) {
			for lo := 0; lo < series; lo += perCommit {
				tx := s.Begin(context.Background())
				for i := lo; i < lo+perCommit; i++ {
					ref, err := tx.Add(refs[i], ls[i], at, float64(at+int64(i)), nil, nil)
					if err != nil {
						b.Fatal(err)
					}
					refs[i] = ref
				}
				if _, err := tx.Commit(); err != nil {
					b.Fatal(err)
				}
			}
		}
		at := t0 - 365*86_400_000
		round(at)
		b.ReportAllocs()
		n := 0
		cpu := cpuTime(b)
		for b.Loop() {
			at += 15_000
			round(at)
			n += series
		}
		b.ReportMetric(float64((cpuTime(b)-cpu).Nanoseconds())/float64(n), "cpu-ns/sample")
	}
	b.Run("tap=off", func(b *testing.B) { run(b, false) })
	b.Run("tap=on", func(b *testing.B) { run(b, true) })
}

// A week of one series a minute, as the simulator fills a fresh store.
func BenchmarkBackfill(b *testing.B) {
	const series, points = 200, 7 * 24 * 60
	in := make([]Series, series)
	for i := range in {
		v := make([]float64, points)
		for j := range v {
			v[j] = math.Sin(float64(i*j) / 1000)
		}
		in[i] = Series{Labels: named("x", "i", fmt.Sprint(i)), Samples: ramp(t0-points*60_000, 60_000, v...)}
	}
	b.ReportAllocs()
	n := 0
	cpu := cpuTime(b)
	for b.Loop() {
		s := open(b, Options{})
		n += mustAppend(b, s, in...).New
		s.Close()
	}
	if n != b.N*series*points {
		b.Fatalf("stored %d of %d", n, b.N*series*points)
	}
	b.ReportMetric(float64((cpuTime(b)-cpu).Nanoseconds())/float64(n), "cpu-ns/sample")
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "samples/s")
}
