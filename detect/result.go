package detect

// Result is what one step says about a series. It holds no pointer and no NaN
// is ever in it.
type Result struct {
	// Score is the evidence against "this value is as usual": -log10 of the
	// calibrated p-value of the consensus, >= 0, comparable between series. 0
	// while there is not enough history.
	Score float64
	// Alarm is that evidence on the step where an anomaly opens or escalates,
	// else 0: what an operator would have been told.
	Alarm float64
	// Expected, Lower and Upper are the value expected and the band outside of
	// which the fused evidence would reach the opening bar on its own. For a
	// counter they are in units per second, as is Observed.
	Expected, Lower, Upper float64
	// Observed is the value judged: the sample itself, or the rate of a
	// counter.
	Observed float64
	// Anomalous is true while an anomaly is open.
	Anomalous bool
	// Transition is what this step changed.
	Transition Transition
	// Kind and Direction describe the open anomaly, or the one just closed.
	Kind      Kind
	Direction Direction
	// Verdict is the state of the series after this step.
	Verdict Verdict
}

// Member is the share of one detector in an anomaly.
type Member struct {
	Name  string  `json:"name"`
	P     float64 `json:"p"`     // Its p-value at the peak, in (0, 1].
	Share float64 `json:"share"` // Its share of the evidence, in [0, 1]; shares sum to 1.
}

// Anomaly is one episode of a series, from the step where it opened to the
// step where it closed.
type Anomaly struct {
	Start     int64     `json:"start"`   // Unix milliseconds of the step that opened it.
	Change    int64     `json:"change"`  // Estimated instant of the change, <= Start.
	End       int64     `json:"end"`     // Unix milliseconds of the closing step; of the last one seen while Open.
	Open      bool      `json:"open"`    // Still open at the end of the data.
	Adapted   bool      `json:"adapted"` // Closed because the new level was accepted, not because it recovered.
	Peak      float64   `json:"peak_score"`
	Kind      Kind      `json:"kind"`
	Direction Direction `json:"direction"`
	Expected  float64   `json:"expected"` // At the peak.
	Observed  float64   `json:"observed"` // At the peak.
	Members   []Member  `json:"members"`
	Trace     Trace     `json:"-"` // At the peak.
}
