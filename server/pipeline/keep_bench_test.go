package pipeline

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting/journal"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// BenchmarkKeep writes the state of 100,000 detectors that have judged 300
// samples each, and takes it up again:
//
//	go test ./server/pipeline -run '^$' -bench Keep -benchtime 1x -timeout 20m
func BenchmarkKeep(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("series=%d", n), func(b *testing.B) {
			dir := b.TempDir()
			p := benchPipeline(b, dir, n)
			r := rand.New(rand.NewPCG(1, 1))
			for i := range int64(300) {
				for w, watch := range p.watches {
					for ref, s := range watch.series {
						if s.skip == "" && ref%uint64(len(p.watches)) == uint64(w) {
							watch.Observe(ref, testEpoch+(i+2)*minute, 100+r.NormFloat64()*float64(1+ref%50), nil)
						}
					}
				}
			}
			b.ResetTimer()
			var took, up, still time.Duration
			for b.Loop() {
				if err := p.Keep(); err != nil {
					b.Fatal(err)
				}
				took = p.KeptState().Took
				fresh := *p.watches[0]
				for i := range p.watches {
					w, err := NewWatch(fresh.opts)
					if err != nil {
						b.Fatal(err)
					}
					*p.watches[i] = *w
				}
				p.restore()
				up = p.KeptState().From
				began := time.Now()
				part := make([]byte, 0, 1<<20)
				var state []byte
				k := 0
				for _, s := range p.watches[0].series {
					if part = appendRecord(part, s, &state); k == keepSlice {
						break
					}
					k++
				}
				still = time.Since(began)
			}
			kept := p.KeptState()
			if kept.Restored != n || len(kept.Refused) > 0 {
				b.Fatalf("%+v", kept)
			}
			b.ReportMetric(took.Seconds(), "write-s")
			b.ReportMetric(up.Seconds(), "takeup-s")
			b.ReportMetric(still.Seconds()*1000, "lane-stands-ms")
			b.ReportMetric(float64(kept.Bytes)/float64(n), "file-B/series")
		})
	}
}

// benchPipeline is a pipeline with n watched series that the store knows.
func benchPipeline(b *testing.B, dir string, n int) *Pipeline {
	b.Helper()
	clock := func() time.Time { return time.UnixMilli(testEpoch + 400*minute) }
	store, err := tsdb.Open(tsdb.Options{Dir: filepath.Join(dir, "tsdb"), Now: clock})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	cfg := config.Default()
	engine, _, err := journal.OpenEngine(journal.EngineOptions{Dir: filepath.Join(dir, "alerts"), Config: AlertPolicyOf(cfg.Alerting), Tick: -1, Now: clock})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = engine.Close() })
	p, err := New(Options{Store: store, Engine: engine, Config: cfg, StateDir: filepath.Join(dir, "detect"), Shards: 2, Now: clock})
	if err != nil {
		b.Fatal(err)
	}
	var batch []tsdb.Series
	for i := range n {
		ls := labels.FromStrings("__name__", "http_request_duration_seconds_sum", "instance", fmt.Sprintf("10.0.%d.%d:9100", i/250, i%250), "job", "shop", "service", fmt.Sprintf("s%d", i%97))
		batch = append(batch, tsdb.Series{Labels: ls, Samples: []metric.Sample{{T: testEpoch + minute, V: 1}}})
	}
	if _, err := store.Append(context.Background(), batch); err != nil {
		b.Fatal(err)
	}
	for _, s := range batch {
		ref, ok := store.Ref(s.Labels)
		if !ok {
			b.Fatal("a series is not in the store")
		}
		ls, kind, _ := p.describe(ref)
		p.watches[ref%2].Add(ref, ls, kind)
	}
	return p
}
