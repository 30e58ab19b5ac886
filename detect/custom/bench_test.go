package custom

import (
	"math/rand/v2"
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
)

// What a sample costs, by what a detector does. Beside it the consensus, which
// every series has.
func BenchmarkStep(b *testing.B) {
	for _, c := range []struct{ name, src string }{
		{"threshold", "evidence: 'value > 1e9 ? bar : 0'"},
		{"ewma", "state:\n  level: {initial: 0, next: 'state.level + 0.1 * (value - state.level)'}\nscore: 'abs(value - state.level)'"},
		{"median60", "window: 60\nscore: 'abs(value - median(window)) / (mad(window) + 0.001)'"},
		{"walk60", "window: 60\nscore: 'sum(window.filter(x, x > value))'"},
		{"slope512", "window: 512\nscore: 'max(0, slope(window))'"},
	} {
		b.Run(c.name, func(b *testing.B) {
			ds, err := Parse("bench.yaml", []byte("name: bench\nmatch: m\n"+c.src+"\n"))
			if err != nil {
				b.Fatal(err)
			}
			s, err := ds[0].NewSeries(detect.Config{}, detect.Meta{Kind: detect.MetricGauge}, labels.FromStrings("__name__", "m"))
			if err != nil {
				b.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, 2))
			t := int64(0)
			step := func() { t += 60_000; s.Step(t, r.NormFloat64(), nil) }
			for range 600 {
				step()
			}
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			if s.Stopped() != "" {
				b.Fatal(s.Stopped())
			}
			b.ReportMetric(s.Counts().MeanCost(), "cost/op")
		})
	}
	b.Run("consensus", func(b *testing.B) {
		s, err := detect.New(detect.Config{}, detect.Meta{Kind: detect.MetricGauge})
		if err != nil {
			b.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 2))
		t := int64(0)
		b.ReportAllocs()
		for b.Loop() {
			t += 60_000
			s.Step(t, r.NormFloat64())
		}
	})
}
