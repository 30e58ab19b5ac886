package detect

import "fmt"

// Enumerations of the package. Each is a small integer with a stable name: the
// name is what String, JSON, traces and labels show, the integer is what a
// checkpoint stores, so values are only ever appended.

// Kind says what sort of departure an anomaly is.
type Kind uint8

// The kinds of anomaly. KindNone is the kind of a healthy series.
const (
	KindNone         Kind = iota
	KindSpike             // A short excursion: away and expected back.
	KindLevel             // The level moved and stays moved.
	KindDrift             // The level moves slowly in one direction; no member names it yet.
	KindVariance          // The roughness changed, the level did not.
	KindFlatline          // The value stopped changing, unlike its past.
	KindNoData            // Samples stopped arriving.
	KindSeasonality       // A value that is usual, but not at this hour.
	KindConsensus         // The skyline profile's vote; it names no shape.
	KindShape             // The form of a stretch of samples is unlike all before it; Config.Shape.
	KindDistribution      // The distribution of a histogram changed its form.
	KindPeer              // The series parted from its peers: same metric, other instances.
	KindCustom            // A detector of the user says so.
)

// Direction says to which side of the expectation a value departs.
type Direction uint8

// The directions.
const (
	DirectionNone Direction = iota
	DirectionUp
	DirectionDown
)

// Transition is what a step changed in the anomaly of the series.
type Transition uint8

// The transitions. At most one happens in a step.
const (
	TransitionNone Transition = iota
	TransitionOpened
	TransitionEscalated // The open anomaly became clearly stronger.
	TransitionClosed
	TransitionAdapted // No anomaly was open; a new level was accepted after a deploy.
)

// Verdict is the state of a series after a step, in one word.
type Verdict uint8

// The verdicts. "No data" and "not enough data" are verdicts, never a pass.
const (
	VerdictNotEnoughData Verdict = iota // Still warming up: scores are 0.
	VerdictHealthy
	VerdictAnomalous
	VerdictNoData   // Silent for longer than its past explains.
	VerdictConstant // Every value so far is the same: only a change can be judged.
	VerdictUnusable // Only values that cannot be judged (NaN, infinite) arrived.
	VerdictStopped  // The user's detector hit a limit and judges no more.
)

// MetricKind tells how raw values are read.
type MetricKind uint8

// The metric kinds. An unknown metric is read as a gauge until it has proven
// to be a counter (it never falls except to restart near zero); the skyline
// profile does not guess and reads it as a gauge.
const (
	MetricUnknown MetricKind = iota
	MetricGauge
	MetricCounter
)

// Profile chooses the detectors and the rule that joins them.
type Profile uint8

// The profiles.
const (
	ProfileDefault Profile = iota // Calibrated consensus of streaming members.
	ProfileSkyline                // Etsy Skyline's nine algorithms and vote.
)

var (
	kindNames       = []string{"none", "spike", "level", "drift", "variance", "flatline", "no-data", "seasonality", "consensus", "shape", "distribution", "peer", "custom"}
	directionNames  = []string{"none", "up", "down"}
	transitionNames = []string{"none", "opened", "escalated", "closed", "adapted"}
	verdictNames    = []string{"not-enough-data", "healthy", "anomalous", "no-data", "constant", "unusable", "stopped"}
	metricKindNames = []string{"unknown", "gauge", "counter"}
	profileNames    = []string{"default", "skyline"}
)

// name returns names[i], or the number if a foreign checkpoint holds one this
// version does not know.
func name(names []string, what string, i uint8) string {
	if int(i) < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s(%d)", what, i)
}

// parse is the inverse of name.
func parse(names []string, what string, text []byte) (uint8, error) {
	for i, n := range names {
		if n == string(text) {
			return uint8(i), nil
		}
	}
	return 0, fmt.Errorf("cannot parse %s %q: want one of %q", what, text, names)
}

// String returns the stable name of k, such as "level".
func (k Kind) String() string { return name(kindNames, "kind", uint8(k)) }

// MarshalText returns the stable name of k, for JSON.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the stable name of a kind.
func (k *Kind) UnmarshalText(text []byte) error {
	i, err := parse(kindNames, "kind", text)
	*k = Kind(i)
	return err
}

// String returns "none", "up" or "down".
func (d Direction) String() string { return name(directionNames, "direction", uint8(d)) }

// MarshalText returns the stable name of d, for JSON.
func (d Direction) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the stable name of a direction.
func (d *Direction) UnmarshalText(text []byte) error {
	i, err := parse(directionNames, "direction", text)
	*d = Direction(i)
	return err
}

// String returns the stable name of t, such as "opened".
func (t Transition) String() string { return name(transitionNames, "transition", uint8(t)) }

// MarshalText returns the stable name of t, for JSON.
func (t Transition) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads the stable name of a transition.
func (t *Transition) UnmarshalText(text []byte) error {
	i, err := parse(transitionNames, "transition", text)
	*t = Transition(i)
	return err
}

// String returns the stable name of v, such as "not-enough-data".
func (v Verdict) String() string { return name(verdictNames, "verdict", uint8(v)) }

// MarshalText returns the stable name of v, for JSON.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the stable name of a verdict.
func (v *Verdict) UnmarshalText(text []byte) error {
	i, err := parse(verdictNames, "verdict", text)
	*v = Verdict(i)
	return err
}

// String returns "unknown", "gauge" or "counter".
func (m MetricKind) String() string { return name(metricKindNames, "metric kind", uint8(m)) }

// MarshalText returns the stable name of m, for JSON.
func (m MetricKind) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads the stable name of a metric kind.
func (m *MetricKind) UnmarshalText(text []byte) error {
	i, err := parse(metricKindNames, "metric kind", text)
	*m = MetricKind(i)
	return err
}

// String returns "default" or "skyline".
func (p Profile) String() string { return name(profileNames, "profile", uint8(p)) }

// MarshalText returns the stable name of p, for JSON.
func (p Profile) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the stable name of a profile; it lets a flag or a YAML
// field hold a Profile directly.
func (p *Profile) UnmarshalText(text []byte) error {
	i, err := parse(profileNames, "profile", text)
	*p = Profile(i)
	return err
}
