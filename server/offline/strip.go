package offline

import (
	"fmt"
	"math"
	"strings"

	"github.com/guptarohit/asciigraph"

	"github.com/bellwether-ts/bellwether/detect"
)

// A strip is what a picture of an anomaly needs: the samples before it opened
// and the first ones of it, with the band that was expected. It is kept while
// the input streams by, so it is a ring until an anomaly opens and fills up
// after.
type strip struct {
	ring   [stripBefore]stripPoint
	n      int // Points put into the ring since the last anomaly.
	points []stripPoint
	open   bool
}

const (
	stripBefore = 40 // Samples drawn before an anomaly.
	stripAfter  = 32 // Samples drawn from its opening on.
	stripHeight = 8  // Lines of a picture.
)

type stripPoint struct {
	t            int64
	v            float64
	lower, upper float64 // NaN where nothing is expected.
	anomalous    bool
}

// add takes the next sample.
func (s *strip) add(t int64, r detect.Result, expects bool) {
	p := stripPoint{t: t, v: r.Observed, lower: math.NaN(), upper: math.NaN(), anomalous: r.Anomalous}
	if expects {
		p.lower, p.upper = r.Lower, r.Upper
	}
	if r.Transition == detect.TransitionOpened {
		s.open = true
		s.points = s.points[:0]
		for i := max(0, s.n-stripBefore); i < s.n; i++ {
			s.points = append(s.points, s.ring[i%stripBefore])
		}
	}
	if s.open && len(s.points) < stripBefore+stripAfter {
		s.points = append(s.points, p)
	}
	s.ring[s.n%stripBefore] = p
	s.n++
}

// cut takes the picture of the anomaly that has just ended.
func (s *strip) cut() *strip {
	out := &strip{points: append([]stripPoint(nil), s.points...)}
	s.open = false
	s.points = s.points[:0]
	return out
}

// draw renders the samples as a line plot with the band around them, and
// marks the anomalous samples below it.
func (s *strip) draw(color bool) string {
	if len(s.points) < 2 {
		return ""
	}
	value, lower, upper := make([]float64, len(s.points)), make([]float64, len(s.points)), make([]float64, len(s.points))
	finite := false
	for i, p := range s.points {
		value[i], lower[i], upper[i] = plottable(p.v), plottable(p.lower), plottable(p.upper)
		finite = finite || !math.IsNaN(value[i])
	}
	if !finite {
		return ""
	}
	opts := []asciigraph.Option{asciigraph.Height(stripHeight), asciigraph.Precision(3), asciigraph.Offset(2)}
	if color {
		opts = append(opts, asciigraph.SeriesColors(asciigraph.DarkGray, asciigraph.DarkGray, asciigraph.Red))
	}
	plot := asciigraph.PlotMany([][]float64{lower, upper, value}, opts...)
	margin := strings.IndexAny(plot, "┤┼")
	if margin < 0 {
		margin = 0
	}
	var marks strings.Builder
	for _, p := range s.points {
		if p.anomalous {
			marks.WriteByte('^')
		} else {
			marks.WriteByte(' ')
		}
	}
	pad := strings.Repeat(" ", margin+1)
	return fmt.Sprintf("%s\n%s%s\n%s%s to %s, each ^ an anomalous sample\n", plot,
		pad, strings.TrimRight(marks.String(), " "), pad, FormatTime(s.points[0].t), FormatTime(s.points[len(s.points)-1].t))
}

// plottable returns v, or NaN if no axis can hold it.
func plottable(v float64) float64 {
	if math.Abs(v) > 1e300 {
		return math.NaN()
	}
	return v
}
