package detect

import (
	"fmt"
	"hash/fnv"
	"math"
	"time"
)

// Judge is the second half of a Series without the first: somebody else says
// how odd a sample is, the Judge makes of it evidence, and of evidence an
// anomaly with the same bar, episode and recovery as everywhere.
//
// An opinion comes in one of two scales. Calibrated evidence is -log10 of a
// p-value and is taken at its word. A score is any number >= 0 that grows with
// oddness; what it is worth is measured on the series itself: its guarded tail
// gives the ratio to how large it usually gets, and the ratio its p-value, as
// for the fused ratio of the consensus. So a score in whatever unit respects
// the budget. Two consequences, told in the notes: while fewer than tailMin
// scores above 0 were seen, a score above 0 is worth what its rarity shows,
// (k+1)/(n+1), which opens nothing within weeks; and a score that stays up for
// the adaptation time is the new normal.
//
// A Judge has one owner and allocates nothing per sample.
type Judge struct {
	cfg  Config
	name string
	s    judgeState
}

// judgeState is everything a Judge remembers: a checkpoint is its bytes.
type judgeState struct {
	Tail    tail
	Cal     calibrate
	Episode episode
	N       uint32 // Opinions taken.
	Above   uint32 // Scores above 0.
	First   int64
	Last    judged
}

// judged is the most recent step.
type judged struct {
	T          int64
	Score      float64 // As evidence.
	Raw        float64 // As it was given.
	Alarm      float64
	Expected   float64
	Observed   float64
	Bar        float64
	Step       float64 // Milliseconds.
	Transition uint8
	Calibrated bool
}

// Opinion is what somebody thinks of one sample.
type Opinion struct {
	T          int64         // Unix milliseconds; must advance.
	Step       time.Duration // Distance between samples; 0: a minute. The bar depends on it.
	Score      float64       // Oddness, >= 0 and finite; -log10 of a p-value if Calibrated.
	Calibrated bool
	Observed   float64 // What was judged, for the report.
	Expected   float64 // What was expected; Observed if nothing was.
	Direction  Direction
	Kind       Kind
}

// NewJudge returns a judge with cfg's budget and adaptation time; name stands
// for the member in its anomalies. The error lists every fault of cfg.
func NewJudge(cfg Config, name string) (*Judge, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Judge{cfg: cfg.withDefaults(), name: name}, nil
}

// Bar returns the evidence at which an anomaly opens when samples are step
// apart; 0 is a minute.
func (j *Judge) Bar(step time.Duration) float64 {
	return openingBar(j.cfg.Open, float64(step.Milliseconds()))
}

// Step takes the opinion about one sample. An opinion that is not finite, is
// negative or does not advance is not judged: the step changes nothing.
func (j *Judge) Step(o Opinion) Result {
	s := &j.s
	if !(o.Score >= 0) || math.IsInf(o.Score, 0) || (s.N > 0 && o.T <= s.Last.T) {
		return j.Hold()
	}
	if s.N == 0 {
		s.First = o.T
	}
	s.N++
	stepMS := float64(o.Step.Milliseconds())
	m := moment{
		t: o.T, n: s.N, bar: openingBar(j.cfg.Open, stepMS), kind: o.Kind, dir: o.Direction, allowed: true,
		expected: o.Expected, observed: o.Observed, change: o.T,
	}
	m.score, m.calm = o.Score, o.Score < m.bar/2
	if !o.Calibrated {
		m.score, m.calm, m.fused = j.calibrate(o.Score)
		m.adapted = s.Episode.Open && s.Episode.Held >= adaptation(float64(j.cfg.Adapt.Milliseconds()), stepMS)
	}
	tr, alarm := s.Episode.step(&m)
	s.Last = judged{
		T: o.T, Score: m.score, Raw: o.Score, Alarm: alarm, Expected: o.Expected, Observed: o.Observed,
		Bar: m.bar, Step: stepMS, Transition: uint8(tr), Calibrated: o.Calibrated,
	}
	return j.result(tr)
}

// calibrate returns the evidence of a score, whether it is as usual, and its
// ratio to the tail.
func (j *Judge) calibrate(score float64) (evidence float64, calm bool, ratio float64) {
	s := &j.s
	if score > 0 {
		s.Above++
	}
	ratio = s.Tail.ratio(min(score, maxValue), s.N)
	if s.Tail.Q == 0 {
		if score > 0 {
			evidence = -math.Log10(float64(s.Above+1) / float64(s.N+1))
		}
		return max(0, evidence), score == 0, 0
	}
	evidence = s.Cal.evidence(ratio, calTail)
	if ratio > 0 { // One tail exceeds its quantile as often as it says, and its largest of k once in k+1.
		k := float64(s.Above)
		atOne := max(tailProb, 1/(k+1)) * k / float64(s.N)
		evidence = min(evidence, max(0, calTail*math.Log10(ratio)-math.Log10(atOne)))
	}
	evidence = claimable(evidence, s.N)
	s.Cal.count(ratio, s.N)
	return evidence, ratio <= 1, ratio
}

