package canary

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/mathext"

	"github.com/bellwether-ts/bellwether/canary/strict"
	"github.com/bellwether-ts/bellwether/canary/words"
)

// Calibrate asks of a past without a deploy how often the judge would have
// failed it. The past is cut into runs, each a window with the history before
// it; every run is judged at its looks by Judge itself and ends as a run of the
// service does, at the first FAIL or PASS.

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
	FalseFailUpper float64 // Upper end of its one-sided 95 % interval (Clopper & Pearson 1934).

	Schedule Schedule
	History  time.Duration // That every run had, at most.
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
	Undecided int     // Also without data.
	Channel   string  // That failed it last; empty when none did.
	Worst     float64 // Largest effect, in size, at which it failed, in the metric's unit; NaN when it never did.
	MinEffect float64 // The margin of the last run; NaN when unknown.
	Reason    string  // Why it failed, else why it stayed undecided, of the last such run.
}

// Limits of a calibration.
const (
	MinCalibrationRuns = 10   // Least past runs.
	MaxCalibrationRuns = 1000 // Most past runs.

	// What one calibration may read in all, in samples over runs, looks and
	// metrics: some ten seconds of one core.
	maxCalibrationWork = 4e9
)

// Calibrator judges the runs one by one, so that a caller can stop between.
type Calibrator struct {
	req   Request
	out   Calibration
	total int     // Runs there are.
	first []int   // Where the window of each run begins.
	past  int     // Samples of history before it.
	step  float64 // Seconds between samples, of every metric.
	by    map[string]int
}

// NewCalibrator cuts the past of req, whose metrics' History holds both sides
// without a deploy, all on the same instants and step; metrics without one are
// left out with a warning. It is an error if an option is out of range, the
// metrics do not line up, the past is too short for a single run, or the work is
// too much.
func NewCalibrator(req Request, o CalibrateOptions) (*Calibrator, error) {
	policy, err := req.Policy.filled()
	if err != nil {
		return nil, err
	}
	if o.Schedule, err = o.Schedule.filled(); err != nil {
		return nil, err
	}
	if o.Runs == 0 {
		o.Runs = 100
	}
	if o.History == 0 {
		o.History = 24 * time.Hour
	}
	if o.Runs < MinCalibrationRuns || o.Runs > MaxCalibrationRuns {
		return nil, fmt.Errorf("cannot calibrate on %d runs: between %d and %d", o.Runs, MinCalibrationRuns, MaxCalibrationRuns)
	}
	if o.History < 0 {
		return nil, fmt.Errorf("cannot calibrate with a history of %s: it must not be negative", o.History)
	}
	c := &Calibrator{req: req, total: o.Runs, by: map[string]int{}}
	c.out = Calibration{Schedule: o.Schedule, History: o.History, Policy: policy}
	return c, c.cut()
}

// cut places the windows: evenly over the past that has a history before it.
func (c *Calibrator) cut() error {
	total, err := c.lineUp()
	if err != nil {
		return err
	}
	s := c.out.Schedule
	window := s.samples(s.looks(), c.step)
	if window < MinPairs {
		return fmt.Errorf("cannot calibrate runs of %s: they hold %s of %v seconds, and the judge needs %d", s.Longest, words.Count(window, "sample"), c.step, MinPairs)
	}
	history := int(c.out.History.Seconds() / c.step)
	// A shorter past leaves every run less history, down to a third of the past.
	if most := max(total/3, total-c.total*window); history > most {
		history = most
		c.out.History = time.Duration(float64(history) * c.step * float64(time.Second))
		c.out.Warnings = append(c.out.Warnings, fmt.Sprintf("the past is short: every run had %s of history", words.Minutes(c.out.History.Minutes())))
	}
	room := total - history
	if room < window {
		return fmt.Errorf("cannot calibrate: the past holds %s, and a single run of %s with history before it takes %d; bring a longer past or plan a shorter run", words.Count(total, "sample"), s.Longest, 2*window)
	}
	c.out.Independent = min(c.total, room/window)
	if c.out.Independent < c.total {
		c.out.Warnings = append(c.out.Warnings, fmt.Sprintf("the %d runs overlap: the past holds only %d beside each other, and the bound counts those", c.total, c.out.Independent))
	}
	work := float64(c.total) * float64(s.looks()) * float64(len(c.req.Metrics)) * float64(history+window)
	if work > maxCalibrationWork {
		return fmt.Errorf("cannot calibrate %d runs of %d looks at %s: that reads %.2g samples, and the limit is %.2g; ask for fewer runs, rarer looks or a shorter history",
			c.total, s.looks(), words.Count(len(c.req.Metrics), "metric"), work, float64(maxCalibrationWork))
	}
	c.past = history
	for i := range c.total {
		c.first = append(c.first, history+i*(room-window)/max(1, c.total-1))
	}
	for _, m := range c.req.Metrics {
		c.by[m.Name] = len(c.out.Metrics)
		c.out.Metrics = append(c.out.Metrics, MetricCalibration{Name: m.Name, Worst: math.NaN(), MinEffect: math.NaN()})
	}
	return nil
}

