package canary

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/metric"
)

// Reading histograms: which instants hold one, how many observations lie above
// each bound, and the mean by instant as the level the location channel judges
// where the request brings none.

// tallied is one side's histograms over one stretch of time.
type tallied struct {
	all   []float64   // Observations by instant; NaN where there is no histogram.
	above [][]float64 // Per bound, the observations above it by instant.
	mean  []float64   // Mean observation by instant, each taken for the middle of its bucket; NaN without any.
}

// distributions are a metric's readable histograms. Both sides of the window,
// and of the history, have the same number of instants.
type distributions struct {
	bounds         []float64
	x, y           tallied // Canary and baseline.
	hx, hy         tallied
	unread         int // Histograms that cannot be read.
	pairedInstants bool
}

// readDistribution reads a metric's histograms; nil where it has none, an error
// where its buckets make no sense.
func readDistribution(d *Distribution) (*distributions, error) {
	if d == nil {
		return nil, nil
	}
	if err := checkBounds(d.Bounds); err != nil {
		return nil, err
	}
	out := &distributions{bounds: d.Bounds, pairedInstants: len(d.Baseline) == len(d.Canary)}
	out.x, out.y = out.tally(d.Canary), out.tally(d.Baseline)
	if len(d.HistoryBaseline) == len(d.HistoryCanary) {
		out.hx, out.hy = out.tally(d.HistoryCanary), out.tally(d.HistoryBaseline)
	}
	return out, nil
}

// maxBounds bounds the buckets of a histogram.
const maxBounds = 10_000

func checkBounds(bounds []float64) error {
	if len(bounds) == 0 || len(bounds) > maxBounds {
		return fmt.Errorf("its histograms have %d bounds; between 1 and %d are needed", len(bounds), maxBounds)
	}
	for i, b := range bounds {
		if !metric.IsFinite(b) || i > 0 && !(b > bounds[i-1]) {
			return fmt.Errorf("bound %d of its histograms is %v; bounds must be finite and increase", i, b)
		}
	}
	return nil
}

// tally reads one side.
func (o *distributions) tally(side [][]float64) tallied {
	k := len(o.bounds)
	t := tallied{all: make([]float64, len(side)), mean: make([]float64, len(side)), above: make([][]float64, k)}
	room := make([]float64, k*len(side))
	for b := range t.above {
		t.above[b] = room[b*len(side) : (b+1)*len(side)]
	}
	for i, counts := range side {
		t.all[i], t.mean[i] = math.NaN(), math.NaN()
		if len(counts) == 0 {
			continue
		}
		if !o.countsReadable(counts) {
			o.unread++
			continue
		}
		sum, weighted := counts[k], counts[k]*o.middle(k)
		for b := k - 1; b >= 0; b-- {
			t.above[b][i] = sum
			sum += counts[b]
			weighted += counts[b] * o.middle(b)
		}
		t.all[i] = sum
		if sum > 0 {
			t.mean[i] = weighted / sum
		}
	}
	return t
}

// countsReadable reports whether these are the counts of one histogram: as many
// as buckets, none negative, and no more than add up exactly.
func (o *distributions) countsReadable(counts []float64) bool {
	if len(counts) != len(o.bounds)+1 {
		return false
	}
	for _, c := range counts {
		if !(c >= 0 && c <= 1e12) {
			return false
		}
	}
	return true
}

// middle is the value observations of a bucket are taken for: its middle; the
// bound itself for the first bucket of values that may be negative and for the
// last, which has no other end.
func (o *distributions) middle(b int) float64 {
	switch {
	case b == len(o.bounds):
		return o.bounds[b-1]
	case b > 0:
		return o.bounds[b-1]/2 + o.bounds[b]/2
	case o.bounds[0] > 0:
		return o.bounds[0] / 2
	}
	return o.bounds[0]
}

// fillLevels gives a metric of histograms alone the means of its histograms as
// samples, and its history theirs.
func (o *distributions) fillLevels(m *Metric) {
	if len(m.Baseline) > 0 || len(m.Canary) > 0 {
		return
	}
	m.Baseline, m.Canary = o.y.mean, o.x.mean
	if len(o.hx.all) == 0 || m.History != nil && len(m.History.Baseline)+len(m.History.Canary) > 0 {
		return
	}
	h := History{Baseline: o.hy.mean, Canary: o.hx.mean}
	if m.History != nil {
		h.SameInstances = m.History.SameInstances
	}
	m.History = &h
}
