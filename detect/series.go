package detect

import (
	"github.com/bellwether-ts/bellwether/metric"
)

// Series is the detector state of one series. It has one owner and is not safe
// for concurrent use; two Series share nothing.
//
// Cost of the default profile, sketched before it was built and checked by
// tests: four tails of 170 B, the baseline 350 B, means by hour 360 B,
// recurrence 190 B, the rest 600 B, together about 2.2 KB; a sample costs one
// insertion into a sorted window of 61, four histogram increments and three
// logarithms, about 300 ns.
type Series struct {
	set  settings
	s    state
	sky  *skyline // Set in the skyline profile only.
	form *shape   // Set if Config.Shape asks for it.

	barAt  float64 // The step at which barFor was computed: a logarithm saved a sample.
	barFor float64
}

// settings is what a Series keeps of its configuration and metadata; the rest
// went into its parts. The hash says which checkpoints are its own.
type settings struct {
	hash    uint64
	open    float64 // Config.Open.
	adapt   uint32  // Config.Adapt, milliseconds.
	ttl     uint32  // Meta.TTL, milliseconds.
	profile Profile
}

// state is everything a default Series remembers. It is one flat value: a
// checkpoint is its bytes. Fields are exported for encoding/binary only.
type state struct {
	Hygiene  hygiene
	Recent   recent
	Delta    delta
	Fast     fast
	Base     baseline
	Range    span
	Shift    shift
	Seasonal seasonal
	Rough    roughness
	Recur    recurrence
	Slow     persistence
	Cal      calibrate
	Bets     eprocess
	Quiet    quiet
	Episode  episode
	Last     last
	Feedback feedback
	Deploy   deploy
	N        uint32  // Values judged.
	Origin   float64 // The first value; float32 memories are offsets from it.
	First    int64   // Its instant.
	FarSince int64   // Instant since which values are far from the baseline.
	Varied   bool    // Two different values were seen.
}

// last is the most recent step, kept for Explain.
type last struct {
	T          int64
	Score      float64
	Alarm      float64
	Expected   float64
	Half       float64 // Of the band's width.
	Observed   float64
	Bar        float64
	Ratio      [memberCount]float32
	Fused      float32 // S after recurrence was taken out.
	Recurring  float32 // What S was divided by.
	Novel      float32 // R.
	Transition uint8
	Verdict    uint8
	Intake     uint8
	Slow       uint8 // The member of persistence that led, of slowNames.
}

// shortHistory is the number of samples until which an anomaly opens only on a
// value that is also novel: tails fitted on less promise more than they keep.
const shortHistory = 6_000

// New returns the detector of one series. The error lists everything that is
// wrong with cfg and meta.
func New(cfg Config, meta Meta) (*Series, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := meta.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Series{set: settings{
		hash: configHash(cfg, meta), open: cfg.Open, profile: cfg.Profile,
		adapt: uint32(cfg.Adapt.Milliseconds()), ttl: uint32(meta.TTL.Milliseconds()),
	}}
	s.s.Hygiene.Kind = uint8(meta.Kind)
	s.s.Hygiene.Step = float64(meta.Step.Milliseconds())
	if cfg.Shape && cfg.Profile == ProfileDefault {
		s.form = new(shape)
	}
	if cfg.Profile == ProfileSkyline {
		s.sky = newSkyline(cfg.Skyline)
		if meta.Kind == MetricUnknown { // Etsy judges raw values; nothing is guessed.
			s.s.Hygiene.Kind = uint8(MetricGauge)
		}
	}
	return s, nil
}

// Run judges samples in order and returns one Result per sample and the
// anomalies in order of their start. It only loops Step: batch and streaming
// are the same code.
func Run(cfg Config, meta Meta, samples []metric.Sample) (points []Result, anomalies []Anomaly, err error) {
	s, err := New(cfg, meta)
	if err != nil {
		return nil, nil, err
	}
	points = make([]Result, len(samples))
	for i, x := range samples {
		points[i] = s.Step(x.T, x.V)
		if points[i].Transition == TransitionClosed {
			if a, ok := s.Anomaly(); ok {
				anomalies = append(anomalies, a)
			}
		}
	}
	if a, ok := s.Anomaly(); ok && a.Open {
		anomalies = append(anomalies, a)
	}
	return points, anomalies, nil
}

