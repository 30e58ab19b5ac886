package report

import (
	"math"
	"strconv"
)

// Lines of a plot as SVG paths, short: whole coordinates, relative moves. A page
// of a thousand metrics is sent to people who are in a hurry.

// The canvas of a plot in user units; the page stretches it to its column.
const (
	plotWidth  = 600
	plotHeight = 140
)

// extent is the range of finite values.
type extent struct{ lo, hi float64 }

func emptyExtent() extent { return extent{math.Inf(1), math.Inf(-1)} }

func (e *extent) hold(values ...float64) {
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			e.lo, e.hi = min(e.lo, v), max(e.hi, v)
		}
	}
}

func (e extent) empty() bool { return !(e.lo <= e.hi) }

// padded widens the range by a share of itself on both ends; a range of one
// value becomes one around it.
func (e extent) padded(share float64) extent {
	pad := (e.hi/2 - e.lo/2) * 2 * share
	if !(pad > 0) {
		pad = math.Abs(e.hi) * 0.05
	}
	if !(pad > 0) {
		pad = 1
	}
	lo := max(e.lo-pad, -math.MaxFloat64)
	if e.lo >= 0 && lo < 0 {
		lo = 0 // What is never negative gets no negative axis.
	}
	return extent{lo, min(e.hi+pad, math.MaxFloat64)}
}

// at is the place of v in the range, 0 to 1; beyond it is clamped.
func (e extent) at(v float64) float64 {
	p := (v/2 - e.lo/2) / (e.hi/2 - e.lo/2)
	if math.IsNaN(p) {
		return 0.5
	}
	return max(0, min(1, p))
}

// path draws the samples over n instants, at most about points of them: of more,
// every stretch gives its lowest and its highest. A missing sample is a gap.
func path(v []float64, n int, y extent, points int) string {
	var p pen
	x := func(i int) int { return int(math.Round(plotWidth * float64(i) / float64(max(1, n-1)))) }
	put := func(i int) {
		p.to(x(i), int(math.Round(plotHeight*(1-y.at(v[i])))))
	}
	width := 1
	if len(v) > points {
		width = (2*len(v) + points - 1) / points
	}
	for from := 0; from < len(v); from += width {
		lo, hi := -1, -1
		for i := from; i < min(from+width, len(v)); i++ {
			if math.IsNaN(v[i]) || math.IsInf(v[i], 0) {
				continue
			}
			if lo < 0 || v[i] < v[lo] {
				lo = i
			}
			if hi < 0 || v[i] > v[hi] {
				hi = i
			}
		}
		switch {
		case lo < 0:
			p.lift()
		case lo == hi:
			put(lo)
		default:
			put(min(lo, hi))
			put(max(lo, hi))
		}
	}
	p.lift()
	return string(p.d)
}

// pen writes a path.
type pen struct {
	d    []byte
	x, y int
	down bool // A stretch is being drawn.
	dot  bool // It has one point so far.
}

// to draws a line to a point, or begins a stretch there.
func (p *pen) to(x, y int) {
	if !p.down {
		p.d = append(p.d, 'M')
		p.d = strconv.AppendInt(p.d, int64(x), 10)
		p.number(y)
		p.d = append(p.d, 'l')
		p.x, p.y, p.down, p.dot = x, y, true, true
		return
	}
	if !p.dot {
		p.number(x - p.x)
	} else {
		p.d = strconv.AppendInt(p.d, int64(x-p.x), 10)
	}
	p.number(y - p.y)
	p.x, p.y, p.dot = x, y, false
}

// number appends a number to those before it.
func (p *pen) number(v int) {
	if v >= 0 {
		p.d = append(p.d, ' ')
	}
	p.d = strconv.AppendInt(p.d, int64(v), 10)
}

// lift ends a stretch; a single sample becomes a dot.
func (p *pen) lift() {
	if p.down && p.dot {
		p.d = append(p.d, "0 0"...)
	}
	p.down = false
}
