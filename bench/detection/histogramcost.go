package main

import (
	"fmt"
	"time"
	"unsafe"

	"github.com/prometheus/prometheus/model/histogram"

	"github.com/bellwether-ts/bellwether/detect"
)

// histogramCost says what a histogram costs: 160 native buckets, every step a
// batch, which is the most expensive kind.
func histogramCost(r *report) error {
	step, err := histogramStep(50_000)
	if err != nil {
		return err
	}
	r.text(fmt.Sprintf("Cost: %d bytes a histogram, and %.1f us of CPU a step with 160 buckets that fills a batch, hot; no allocation (a test of detect holds that). "+
		"One thread of a shared machine, process CPU time.", unsafe.Sizeof(detect.HistogramSeries{}), float64(step.Nanoseconds())/1e3))
	return nil
}

// histogramStep returns the CPU time of a step.
func histogramStep(steps int) (time.Duration, error) {
	s, err := detect.NewHistogram(detect.Config{}, detect.HistogramMeta{})
	if err != nil {
		return 0, err
	}
	const buckets, samples = 160, 512
	w := newLatencyWorld(1, 200)
	var n [worldCells]int32
	hs := make([]*histogram.FloatHistogram, samples)
	sum := make([]float64, buckets)
	for i := range hs {
		w.tick(i, &n)
		for k, c := range n {
			sum[min(buckets-1, max(0, k-worldCells/3))] += float64(c)
		}
		hs[i] = &histogram.FloatHistogram{Schema: worldSchema, PositiveSpans: []histogram.Span{{Offset: -170, Length: buckets}}, PositiveBuckets: append([]float64(nil), sum...)}
	}
	began := processTime()
	for i := range steps {
		s.Step(histogramStart+int64(i)*60_000, hs[i%samples]) // Beginning again is a restart of the process.
	}
	return (processTime() - began) / time.Duration(steps), nil
}
