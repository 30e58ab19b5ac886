package canary

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/bellwether-ts/bellwether/canary/words"
)

// Foresee answers before the deploy what the judge could show after it: how
// long until a canary worse by MinEffect FAILs, how long until a healthy one
// PASSes, and what the smallest effect is that a full run sees. It takes the
// spread from the judge's own source (placebo windows of the history), the
// bands of its plan of looks and Student's tail, so that what is foreseen is
// what the judge then does.

// ForesightOptions says what is asked.
type ForesightOptions struct {
	Schedule Schedule
	Power    float64 // Wanted chance to reach the verdict, 0.5 to 0.99; 0.9 when 0.
}

// Foresight is what a canary of this request can show.
type Foresight struct {
	Power    float64
	Schedule Schedule // As used, defaults filled in.
	Policy   Policy
	Metrics  []MetricForesight // In the order of the request.
	Warnings []string

	// Limiting is the metric that needs longest to FAIL or PASS, Needed that
	// time; empty and 0 if nothing can be said.
	Limiting string
	Needed   time.Duration
}

// Never stands for a time that no run reaches.
const Never time.Duration = -1

// MetricForesight is the answer for one metric. Times are 0 where nothing can
// be said and Never where no run of up to 24 h reaches the power.
type MetricForesight struct {
	Name        string
	Known       bool    // False where nothing can be said; Reason then says what to do.
	MinEffect   float64 // Smallest change that matters, in the metric's unit; NaN when unknown.
	MarginGiven bool    // The request stated it.

	Fail   time.Duration // Until a canary worse by MinEffect FAILs; beyond Schedule.Longest it is the length of the run it takes.
	Pass   time.Duration // Until a canary like its baseline PASSes, alike.
	Power  float64       // Chance that a canary worse by MinEffect FAILs within Schedule.Longest.
	Passes float64       // Chance that a canary like its baseline PASSes within Schedule.Longest.

	Visible     float64 // Smallest MinEffect that FAILs with the wanted power within Schedule.Longest, in the metric's unit; +Inf when none, NaN when unknown.
	Events      float64 // Events on both sides together until Fail, of counts; NaN for others.
	Calibration string  // Where the spread comes from: "history", "model", "window", "assumed", "constant", "count"; empty when nowhere.
	Phi         float64 // Autocorrelation of the difference per sample; NaN when unknown.
	Reason      string  // In words.
}

// Foresee answers for every metric of req, whose History holds both sides
// before the deploy. Without a history the metric's Baseline and Canary are
// read as samples of both sides and the answer is that of a cold start; without
// a canary's side the sides are assumed to move independently, which Reason
// says. Only a policy or option out of range is an error.
func Foresee(req Request, o ForesightOptions) (Foresight, error) {
	f, err := NewForeseer(req, o)
	if err != nil {
		return Foresight{}, err
	}
	for f.Next() {
	}
	return f.Result(), nil
}

// Foreseer answers metric by metric, so that a caller can stop between.
type Foreseer struct {
	req    Request
	policy Policy
	out    Foresight
}

// NewForeseer checks what Foresee checks.
func NewForeseer(req Request, o ForesightOptions) (*Foreseer, error) {
	policy, err := req.Policy.filled()
	if err != nil {
		return nil, err
	}
	s, err := o.Schedule.filled()
	if err != nil {
		return nil, err
	}
	if o.Power == 0 {
		o.Power = 0.9
	}
	if !(o.Power >= 0.5 && o.Power <= 0.99) {
		return nil, fmt.Errorf("cannot plan for a power of %v: it is a chance in [0.5, 0.99]", o.Power)
	}
	return &Foreseer{req: req, policy: policy, out: Foresight{Power: o.Power, Schedule: s, Policy: policy}}, nil
}

// Next answers for the next metric; false when there is none left.
func (f *Foreseer) Next() bool {
	i := len(f.out.Metrics)
	if i >= len(f.req.Metrics) {
		return false
	}
	one := foresee(f.req.Metrics[i], f.policy, f.req.Policy.Exposure != 0, len(f.req.Metrics), f.out.Schedule, f.out.Power)
	f.out.Metrics = append(f.out.Metrics, one)
	f.out.limit(one)
	return i+1 < len(f.req.Metrics)
}

// Result is the answer so far.
func (f *Foreseer) Result() Foresight { return f.out }

// limit notes the metric if it is the slowest so far.
func (f *Foresight) limit(m MetricForesight) {
	if !m.Known {
		return
	}
	need := max(m.Fail, m.Pass)
	if m.Fail == Never || m.Pass == Never {
		need = Never
	}
	if f.Limiting == "" || f.Needed != Never && (need == Never || need > f.Needed) {
		f.Limiting, f.Needed = m.Name, need
	}
}

