package canary

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/canary/stat"
	"github.com/bellwether-ts/bellwether/canary/words"
)

// The missingness channel: does the canary fall silent more often than the
// baseline? What is counted is how often a side falls silent while the other
// reports, not for how long: a gap of thirty samples is one event, however sure
// thirty absent samples look. If nothing is wrong such an event is the canary's
// with its share of all the time observed, both sides' history included, and the
// bet of the count channel (stat.LogShareE) says how sure the opposite is.
//
// What is no event: an absence from the start (not started yet), one in the
// newest samples (late), and one that both sides share. A latency or a ratio is
// undefined while there are no requests, which a small canary sees more often
// than its baseline; such a metric never FAILs by this channel. Whatever is
// missing forbids a PASS (samples_pair.go).

// lateSamples is how many of the newest samples may be late without meaning
// anything.
const lateSamples = 3

// judgeMissingness adds the missingness channel where samples are missing.
func judgeMissingness(a *assessment) {
	if len(a.m.Baseline) != len(a.m.Canary) {
		return
	}
	s1, s0 := silences(a.m.Canary, a.m.Baseline), silences(a.m.Baseline, a.m.Canary)
	if s1 < 2 {
		return
	}
	n, all := float64(len(a.m.Canary)), 2*float64(len(a.m.Canary))
	if h := a.m.History; h != nil && len(h.Baseline) == len(h.Canary) {
		s0 += silences(h.Canary, h.Baseline) + silences(h.Baseline, h.Canary)
		all += 2 * float64(len(h.Canary))
	}
	c := newChannel(chMissingness, missingnessShare)
	c.logE = stat.LogShareE(float64(s1), float64(s0), n/all, stat.Greater)
	c.logFail = min(0, -c.logE)
	c.logPlain = stat.BinomialP(float64(s1), float64(s1+s0), n/all, stat.Greater)
	c.effect = float64(s1)
	c.says = fmt.Sprintf("the canary fell silent %d times while the baseline reported, against %d times in %.0f times as many samples elsewhere", s1, s0, (all-n)/n)
	if a.m.Kind != Gauge && a.m.Kind != Count && a.m.Kind != "" {
		c.held = "a metric of this kind has no samples while there are no requests"
	}
	a.step("missingness test", "%s; p = %s over all looks", c.says, words.P(c.logFail))
	a.others = append(a.others, c)
}

// silences counts how often v stops reporting while the other side reports.
func silences(v, other []float64) int {
	end := len(v)
	for k := 0; k < lateSamples && end > 0 && math.IsNaN(v[end-1]); k++ {
		end--
	}
	if end > 0 && end < len(v) && math.IsNaN(v[end-1]) {
		end = len(v) // Silent for longer than late samples explain.
	}
	n := 0
	for t := 1; t < end; t++ {
		if math.IsNaN(v[t]) && !math.IsNaN(v[t-1]) && !math.IsNaN(other[t]) {
			n++
		}
	}
	return n
}
