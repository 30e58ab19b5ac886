package server

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/histogram"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// How the simulated company gets into the store and the rooms.

// chunk is some steps of the company, kept until they are stored.
type chunk struct {
	t      []int64
	values []float64 // Steps after each other, every series of a step.
	hists  []*histogram.Histogram
	width  int
	hwidth int
}

func (c *chunk) len() int { return len(c.t) }

func (c *chunk) add(t int64, values []float64, hists []*histogram.Histogram) {
	c.t = append(c.t, t)
	c.values = append(c.values, values...)
	c.hists = append(c.hists, hists...)
	c.width, c.hwidth = len(values), len(hists)
}

func (c *chunk) reset() { c.t, c.values, c.hists = c.t[:0], c.values[:0], c.hists[:0] }

// store writes a chunk to the store and feeds it to the rooms.
func (d *demo) store(ctx context.Context, c *chunk) error {
	if err := d.append(ctx, c); err != nil {
		return err
	}
	var b metric.Batch
	for step, t := range c.t {
		for i, desc := range d.series {
			v := c.values[step*c.width+i]
			if desc.Hist >= 0 {
				if h := c.hists[step*c.hwidth+desc.Hist]; h != nil {
					b.Append(d.ref(i), t, 0, h.ToFloat(nil))
				}
				continue
			}
			if v == v { // NaN: the series has no sample now.
				b.Append(d.ref(i), t, v, nil)
			}
		}
	}
	d.samples += b.Len()
	d.w.pipeline.Feed(&b)
	c.reset()
	return nil
}

// append stores a chunk, series by series.
func (d *demo) append(ctx context.Context, c *chunk) error {
	out := make([]tsdb.Series, 0, len(d.series))
	for i, desc := range d.series {
		s := tsdb.Series{Labels: desc.Labels}
		for step, t := range c.t {
			if desc.Hist >= 0 {
				if h := c.hists[step*c.hwidth+desc.Hist]; h != nil {
					s.Histograms = append(s.Histograms, tsdb.HistogramSample{T: t, H: h.ToFloat(nil)})
				}
			} else if v := c.values[step*c.width+i]; v == v {
				s.Samples = append(s.Samples, metric.Sample{T: t, V: v})
			}
		}
		if len(s.Samples)+len(s.Histograms) > 0 {
			out = append(out, s)
		}
	}
	res, err := d.w.store.Append(ctx, out)
	if err == nil && res.Refused.Total() > 0 {
		err = fmt.Errorf("cannot store the company's samples: %s", res.Refused)
	}
	return err
}

// ref returns the store's reference of a series that has been stored.
func (d *demo) ref(i int) uint64 {
	if d.refs[i] == 0 {
		d.refs[i], _ = d.w.store.Ref(d.series[i].Labels)
	}
	return d.refs[i]
}

// goOn lets the company live in real time; the store's tap does the rest.
func (d *demo) goOn(ctx context.Context) error {
	next := d.company.Now() + demoStep.Milliseconds()
	var c chunk
	for {
		wait := time.NewTimer(time.UnixMilli(next).Sub(d.w.now()))
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil
		case <-wait.C:
		}
		c.add(d.company.Next())
		if err := d.append(ctx, &c); err != nil && ctx.Err() == nil {
			return err
		}
		c.reset()
		next += demoStep.Milliseconds()
	}
}