// foresee answers for one metric of tested.
func foresee(m Metric, policy Policy, exposureGiven bool, tested int, s Schedule, power float64) MetricForesight {
	nan := math.NaN()
	out := MetricForesight{Name: m.Name, MinEffect: nan, Visible: nan, Events: nan, Phi: nan}
	m = assess(m, policy, exposureGiven).m // Defaults filled in as the judge does.
	out.MarginGiven = m.MinEffect > 0
	full := s.samples(s.looks(), m.StepSeconds)
	if full < MinPairs {
		out.Reason = fmt.Sprintf("cannot say: a run of %s holds %s of %v seconds, and the judge needs %d; run longer or take a shorter step", words.Minutes(s.Longest.Minutes()), words.Count(full, "sample"), m.StepSeconds, MinPairs)
		return out
	}
	before, why := pastOf(m, full)
	if why != "" {
		out.Reason = why
		return out
	}
	p := &prospect{past: before, policy: policy, exposureGiven: exposureGiven, tested: tested, two: m.Direction == Either}
	a := assess(p.window(0, len(p.base)), policy, exposureGiven) // Over all of it, a default margin is what it is on average.
	p.margin, p.marginHow, p.level = a.margin, a.marginSource(), a.failLevel(tested)
	if m.Kind == Histogram && m.Distribution == nil { // A run will bring one, and its tail takes a part of the error.
		p.level += math.Log(1 - tailPart)
	}
	out.MinEffect = p.margin
	if !out.MarginGiven {
		out.MinEffect = digits(p.margin)
	}
	sp, ok := p.at(full)
	if !ok {
		out.Reason = fmt.Sprintf("cannot say: a history of %s is too short for a run of %s; give at least %s", words.Count(len(p.base), "sample"), words.Count(full, "sample"), words.Count(stdHistory*full, "sample"))
		return out
	}
	out.Known, out.Phi, out.Calibration = true, sp.phi, sp.source
	if p.assumed != "" && sp.source != "constant" {
		out.Calibration = "window"
		if len(m.Canary) != len(m.Baseline) {
			out.Calibration = "assumed"
		}
	}
	switch {
	case m.Kind == Count && wholeCounts(&Metric{Baseline: p.base, Canary: p.side}):
		out.Calibration = "count"
		p.isCount = true
	case sp.source == "constant":
		p.foreseeConstant(&out, s)
		return out
	}
	p.foreseeMoving(&out, s, power)
	return out
}

// stdHistory is how many windows of a run a history should hold: fewer than
// stat.MinPlaceboWindows need a model, and this many make the model's or the
// placebo's degrees of freedom comfortable.
const stdHistory = 24

// foreseeMoving answers for a metric that varies.
func (p *prospect) foreseeMoving(out *MetricForesight, s Schedule, power float64) {
	o, _ := p.outcome(s, power)
	out.Fail, out.Pass, out.Power, out.Passes = o.fail, o.pass, o.power, o.quiet
	if p.isCount {
		out.Visible = p.visibleEvents(s, power)
	} else {
		out.Visible = p.visible(s, power)
	}
	if out.Fail == Never {
		out.Fail, o.failSamples = p.longer(s, power, func(o outcome) bool { return o.power >= power })
	}
	if out.Pass == Never {
		out.Pass, _ = p.longer(s, power, func(o outcome) bool { return o.quiet >= power })
	}
	if p.isCount {
		st := p.stream(s.samples(s.looks(), p.m.StepSeconds))
		out.Events = math.Ceil(o.failSamples * (st.worse(p.margin, p.m.Direction) + st.rate))
		if out.Fail == Never {
			out.Events = math.Inf(1)
		}
	}
	// More digits than the forecast is worth would differ between processors.
	out.Power, out.Passes, out.Visible = min(1, math.Round(1e4*out.Power)/1e4), min(1, math.Round(1e4*out.Passes)/1e4), digits(out.Visible)
	out.Reason = p.words(out, s)
}

// digits rounds v to four significant digits.
func digits(v float64) float64 {
	if r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64); err == nil {
		return r
	}
	return v
}

// outcome foresees a schedule by the channel that decides.
func (p *prospect) outcome(s Schedule, power float64) (outcome, bool) {
	if p.isCount {
		return p.events(s, power)
	}
	return p.levels(s, power)
}

// longer is the length of the shortest run, beyond s, whose own plan satisfies
// enough, to within a twentieth; and its samples.
func (p *prospect) longer(s Schedule, power float64, enough func(outcome) bool) (time.Duration, float64) {
	q := *p
	q.rough = true
	try := func(d time.Duration) bool {
		s.Longest = d
		o, ok := q.outcome(s, power)
		return ok && enough(o)
	}
	lo, hi := s.Longest, s.Longest
	for {
		if lo >= maxSchedule {
			return Never, 0
		}
		hi = min(maxSchedule, 2*lo)
		if try(hi) {
			break
		}
		lo = hi
	}
	for float64(hi-lo) > 0.05*float64(hi) && hi-lo > s.LookEvery {
		mid := (lo + (hi-lo)/2).Round(s.LookEvery)
		switch {
		case mid <= lo || mid >= hi:
			lo = hi
		case try(mid):
			hi = mid
		default:
			lo = mid
		}
	}
	s.Longest = hi
	return hi, float64(s.samples(s.looks(), p.m.StepSeconds))
}

// foreseeConstant answers for a difference that never changes: FAIL is then a
// row of coins that all fall on one side (judgeConstant).
func (p *prospect) foreseeConstant(out *MetricForesight, s Schedule) {
	n := math.Ceil(-p.level / math.Ln2)
	if p.two {
		n++
	}
	out.Fail = p.lookAt(s, max(MinPairs, int(n)))
	out.Pass = p.lookAt(s, 2*MinPairs)
	out.Visible = 0
	for _, v := range []struct {
		t      time.Duration
		chance *float64
	}{{out.Fail, &out.Power}, {out.Pass, &out.Passes}} {
		if v.t != Never && v.t <= s.Longest {
			*v.chance = 1
		}
	}
	out.Reason = fmt.Sprintf("the difference never changed before the deploy, so any lasting change FAILs within %s, and a canary without one PASSes within %s", lasts(out.Fail), lasts(out.Pass))
}

// lookAt is the time of the first look that sees n samples, of a longer run if
// need be.
func (p *prospect) lookAt(s Schedule, n int) time.Duration {
	for k := 1; k <= s.looks(); k++ {
		if s.samples(k, p.m.StepSeconds) >= n {
			return s.time(k)
		}
	}
	if d := time.Duration(float64(n) * p.m.StepSeconds * float64(time.Second)); d <= maxSchedule {
		return d
	}
	return Never
}
