package pipeline

import (
	"fmt"
	"math"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
)

// The nouns of a canary run: what was asked, how far it is, what it found.

// RunState says how far a run is.
type RunState string

// The states of a run.
const (
	RunRunning  RunState = "running"
	RunDone     RunState = "done"
	RunCanceled RunState = "canceled"
)

// RunSpec says what to compare.
type RunSpec struct {
	Name        string        `json:"name"`     // Default: the service the sides share, else the canary's matchers.
	Baseline    string        `json:"baseline"` // Matchers, e.g. service="cart",track="baseline".
	Canary      string        `json:"canary"`   // Matchers; must differ from Baseline unless Offset is set.
	Metrics     []RunMetric   `json:"metrics"`  // Empty: by convention, see convention.go.
	Start       int64         `json:"start"`    // Unix milliseconds from which samples count.
	MaxDuration time.Duration `json:"max_duration"`
	LookEvery   time.Duration `json:"look_every"`
	Step        time.Duration `json:"step"`
	History     time.Duration `json:"history"` // Before Start, for calibration.
	FalseFail   float64       `json:"false_fail"`
	FalsePass   float64       `json:"false_pass"`
	Judge       string        `json:"judge"` // native or a named judge.

	Service     string        `json:"service,omitempty"`      // Put before both matchers.
	Warmup      time.Duration `json:"warmup,omitempty"`       // After Start; its samples do not count. MaxDuration begins after it.
	Gates       []RunGate     `json:"gates,omitempty"`        // Objectives whose burning fails the canary.
	OnUndecided Undecided     `json:"on_undecided,omitempty"` // What an INCONCLUSIVE end is told as.
	Previous    string        `json:"previous,omitempty"`     // A run id or "last": resolved into Baseline and Offset at the start.
	Offset      time.Duration `json:"offset,omitempty"`       // The baseline's samples are those of this long ago.

	Named    canary.NamedOptions `json:"named,omitzero"`     // Settings of the named judges.
	Exposure float64             `json:"exposure,omitempty"` // As in canary.Policy.

	readings []canary.Gate // What the gates read at the look that is judged.
}

// From is when samples begin to count, Unix milliseconds.
func (s RunSpec) From() int64 { return s.Start + s.Warmup.Milliseconds() }

// Until is when the run is out of time, Unix milliseconds.
func (s RunSpec) Until() int64 { return s.From() + s.MaxDuration.Milliseconds() }

// Planned is how many looks the run has.
func (s RunSpec) Planned() int { return max(1, int(s.MaxDuration/s.LookEvery)) }

// RunGate is an objective that must not burn.
type RunGate struct {
	Objective string  `json:"objective"`
	BurnRate  float64 `json:"burn_rate"` // 14.4 when 0.
}

// Undecided says what a run that ends INCONCLUSIVE is told as.
type Undecided string

// The ways to tell it. Hold is the default.
const (
	UndecidedHold Undecided = "hold"
	UndecidedFail Undecided = "fail"
	UndecidedPass Undecided = "pass"
)

// RunMetric is one comparison of a run. Its query returns one number per
// instant; of Kind Histogram it returns native histograms, or the buckets of a
// classic one by le. A sum of increases or rates of one metric of Kind Count or
// Histogram is read from the raw counters (sidequery.go). An empty Kind or
// Direction is guessed (naming.go).
type RunMetric struct {
	Name      string           `json:"name"`
	Query     string           `json:"query"`             // PromQL with $side where the side's matchers go.
	Traffic   string           `json:"traffic,omitempty"` // The same for the requests that counts come from: the canary's share of them is its exposure.
	Kind      canary.Kind      `json:"kind"`
	Direction canary.Direction `json:"direction"`
	MinEffect float64          `json:"min_effect"` // 0: the judge's default.
	Critical  bool             `json:"critical"`
}

