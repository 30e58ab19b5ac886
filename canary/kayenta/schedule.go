package kayenta

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Kayenta's standalone analysis: a lifetime cut into judgements at equal
// intervals, each over a window that grows or slides, and what the last score
// means.

const minuteMillis = 60_000

// Plan is the schedule of a standalone analysis. Times are Unix
// milliseconds.
type Plan struct {
	Start        int64 // When samples begin to count: the scope's start, else when it was asked for.
	End          int64 // End of a window that is already over or known; 0 when it follows real time.
	LifetimeMins int64 // Read when End is 0.
	IntervalMins int64 // Between judgements; the lifetime when 0 or longer.
	BeginAfter   int64 // Minutes to wait first; not used when End is known.
	LookbackMins int64 // Length of a sliding window; 0 for one that grows from the start.
}

// maxJudgements bounds one analysis.
const maxJudgements = 10_000

// Judgements is how many there are, at least one, or what is wrong with the plan.
func (p Plan) Judgements() (int, error) {
	life := p.lifetime()
	for _, n := range []int64{p.IntervalMins, p.BeginAfter, p.LookbackMins} {
		if n < 0 || n > 366*24*60 {
			return 0, fmt.Errorf("cannot plan an analysis with %d minutes: durations lie between 0 and a year", n)
		}
	}
	switch {
	case p.End != 0 && p.End <= p.Start:
		return 0, errors.New("cannot plan an analysis that ends before it starts: endTimeIso must be after startTimeIso")
	case life <= 0:
		return 0, errors.New("cannot plan an analysis without a length of at least a minute: give lifetimeDurationMins, or endTimeIso in a scope")
	case life > 366*24*60:
		return 0, fmt.Errorf("cannot plan an analysis of %d minutes: at most a year", life)
	}
	n := life / p.interval()
	if n > maxJudgements {
		return 0, fmt.Errorf("cannot plan %d judgements: at most %d; lengthen analysisIntervalMins", n, maxJudgements)
	}
	return int(n), nil
}

func (p Plan) lifetime() int64 {
	if p.End != 0 {
		return (p.End - p.Start) / minuteMillis
	}
	return p.LifetimeMins
}

func (p Plan) interval() int64 {
	if life := p.lifetime(); p.IntervalMins == 0 || p.IntervalMins > life {
		return life
	}
	return p.IntervalMins
}

// Due is when judgement n (1-based) can be made.
func (p Plan) Due(n int) int64 {
	_, end := p.Window(n)
	return end
}

// Window is what judgement n (1-based) looks at.
func (p Plan) Window(n int) (start, end int64) {
	start = p.Start
	if p.End == 0 {
		start += p.BeginAfter * minuteMillis
	}
	end = start + int64(n)*p.interval()*minuteMillis
	if p.LookbackMins > 0 {
		start = end - p.LookbackMins*minuteMillis
	}
	return start, end
}

// FinalScore says whether the last score of an analysis passes, and why. A
// threshold that is nil was not given. The marginal one must be exceeded, the
// pass one met.
func FinalScore(score float64, marginal, pass *float64) (bool, string) {
	text := javaText(score)
	switch {
	case marginal == nil && pass == nil:
		return true, "Final canary score " + text + "; there are no thresholds to hold it against."
	case marginal != nil && !(score > *marginal):
		return false, "Final canary score " + text + " does not exceed the marginal score threshold."
	case pass == nil:
		return true, "Final canary score " + text + "; there is no pass score threshold."
	case !(score >= *pass):
		return false, "Final canary score " + text + " is lower than the pass score threshold."
	}
	return true, "Final canary score " + text + " met or exceeded the pass score threshold."
}

// javaText writes a double as Java does, 100 as 100.0.
func javaText(v float64) string {
	b, err := javaDouble(v).MarshalJSON()
	if err != nil {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strings.Trim(string(b), `"`)
}
