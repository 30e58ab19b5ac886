package custom

import (
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/common/types"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
)

// Series is one detector at one series: what it remembers, and its judge. It
// has one owner.
type Series struct {
	d      *Detector
	labels labels.Labels
	reader detect.Reader
	judge  *detect.Judge
	in     activation // Of the last sample; its state is the one before it.
	state  []value    // After it.
	past   []float64  // The window and some room behind it, so that values move seldom.
	last   outcome
	counts Counts
	inRow  int   // Samples in a row that could not be evaluated.
	heard  int64 // Samples up to here were judged before a restart and come again; Unix milliseconds.
	stop   string
}

// Counts says what became of the samples of a series.
type Counts struct {
	Judged    uint64 `json:"judged"`
	Undecided uint64 `json:"undecided"` // The evidence or the next state was no finite number.
	Failed    uint64 `json:"failed"`    // An expression could not be evaluated.
	LeftOut   uint64 `json:"left_out"`  // Not a number, or out of order.
	Cost      uint64 `json:"cost"`      // Of all samples together.
	MaxCost   uint64 `json:"max_cost"`  // Of the dearest.
}

// outcome is what the last sample came to.
type outcome struct {
	t      int64
	raw    float64 // Score or evidence, as computed.
	cost   uint64
	why    string // Why it was not judged; empty if it was.
	reason string // Of the anomaly, from the sample that opened or escalated it.
}

// NewSeries returns the detector at a series, which has remembered nothing.
func (d *Detector) NewSeries(cfg detect.Config, meta detect.Meta, ls labels.Labels) (*Series, error) {
	judge, err := detect.NewJudge(cfg, d.name)
	if err != nil {
		return nil, err
	}
	reader, err := detect.NewReader(meta)
	if err != nil {
		return nil, err
	}
	s := &Series{d: d, labels: ls, reader: reader, judge: judge}
	s.in = activation{d: d, labels: labelsOf(ls)}
	s.forget()
	return s, nil
}

// forget sets the state to its initial values.
func (s *Series) forget() {
	s.state = make([]value, len(s.d.states))
	for i, st := range s.d.states {
		s.state[i] = st.initial
	}
	s.past, s.in.n = nil, 0
}

// Labels returns the labels of the series.
func (s *Series) Labels() labels.Labels { return s.labels }

// Detector returns the detector.
func (s *Series) Detector() *Detector { return s.d }

// Stopped returns why the series is not judged any more; empty if it is.
func (s *Series) Stopped() string { return s.stop }

// Reason returns what the detector said of the last anomaly.
func (s *Series) Reason() string { return s.last.reason }

// Counts returns what became of its samples.
func (s *Series) Counts() Counts {
	c := s.counts
	c.LeftOut += s.reader.Refused()
	return c
}

// Anomaly returns the open anomaly, or the last one closed; ok is false if
// there has been none.
func (s *Series) Anomaly() (detect.Anomaly, bool) {
	a, ok := s.judge.Anomaly()
	if ok {
		a.Trace = s.Explain()
	}
	return a, ok
}

// Step judges the sample v at t (Unix milliseconds). with holds the values of
// the companions in the order of the file, NaN where there is none.
func (s *Series) Step(t int64, v float64, with []float64) detect.Result {
	if s.stop != "" {
		return detect.Result{Verdict: detect.VerdictStopped}
	}
	if t <= s.heard && s.heard != 0 {
		return s.judge.Hold()
	}
	x, read := s.reader.Read(t, v)
	switch read {
	case detect.ReadDifferent:
		s.forget()
		fallthrough
	case detect.ReadNothing, detect.ReadRefused:
		return s.unjudged(t, "")
	}
	s.see(t, x, with)
	for i, c := range with {
		if math.IsNaN(c) {
			s.counts.Undecided++
			return s.unjudged(t, fmt.Sprintf("%s has no sample within the last %s", s.d.with[i].name, s.companionAge()))
		}
	}
	o, err := s.evaluate()
	if err != nil {
		return s.failed(t, err)
	}
	s.inRow = 0
	if s.last.why != "" {
		s.counts.Undecided++
		return s.unjudged(t, s.last.why)
	}
	s.counts.Judged++
	r := s.judge.Step(o)
	if r.Transition == detect.TransitionOpened || r.Transition == detect.TransitionEscalated {
		if err := s.explainItself(r.Score); err != nil {
			return s.failed(t, err)
		}
	}
	return r
}

// companionAge is how old the newest value of a companion may be to count:
// three of the series' own steps, minCompanionAge at least.
func (s *Series) companionAge() time.Duration {
	return max(minCompanionAge, 3*s.reader.Step()).Round(time.Second)
}

// see takes in the sample: what expressions read is ready afterwards.
func (s *Series) see(t int64, x float64, with []float64) {
	if w := s.d.window; w > 0 {
		if s.past == nil {
			s.past = make([]float64, 0, room(w))
		}
		if len(s.past) == cap(s.past) {
			s.past = append(s.past[:0], s.past[len(s.past)-w+1:]...)
		}
		s.past = append(s.past, x)
		s.in.window.x = s.past[max(0, len(s.past)-w):]
	}
	in := &s.in
	step := s.reader.Step()
	in.value, in.t, in.step, in.n = x, float64(t)/1000, step.Seconds(), in.n+1
	in.bar, in.state, in.with = s.judge.Bar(step), s.state, with
	in.anomalous = s.judge.Open()
	s.last.t, s.last.cost, s.last.why = t, 0, ""
}