// Run is a run with its newest verdict. It is a copy; what it points to is not
// to be modified.
type Run struct {
	ID      string    `json:"id"`
	Key     string    `json:"key,omitempty"` // It was started under this key; starting it again finds it.
	Spec    RunSpec   `json:"spec"`
	Asked   *RunSpec  `json:"asked,omitempty"` // As it was asked for, before defaults; nil without a key.
	State   RunState  `json:"state"`
	Looks   int       `json:"looks"`   // Number of the newest look.
	Started int64     `json:"started"` // Unix milliseconds.
	Ended   int64     `json:"ended"`   // 0 while running.
	Last    Look      `json:"last,omitzero"`
	Path    []Stretch `json:"path,omitempty"` // How the verdict went from look to look, oldest first.

	// Verdict is the newest verdict: whole where it is at hand, else what Last
	// remembers of it, without metrics. Canaries.Full makes it whole.
	Verdict canary.Verdict  `json:"-"`
	Request *canary.Request `json:"-"` // The samples of the newest look; nil unless at hand.
}

// Look is what is remembered of a look for good. The whole verdict is a
// function of the samples in the store, the spec and this.
type Look struct {
	At       int64          `json:"at,omitempty"`      // Samples up to here were judged, Unix milliseconds.
	Verdict  canary.Outcome `json:"verdict,omitempty"` // As it is told.
	Judged   canary.Outcome `json:"judged,omitempty"`  // As it was judged, if on_undecided made another of it.
	Reasons  []string       `json:"reasons,omitempty"`
	Limiting string         `json:"limiting,omitempty"`
	Minutes  float64        `json:"minutes,omitempty"` // Further minutes needed; 0 unknown, -1: more time will not help.
	Score    float64        `json:"score,omitempty"`
	Digest   string         `json:"digest,omitempty"`
	Gates    []GateReading  `json:"gates,omitempty"`
}

// Stretch is a row of looks that said the same.
type Stretch struct {
	First    int            `json:"first"` // Numbers of the looks.
	Last     int            `json:"last"`
	From     int64          `json:"from"` // Unix milliseconds.
	To       int64          `json:"to"`
	Verdict  canary.Outcome `json:"verdict"`
	Limiting string         `json:"limiting,omitempty"`
}

// Brief is a run's newest verdict in one flat value: what a pipeline asks for
// again and again.
type Brief struct {
	ID, Name      string
	Verdict       canary.Outcome // INCONCLUSIVE before the first look.
	Score         float64        // 0 to 100.
	Reason        string         // One sentence.
	State         RunState
	Final         bool // The verdict will not change any more.
	Looks         int
	MinutesNeeded float64 // Further minutes an INCONCLUSIVE is expected to need; NaN if unknown.
	Report        string  // Path on this server.
}

// Brief tells the newest verdict.
func (r Run) Brief() Brief {
	b := Brief{
		ID: r.ID, Name: r.Spec.Name, Verdict: r.Last.Verdict, Score: r.Last.Score, State: r.State, Final: r.State != RunRunning,
		Looks: r.Looks, MinutesNeeded: math.NaN(), Report: "/v1/canaries/" + r.ID + "/report",
	}
	if r.Last.Verdict == canary.Inconclusive && r.Last.Minutes > 0 && !b.Final {
		b.MinutesNeeded = r.Last.Minutes
	}
	switch {
	case len(r.Last.Reasons) > 0:
		b.Reason = r.Last.Reasons[0]
	case r.Last.Verdict == "" && b.Final:
		b.Verdict, b.Reason = canary.Inconclusive, "the run ended before its first look"
	case r.Last.Verdict == "":
		b.Verdict = canary.Inconclusive
		first := time.UnixMilli(r.Spec.From() + r.Spec.LookEvery.Milliseconds()).UTC().Format("15:04:05")
		b.Reason = fmt.Sprintf("nothing is judged yet: the first look is due at %s UTC", first)
	}
	return b
}