func (j *Judge) result(tr Transition) Result {
	s, l := &j.s, &j.s.Last
	r := Result{
		Score: l.Score, Alarm: l.Alarm, Expected: l.Expected, Lower: l.Expected, Upper: l.Expected, Observed: l.Observed,
		Anomalous: s.Episode.Open, Transition: tr, Verdict: j.verdict(),
	}
	if s.Episode.Open || tr == TransitionClosed {
		r.Kind, r.Direction = Kind(s.Episode.Kind), Direction(s.Episode.Direction)
	}
	return r
}

func (j *Judge) verdict() Verdict {
	switch s := &j.s; {
	case s.Episode.Open:
		return VerdictAnomalous
	case s.N == 0:
		return VerdictNoData
	case !s.Last.Calibrated && s.Tail.Q == 0:
		return VerdictNotEnoughData
	}
	return VerdictHealthy
}

// Anomaly returns the open anomaly, or the last one closed; ok is false if
// there has been none.
func (j *Judge) Anomaly() (a Anomaly, ok bool) {
	a, ok = j.s.Episode.anomaly(j.s.Last.T)
	if ok {
		a.Members = []Member{{Name: j.name, P: math.Pow(10, -a.Peak), Share: 1}}
		a.Trace = j.Explain()
	}
	return a, ok
}

// Hold returns the result of a sample nobody has an opinion about: no evidence,
// and whatever was open stays open.
func (j *Judge) Hold() Result {
	r := j.result(TransitionNone)
	r.Score, r.Alarm = 0, 0
	return r
}

// Open reports whether an anomaly is open.
func (j *Judge) Open() bool { return j.s.Episode.Open }

// End closes an open anomaly at t (Unix milliseconds) because nobody will judge
// the series any more; it reports whether there was one.
func (j *Judge) End(t int64) bool {
	e := &j.s.Episode
	if !e.Open {
		return false
	}
	e.close(max(t, e.Start), false)
	return true
}

// Recalibrate forgets what scores were usual, because they come from another
// expression now. An open anomaly stays open.
func (j *Judge) Recalibrate() {
	j.s.Tail, j.s.Cal, j.s.Above = tail{}, calibrate{}, 0
	j.s.N, j.s.First = 0, 0
}

// Explain says why the last opinion was judged the way it was.
func (j *Judge) Explain() Trace {
	s, l, e := &j.s, &j.s.Last, &j.s.Episode
	t := Trace{
		T: l.T, Verdict: j.verdict(), Transition: Transition(l.Transition),
		Observed: l.Observed, Expected: l.Expected, Lower: l.Expected, Upper: l.Expected,
		Score: l.Score, Bar: l.Bar, Samples: uint64(s.N),
		Members: []Member{{Name: j.name, P: math.Pow(10, -l.Score), Share: 1}},
	}
	if s.N > 0 {
		t.Baseline = l.T - s.First
	}
	if e.Open || t.Transition == TransitionClosed {
		t.Kind, t.Direction, t.Since, t.Change = Kind(e.Kind), Direction(e.Direction), e.Start, e.Change
	}
	t.Notes = j.notes()
	h := fnv.New64a()
	h.Write(j.AppendState(nil))
	t.StateHash = h.Sum64()
	return t
}

// notes says what the evidence rests on and what would change the verdict.
func (j *Judge) notes() []string {
	s, l, e := &j.s, &j.s.Last, &j.s.Episode
	var n []string
	add := func(format string, args ...any) { n = append(n, fmt.Sprintf(format, args...)) }
	switch {
	case s.N == 0:
		add("nothing judged yet")
	case l.Calibrated:
		add("evidence as the detector gave it; the budget holds if its p-values do")
	case s.Tail.Q == 0:
		add("%d of %d scores were above 0, %d are needed to know how large they usually get; until then one is worth its rarity", s.Above, s.N, tailMin)
	default:
		add("score %.4g; it exceeds %.4g at most in %.1f%% of the scores above 0", l.Raw, s.Tail.Q, 100*tailProb)
	}
	if e.Open {
		if l.Calibrated {
			add("closes after %d samples in a row with evidence below %.3g", calmToClose, l.Bar/2)
		} else {
			held := time.Duration(float64(adaptation(float64(j.cfg.Adapt.Milliseconds()), l.Step)) * max(l.Step, 1) * float64(time.Millisecond))
			add("closes after %d samples in a row with a usual score, or after %s as the new normal", calmToClose, held.Round(time.Second))
		}
	}
	if Transition(l.Transition) == TransitionClosed && e.Adapted {
		add("closed because the new level of the score lasted; it is now usual")
	}
	return n
}

var judgeLayout = layoutOf[judgeState]()

// AppendState appends a checkpoint of the judge to b, with a hash of its layout.
func (j *Judge) AppendState(b []byte) []byte { return appendPart(b, &j.s, judgeLayout) }

// Restore takes the state out of the front of b and returns the rest; on an
// error (ErrForeignState) the judge is as it was. Damage is for the caller to
// detect: the state is one part of a checkpoint with a checksum.
func (j *Judge) Restore(b []byte) (rest []byte, err error) {
	return restorePart("judge", b, &j.s, judgeLayout)
}
