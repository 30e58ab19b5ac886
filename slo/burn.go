package slo

// From sums to burn rates, to how much budget is left and how long it lasts.
//
// burn rate = (bad / total) / (1 - target) over a window. Time before the first
//             sample is clean: a window of which only a sixth has been lived
//             burns at a sixth of its ratio, so that a start at a busy hour does
//             not look like three busy days, and a total outage right after the
//             start is told in the textbook's time.
// spent     = burn rate over the period * time seen / length of the period:
//             the period's events are projected from the traffic seen so far,
//             so one failed request in the first minute of a month is not the
//             end of the budget.
//
// A gap is time, after the first sample, in which none came for longer than
// Options.Stale. unknown: spent is what was seen, and LeftLow says what would be
// left if the gap was all bad. bad: the gap is charged. ignore: the gap is taken
// to be like what was seen.

import (
	"fmt"
	"math"
)

// ringFor returns the finest ring that reaches back far enough.
func (e *Evaluator) ringFor(length int64) *ring {
	for _, r := range e.rings {
		if r.span() >= length {
			return r
		}
	}
	return e.rings[len(e.rings)-1]
}

// window sums (now-length, now]; its first instant is rounded down to a slot.
func (e *Evaluator) window(length, now int64) Burn {
	s, from := e.ringFor(length).between(now-length, now)
	b := Burn{Length: length, From: from, To: now, Total: s.total, Covered: s.seen, Bad: s.event}
	if e.slices != nil {
		b.Bad, b.Total = b.Bad/sliceUnit, b.Total/sliceUnit
	} else if e.eventIsGood() {
		b.Bad = s.total - s.event
	}
	b.Bad = min(b.Total, max(0, b.Bad))
	ratio := 0.0
	if b.Total > 0 {
		ratio = b.Bad / b.Total
	}
	if e.o.Gap == GapBad {
		if gap, span := e.gap(b); gap > 0 {
			ratio = (ratio*float64(span-gap) + float64(gap)) / float64(span)
		}
	}
	b.Rate = ratio / e.o.Budget()
	if e.begun && e.first > b.From {
		b.Rate *= float64(max(0, b.To-e.first)) / float64(b.To-b.From)
	}
	return b
}

// gap returns the unseen milliseconds of a window since the objective's first
// sample, and the length of the window since then. The last Options.Stale
// milliseconds are not a gap yet.
func (e *Evaluator) gap(b Burn) (gap, span int64) {
	if !e.begun {
		return 0, 0
	}
	from := max(b.From, e.first)
	span = max(0, b.To-from)
	unseen := span - b.Covered
	if tail := b.To - e.coveredTo; tail > 0 && tail <= e.opts.Stale {
		unseen -= tail
	}
	if unseen < second { // Rounding in the slots.
		unseen = 0
	}
	return min(span, unseen), span
}

// release is the part of its factor below which a firing rule ends. The workbook
// has 1; a burn right at the limit then flickers with every sample.
const release = .9

// rule judges one rule at now and updates its memory.
func (e *Evaluator) rule(i int, now int64) RuleState {
	r := e.o.Rules[i]
	s := RuleState{Rule: r, Long: e.window(r.Long, now), Short: e.window(r.Short, now)}
	s.Exceeded = s.Long.Rate > r.Factor && s.Short.Rate > r.Factor
	s.Bound = ChernoffBound(s.Long.Bad, s.Long.Total, e.o.Budget())
	if e.o.Gap == GapBad { // Silence has no events to count; by this policy it is evidence itself.
		if gap, span := e.gap(s.Long); float64(gap) > r.Factor*e.o.Budget()*float64(span) {
			s.Bound = 0
		}
	}
	s.Evident = s.Bound < e.o.Evidence || e.o.Evidence == 1
	m := &e.rules[i]
	holds := s.Exceeded && s.Evident
	if m.firing {
		holds = min(s.Long.Rate, s.Short.Rate) > release*r.Factor
	}
	if !holds {
		*m = ruleMemory{}
		return s
	}
	if m.since == 0 {
		m.since = now
	}
	if !m.firing && now-m.since >= r.For {
		m.firing, m.firedAt = true, now
	}
	s.Firing, s.Since = m.firing, m.firedAt
	return s
}

