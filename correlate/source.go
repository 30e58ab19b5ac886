package correlate

// Where a search reads its candidates from: the live rings or a list of
// windows. Both fill the same buffer, so both run the same code.

import (
	"math"

	"github.com/prometheus/prometheus/model/labels"
)

type source interface {
	size() int
	labels(i int) labels.Labels
	ref(i int) uint64
	// fill writes the values at from, from+step, ...; NaN where there is none.
	fill(dst []float64, i int, from, step int64)
}

// windows is a source of candidates held in memory.
type windows []Candidate

func (w windows) size() int                  { return len(w) }
func (w windows) labels(i int) labels.Labels { return w[i].Labels }
func (w windows) ref(i int) uint64           { return w[i].Ref }

func (w windows) fill(dst []float64, i int, from, step int64) {
	win := w[i].Window
	at := int64(-1)
	if win.Step == step && (from-win.Start)%step == 0 {
		at = (from - win.Start) / step
	} else if win.Step > 0 {
		fillNearest(dst, w[i], from, step)
		return
	}
	for j := range dst {
		dst[j] = math.NaN()
		if k := at + int64(j); win.Step == step && k >= 0 && k < int64(len(win.V)) {
			dst[j] = win.V[k]
		}
	}
}

// fillNearest serves a window on another grid: each point takes the value of
// the window's point at or just before it, within one step of the window.
func fillNearest(dst []float64, c Candidate, from, step int64) {
	win := c.Window
	for j := range dst {
		dst[j] = math.NaN()
		t := from + int64(j)*step
		if t < win.Start {
			continue
		}
		k := (t - win.Start) / win.Step
		if k < int64(len(win.V)) {
			dst[j] = win.V[k]
		}
	}
}
