package fleet

import (
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/detect"
)

// fleetClass is the account of one priority: how many series it has, which
// openings may still keep each other company, and how far lone openings come
// more often than promised.
type fleetClass struct {
	watched  int
	recent   []*held // Opened within the window, in order of arrival.
	counts   ClassCounts
	lone     float64 // Openings neither persistent nor in company, decayed.
	promised float64 // What the budget promises in the same time, decayed.
	patient  float64 // Openings told for patience alone, decayed.
}

// ClassCounts counts the openings of a class.
type ClassCounts struct {
	Opened   uint64            // Every opening, escalations not counted again.
	Admitted [doorCount]uint64 // Told, by door.
	Over     uint64            // Over before anything admitted them.
}

// Held returns how many openings were, at the time, not told: those over and
// those open now.
func (c ClassCounts) Held() uint64 {
	n := c.Opened
	for _, a := range c.Admitted {
		n -= a
	}
	return n
}

const (
	loneHalf  = 3 * dayMS // Half-life of the account of lone openings, milliseconds.
	passMost  = 3600e3    // Milliseconds between ticks that count.
	lonePrior = 5         // Openings' worth of trust in the promise.
	loneMin   = .1        // The most that fewer lone openings than promised gain,
	loneMax   = 100       // and the most that more of them cost.
)

// pass lets time go on for the accounts. Only ticks tell the time: one sample
// from the future must not. Nothing is promised for hours nobody ticked in.
func (f *Fleet) pass(t int64) {
	if f.last == 0 || t <= f.last {
		f.last = t
		return
	}
	ms := float64(t - f.last)
	f.last = t
	keep := math.Exp2(-ms / loneHalf)
	for i := range f.classes {
		c := &f.classes[i]
		c.lone *= keep
		c.patient *= keep
		c.promised = c.promised*keep + f.cfg.Open/1000*float64(c.watched)*min(ms, passMost)/dayMS
	}
}

// excess is how many times as many lone openings come as promised.
func (c *fleetClass) excess() float64 {
	return max(loneMin, min(loneMax, (max(0, c.lone)+lonePrior)/(c.promised+lonePrior)))
}

// size is the number of hypotheses of the class.
func (c *fleetClass) size() int { return max(c.watched, fleetLeast) }

// share is the part of the budget left to the door of strength. A small fleet
// opens few anomalies a day in all, and a lone spike is as likely true as false:
// what the budget allows is told. A large one opens hundreds.
func (c *fleetClass) share() float64 {
	return max(shareStrength, fleetLeast/float64(c.size()))
}

// instants returns when openings not yet judged in company are to be judged: at
// now, and, where more time has passed than the window holds, as often as the
// window needs.
func (c *fleetClass) instants(now int64) []int64 {
	var out []int64
	for _, h := range c.recent {
		if h.fresh && h.o.At <= now {
			at := now
			if h.o.At <= now-fleetWindow {
				at = (h.o.At/fleetStride + 1) * fleetStride
			}
			out = append(out, at)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// forget lets go what can keep no one company any more. Only now is it known
// that an opening was a lone one: a storm must not be counted against itself.
func (c *fleetClass) forget(now int64) {
	c.recent = slices.DeleteFunc(c.recent, func(h *held) bool {
		old := h.o.At <= now-fleetWindow
		if old && (h.door == DoorNone || h.door == DoorStrength) {
			h.lone = true
			c.lone++
		}
		return old
	})
}

func (f *Fleet) class(high bool) *fleetClass {
	if high {
		return &f.classes[1]
	}
	return &f.classes[0]
}

// rate is the number of false alarms per 1000 series-days expected at the
// evidence of an opening.
func (f *Fleet) rate(o Opening) float64 {
	return f.cfg.Open * math.Pow(10, o.Bar-o.Evidence)
}

// strong reports whether an opening is told for its evidence alone.
func (f *Fleet) strong(c *fleetClass, h *held, excess float64) bool {
	return f.rate(h.o)*excess <= c.share()*f.cfg.Budget
}

// evalue is the bet against "nothing is wrong with this series in this window":
// its p-value is that of the strongest sample in the window by the union bound,
// and what the samples since say multiplies it. Half of the stake is kept back
// from them, so that calm after a spike takes away half at most.
func (f *Fleet) evalue(c *fleetClass, h *held) float64 {
	p := f.rate(h.o) * max(1, c.excess()) / 1000 * fleetWindow / dayMS
	return detect.EValue(min(1, p)) * (1 + h.bet) / 2
}

// silence is the evidence that samples stopped, which grows with every minute
// without one: see quiet.silence.
func (h *held) silence(now int64) float64 {
	before := float64(h.o.At - h.o.Change)
	if h.o.Kind != detect.KindNoData || before <= 0 || now <= h.o.At {
		return h.o.Evidence
	}
	return h.first + 2*math.Log10(float64(now-h.o.Change)/before)
}

// patience is how long an opening stays open to be told for that alone, in
// milliseconds: longer, where it has let more through than its share. At most that
// is longer than a new level takes to be accepted: such a fleet is told nothing
// for patience alone.
func (f *Fleet) patience(c *fleetClass) float64 {
	over := c.patient / (sharePatience*f.cfg.Budget/f.cfg.Open*c.promised + patiencePrior)
	return fleetPatience * max(1, min(patienceMost, over*over))
}

// patient reports whether an opening has stayed open long enough to be told for
// that alone: by the clock only where nobody reports its samples.
func (h *held) patient(now int64, patience float64) bool {
	return float64(now-h.o.At) >= patience && (h.samples >= patienceSamples || h.samples == 0 || h.o.Kind == detect.KindNoData)
}
