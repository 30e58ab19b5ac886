package pipeline

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// One look of a run of 1,000 metrics over 60 + 60 samples, from the store to
// the verdict: the first look, which has no history to read here, and one that
// goes on from the look before.
func BenchmarkLook1000Metrics(b *testing.B) {
	store, err := tsdb.Open(tsdb.Options{Now: func() time.Time { return time.UnixMilli(testEpoch + 60*minute) }})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	var out []tsdb.Series
	spec := RunSpec{Baseline: `track="stable"`, Canary: `track="canary"`, Start: testEpoch, MaxDuration: time.Hour, Step: time.Minute, LookEvery: time.Minute, History: -1}
	for k := range 1000 {
		for _, track := range []string{"stable", "canary"} {
			s := tsdb.Series{Labels: series(b, fmt.Sprintf(`level_%d{service="s",track=%q}`, k, track))}
			for i := range 240 {
				s.Samples = append(s.Samples, metric.Sample{T: testEpoch + int64(i)*15_000, V: wave(i + 977*k + len(track))})
			}
			out = append(out, s)
		}
		spec.Metrics = append(spec.Metrics, RunMetric{Name: fmt.Sprint("m", k), Query: fmt.Sprintf(`avg(level_%d{$side})`, k), Kind: canary.Gauge, Direction: canary.Increase})
	}
	if res, err := store.Append(context.Background(), out); err != nil || res.Refused.Total() > 0 {
		b.Fatal(err, res.Refused)
	}
	p := &Pipeline{store: store}
	_, req, err := p.JudgeSpec(context.Background(), spec, testEpoch+59*minute, 1, 1, nil)
	if err != nil || req.Metrics[7].Err != "" {
		b.Fatal(err, req.Metrics[7].Err)
	}
	for name, before := range map[string]*canary.Request{"first": nil, "next": &req} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := p.JudgeSpec(context.Background(), spec, testEpoch+60*minute, 1, 1, before); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