// Step judges the sample v at t (Unix milliseconds). It allocates nothing in
// the default profile. A t that does not advance is counted and otherwise
// ignored; NaN and infinite values are counted and judged as "no value"; the
// stale marker ends the expectation of further samples.
func (s *Series) Step(t int64, v float64) Result {
	st := &s.s
	x, gap, in := st.Hygiene.accept(t, v)
	st.Last = s.blank(t, in)
	switch in {
	case intakeValue:
	case intakeRestart:
		s.restart()
		return s.finish(TransitionNone, 0)
	case intakeStale:
		st.Quiet.Ended = true
		return s.finish(TransitionNone, 0)
	default:
		return s.finish(TransitionNone, 0)
	}
	closed := TransitionNone
	if gap > 0 {
		if st.Episode.Open && Kind(st.Episode.Kind) == KindNoData {
			closed = st.Episode.close(t, false)
		}
		if !s.unseen() {
			st.Quiet.gap(float64(gap))
		}
		s.bridge(t, x, float64(gap))
	}
	if s.sky != nil {
		return s.stepSkyline(t, x, closed)
	}
	return s.judge(t, x, closed)
}

// blank begins the record of a step: no evidence yet, and the expectation of
// the step before until there is a new one.
func (s *Series) blank(t int64, in intake) last {
	l := &s.s.Last
	return last{T: t, Intake: uint8(in), Bar: s.bar(), Expected: l.Expected, Half: l.Half, Observed: l.Observed}
}

// hold returns the adaptation time in samples, within what the tails guard.
func (s *Series) hold() uint16 {
	return uint16(adaptation(float64(s.set.adapt), s.s.Hygiene.Step))
}

// bar returns the evidence at which Config.Open false alarms per 1000
// series-days are expected, at the estimated step.
func (s *Series) bar() float64 {
	if step := s.s.Hygiene.Step; step != s.barAt || s.barFor == 0 {
		s.barAt, s.barFor = step, openingBar(s.set.open, step)
	}
	return s.barFor
}

// restart begins anew because the reading of the series changed.
func (s *Series) restart() {
	h, l := s.s.Hygiene, s.s.Last
	s.s = state{Hygiene: h, Last: l}
	if s.form != nil {
		*s.form = shape{}
	}
}

// finish writes the outcome of a step down and returns it.
func (s *Series) finish(tr Transition, alarm float64) Result {
	st := &s.s
	l, e := &st.Last, &st.Episode
	l.Transition, l.Alarm = uint8(tr), alarm
	l.Verdict = uint8(s.verdict())
	r := Result{
		Score: l.Score, Alarm: alarm,
		Expected: l.Expected, Lower: l.Expected - l.Half, Upper: l.Expected + l.Half, Observed: l.Observed,
		Anomalous: e.Open, Transition: tr, Verdict: Verdict(l.Verdict),
	}
	if e.Open || tr == TransitionClosed {
		r.Kind, r.Direction = Kind(e.Kind), Direction(e.Direction)
	}
	return r
}

// verdict says the state of the series in one word.
func (s *Series) verdict() Verdict {
	st := &s.s
	e := &st.Episode
	switch {
	case e.Open && Kind(e.Kind) == KindNoData:
		return VerdictNoData
	case e.Open:
		return VerdictAnomalous
	case st.Hygiene.Raw == 0 && st.Hygiene.Unusable > 0:
		return VerdictUnusable
	case st.Hygiene.Raw == 0:
		return VerdictNoData
	case s.sky != nil:
		return s.sky.verdict()
	case st.N <= noveltyWarmup:
		return VerdictNotEnoughData
	case !st.Varied:
		return VerdictConstant
	}
	return VerdictHealthy
}
