package detect

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// A point and its nine votes, the window full: one series in cache, and many in
// turn, of which none is.
func BenchmarkSkyline(b *testing.B) {
	for _, bb := range []struct {
		series int
		step   time.Duration
	}{{1, time.Minute}, {2000, time.Minute}, {1, 10 * time.Second}, {400, 10 * time.Second}} {
		b.Run(fmt.Sprintf("step=%v/series=%d", bb.step, bb.series), func(b *testing.B) {
			n := int(24 * time.Hour / bb.step)
			r := rand.New(rand.NewPCG(1, 1))
			values := make([]float64, 1<<13)
			for i := range values {
				values[i] = 100 + 10*r.NormFloat64() + 5*math.Sin(float64(i)/200)
			}
			all := make([]*Series, bb.series)
			at := func(s, i int) { all[s].Step(int64(i)*bb.step.Milliseconds(), values[(i+31*s)&8191]) }
			for s := range all {
				all[s] = series(b, Config{Profile: ProfileSkyline}, Meta{Kind: MetricGauge})
				for i := range n + 200 {
					at(s, i)
				}
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				at(i%len(all), n+200+i/len(all))
			}
		})
	}
}
