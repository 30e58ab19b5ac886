package canary

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"text/tabwriter"

	"gonum.org/v1/gonum/mathext"

	"github.com/bellwether-ts/bellwether/canary/words"
)

// The record of a calibration, in words and as JSON.

// Text renders the record for people: the answer, a table of the metrics worst
// first, and what to do.
func (c Calibration) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s without a deploy, of up to %s each with a look every %s and %s of history\n",
		words.Count(c.Runs, "run"), words.Minutes(c.Schedule.Longest.Minutes()), words.Minutes(c.Schedule.LookEvery.Minutes()), words.Minutes(c.History.Minutes()))
	fmt.Fprintf(&b, "  wrongly FAILed  %4d  %s, below %s with 95 %% confidence; %s is accepted\n", c.Failed, percent(c.FalseFail), percent(c.FalseFailUpper), percent(c.Policy.FalseFail))
	fmt.Fprintf(&b, "  PASSed          %4d  %s\n", c.Passed, percent(c.share(c.Passed)))
	fmt.Fprintf(&b, "  undecided       %4d  %s\n\n", c.Undecided, percent(c.share(c.Undecided)))
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "METRIC\tFAILED\tPASSED\tUNDECIDED\tMIN EFFECT\tLARGEST FAIL")
	for _, m := range c.Metrics {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\t%s\n", m.Name, m.Failed, m.Passed, m.Undecided, dash(m.MinEffect), dash(m.Worst))
	}
	w.Flush()
	b.WriteString("\n")
	for _, m := range c.Metrics {
		if advice := c.advice(m); advice != "" {
			fmt.Fprintf(&b, "%s: %s\n", m.Name, advice)
		}
	}
	for _, warning := range c.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", warning)
	}
	b.WriteString(c.conclusion() + "\n")
	return b.String()
}

// advice says what to do about a metric that fails or stays undecided often.
func (c Calibration) advice(m MetricCalibration) string {
	switch {
	case upperShare(0, c.Runs, 0.95) < 2*c.Policy.FalseFail && c.share(m.Failed) > 2*c.Policy.FalseFail,
		m.Failed > 1 && c.share(m.Failed) > 2*c.Policy.FalseFail:
		todo := "drop it, take a longer step so that its samples say more, or compare sides that share their load"
		if m.Channel == chLocationName || m.Channel == "count" {
			todo = fmt.Sprintf("raise its min_effect above %s, the largest difference that failed, or %s", words.Number(math.Abs(m.Worst)), todo)
		}
		return fmt.Sprintf("fails %s of healthy runs: %s. The last time: %s", percent(c.share(m.Failed)), todo, m.Reason)
	case 2*m.Undecided > c.Runs:
		return fmt.Sprintf("stays undecided in %s of runs: run longer, raise its min_effect or drop it; 'bellwether canary plan' says how long. The last time: %s", percent(c.share(m.Undecided)), m.Reason)
	case m.Failed > 0:
		return fmt.Sprintf("failed %s, which chance may do. The last time: %s", words.Count(m.Failed, "time"), m.Reason)
	}
	return ""
}

// chLocationName is the channel whose failures a larger margin forgives.
const chLocationName = "location"

// conclusion weighs the record against what is accepted.
func (c Calibration) conclusion() string {
	accepted := c.Policy.FalseFail
	switch {
	case c.Runs == 0:
		return "No run was judged."
	case c.FalseFailUpper <= accepted:
		return fmt.Sprintf("The judge keeps its promise here: even the upper bound lies within the accepted %s.", percent(accepted))
	case upperShare(0, min(c.Runs, c.Independent), 0.95) > accepted && c.FalseFail <= accepted:
		need := int(math.Ceil(math.Log(0.05) / math.Log1p(-accepted)))
		return fmt.Sprintf("Nothing speaks against the accepted %s; to show it takes %d runs beside each other without a failure.", percent(accepted), need)
	case c.chance() < 0.05:
		return fmt.Sprintf("The judge fails healthy canaries here more often than the accepted %s: act on the metrics above before a pipeline bets on it.", percent(accepted))
	}
	return fmt.Sprintf("The record fits the accepted %s; more runs would narrow the bound.", percent(accepted))
}

// chance is the probability of at least as many failures if the accepted share
// were true.
func (c Calibration) chance() float64 {
	n := float64(min(c.Runs, c.Independent))
	x := c.FalseFail * n
	if x <= 0 {
		return 1
	}
	return mathext.RegIncBeta(x, n-x+1, c.Policy.FalseFail)
}

func (c Calibration) share(n int) float64 { return float64(n) / float64(max(1, c.Runs)) }

// percent writes a share with three digits.
func percent(v float64) string { return fmt.Sprintf("%.3g %%", 100*v) }

// MarshalJSON writes the record in the form of the service's REST API.
func (c Calibration) MarshalJSON() ([]byte, error) {
	type metric struct {
		Name      string `json:"name"`
		Failed    int    `json:"failed"`
		Passed    int    `json:"passed"`
		Undecided int    `json:"undecided"`
	}
	out := struct {
		Runs           int     `json:"runs"`
		FalseFail      float64 `json:"false_fail"`
		FalseFailUpper float64 `json:"false_fail_upper"`
		Trace          struct {
			Text string `json:"text"`
		} `json:"trace"`
		Passed    float64  `json:"passed"`
		Undecided float64  `json:"undecided"`
		Metrics   []metric `json:"metrics"`
	}{Runs: c.Runs, FalseFail: c.FalseFail, FalseFailUpper: c.FalseFailUpper, Passed: c.share(c.Passed), Undecided: c.share(c.Undecided), Metrics: []metric{}}
	out.Trace.Text = c.Text()
	for _, m := range c.Metrics {
		out.Metrics = append(out.Metrics, metric{m.Name, m.Failed, m.Passed, m.Undecided})
	}
	return json.Marshal(out)
}
