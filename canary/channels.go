package canary

import (
	"fmt"
	"math"
)

// One metric, several questions: has its level moved, does it scatter more, has
// its tail grown, does it report less, is one instance sick. Each question is a
// channel with a p-value of its own that holds over all looks. A metric's share
// of the accepted error is split between its channels in fixed shares (Bonferroni
// with weights), the level or the counts getting nearly all of it: whatever the
// channels have in common, the chance that any of them FAILs a healthy metric
// stays what was stated, and the level loses next to no power by it.
//
// The shares depend on what the request brings, never on what the samples show:
//
//	levels      location .80  spread .10  missingness .05  shards .05
//	histograms  location .40  tail .40    spread .10       missingness .05  shards .05
//	counts      count .95     missingness .05
//
// A channel the request has no data for leaves its share to the first one.
//
// FAIL needs one channel. PASS needs the first channel's equivalence, for a
// histogram also that its shape moves by no more than shapeMargin, and that no
// channel by itself is worse at the accepted error. Equal spread, reporting and
// instances are not shown, only not refuted: to show them would take many hours
// of samples, and the verdict says what it has shown.

// The names of the channels.
const (
	chLocation    = "location"
	chCount       = "count"
	chConstant    = "constant"
	chSpread      = "spread"
	chTail        = "tail"
	chMissingness = "missingness"
	chShards      = "shards"
	chMissing     = "missing" // No channel: too little data for any.
)

const (
	spreadShare      = 0.10
	missingnessShare = 0.05
	shardsShare      = 0.05
	tailPart         = 0.5 // The tail's part of what is left, where there are histograms.
)

// channel is what one channel beside the first found.
type channel struct {
	name     string
	share    float64 // Of the metric's accepted error.
	logFail  float64 // Sequential log p-value of "worse"; NaN when not tested.
	logPlain float64 // The same for this look alone.
	logE     float64 // Log e-value; NaN where the channel has none.
	effect   float64
	interval [2]float64
	says     string // What it found: "the canary ...".
	held     string // Why a small p-value must not FAIL.
}

func newChannel(name string, share float64) channel {
	nan := math.NaN()
	return channel{name: name, share: share, logFail: nan, logPlain: nan, logE: nan, effect: nan, interval: [2]float64{nan, nan}}
}

// weighted is the log p-value over the channel's share: what competes for the
// metric's whole error. NaN when not tested, 0 at most.
func (c *channel) weighted() float64 { return min(0, c.logFail-math.Log(c.share)) }

// firstShare is the share of the metric's first channel.
func (a *assessment) firstShare() float64 {
	left := 1 - missingnessShare
	if a.v.Channel == chCount {
		return left
	}
	left -= spreadShare
	if a.m.Shards != nil {
		left -= shardsShare
	}
	if a.dist != nil {
		left *= 1 - tailPart
	}
	return left
}

// fold draws the metric's one p-value from its channels: the smallest of those
// that may FAIL it. Where a guard holds the first channel back, it does not
// count. NaN when nothing was tested.
func (a *assessment) fold() {
	a.first.name, a.first.share, a.first.logFail = a.v.Channel, a.firstShare(), a.logFail
	a.folded = math.NaN()
	if math.IsNaN(a.logFail) && len(a.others) == 0 {
		return
	}
	a.folded = 0
	for _, c := range a.channels() {
		if w := c.weighted(); c.held == "" && w < a.folded {
			a.folded = w
		}
	}
}

// channels lists the metric's channels, the first one first.
func (a *assessment) channels() []*channel {
	a.first.held = a.guard
	out := make([]*channel, 0, 1+len(a.others))
	out = append(out, &a.first)
	for i := range a.others {
		out = append(out, &a.others[i])
	}
	return out
}

// failing is the channel that FAILs the metric beyond the accepted error, the
// surest of them; nil if none does. correction is what Holm added to the
// metric's p-value. An equivalent level does not FAIL by level.
func (a *assessment) failing(alpha, correction float64, equivalent bool) *channel {
	var worst *channel
	for i, c := range a.channels() {
		w := c.weighted()
		if i == 0 && equivalent || c.held != "" || !(w+correction <= alpha) {
			continue
		}
		if worst == nil || w < worst.weighted() {
			worst = c
		}
	}
	return worst
}

// suspect is a channel other than the first that is worse at the accepted error
// without the correction for the other metrics; nil if none is. It forbids a PASS.
func (a *assessment) suspect(alpha float64) *channel {
	for i := range a.others {
		if c := &a.others[i]; c.held == "" && c.weighted() <= alpha {
			return c
		}
	}
	return nil
}

// evidence lists what every channel found, the deciding one first.
func (a *assessment) evidence(alpha, correction float64) []Evidence {
	var out []Evidence
	for i, c := range a.channels() {
		e := Evidence{Channel: c.name, Effect: c.effect, Interval: c.interval, LogP: c.logFail, Reason: c.says}
		if i == 0 {
			if c.name == chMissing {
				continue
			}
			e.Effect, e.Interval, e.Reason = a.v.Effect, a.v.Interval, "the canary "+a.change()
		}
		switch {
		case c.held == "" && c.weighted()+correction <= alpha && !(i == 0 && a.equivalent()):
			e.Verdict = Fail
		case i == 0 && a.equivalent():
			e.Verdict = Pass
		default:
			e.Verdict = Inconclusive
		}
		if c.held != "" {
			e.Reason = fmt.Sprintf("%s, but %s", e.Reason, c.held)
		}
		if c.name == a.v.Channel {
			out = append([]Evidence{e}, out...)
		} else {
			out = append(out, e)
		}
	}
	return out
}
