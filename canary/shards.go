package canary

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/canary/stat"
	"github.com/bellwether-ts/bellwether/canary/words"
)

// The shards channel: is a single instance of the canary sick while their mean
// hides it? An instance is sick if it lies further from the baseline's instances
// than these lie from each other (Student's t for one more value), if its
// difference over time is beyond chance as well (the location channel's cold
// start), and if it is as large as the metric's margin. The smallest p-value is
// multiplied by the number of the canary's instances.

// minShardBaseline is the number of the baseline's instances from which the
// channel can say what is usual.
const minShardBaseline = 3

// judgeShards adds the shards channel.
func judgeShards(a *assessment, in *instances) {
	if in.silent > 0 {
		a.s.warn(fmt.Sprintf("%d of %s of the canary report too little to be judged alone", in.silent, words.Count(in.canaryN, "instance")))
	}
	if len(in.canary) < 2 {
		return // The instance is the whole canary.
	}
	if len(in.base) < minShardBaseline {
		a.step("shards test", "%s of the baseline are too few to say what is usual; %d are needed", words.Count(len(in.base), "instance"), minShardBaseline)
		return
	}
	b, center := float64(len(in.base)), plainMean(in.base)
	apart := stat.Variance(in.base)
	s2, df := steady(apart, b-1, math.Ldexp(a.margin, -a.s.exp))
	sd := math.Sqrt(s2)
	c := newChannel(chShards, shardsShare)
	c.logFail, c.logPlain = 0, 0
	worst := -1
	for i, v := range in.canary {
		t := (v - center) / (sd * math.Sqrt(1+1/b))
		if math.IsNaN(t) || directed(t, in.dir) <= 0 {
			continue
		}
		p := plainP(stat.NormalFromStudent(t, df), in.dir) + math.Ln2
		p = max(p, in.overTime(a, in.index[i]))
		if p = min(0, p+math.Log(float64(len(in.canary)))); p < c.logFail {
			c.logFail, c.logPlain, worst = p, p, i
		}
	}
	if worst < 0 {
		a.step("shards test", "none of %s of the canary lies on the worse side of the baseline's beyond chance", words.Count(len(in.canary), "instance"))
		return
	}
	effect := in.canary[worst] - center
	c.effect = math.Ldexp(effect, a.s.exp)
	word := "above"
	if effect < 0 {
		word = "below"
	}
	c.says = fmt.Sprintf("the canary's instance %s lies %s %s the baseline's instances, which differ by %s among themselves", in.names[worst], words.Number(math.Abs(c.effect)), word, words.Number(math.Ldexp(math.Sqrt(apart), a.s.exp)))
	if !(directed(c.effect, in.dir) >= a.margin) {
		c.held = fmt.Sprintf("that is less than the margin %s", words.Number(a.margin))
	}
	a.step("shards test", "%s; p = %s among %s", c.says, words.P(c.logFail), words.Count(len(in.canary), "instance"))
	a.others = append(a.others, c)
}

// overTime is the sequential log p-value that one instance of the canary differs
// from the baseline over time; 0 where its samples are too few or too dependent.
func (in *instances) overTime(a *assessment, index int) float64 {
	d := in.differences(a.m.Shards.Canary[index], a.s.exp)
	if len(d) < coldMinimum {
		return 0
	}
	if flat(d) {
		return min(0, -float64(len(d))*math.Ln2+math.Ln2)
	}
	h := stat.HARMean(d, 0)
	if !(h.SE > 0) || cautious(len(d), h.Phi) < coldIndependent {
		return 0
	}
	p := a.plan
	p.cold = true
	return p.logP(directed(stat.NormalFromStudent(h.Mean/h.SE, h.DF), in.dir), in.dir == Either)
}