// room is the capacity of the buffer behind a window of w values: a quarter
// more, so that a sample moves four values on average.
func room(w int) int { return w + w/4 + 1 }

// evaluate computes expectation, evidence and next state. The state moves on
// as a whole or not at all.
func (s *Series) evaluate() (detect.Opinion, error) {
	in, cost := &s.in, &s.last.cost
	defer func() {
		s.counts.Cost += *cost
		s.counts.MaxCost = max(s.counts.MaxCost, *cost)
	}()
	o := detect.Opinion{
		T: s.last.t, Step: time.Duration(in.step * float64(time.Second)), Calibrated: s.d.calibrated,
		Observed: in.value, Expected: in.value, Direction: s.d.direction, Kind: detect.KindCustom,
	}
	if s.d.expected != nil {
		v, err := s.d.expected.eval(in, cost)
		if err != nil {
			return o, err
		}
		if e := float64(v.(types.Double)); finite(e) {
			o.Expected = e
		}
	}
	v, err := s.d.judge.eval(in, cost)
	if err != nil {
		return o, err
	}
	if o.Score = float64(v.(types.Double)); !finite(o.Score) || o.Score < 0 {
		s.last.why = fmt.Sprintf("%s is %s; a number >= 0 is needed", s.d.judge.name, short(o.Score))
	}
	s.last.raw, in.expected, in.evidence = o.Score, o.Expected, o.Score
	if s.d.direction == detect.DirectionNone {
		switch {
		case o.Observed > o.Expected:
			o.Direction = detect.DirectionUp
		case o.Observed < o.Expected:
			o.Direction = detect.DirectionDown
		}
	}
	return o, s.advance(cost)
}

// advance computes the next state from the one before.
func (s *Series) advance(cost *uint64) error {
	next := make([]value, len(s.d.states))
	size := 0
	for i, st := range s.d.states {
		out, err := st.next.eval(&s.in, cost)
		if err != nil {
			return err
		}
		v, err := valueOf(st.initial.kind, out)
		if errors.Is(err, errNotFinite) {
			s.last.why = fmt.Sprintf("state.%s would become %v; the state stays", st.name, err)
			return nil
		}
		if err != nil {
			return fmt.Errorf("state.%s: %w", st.name, err)
		}
		if size += v.size(); size > maxState {
			return &LimitError{"state", uint64(size), maxState, "bytes per series", "remember less: a count or a mean in place of values, or a window"}
		}
		next[i] = v
	}
	s.state = next
	return nil
}

// explainItself computes the reason of an anomaly.
func (s *Series) explainItself(evidence float64) error {
	if s.d.reason == nil {
		return nil
	}
	s.in.evidence = evidence
	before := s.last.cost
	v, err := s.d.reason.eval(&s.in, &s.last.cost)
	s.counts.Cost += s.last.cost - before
	s.counts.MaxCost = max(s.counts.MaxCost, s.last.cost)
	if err != nil {
		return err
	}
	s.last.reason = cut(string(v.(types.String)))
	return nil
}

// cut bounds a reason and leaves one line of valid text.
func cut(s string) string {
	if len(s) > maxReason {
		s = s[:maxReason-3]
		for len(s) > 0 && !utf8.RuneStart(s[len(s)-1]) {
			s = s[:len(s)-1]
		}
		if len(s) > 0 && s[len(s)-1] >= utf8.RuneSelf {
			s = s[:len(s)-1] // The first byte of a rune whose end is gone.
		}
		s += "..."
	}
	return clean(s)
}

// failed counts a sample that could not be evaluated. A limit stops the series
// at once: what cost too much once will again, and meanwhile everybody waits.
func (s *Series) failed(t int64, err error) detect.Result {
	s.counts.Failed++
	s.inRow++
	var limit *LimitError
	if !errors.As(err, &limit) && s.inRow < maxFailures {
		return s.unjudged(t, err.Error())
	}
	s.stop = clean(fmt.Sprintf("cannot run detector %s on %s: %v", s.d.name, cut(metric.FormatSeries(s.labels)), err))
	s.last.why = s.stop
	r := detect.Result{Verdict: detect.VerdictStopped}
	if s.judge.End(t) {
		r.Transition = detect.TransitionClosed
	}
	return r
}

// unjudged is the result of a sample that gave no evidence.
func (s *Series) unjudged(t int64, why string) detect.Result {
	s.last.t, s.last.why = t, why
	return s.judge.Hold()
}

// End closes an open anomaly at t because nobody will judge the series any
// more; it reports whether there was one.
func (s *Series) End(t int64) bool { return s.judge.End(t) }

// bytes is what the series may come to remember: its window, twice its state,
// and the rest.
func (d *Detector) bytes() int {
	size := 1500
	for _, s := range d.states {
		if size += 2 * s.initial.size(); s.initial.kind == kindText || s.initial.kind == kindNumbers {
			size += 2 * maxState
		}
	}
	if d.window > 0 {
		size += 8 * room(d.window)
	}
	return size
}
