package sim

// The native histogram of a service: the same latency distribution in
// exponential buckets, a factor 2^(1/4) (19 %) apart, from 1/16 of the quiet
// median to 16 times it.

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
)

const (
	nativeSchema  = 2
	nativeBuckets = 8*(1<<nativeSchema) + 1
)

// native counts one service's latencies.
type native struct {
	c      *Company
	series int
	stream uint64
	first  int32                  // Index of the lowest bucket; bucket i holds (base^(i-1), base^i].
	upper  [nativeBuckets]float64 // Logarithm of each upper bound.
	counts [nativeBuckets]int64   // Cumulative over time.
	sum    float64
}

func (c *Company) newNative(name string) *native {
	n := &native{c: c, series: c.add(Native, "", "http_server_duration_seconds", "service", name), stream: c.newStream()}
	c.stream += nativeBuckets
	width := math.Ln2 / (1 << nativeSchema)
	quiet := services[serviceIndex(name)].median
	n.first = int32(math.Floor(math.Log(quiet)/width)) - nativeBuckets/2
	for i := range n.upper {
		n.upper[i] = float64(n.first+int32(i)) * width
	}
	return n
}

// live books total requests with the given median latency and writes the sample.
func (n *native) live(k uint64, total, median float64) {
	left, below, logMedian := total, 0.0, math.Log(median)
	for i := range n.upper {
		x := (n.upper[i] - logMedian) / latencySpread
		if x < -3.5 || left == 0 {
			continue
		}
		under := phi(x)
		in := n.c.noise.binomial(n.stream+uint64(i), k, left, (under-below)/math.Max(1e-12, 1-below))
		if i == nativeBuckets-1 || x > 4 {
			in = left
		}
		n.counts[i] += int64(in)
		left -= in
		below = under
	}
	n.sum += total * median * math.Exp(latencySpread*latencySpread/2)
	n.c.values[n.series] = math.NaN()
	n.c.hists[n.c.series[n.series].Hist] = n.sample()
}

// sample returns the counts as a histogram of its own memory.
func (n *native) sample() *histogram.Histogram {
	h := &histogram.Histogram{
		Schema:          nativeSchema,
		ZeroThreshold:   1e-128,
		Sum:             round(n.sum),
		PositiveSpans:   []histogram.Span{{Offset: n.first, Length: nativeBuckets}},
		PositiveBuckets: make([]int64, nativeBuckets),
	}
	before := int64(0)
	for i, x := range n.counts {
		h.PositiveBuckets[i] = x - before // Each bucket as its difference to the one before.
		h.Count += uint64(x)
		before = x
	}
	return h
}