// Evaluate judges the objective at now (Unix milliseconds), which should not
// run backwards: rules with For and the since of a verdict follow it.
func (e *Evaluator) Evaluate(now int64) Status {
	e.clock = max(e.clock, now)
	if e.slices != nil {
		e.slices.judge(e.clock, e.emitSlice)
	}
	s := Status{Objective: &e.o, Now: now, FirstSample: e.first, LastSample: e.last, ExhaustedIn: -1}
	s.Counts = e.counts
	s.Counts.Series = len(e.event.last) + len(e.total.last) + len(e.hist.last)
	if e.observed > 0 {
		s.Straddle = e.straddle / e.observed
	}
	s.Rules = make([]RuleState, len(e.o.Rules))
	for i := range s.Rules {
		s.Rules[i] = e.rule(i, now)
		if s.Rules[i].Firing {
			s.Severity = max(s.Severity, s.Rules[i].Rule.Severity)
		}
	}
	e.budget(&s)
	s.Quiet = e.quiet(now)
	switch {
	case s.Quiet != "":
		s.Verdict, s.Severity = NoData, None
	case s.Spent >= 1:
		s.Verdict = Exhausted
	case s.Severity > None:
		s.Verdict = Burning
	default:
		s.Verdict = OK
	}
	e.forecast(&s)
	e.change(&s)
	return s
}

// budget fills in the period and what is left.
func (e *Evaluator) budget(s *Status) {
	from, to := e.o.Window.Bounds(s.Now)
	s.Period = e.window(max(0, s.Now-from), s.Now)
	length := float64(to - from)
	if !e.o.Window.Rolling {
		s.PeriodEnd = to
	}
	gap, span := e.gap(s.Period)
	ratio := 0.0
	if s.Period.Total > 0 {
		ratio = s.Period.Bad / s.Period.Total
	}
	seen := ratio * float64(span-gap) / length / e.o.Budget()
	worst := seen + float64(gap)/length/e.o.Budget()
	s.Gap = gap
	switch e.o.Gap {
	case GapBad:
		s.Spent = worst
	case GapIgnore:
		s.Spent = ratio * float64(span) / length / e.o.Budget()
		worst = s.Spent
	default:
		s.Spent = seen
	}
	s.Left, s.LeftLow = 1-s.Spent, 1-worst
}

// quiet returns the sentence why there is no data to judge, or "".
func (e *Evaluator) quiet(now int64) string {
	in := &e.o.Indicator
	switch {
	case !e.begun:
		return "no sample has ever come"
	case !e.eventSeen && in.Shape == ShapeGoodTotal:
		return "no good series has ever had a sample, though total has: the good query matches nothing"
	case !e.eventSeen && !e.valueSeen && in.Shape == ShapeThreshold:
		return fmt.Sprintf("no histogram bucket ends at the threshold %v; boundaries seen: %v", in.Threshold, []float64(e.les))
	case e.o.Gap == GapUnknown && now-e.last > e.opts.Stale:
		return "the last sample came " + FormatDuration(now-e.last) + " ago"
	}
	return ""
}

// forecast says when the budget is gone, at the pace of the most urgent rule
// that fires, or else of the longest rule window, which is the steadiest.
func (e *Evaluator) forecast(s *Status) {
	for _, r := range s.Rules {
		if r.Firing {
			s.PaceWindow, s.Pace = r.Long.Length, r.Long.Rate
			break
		}
		if r.Long.Length >= s.PaceWindow {
			s.PaceWindow, s.Pace = r.Long.Length, r.Long.Rate
		}
	}
	if s.Left <= 0 {
		s.ExhaustedIn = 0
		return
	}
	from, to := e.o.Window.Bounds(s.Now)
	lasts := s.Pace <= 1 && e.o.Window.Rolling
	in := s.Left * float64(to-from) / s.Pace
	if s.Verdict == NoData || !(s.Pace > 0) || lasts || math.IsInf(in, 0) || !e.o.Window.Rolling && in >= float64(to-s.Now) {
		return
	}
	s.ExhaustedIn = int64(in)
}

// change notes the transition, if there is one.
func (e *Evaluator) change(s *Status) {
	if !e.judged || s.Verdict != e.verdict || s.Severity != e.severity {
		if e.judged || s.Verdict != NoData {
			s.Transition = &Transition{At: s.Now, From: e.verdict, To: s.Verdict, FromSeverity: e.severity, ToSeverity: s.Severity}
		}
		e.judged, e.verdict, e.severity, e.since = true, s.Verdict, s.Severity, s.Now
	}
	s.Since = e.since
}

// Bytes returns the memory of the sums of this objective. Each series costs
// some 50 bytes more.
func (e *Evaluator) Bytes() int {
	n := 0
	for _, r := range e.rings {
		n += r.bytes()
	}
	return n
}
