package slo

// Verdict is the one word about an objective.
type Verdict uint8

// The verdicts.
const (
	NoData    Verdict = iota // Nothing was heard for longer than the limit; not a pass.
	OK                       // No rule fires and budget is left.
	Burning                  // A rule fires; Status.Severity says how urgent.
	Exhausted                // No budget is left; Status.Severity says whether it still burns.
)

// String returns NO_DATA, OK, BURNING or EXHAUSTED.
func (v Verdict) String() string {
	return [...]string{"NO_DATA", "OK", "BURNING", "EXHAUSTED"}[min(v, Exhausted)]
}

// Burn is what one window holds.
type Burn struct {
	Length   int64   // The nominal window, milliseconds.
	From, To int64   // What was summed: events at instants in (From, To], Unix milliseconds.
	Bad      float64 // Events (or slices).
	Total    float64
	Covered  int64   // Milliseconds of (From, To] in which samples were seen.
	Rate     float64 // The burn rate after the gap policy, >= 0; 0 without events. Time before the first sample counts as clean.
}

// RuleState is one rule and how it stands.
type RuleState struct {
	Rule     Rule
	Long     Burn
	Short    Burn
	Bound    float64 // Chernoff bound in [0,1] on seeing Long's errors in a healthy service; small is strong evidence.
	Evident  bool    // Bound < the objective's Evidence.
	Exceeded bool    // Both windows burn above the factor.
	Firing   bool    // Exceeded, evident, and held for Rule.For.
	Since    int64   // When it began to fire, Unix milliseconds; 0 if it does not.
}

// Transition is a change of verdict or severity: what becomes an event.
type Transition struct {
	At           int64 // Unix milliseconds.
	From, To     Verdict
	FromSeverity Severity
	ToSeverity   Severity
}

// Status is what Evaluate returns: the verdict, and everything it rests on.
type Status struct {
	Objective   *Objective // The objective judged; not to be modified.
	Now         int64      // Unix milliseconds.
	Verdict     Verdict
	Severity    Severity // The most urgent rule that fires.
	Since       int64    // When this verdict and severity began, Unix milliseconds.
	Period      Burn     // The whole window (calendar: so far).
	PeriodEnd   int64    // Calendar: when the budget starts over; 0 for rolling.
	Spent       float64  // Share of the budget spent, >= 0; above 1 is overdrawn.
	Left        float64  // 1 - Spent.
	Gap         int64    // Milliseconds of the period without samples.
	Quiet       string   // NO_DATA: the sentence why; else empty.
	LeftLow     float64  // Left if every unseen moment was bad; equals Left without gaps.
	Rules       []RuleState
	ExhaustedIn int64   // Milliseconds until the budget is gone at the rate of ExhaustedBy; -1 if it will last, 0 if gone.
	PaceWindow  int64   // The window whose burn rate the forecast uses, milliseconds.
	Pace        float64 // Its burn rate.
	Straddle    float64 // Native histograms: share of observations in the bucket around the threshold, the error bound of the ratio.
	FirstSample int64   // Unix milliseconds; 0 if none.
	LastSample  int64
	Counts      Counts
	Transition  *Transition // nil if nothing changed since the last Evaluate.
}

// Counts says what became of every sample handed in, since the beginning.
type Counts struct {
	Accepted   uint64 // Used.
	Resets     uint64 // Of those, counter resets seen.
	OutOfOrder uint64 // Older than the series' last sample: not used. The next sample brings its increase.
	TooOld     uint64 // Older than the ring or a closed slice: its increase is not counted in any window.
	TooFar     uint64 // Further ahead of the clock than the objective's window and a day: not used.
	NotANumber uint64 // NaN, infinite or negative: not used. Stale markers are not counted.
	NoRoom     uint64 // Of series beyond the limit: not used.
	Misfit     uint64 // Of a kind this indicator does not take: not used.
	Series     int    // Series known now.
}
