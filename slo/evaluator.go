package slo

// The state of one objective: the last reading of each series, three rings of
// sums, and how each rule stands.

const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// Options tunes an Evaluator. The zero value is ready to use.
type Options struct {
	MaxSeries int   // Series per objective and role; default 10,000.
	Stale     int64 // Milliseconds without a sample after which time counts as a gap; default 5 minutes.
}

func (o Options) withDefaults() Options {
	if o.MaxSeries <= 0 {
		o.MaxSeries = 10_000
	}
	if o.Stale <= 0 {
		o.Stale = 5 * minute
	}
	return o
}

// Evaluator is the state of one objective. It is fed raw samples and asked for
// a Status; it is not safe for concurrent use.
type Evaluator struct {
	o    Objective
	opts Options

	event counters // The good or the bad series, or the bucket at the threshold.
	total counters
	hist  histograms
	les   bounds

	rings  []*ring // Finest first.
	slices *slicer // nil for Occurrences.

	first, last int64 // First and newest accepted sample.
	coveredTo   int64 // Up to here time was seen, or a gap was noted.
	clock       int64 // The newest instant told by a sample or by Evaluate.
	begun       bool
	eventSeen   bool // A series of the event role has had a sample.
	valueSeen   bool // A threshold objective has had a plain sample or a native histogram.

	straddle, observed float64 // Native histogram observations around the threshold, and all.
	counts             Counts
	verdict            Verdict
	severity           Severity
	since              int64
	judged             bool
	rules              []ruleMemory // Parallel to o.Rules.
}

// ruleMemory is what a rule remembers between evaluations.
type ruleMemory struct {
	since   int64 // Since when its condition has held without a break; 0 if it does not.
	firing  bool
	firedAt int64
}

// NewEvaluator returns the empty state of an objective, or every reason why it
// cannot be watched.
func NewEvaluator(o Objective, opts Options) (*Evaluator, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	e := &Evaluator{o: o, opts: opts.withDefaults(), rules: make([]ruleMemory, len(o.Rules))}
	e.rings = ringsFor(o.Window)
	if o.Method != Occurrences {
		e.slices = newSlicer(o.SliceWindow)
	}
	return e, nil
}

// ringsFor returns the rings of a window: 10 s slots for 6 h, 1 min slots for
// 3 d, and at most some 8,900 slots of 5 min or more for the whole window, as
// far as each is needed.
func ringsFor(w Window) []*ring {
	span := w.Length
	if !w.Rolling { // The longest a calendar period gets: a 31-day month, a clock change.
		span += span/30 + 2*hour
	}
	rings := []*ring{newRing(10*second, min(span, 6*hour))}
	if span > 6*hour {
		rings = append(rings, newRing(minute, min(span, 3*day)))
	}
	if span > 3*day {
		step := 5 * minute
		if slots := span / step; slots > 8928 {
			step *= (slots + 8927) / 8928
		}
		rings = append(rings, newRing(step, span))
	}
	return rings
}

// Objective returns the objective the evaluator watches. It must not be modified.
func (e *Evaluator) Objective() *Objective { return &e.o }
