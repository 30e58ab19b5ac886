package canary

import "time"

// Calibrate asks of a past without a deploy how often the judge would have
// failed it. The past is cut into runs, each a window with the history before
// it; every run is judged at its looks by Judge itself and ends as a run of the
// service does.

// CalibrateOptions says how the past is cut.
type CalibrateOptions struct {
	Schedule Schedule
	Runs     int           // Past runs, 10 to 1,000; 100 when 0.
	History  time.Duration // Before every window, for its calibration; 24 h when 0.
}

// Calibration is the record of the judge on a past without a deploy.
type Calibration struct {
	Runs        int // Runs judged.
	Independent int // As many of them as do not overlap: what the bound rests on.
	Failed      int // Runs that ended FAIL.
	Passed      int // Runs that ended PASS.
	Undecided   int // Runs that ended otherwise.

	FalseFail      float64 // Failed/Runs.
	FalseFailUpper float64 // Upper end of its one-sided 95 % interval.

	Schedule Schedule
	Policy   Policy
	Metrics  []MetricCalibration // Worst first: by failures, then undecided, then name.
	Warnings []string
}

// MetricCalibration is the record of one metric, judged together with the
// others at the look where the run ended.
type MetricCalibration struct {
	Name      string
	Failed    int
	Passed    int
	Undecided int    // Also without data.
	Reason    string // Why it failed or stayed undecided, of the last such run.
}

// Calibrator judges the runs one by one, so that a caller can stop between.
type Calibrator struct{}

// NewCalibrator cuts the past of req, whose metrics' History holds both sides
// without a deploy. It is an error if an option is out of range or the past is
// too short for a single run.
func NewCalibrator(req Request, o CalibrateOptions) (*Calibrator, error) { return &Calibrator{}, nil }

// Next judges the next run; false when there is none left.
func (c *Calibrator) Next() bool { return false }

// Result is the record so far.
func (c *Calibrator) Result() Calibration { return Calibration{} }

// Calibrate judges every run.
func Calibrate(req Request, o CalibrateOptions) (Calibration, error) {
	c, err := NewCalibrator(req, o)
	if err != nil {
		return Calibration{}, err
	}
	for c.Next() {
	}
	return c.Result(), nil
}
