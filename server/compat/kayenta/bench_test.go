package kayenta

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// BenchmarkExecution is an execution from start to judged: 50 metrics, an hour
// of minutes on both sides, from the store, files synced.
func BenchmarkExecution(b *testing.B) {
	for _, judge := range []string{"NetflixACAJudge-v1.0", "Bellwether-native"} {
		b.Run(judge, func(b *testing.B) {
			store, err := tsdb.Open(tsdb.Options{Dir: b.TempDir(), Retention: 100 * 365 * 24 * time.Hour})
			if err != nil {
				b.Fatal(err)
			}
			defer store.Close()
			var series []tsdb.Series
			for m := range 50 {
				for k, track := range []string{"stable", "good"} {
					noise := level(10, uint64(2*m+k))
					one := tsdb.Series{Labels: labels.FromStrings("__name__", fmt.Sprintf("m%d", m), "track", track)}
					for i := range 61 {
						one.Samples = append(one.Samples, metric.Sample{T: t0 + int64(i)*60_000, V: noise(i)})
					}
					series = append(series, one)
				}
			}
			if _, err := store.Append(context.Background(), series); err != nil {
				b.Fatal(err)
			}
			s, err := Open(Options{Store: store, Dir: b.TempDir(), Now: func() time.Time { return time.UnixMilli(t0 + 3_600_000) }})
			if err != nil {
				b.Fatal(err)
			}
			var metrics []string
			for m := range 50 {
				metrics = append(metrics, fmt.Sprintf(`{"name":"m%d","groups":["g"],"scopeName":"default","query":{"customInlineTemplate":"PromQL:avg(m%d{track=\"${scope}\"})"}}`, m, m))
			}
			config := fmt.Sprintf(`{"name":"c","judge":{"name":%q},"metrics":[%s]}`, judge, strings.Join(metrics, ","))
			b.ReportAllocs()
			for b.Loop() {
				e := &execution{Application: "a", Config: json.RawMessage(config), Request: json.RawMessage(requestOf("stable", "good", 60))}
				if _, err := s.start(e); err != nil {
					b.Fatal(err)
				}
				s.Drain(context.Background())
				if e.Status != succeeded {
					b.Fatal(e.Status, e.Trace)
				}
			}
		})
	}
}
