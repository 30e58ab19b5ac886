package pipeline

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/canary"
)

// What counts are held against: the canary's share of the traffic they come
// from. It is measured on the requests of the same window; without requests it
// is the canary's share of the instances, and the metric says so.

// expose finds the share of the traffic that the canary's counts come from.
// Where the share moved within the window, one share for all of it would
// mislead, and the share of failed requests is judged instead of their number.
func (r *lookReader) expose(src *source, out *canary.Metric, b, c *reading, past [2]reading) {
	if w := src.plain.window; w > 0 && w != r.s.Step && out.MinEffect > 0 {
		out.MinEffect *= r.s.Step.Seconds() / w.Seconds()
		out.Notes = append(out.Notes, fmt.Sprintf("counted per step of %s, min_effect with it", r.s.Step))
	}
	switch share := shareOf(b.traffic, c.traffic); {
	case r.s.Exposure > 0:
	case share > 0:
		early, later, yes := shifted(b.traffic, c.traffic)
		if yes && src.traffic.name != "" {
			out.Notes = append(out.Notes, fmt.Sprintf("the canary's share of the traffic moved from %.3g to %.3g: the share of its requests is judged, not their number", early, later))
			r.asShare(out, b, c, past)
			return
		}
		out.Exposure = share
		out.Notes = append(out.Notes, fmt.Sprintf("the canary had %.3g of the traffic (%s)", share, src.traffic.name))
	case len(r.shards.base) > 0 && len(r.shards.canary) > 0:
		out.Exposure = float64(len(r.shards.canary)) / float64(len(r.shards.base)+len(r.shards.canary))
		out.Notes = append(out.Notes, fmt.Sprintf("its traffic is not known: the canary is taken to have %.3g of it, its share of the instances", out.Exposure))
	default:
		const unknown = "the canary's share of the traffic is not known: fewer events may only be fewer requests; set exposure"
		out.Notes = append(out.Notes, unknown)
		if out.History == nil { // A history would show the share.
			out.Doubts = append(out.Doubts, unknown)
		}
	}
}

// asShare turns counts into the share of the traffic they are.
func (r *lookReader) asShare(out *canary.Metric, b, c *reading, past [2]reading) {
	of := func(n, all []float64) []float64 {
		v := make([]float64, len(n))
		for i := range v {
			v[i] = n[i] / all[i] // 0/0 is no data.
			if math.IsInf(v[i], 0) {
				v[i] = math.NaN()
			}
		}
		return v
	}
	if out.MinEffect > 0 {
		var sum, n float64
		for _, x := range c.traffic {
			if x > 0 {
				sum, n = sum+x, n+1
			}
		}
		out.MinEffect /= sum / n
	}
	out.Kind = canary.Ratio
	out.Baseline, out.Canary = of(b.values, b.traffic), of(c.values, c.traffic)
	if h := out.History; h != nil && len(past[0].traffic) == len(past[0].values) && len(past[0].values) > 0 {
		out.History = &canary.History{Baseline: of(past[0].values, past[0].traffic), Canary: of(past[1].values, past[1].traffic), SameInstances: h.SameInstances}
	} else {
		out.History = nil
	}
}

// shareOf is the canary's share of the traffic at the instants both sides
// report; 0 when there is none to tell.
func shareOf(base, side []float64) float64 {
	var b, c float64
	for i := range min(len(base), len(side)) {
		if x := base[i] + side[i]; !math.IsNaN(x) {
			b, c = b+base[i], c+side[i]
		}
	}
	if b <= 0 || c <= 0 {
		return 0
	}
	return c / (b + c)
}

// shifted reports whether the share of traffic moved between the halves of a
// window so much that one share for all of it would mislead.
func shifted(base, side []float64) (early, late float64, yes bool) {
	half := len(side) / 2
	early, late = shareOf(base[:half], side[:half]), shareOf(base[half:], side[half:])
	if early == 0 || late == 0 {
		return early, late, false
	}
	odds := late * (1 - early) / (early * (1 - late))
	return early, late, odds > 1.5 || odds < 1/1.5
}