// lineUp leaves out what has no past, checks that the rest share instants, and
// returns how many, counted from the first that any metric has both sides of.
func (c *Calibrator) lineUp() (int, error) {
	var kept []Metric
	for _, m := range c.req.Metrics {
		if !(m.StepSeconds > 0) || math.IsInf(m.StepSeconds, 0) {
			m.StepSeconds = 60
		}
		if m.History == nil || len(m.History.Baseline) != len(m.History.Canary) || len(m.History.Baseline) == 0 {
			c.out.Warnings = append(c.out.Warnings, fmt.Sprintf("metric %s is left out: it has no history of both sides", m.Name))
			continue
		}
		if first := kept; len(first) > 0 && (len(m.History.Baseline) != len(first[0].History.Baseline) || m.StepSeconds != first[0].StepSeconds) {
			return 0, fmt.Errorf("cannot calibrate metric %s: its history has %d samples of %v seconds, that of %s has %d of %v; the metrics must cover the same time",
				strict.Clip(m.Name), len(m.History.Baseline), m.StepSeconds, strict.Clip(first[0].Name), len(first[0].History.Baseline), first[0].StepSeconds)
		}
		kept = append(kept, m)
	}
	if len(kept) == 0 {
		return 0, errors.New("cannot calibrate: no metric has a history of both sides; give the samples of a time without a deploy as history")
	}
	total := len(kept[0].History.Baseline)
	from := total
	for _, m := range kept {
		for i := range from {
			if !math.IsNaN(m.History.Baseline[i] - m.History.Canary[i]) {
				from = i
				break
			}
		}
	}
	for i := range kept {
		h := *kept[i].History
		h.Baseline, h.Canary = h.Baseline[from:], h.Canary[from:]
		kept[i].History = &h
	}
	c.req.Metrics, c.step = kept, kept[0].StepSeconds
	return total - from, nil
}

// Total is the number of runs there are to judge.
func (c *Calibrator) Total() int { return c.total }

// Next judges the next run; false when there is none left.
func (c *Calibrator) Next() bool {
	if c.out.Runs >= c.total {
		return false
	}
	v := c.run(c.first[c.out.Runs])
	c.out.Runs++
	switch v.Verdict {
	case Fail:
		c.out.Failed++
	case Pass:
		c.out.Passed++
	default:
		c.out.Undecided++
	}
	for _, m := range v.Metrics {
		c.out.Metrics[c.by[m.Name]].note(m)
	}
	return c.out.Runs < c.total
}

// run judges the run whose window begins at sample first.
func (c *Calibrator) run(first int) Verdict {
	s := c.out.Schedule
	req := Request{Policy: c.req.Policy, Metrics: slices.Clone(c.req.Metrics)}
	var v Verdict
	for k := 1; k <= s.looks(); k++ {
		n := s.samples(k, c.step)
		for i, m := range c.req.Metrics {
			past := m.History
			m.Shards, m.Distribution = nil, nil
			m.Baseline, m.Canary = past.Baseline[first:first+n], past.Canary[first:first+n]
			m.History = nil
			if c.past > 0 {
				m.History = &History{Baseline: past.Baseline[first-c.past : first], Canary: past.Canary[first-c.past : first], SameInstances: past.SameInstances}
			}
			req.Metrics[i] = m
		}
		req.Policy = s.at(c.req.Policy, k, c.step)
		if v = Judge(req); v.Verdict == Fail || v.Verdict == Pass {
			break
		}
	}
	return v
}

// note adds a verdict to the metric's record.
func (m *MetricCalibration) note(v MetricVerdict) {
	m.MinEffect = v.MinEffect
	switch v.Verdict {
	case Fail:
		m.Failed++
		m.Channel, m.Reason = v.Channel, v.Reason
		if !(math.Abs(v.Effect) <= math.Abs(m.Worst)) {
			m.Worst = v.Effect
		}
	case Pass:
		m.Passed++
	default:
		m.Undecided++
		if m.Failed == 0 {
			m.Reason = v.Reason
		}
	}
}

// Result is the record so far.
func (c *Calibrator) Result() Calibration {
	out := c.out
	out.Metrics = slices.Clone(c.out.Metrics)
	slices.SortStableFunc(out.Metrics, func(a, b MetricCalibration) int {
		return cmp.Or(cmp.Compare(b.Failed, a.Failed), cmp.Compare(b.Undecided, a.Undecided), cmp.Compare(a.Name, b.Name))
	})
	out.FalseFailUpper = 1
	if out.Runs > 0 {
		out.FalseFail = float64(out.Failed) / float64(out.Runs)
		out.FalseFailUpper = upperShare(out.FalseFail, min(out.Runs, out.Independent), 0.95)
	}
	return out
}

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

// upperShare is the exact upper bound of a probability of which share was seen
// in n independent trials: the quantile of Beta(x+1, n-x) at the given
// confidence, x = share n (Clopper & Pearson, Biometrika 1934). A fractional x
// stands between its neighbours.
func upperShare(share float64, n int, confidence float64) float64 {
	x := share * float64(n)
	if n <= 0 || x >= float64(n) {
		return 1
	}
	return mathext.InvRegIncBeta(x+1, float64(n)-x, confidence)
}
